"""Writes each operator in every form that exporters give it, for the test of the importer.

    python3 forms.py FOLDER EVERY

writes FOLDER/NAME.onnx for one form in EVERY; with 1, for all 2,000. A form that
petrify must refuse is called refused-NAME.
"""

import itertools
import math
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FORMS = {}
rng = np.random.default_rng(0)


def normal(*shape, kind=np.float32):
    return (rng.standard_normal(shape) / np.sqrt(max(1, np.prod(shape[1:])))).astype(kind)


class Net:
    """A graph made node by node; constants are initializers, nodes, or initializers that are inputs as well."""

    def __init__(self, shape, opset=13, kind=TensorProto.FLOAT, batch="N", constants="initializer", name="x"):
        self.opset, self.kind, self.constants, self.last = opset, kind, constants, name
        self.nodes, self.weights, self.count = [], [], 0
        dims = None if shape is None else list(shape) if batch == "none" else [batch, *shape]
        self.inputs = [helper.make_tensor_value_info(name, kind, dims)]
        self.real = {TensorProto.FLOAT16: np.float16, TensorProto.DOUBLE: np.float64}.get(kind, np.float32)

    def const(self, value, name=None):
        value = np.asarray(value)
        if value.dtype.kind == "f":
            value = value.astype(self.real)
        self.count += 1
        name = name or f"c{self.count}"
        t = numpy_helper.from_array(value, name)
        if self.constants == "node":
            self.nodes.append(helper.make_node("Constant", [], [name], value=t))
        else:
            self.weights.append(t)
            if self.constants == "input":
                self.inputs.append(helper.make_tensor_value_info(name, t.data_type, value.shape))
        return name

    def ints(self, *values):
        return self.const(np.array(values, np.int64))

    def op(self, kind, *inputs, first=None, name=None, outputs=None, domain="", **attributes):
        """Adds a node that reads the last value, and those given."""
        self.count += 1
        outputs = outputs or [f"v{self.count}"]
        inputs = [self.last if first is None else first, *inputs]
        if name is None:
            name = f"{kind}_{self.count}"
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=name, domain=domain, **attributes))
        self.last = outputs[0]
        return self.last

    def conv(self, i, o, k=3, bias=True, **attributes):
        k = [k, k] if isinstance(k, int) else k
        w = self.const(normal(o, i // attributes.get("group", 1), *k))
        return self.op("Conv", w, *([self.const(normal(o))] if bias else []), **attributes)

    def dense(self, i, o, bias=True):
        self.op("MatMul", self.const(normal(i, o)))
        return self.op("Add", self.const(normal(o))) if bias else self.last

    def pool(self):
        return self.op("GlobalAveragePool")

    def classify(self, c, classes=5):
        """Global pooling and a dense layer, as PyTorch ends."""
        self.pool()
        self.op("Flatten")
        return self.op("Gemm", self.const(normal(classes, c)), self.const(normal(classes)), transB=1)

    def save(self, path, outputs=None, kind=None, ir=None, functions=None, **domains):
        outputs = outputs or [helper.make_tensor_value_info(self.last, kind or self.kind, None)]
        g = helper.make_graph(self.nodes, "g", self.inputs, outputs, self.weights)
        imports = [helper.make_opsetid("", self.opset)]
        imports += [helper.make_opsetid(d.replace("_", "."), v) for d, v in domains.items()]
        m = helper.make_model(g, opset_imports=imports, producer_name="forms", functions=functions or [])
        m.ir_version = ir or (3 if self.opset < 9 else 7)
        onnx.save(m, path)


def form(name, opsets=None, /, **options):
    """Registers a function that builds a form, at each opset."""
    def register(build):
        for opset in opsets or [None]:
            full = name if opset is None else f"{name}-opset{opset}"
            FORMS[full] = (build, opset, options)
        return build
    return register


def image(name, c=4, size=(9, 10), opsets=(13,), out=None, **options):
    """Registers a form on images, between a convolution and a classifier."""
    def register(build):
        def whole(n):
            n.conv(3, c, pads=[1, 1, 1, 1])
            got = build(n)
            n.classify(got or out or c)
        for opset in opsets:
            FORMS[f"{name}-opset{opset}" if len(opsets) > 1 else name] = (whole, opset, {"shape": [3, *size], **options})
        return build
    return register


# Convolutions: every option with every other.
def convolutions():
    count = 0
    for k, s, d, pads, groups, bias in itertools.product(
            ([3, 3], [1, 1], [3, 2], [1, 5]), ([1, 1], [2, 2], [2, 1]), ([1, 1], [2, 1]),
            ("none", "one", "odd", "VALID", "SAME_UPPER", "SAME_LOWER"), (1, 2, 4, "twice"), (True, False)):
        count += 1
        if count % 7 != 1:  # 7 divides no number of options
            continue
        if pads.startswith("SAME") and d != [1, 1]:
            continue  # runtimes disagree
        a = {"strides": s, "dilations": d}
        if pads == "one":
            a["pads"] = [1, 1, 1, 1]
        elif pads == "odd":
            a["pads"] = [0, 1, 2, 0]
        elif pads != "none":
            a["auto_pad"] = pads
        if count % 2:
            a["kernel_shape"] = k
        outputs = 8 if groups == "twice" else 4
        a["group"] = 4 if groups == "twice" else groups

        def build(n, k=k, bias=bias, outputs=outputs, a=a):
            n.conv(4, outputs, k, bias, **a)
            n.op("Relu")
            n.classify(outputs)
        FORMS[f"conv-{count}"] = (build, (7, 11, 13, 18)[count % 4], {"shape": [4, 9, 11]})
    for k, s, d, pads, g in itertools.product((3, 4, 9), (1, 2), (1, 2), ([0, 0], [2, 1]), (1, 6)):
        count += 1

        def build(n, k=k, s=s, d=d, pads=pads, g=g):
            n.conv(6, 6, [k], strides=[s], dilations=[d], pads=pads, group=g)
            n.op("Relu")
            n.classify(6)
        FORMS[f"conv1d-{count}"] = (build, 13, {"shape": [6, 30]})


def pools():
    count = 0
    for kind, k, s, pads, ceil, include in itertools.product(
            ("MaxPool", "AveragePool"), ([2, 2], [3, 3], [3, 2]), ([2, 2], [1, 1], [3, 2], None),
            ("none", "one", "odd", "VALID", "SAME_UPPER", "SAME_LOWER"), (0, 1), (0, 1)):
        count += 1
        if count % 5 not in (1, 3) or kind == "MaxPool" and include:
            continue
        a = {"kernel_shape": k, "ceil_mode": ceil}
        if s:
            a["strides"] = s
        if include:
            a["count_include_pad"] = 1
        if pads == "one":
            a["pads"] = [1, 1, 1, 1]
        elif pads == "odd":
            a["pads"] = [0, 1, 1, 0]
        elif pads != "none":
            a["auto_pad"] = pads

        def build(n, kind=kind, a=a):
            n.op(kind, **a)
        image(f"pool-{count}", opsets=((10, 13, 19)[count % 3],))(build)
    for kind, k, s, ceil in itertools.product(("MaxPool", "AveragePool"), (2, 3), (1, 2, 3), (0, 1)):
        count += 1

        def build(n, kind=kind, k=k, s=s, ceil=ceil):
            n.conv(4, 6, [3])
            n.op(kind, kernel_shape=[k], strides=[s], ceil_mode=ceil)
            n.classify(6)
        FORMS[f"pool1d-{count}"] = (build, 13, {"shape": [4, 33]})


def gemms():
    count = 0
    for alpha, beta, trans, c, opset in itertools.product((1.0, 0.5), (1.0, 2.0), (0, 1),
                                                          ("none", "scalar", "one", "row", "rows"), (6, 9, 13)):
        count += 1
        if count % 3 == 0 or c == "none" and opset < 11:
            continue

        def build(n, alpha=alpha, beta=beta, trans=trans, c=c):
            w = n.const(normal(*((7, 12) if trans else (12, 7))))
            bias = {"scalar": np.float32(0.3), "one": np.float32([0.3]), "row": normal(7), "rows": normal(1, 7)}
            a = {"broadcast": 1} if n.opset < 7 else {}
            n.op("Gemm", w, *([] if c == "none" else [n.const(bias[c])]), alpha=alpha, beta=beta, transB=trans, **a)
            n.op("Relu")
            n.op("Gemm", n.const(normal(7, 3)), n.const(normal(3)), **a)
        FORMS[f"gemm-{count}"] = (build, opset, {"shape": [12]})


# Functions of each number.
@image("relu", opsets=(6, 9, 14, 21))
def _(n):
    n.op("Relu")


@image("clip-attributes", opsets=(6, 10))
def _(n):
    n.op("Clip", min=0.0, max=6.0)


@image("clip-lower-attribute", opsets=(6,))
def _(n):
    n.op("Clip", min=0.0)


for lo, hi in ((0, 6), (0, None), (None, 6), (-1, 1), (0, 1), (0, 20), (-0.5, 3), (None, None)):
    for made in ("initializer", "node", "cast"):
        def build(n, lo=lo, hi=hi, made=made):
            before, x = n.constants, n.last
            n.constants = "node" if made != "initializer" else "initializer"
            limits = []
            for limit in (lo, hi):
                if limit is None:
                    limits.append("")
                    continue
                c = n.const(np.float32(limit)) if made != "cast" else n.const(np.int64(math.ceil(limit)))
                if made == "cast":
                    c = n.op("CastLike", x, first=c)
                limits.append(c)
            n.constants = before
            while limits and limits[-1] == "":
                limits.pop()
            n.op("Clip", *limits, first=x)
        image(f"clip-{lo}-{hi}-{made}", opsets=(15 if made == "cast" else 11,))(build)

for op, lo, hi in (("MaxMin", 0, 6), ("MinMax", 0, 6), ("Max", 0, None), ("Min", None, 2)):
    def build(n, op=op, lo=lo, hi=hi):
        for step in ("Max", "Min") if op != "MinMax" else ("Min", "Max"):
            limit = lo if step == "Max" else hi
            if limit is not None:
                n.op(step, n.const(np.float32(limit)))
    image(f"bounds-{op}", opsets=(8, 13))(build)

for op, attributes in (("Sigmoid", {}), ("Tanh", {}), ("Softplus", {}), ("LeakyRelu", {"alpha": 0.1}), ("LeakyRelu", {}),
                       ("Elu", {}), ("HardSigmoid", {}), ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
                       ("Identity", {}), ("Dropout", {})):
    def build(n, op=op, attributes=attributes):
        n.op(op, **({"is_test": 1} if op == "Dropout" and n.opset < 7 else {}), **attributes)
    image(f"{op}-{len(attributes)}", opsets=(6, 13))(build)


@image("hardswish-whole", opsets=(14, 18))
def _(n):
    n.op("HardSwish")


@image("silu")
def _(n):
    x = n.last
    n.op("Mul", x, first=n.op("Sigmoid"))


@image("silu-turned")
def _(n):
    x = n.last
    y = n.op("Sigmoid")
    n.op("Mul", y, first=x)


for order in range(4):
    def build(n, order=order):
        x = n.last
        half, one, root = n.const(np.float32(0.5)), n.const(np.float32(1)), n.const(np.float32(math.sqrt(2)))
        if order == 0:
            e = n.op("Add", one, first=n.op("Erf", first=n.op("Div", root)))
            n.op("Mul", half, first=n.op("Mul", e, first=x))
        elif order == 1:
            e = n.op("Add", one, first=n.op("Erf", first=n.op("Mul", n.const(np.float32(1 / math.sqrt(2))))))
            n.op("Mul", e, first=n.op("Mul", half, first=x))
        elif order == 2:
            e = n.op("Mul", half, first=n.op("Add", one, first=n.op("Erf", first=n.op("Div", root))))
            n.op("Mul", e, first=x)
        else:
            n.op("Gelu", first=x)
    image(f"gelu-{order}", opsets=(20 if order == 3 else 13,))(build)

for slope in ("scalar", "one", "channels-equal", "flat"):
    def build(n, slope=slope):
        n.op("PRelu", n.const({"scalar": np.float32(0.2), "one": np.float32([0.2]), "flat": np.full((1, 1, 1), 0.2),
                               "channels-equal": np.full((4, 1, 1), 0.2)}[slope]))
    image(f"prelu-{slope}", opsets=(9, 16))(build)


# Constants of all shapes on all sides.
SHAPES = {"scalar": (), "one": (1,), "channel": (4, 1, 1), "full": (1, 4, 1, 1), "ones": (1, 1, 1, 1)}
for op, shape, turned, after in itertools.product(("Add", "Sub", "Mul", "Div"), SHAPES, (False, True),
                                                  ("conv", "relu", "pool")):
    if op == "Div" and turned:
        continue

    def build(n, op=op, shape=SHAPES[shape], turned=turned, after=after):
        c = n.const(np.abs(normal(*shape)) + np.float32(0.5))
        if after == "relu":
            n.op("Relu")
        if after == "pool":
            n.op("MaxPool", kernel_shape=[2, 2])
        n.op(op, n.last, first=c) if turned else n.op(op, c)
        n.op("Relu")
        n.conv(4, 6, pads=[1, 1, 1, 1])
        return 6
    image(f"constant-{op}-{shape}-{'turned-' if turned else ''}{after}")(build)

for op in ("Add", "Mul"):  # opset 6: broadcast from an axis on
    def build(n, op=op):
        n.op(op, n.const(normal(4)), broadcast=1, axis=1)
    image(f"broadcast-{op}", opsets=(6,))(build)


@image("neg-abs-free")
def _(n):
    n.op("Neg")
    n.op("Relu")


for where, eps in itertools.product(("first", "conv", "relu", "add", "dense"), (1e-5, 1e-3)):
    def build(n, where=where, eps=eps):
        def norm(c):
            n.op("BatchNormalization", n.const(np.abs(normal(c)) + 0.5), n.const(normal(c)), n.const(normal(c)),
                 n.const(np.abs(normal(c)) + 0.2), epsilon=eps, **({"is_test": 1} if n.opset < 7 else {}))
        if where == "first":
            norm(3)
        n.conv(3, 4)
        if where == "relu":
            n.op("Relu")
        if where == "add":
            x = n.last
            n.op("Add", x, first=n.conv(4, 4, pads=[1, 1, 1, 1]))
        if where not in ("first", "dense"):
            norm(4)
        n.op("Relu")
        n.classify(4, 6)
        if where == "dense":
            norm(6)
    form(f"norm-{where}-{eps}", (6, 7, 9, 14, 15), shape=[3, 8, 8])(build)


# Shapes, and ways to the features.
def ends(name, opsets, **options):
    def register(build):
        def whole(n):
            n.conv(3, 4, strides=[2, 2])
            n.op("Relu")
            build(n)
        return form(f"flatten-{name}", opsets, shape=[3, 9, 9], **options)(whole)
    return register


def gemm(n, i, o=5):
    n.op("Gemm", n.const(normal(o, i)), n.const(normal(o)), transB=1, **({"broadcast": 1} if n.opset < 7 else {}))


@ends("flatten", (6, 9, 13))
def _(n):
    n.op("Flatten", axis=1)
    gemm(n, 64)


@ends("flatten-negative", (11,))
def _(n):
    n.op("Flatten", axis=-3)
    gemm(n, 64)


for target in ([-1, 64], [0, -1], [0, 64]):
    @ends(f"reshape-{target[0]}-{target[1]}", (6, 13, 14), )
    def _(n, target=target):
        n.op("Reshape", n.ints(*target))
        gemm(n, 64)


@ends("reshape-allowzero", (14, 18, 21))
def _(n):
    n.op("Reshape", n.ints(-1, 64), allowzero=1)
    gemm(n, 64)


@ends("reshape-one", (13,), batch=1)
def _(n):
    n.op("Reshape", n.ints(1, 64))
    gemm(n, 64)


@ends("reshape-four", (13,), batch=4)
def _(n):
    n.op("Reshape", n.ints(4, -1))
    gemm(n, 64)


def shape_arithmetic(n, opset):
    x = n.last
    s = n.op("Shape", first=x)
    g = n.op("Gather", n.const(np.array(0, np.int64)), first=s, axis=0)
    one = n.op("Unsqueeze", first=g, axes=[0]) if opset < 13 else n.op("Unsqueeze", n.ints(0), first=g)
    n.op("Reshape", n.op("Concat", n.ints(-1), first=one, axis=0), first=x)
    gemm(n, 64)


@ends("shape-gather", (9, 11, 13))
def _(n):
    shape_arithmetic(n, n.opset)


@ends("shape-slice", (10, 13))
def _(n):
    x = n.last
    one = n.op("Slice", n.ints(0), n.ints(1), n.ints(0), first=n.op("Shape", first=x))
    n.op("Reshape", n.op("Concat", n.ints(64), first=one, axis=0), first=x)
    gemm(n, 64)


@ends("shape-attributes", (15, 19))
def _(n):
    x = n.last
    one = n.op("Shape", first=x, start=0, end=1)
    n.op("Reshape", n.op("Concat", n.ints(-1), first=one, axis=0), first=x)
    gemm(n, 64)


@ends("shape-cast", (9, 13))
def _(n):  # tf2onnx
    x = n.last
    s = n.op("Cast", first=n.op("Shape", first=x), to=TensorProto.INT32)
    b = n.op("Slice", n.ints(0), n.ints(1), first=s) if n.opset > 9 else n.op("Slice", first=s, starts=[0], ends=[1])
    b = n.op("Cast", first=n.op("Concat", n.const(np.array([64], np.int32)), first=b, axis=0), to=TensorProto.INT64)
    n.op("Reshape", b, first=x)
    gemm(n, 64)


for keep, opset, axes in itertools.product((0, 1), (6, 11, 13, 18, 21), ([2, 3], [-1, -2], [-2, -1])):
    if opset < 11 and axes[0] < 0:
        continue

    @ends(f"mean-{keep}-{axes[0]}-{axes[1]}", (opset,))
    def _(n, keep=keep, axes=axes):
        if n.opset < 18:
            n.op("ReduceMean", axes=axes, keepdims=keep)
        else:
            n.op("ReduceMean", n.ints(*axes), keepdims=keep)
        if keep:
            n.op("Squeeze", axes=[2, 3]) if n.opset < 13 else n.op("Squeeze", n.ints(2, 3))
        gemm(n, 4)


@ends("mean-one-after-another", (13,))
def _(n):
    n.op("ReduceMean", axes=[3], keepdims=0)
    n.op("ReduceMean", axes=[2], keepdims=0)
    gemm(n, 4)


@ends("sum-over-space", (13,))
def _(n):
    n.op("ReduceSum", n.ints(2, 3), keepdims=0)
    n.op("Div", n.const(np.float32(16)))
    gemm(n, 4)


@ends("max-over-space", (11, 18))
def _(n):
    n.op("ReduceMax", **({"axes": [2, 3]} if n.opset < 18 else {}), keepdims=0) if n.opset < 18 else \
        n.op("ReduceMax", n.ints(2, 3), keepdims=0)
    gemm(n, 4)


@ends("average-whole", (13,))
def _(n):
    n.op("AveragePool", kernel_shape=[4, 4])
    n.op("Flatten")
    gemm(n, 4)


@ends("conv-whole", (13,))
def _(n):
    n.op("Conv", n.const(normal(6, 4, 4, 4)), n.const(normal(6)))
    n.op("Relu")
    n.op("Conv", n.const(normal(5, 6, 1, 1)))
    n.op("Flatten")


@ends("hwc", (9, 13))
def _(n):
    n.op("Transpose", perm=[0, 2, 3, 1])
    n.op("Reshape", n.ints(-1, 64))
    gemm(n, 64)


@ends("whc", (13,))
def _(n):
    n.op("Transpose", perm=[0, 3, 2, 1])
    n.op("Flatten")
    gemm(n, 64)


@ends("two-steps", (13,))
def _(n):
    n.op("Reshape", n.ints(0, 4, 16))
    n.op("Transpose", perm=[0, 2, 1])
    n.op("Reshape", n.ints(0, -1))
    gemm(n, 64)


# What ends a network.
for end, opset in itertools.product(("Softmax", "LogSoftmax", "Sigmoid", "softmax-default", "ArgMax", "ArgMax-keep",
                                     "Softmax-ArgMax", "Identity", "Cast", "Softmax-both", "logits-and-softmax",
                                     "features-and-logits"), (8, 11, 13)):
    def build(n, end=end):
        n.op("Gemm", n.const(normal(8, 6)), n.const(normal(6)))
        features = n.op("Relu")
        logits = n.op("Gemm", n.const(normal(6, 4)), n.const(normal(4)))
        f = lambda *names: [helper.make_tensor_value_info(v, TensorProto.FLOAT, None) for v in names]
        if end in ("Softmax", "LogSoftmax"):
            n.op(end, axis=1)
        elif end == "softmax-default":
            n.op("Softmax")
        elif end.startswith("ArgMax"):
            n.op("ArgMax", axis=1, keepdims=int(end.endswith("keep")))
            return {"kind": TensorProto.INT64}
        elif end == "Softmax-ArgMax":
            n.op("ArgMax", first=n.op("Softmax", axis=1), axis=1, keepdims=0)
            return {"kind": TensorProto.INT64}
        elif end in ("Sigmoid", "Identity"):
            n.op(end)
        elif end == "Cast":
            n.op("Cast", to=TensorProto.DOUBLE)
            return {"kind": TensorProto.DOUBLE}
        elif end == "Softmax-both":
            p = n.op("Softmax", axis=1)
            label = n.op("ArgMax", axis=1, keepdims=0, first=p)
            return {"outputs": [helper.make_tensor_value_info(label, TensorProto.INT64, None), *f(p)]}
        elif end == "logits-and-softmax":
            return {"outputs": f(logits, n.op("Softmax", axis=1))}
        elif end == "features-and-logits":
            return {"outputs": f(features, logits)}
    FORMS[("refused-" if end == "features-and-logits" else "") + f"end-{end}-opset{opset}"] = (build, opset, {"shape": [8]})



def main():
    import architectures  # noqa: F401  (which register forms, as the others do)
    import transformers  # noqa: F401
    import writers  # noqa: F401
    for build in (convolutions, pools, gemms):
        build()
    folder, every = sys.argv[1], int(sys.argv[2])
    for name in list(FORMS)[::every]:
        build, opset, options = FORMS[name]
        path = f"{folder}/{name}.onnx"
        if options is None:  # it writes the file itself
            build(path, opset)
            continue
        n = Net(opset=opset, **options)
        n.save(path, **(build(n) or {}))


if __name__ == "__main__":
    sys.modules["forms"] = sys.modules["__main__"]
    main()
