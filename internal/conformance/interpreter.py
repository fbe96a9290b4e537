"""An interpreter of petrify's frozen models, written from docs/format.md and
docs/numerics.md alone. A comment above a block names what it follows: "format"
and "numerics" are the pages, the words after them a section or a paragraph, and
paragraphs without a page are of numerics, "Layer by layer".

    interpreter.py FOLDER

FOLDER has a folder for each case: model.json, model.safetensors, the file mode
with the name of one, and input.f32, raw float32 numbers, N inputs of C H W. Its
output.f32 gets the real numbers of every layer's activation, N at a time.
"""

import json, math, os, re, sys
import numpy as np

f32, f64, i64 = np.float32, np.float64, np.int64


# format, model.safetensors
def load(folder):
    model = json.load(open(os.path.join(folder, "model.json"), encoding="utf-8"))
    data = open(os.path.join(folder, "model.safetensors"), "rb").read()
    n = int.from_bytes(data[:8], "little")
    dtypes = {"F32": "<f4", "I8": "i1", "U8": "u1", "I32": "<i4", "I16": "<i2", "U16": "<u2"}
    tensors = {}
    for name, t in json.loads(data[8 : 8 + n]).items():
        if name != "__metadata__":
            begin, end = t["data_offsets"]
            tensors[name] = np.frombuffer(data[8 + n + begin : 8 + n + end], dtypes[t["dtype"]]).reshape(t["shape"])
    return model, tensors


class Grid:
    """format, an activation's "quantized", and number formats."""

    def __init__(self, activation, fused=None):
        q = activation.get("quantized")
        self.float = q is None
        if self.float:
            return
        unsigned, bits, narrow = re.fullmatch(r"(u?)int(\d+)(_narrow)?", q["format"]).groups()
        self.unsigned, bits = unsigned == "u", int(bits)
        self.s, self.z = f32(q["scale"]), q["zero"]
        self.lo = 0 if self.unsigned else -(1 << (bits - 1)) + (narrow is not None)
        self.hi = (1 << bits) - 1 if self.unsigned else (1 << (bits - 1)) - 1
        self.qmax = self.hi
        # A fused ReLU or ReLU6
        if fused in ("relu", "relu6"):
            self.lo = max(self.lo, self.z)
        if fused == "relu6":
            self.hi = min(self.hi, int(np.rint(f32(6) / self.s)) + self.z)

    # Average pools: z′; Other runtimes, files of int8
    def file(self, mode):
        return self.z + (0 if self.unsigned else 128) - (128 if mode == "onnxruntime-int8" else 0)

    def same(self, other):
        return self.s == other.s and self.file("") == other.file("")

    # numerics, In float32: NaN goes to qmin
    def clip(self, v):
        q = np.asarray(v, f64) + self.z
        return np.clip(np.where(np.isnan(q), self.lo, q), self.lo, self.hi).astype(i64)


class Tensor:
    """Layer by layer: integers q, or float32 numbers r; N C H W or N F."""

    def __init__(self, grid, q=None, r=None):
        self.grid = grid
        if q is not None:
            self.q, self.d = q, q - grid.z
            self.r = grid.s * self.d.astype(f32)
        elif grid.float:
            self.r = r.astype(f32)
        else:  # numerics, The equation: q = clip(rne(r/s) + z)
            self.__init__(grid, q=grid.clip(np.rint(r.astype(f32) / grid.s)))


# numerics, Other runtimes, Fixed point
def half_up(v, r):
    return (v + ((1 << r) >> 1)) >> r


def half_away(v, r):
    return np.sign(v) * half_up(np.abs(v), r)


def sat(v, bits=32):
    return np.clip(v, -(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def fixed(m):
    fraction, e = math.frexp(m)
    n = math.floor(fraction * 2.0**31 + 0.5)
    if n == 1 << 31:
        n, e = n >> 1, e + 1
    if e < -31:
        return 0, 0
    return (n, e) if e <= 30 else ((1 << 31) - 1, 30)


def twice(a, m):
    n, e = fixed(m)
    return half_away(half_up(sat(a << max(e, 0)) * n, 31), max(-e, 0))


def once(a, m):
    n, e = fixed(m)
    return sat(half_up(a * n, 31 - e))


times = {"gemmlowp": twice, "single": once}
lite = lambda mode: mode in ("xnnpack", "xnnpack-int4")

# Functions, and the f of float layers
functions = {
    None: lambda x, n: x,
    "relu": lambda x, n: np.maximum(x, 0),
    "relu6": lambda x, n: np.minimum(np.maximum(x, 0), 6),
    "leaky_relu": lambda x, n: np.maximum(x, 0) + f64(f32(n.get("slope", 0))) * np.minimum(x, 0),
    "clip": lambda x, n: np.clip(x, f64(f32(n.get("min", 0))), f64(f32(n.get("max", 0)))),
    "hard_sigmoid": lambda x, n: np.clip(x.astype(f32) * f32(1 / 6) + f32(0.5), f32(0), f32(1)),
    "hard_swish": lambda x, n: x.astype(f32) * functions["hard_sigmoid"](x, n),
    "sigmoid": lambda x, n: 1 / (1 + np.exp(-x)),
    "tanh": lambda x, n: np.tanh(x),
    "silu": lambda x, n: x / (1 + np.exp(-x)),
    "gelu": lambda x, n: x / 2 * np.vectorize(math.erfc, [f64])(-x / math.sqrt(2)),
    "elu": lambda x, n: np.maximum(x, 0) + np.expm1(np.minimum(x, 0)),
    "softplus": lambda x, n: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
}


def apply(n, r):
    return functions[n.get("function")](r.astype(f64), n).astype(f32)


# Convolution: what a window sees, position after position in the order of its
# rows; fill replaces what is outside the image
def taps(n, x, fill):
    w = n["window"]
    (kh, kw), (sh, sw), (dh, dw) = w["kernel"], w["stride"], w.get("dilation", [1, 1])
    pads = [(0, 0), (0, 0)] + list(zip(w["pad_begin"], w["pad_end"]))
    x, (h, v) = np.pad(x, pads, constant_values=fill), n["output"]["shape"][1:]
    for i in range(kh):
        for j in range(kw):
            yield i, j, x[:, :, i * dh :, j * dw :][:, :, : (h - 1) * sh + 1 : sh, : (v - 1) * sw + 1 : sw]


# Convolution: Σ over a group's inputs and the window
def products(n, x, w):
    if n["op"] == "linear":
        return x @ w.T
    groups = n["groups"]
    each, into = w.shape[1], w.shape[0] // groups
    y = np.zeros([len(x)] + n["output"]["shape"], x.dtype)
    for i, j, seen in taps(n, x, 0):
        for g in range(groups):
            o = slice(g * into, (g + 1) * into)
            y[:, o] += np.einsum("nchw,oc->nohw", seen[:, g * each : (g + 1) * each], w[o, :, i, j])
    return y


# format, weights: the scale of each weight, and its zero point
def spread(w, scales):
    shape = w["shape"]
    if w["axis"] < 0:
        return np.broadcast_to(scales, shape)
    scales = scales.reshape(shape[0], -1)
    if w.get("block"):
        scales = np.repeat(scales, w["block"], 1)[:, : shape[1]]
    return np.broadcast_to(scales.reshape(scales.shape + (1,) * (len(shape) - 2)), shape)


def weighted(n, tensors, x, y, mode):
    name, w = n["name"], n["weights"]
    q, bias = tensors[name + ".weight"], tensors.get(name + ".bias", np.zeros(w["shape"][0]))
    bias = bias.reshape((-1,) + (1,) * (len(n["output"]["shape"]) - 1))
    floats = w["format"] == "float32"
    if not floats:
        s = spread(w, tensors[name + ".weight.scale"])
        d = q.astype(i64) - spread(w, tensors.get(name + ".weight.zero", np.zeros(len(w["scale"]), i64)))
    # Float layers: weights, sums
    if floats or w.get("block") or x.grid.float:
        real = q if floats else s * d.astype(f32)
        total = products(n, x.r.astype(f64), real.astype(f64)) + bias
        return Tensor(y, r=apply(n, total.astype(f32)))
    # Convolution, linear
    a = products(n, x.d, d) + bias.astype(i64)
    s = np.broadcast_to(tensors[name + ".weight.scale"], len(q)).reshape(bias.shape)
    if y.float:
        return Tensor(y, r=apply(n, a.astype(f32) * (x.grid.s * s)))
    # xnnpack with weights two to a byte
    win = n.get("window")
    pointwise = win and win["kernel"] == win["stride"] == [1, 1] and not any(win["pad_begin"] + win["pad_end"])
    packs = mode == "xnnpack-int4" and n["op"] == "conv2d" and n["groups"] == 1 and not pointwise
    few = w["format"] == "binary" or int(re.search(r"\d+", w["format"])[0]) <= 4
    how = "single" if packs and few else mode
    if how in times:
        m = [f64(x.grid.s) * f64(v) / f64(y.s) for v in s.ravel()]
        v = np.stack([times[how](a[:, o], m[o]) for o in range(len(m))], 1)
    else:
        v = np.rint(a.astype(f32) * (x.grid.s * s / y.s))
    return Tensor(y, q=y.clip(v))


def pool(n, x, y, mode):
    everywhere = n["op"] == "global_avg_pool"
    if everywhere:
        n = dict(n, window={"kernel": x.r.shape[2:], "stride": [1, 1], "pad_begin": [0, 0], "pad_end": [0, 0]})
    # Maximum
    if n["op"] == "max_pool":
        if y.float:
            return Tensor(y, r=np.max([t for _, _, t in taps(n, x.r, -np.inf)], 0))
        return Tensor(y, q=np.max([t for _, _, t in taps(n, x.q, x.q.min())], 0))
    w, ones = n["window"], np.ones(x.r.shape, i64)
    if w.get("count_include_pad"):
        over = w.get("overhang", [0, 0])
        inner = list(zip(w["pad_begin"], np.subtract(w["pad_end"], over)))
        ones = np.pad(ones, [(0, 0), (0, 0)] + inner, constant_values=1)
        counting = dict(n, window=dict(w, pad_begin=[0, 0], pad_end=over))
    else:
        counting = n
    count = sum(t for _, _, t in taps(counting, ones, 0))
    if not y.float and not x.grid.float:
        total = sum(t for _, _, t in taps(n, x.d, 0))
        # gemmlowp, single, xnnpack: averages of one grid
        if x.grid.same(y) and (mode in times or lite(mode) and not everywhere):
            offset = 127 - y.qmax if lite(mode) else y.file("") - y.z - 128
            v = total + count * (y.z + offset)
            v = np.sign(v) * ((2 * np.abs(v) + count) // (2 * count))
            return Tensor(y, q=y.clip(v - offset - y.z))
        # A global average; Average pools: a window that is the image
        w = n["window"]
        if list(w["kernel"]) == list(x.r.shape[2:]) and not any(w["pad_begin"] + w["pad_end"]):
            m = x.grid.s / (y.s * count.astype(f32))
            return Tensor(y, q=y.clip(np.rint(total.astype(f32) * m)))
    # Average pools
    r = np.zeros(count.shape, f32)
    for _, _, t in taps(n, x.r, 0):
        r = r + t
    r = r / count.astype(f32)
    if y.float or x.grid.float:
        return Tensor(y, r=r)
    z = y.file(mode)
    return Tensor(y, q=y.clip(np.rint(r / y.s + f32(z)).astype(f64) - z))


def add(n, a, b, y, mode, sign=1):
    # Float layers: additions and differences
    if a.grid.float or b.grid.float or y.float:
        return Tensor(y, r=apply(n, a.r + sign * b.r))
    ra, rb = a.grid.s / y.s, b.grid.s / y.s
    if mode in times:
        product, t = times[mode], 2 * max(f64(a.grid.s), f64(b.grid.s))
        total = product(a.d << 20, f64(a.grid.s) / t) + sign * product(b.d << 20, f64(b.grid.s) / t)
        return Tensor(y, q=y.clip(product(total, t / (2.0**20 * f64(y.s)))))
    if lite(mode):
        h = min(max(20 - math.floor(math.log2(max(ra, rb))), 1), 40)
        ma, mb = (int(np.rint(2.0**h * f64(r))) for r in (ra, rb))
        return Tensor(y, q=y.clip(half_up(a.d * ma + sign * b.d * mb, h)))
    # Difference
    if sign < 0:
        return Tensor(y, r=a.r - b.r)
    # Addition
    za, zb, zy = (f32(g.file(mode)) for g in (a.grid, b.grid, y))
    u = [x.d + x.grid.file(mode) for x in (a, b)]
    k = zy - (ra * za + rb * zb)
    inner = (u[1] * f64(rb) + f64(k)).astype(f32)
    v = np.rint((u[0] * f64(ra) + inner.astype(f64)).astype(f32))
    return Tensor(y, q=y.clip(v.astype(f64) - f64(zy)))


def mul(n, a, b, y, mode):
    # Float layers: products
    if a.grid.float or b.grid.float or y.float:
        return Tensor(y, r=apply(n, a.r * b.r))
    p = a.d * b.d
    if mode in times:
        return Tensor(y, q=y.clip(times[mode](p, f64(a.grid.s) * f64(b.grid.s) / f64(y.s))))
    v, z = p.astype(f32) * (a.grid.s * b.grid.s / y.s), f32(0)
    # Product
    if not lite(mode):
        z = f32(y.file(mode))
    return Tensor(y, q=y.clip(np.rint(v + z).astype(f64) - f64(z)))


def softmax(x, y, mode):
    whole = not x.grid.float and not y.float
    v = x.q if whole else x.r.astype(f64)
    below = v.max(1, keepdims=True) - v
    # Float layers: softmax
    if not whole:
        e = np.exp(-below)
        return Tensor(y, r=(e / e.sum(1, keepdims=True)).astype(f32))
    s = x.grid.s
    if lite(mode):
        e = np.exp((-s * below.astype(f32)).astype(f64)).astype(f32)
        p = np.minimum(np.floor((e * (f32(1) / (in_order(e) / f32(256)))).astype(f64) + 0.5), 255)
        return Tensor(y, q=y.clip(np.rint((p / 256).astype(f32) / y.s)))
    # Softmax
    steps = np.rint(f32(1) / y.s)
    if f32(1) / steps != y.s:
        steps = f32(1) / y.s
    most = np.finfo(f32).max
    h = f64(f32(math.log(most / f32(x.q.shape[1])))) - 5
    with np.errstate(over="ignore"):
        if np.isinf(f32(math.exp(h)) * steps):
            h -= math.log(steps)
    e = np.exp((h / f64(s) - below) * f64(s)).astype(f32)
    return Tensor(y, q=y.clip(np.rint(e * steps / in_order(e))))


# Softmax: a float32 sum, channel after channel; layer normalisation: a float64 one
def in_order(e):
    total = np.zeros_like(e[:, :1])
    for c in range(e.shape[1]):
        total = total + e[:, c : c + 1]
    return total


# Layer normalisation
def layer_norm(n, tensors, x, y):
    c = x.r.shape[1]
    each = (1, c) + (1,) * (x.r.ndim - 2)
    gamma, beta = (tensors[n["name"] + k].astype(f64).reshape(each) for k in (".weight", ".bias"))
    epsilon = f64(f32(n["norm"]["epsilon"]))
    if x.grid.float:
        r = x.r.astype(f64)
        centred = r - in_order(r) / c
        f = 1 / np.sqrt(in_order(centred * centred) / c + epsilon)
    else:
        total = x.d.sum(1, keepdims=True)
        centred, s = (c * x.d - total).astype(f64), f64(x.grid.s)
        variance = c * (x.d * x.d).sum(1, keepdims=True) - total * total
        f = 1 / np.sqrt(variance.astype(f64) + f64(c) * f64(c) * epsilon / (s * s))
    return Tensor(y, r=(centred * f * gamma + beta).astype(f32))


# Attention
def attention(n, a, b, y, mode):
    heads, factor = n.get("heads", a.r.shape[2]), f32(n.get("factor", 1))
    apart = lambda v: v.reshape(len(v), heads, -1, v.shape[-1])
    if n["op"] == "attention_scores":
        into = lambda p, q: np.einsum("nhcq,nhck->nkhq", apart(p), apart(q))
    else:
        into = lambda p, q: np.einsum("nkhq,nhck->nhcq", p, apart(q))
    shape = [-1] + n["output"]["shape"]
    if a.grid.float or b.grid.float or y.float:
        total = into((a.r * factor).astype(f64), b.r.astype(f64)).reshape(shape)
        return Tensor(y, r=apply(n, total.astype(f32)))
    total, s = into(a.d, b.d).reshape(shape), a.grid.s * factor
    if mode in times:
        return Tensor(y, q=y.clip(times[mode](total, f64(s) * f64(b.grid.s) / f64(y.s))))
    return Tensor(y, q=y.clip(np.rint(total.astype(f32) * (s * b.grid.s / y.s))))


# Other runtimes, xnnpack
def xnnpack(n, x, y):
    s, f = x.grid.s, n["function"]
    takes = lambda r: f32(1 / 256) <= abs(r) < 128
    if not takes(s / y.s) or f == "leaky_relu" and not takes(s / y.s * f32(n.get("slope", 0))):
        return None
    if f in ("relu", "relu6"):
        v = np.maximum(twice(x.d, f64(s / y.s)), 0)
        return v if f == "relu" else np.minimum(v, np.floor(f64(f32(6) / f32(y.s)) + 0.5))
    if f == "leaky_relu":
        up, down = (np.rint(256 * m) for m in (s / y.s, s / y.s * f32(n.get("slope", 0))))
        return half_up(x.d * np.where(x.d < 0, down, up).astype(i64), 8)
    if f == "hard_swish":
        times16 = lambda a, b: sat(half_up(a * b, 15), 16)
        t, step = x.d << 7, s / f32(128)
        (mo, eo), (mg, eg) = ((min(half_up(m, 16), 32767), e) for m, e in (fixed(f64(step / y.s)), fixed(f64(step / f32(3 / 32768)))))
        if eg > 0:
            g = sat(times16(sat(t << (eg - 1), 16), mg) << 1, 16)
        else:
            g = half_away(times16(t, mg), -eg)
        p = ((g + (1 << 15)) >> 1) * times16(t, mo)
        return half_away(np.sign(p) * (np.abs(p) >> 15), max(-eo, 0))


def layer(n, tensors, values, mode):
    op, x = n["op"], [values[name] for name in n["inputs"]]
    y = Grid(n["output"], None if op == "activate" else n.get("function"))
    if op in ("conv2d", "linear"):
        return weighted(n, tensors, x[0], y, mode)
    if op.endswith("_pool"):
        return pool(n, x[0], y, mode)
    if op == "add":
        return add(n, x[0], x[1], y, mode)
    if op == "sub":
        return add(n, x[0], x[1], y, mode, -1)
    if op == "mul":
        return mul(n, x[0], x[1], y, mode)
    if op in ("max", "min"):
        return Tensor(y, r={"max": np.maximum, "min": np.minimum}[op](x[0].r, x[1].r))
    if op == "prelu":
        slopes = tensors[n["name"] + ".weight"].reshape([-1] + [1] * (len(n["output"]["shape"]) - 1))
        return Tensor(y, r=np.where(x[0].r > 0, x[0].r, slopes * x[0].r))
    if op == "pad":
        around = [(b, whole - b - part) for b, whole, part in zip(n["begin"], n["output"]["shape"], x[0].r.shape[1:])]
        v = Tensor(y, r=np.full(1, n.get("value", 0), f32))
        fill = lambda values, value: np.pad(values, [(0, 0), *around], constant_values=value)
        return Tensor(y, r=fill(x[0].r, v.r[0])) if y.float else Tensor(y, q=fill(x[0].q, v.q[0]))
    if op in ("slice", "shuffle"):
        shape, v = n["output"]["shape"], x[0].r if y.float else x[0].q
        if op == "slice":
            v = v[(slice(None), *(slice(b, b + s) for b, s in zip(n["begin"], shape)))]
        else:
            v = v.reshape(len(v), n["groups"], -1, *shape[1:]).swapaxes(1, 2).reshape(v.shape)
        return Tensor(y, r=v) if y.float else Tensor(y, q=v)
    if op.startswith("attention"):
        return attention(n, x[0], x[1], y, mode)
    if op == "layer_norm":
        return layer_norm(n, tensors, x[0], y)
    if op == "concat":
        return Tensor(y, r=np.concatenate([t.r for t in x], 1))
    if op == "activate" and n["function"] == "softmax":
        return softmax(x[0], y, mode)
    if op == "activate":
        v = xnnpack(n, x[0], y) if lite(mode) and not y.float and not x[0].grid.float else None
        return Tensor(y, q=y.clip(v)) if v is not None else Tensor(y, r=apply(n, x[0].r))
    if op in ("flatten", "reshape"):
        shape = [len(x[0].r)] + n["output"]["shape"]
        return Tensor(y, r=x[0].r.reshape(shape)) if y.float else Tensor(y, q=x[0].q.reshape(shape))
    if op == "resize":
        _, h, w = n["output"]["shape"]
        repeated = lambda v: v.repeat(h // v.shape[2], 2).repeat(w // v.shape[3], 3)
        return Tensor(y, r=repeated(x[0].r)) if y.float else Tensor(y, q=repeated(x[0].q))
    if op == "stretch":
        shape = [len(x[0].r)] + n["output"]["shape"]
        r, q = np.zeros(shape, f32), None if y.float else np.full(shape, y.z, i64)
        rows, columns = (slice(None, None, shape[i] // x[0].r.shape[i]) for i in (2, 3))
        r[:, :, rows, columns] = x[0].r
        if not y.float:
            q[:, :, rows, columns] = x[0].q
        return Tensor(y, r=r) if y.float else Tensor(y, q=q)
    raise ValueError("operation " + op)


def run(folder):
    model, tensors = load(folder)
    mode = open(os.path.join(folder, "mode")).read()
    if mode not in ("onnxruntime", "onnxruntime-int8", "xnnpack", "xnnpack-int4", "gemmlowp", "single"):
        raise ValueError("mode " + mode)
    a = model["input"]
    p = np.fromfile(os.path.join(folder, "input.f32"), "<f4").reshape([-1] + a["shape"])
    # Input
    per = lambda key, none: np.array(a.get(key, [none]), f32).reshape([1, -1] + [1] * (len(a["shape"]) - 1))
    r = (p * f32(a["pixel_scale"]) - per("mean", 0)) / per("std", 1)
    values = {a["name"]: Tensor(Grid(a), r=r)}
    with open(os.path.join(folder, "output.f32"), "wb") as out:
        for n in model["layers"]:
            values[n["name"]] = y = layer(n, tensors, values, mode)
            out.write(y.r.astype("<f4").tobytes())


for case in sorted(os.listdir(sys.argv[1])):
    run(os.path.join(sys.argv[1], case))
