"""Operations of Core ML's ML programs in NumPy, by the formulas of Core ML Tools'
documentation (the op reference of opsets iOS15 to iOS18).

    coreml.py FILE

FILE is a list of operations in JSON: their types, the numbers that they took,
and those that they gave. Any that NumPy does not give is an error.
"""

import json, sys
import numpy as np

dtypes = {"fp16": np.float16, "fp32": np.float32, "int32": np.int32, "bool": bool}
limits = {"int8": (-128, 127), "uint8": (0, 255)}


# Integers of 4 and 8 bits as wider ones: q - z must not overflow
def array(n):
    with np.errstate(over="ignore"):
        return np.array(n["values"], np.float64).astype(dtypes.get(n["type"], np.int32)).reshape(n["shape"] or [])


def quantize(i):
    s, z = array(i["scale"]), array(i["zero_point"]) if "zero_point" in i else 0
    lo, hi = limits[i["output_dtype"]["type"]]
    return np.clip(np.around(array(i["input"]) / s).astype(np.float64) + z, lo, hi)


def dequantize(i):
    s, z = array(i["scale"]), array(i["zero_point"]) if "zero_point" in i else 0
    return s * (array(i["input"]) - z).astype(s.dtype)


def affine(i):
    q, s, z = array(i["quantized_data"]), array(i["scale"]), array(i["zero_point"])
    shape = [1] * q.ndim
    shape[int(array(i["axis"]))] = -1
    along = lambda v: v.reshape(shape) if v.ndim else v
    return along(s) * (q - along(z)).astype(s.dtype)


def blockwise(i):
    q, s = array(i["data"]), array(i["scale"])
    z = array(i["offset"]) if "offset" in i else np.zeros(s.shape, np.int32)
    for axis in range(q.ndim):
        each = q.shape[axis] // s.shape[axis]
        s, z = np.repeat(s, each, axis), np.repeat(z, each, axis)
    return s * (q - z).astype(s.dtype)


def leaky(i):
    x = array(i["x"])
    return np.where(x < 0, x * array(i["alpha"]), x)


operations = {
    "quantize": quantize,
    "dequantize": dequantize,
    "constexpr_affine_dequantize": affine,
    "constexpr_blockwise_shift_scale": blockwise,
    "add": lambda i: array(i["x"]) + array(i["y"]),
    "sub": lambda i: array(i["x"]) - array(i["y"]),
    "mul": lambda i: array(i["x"]) * array(i["y"]),
    "maximum": lambda i: np.maximum(array(i["x"]), array(i["y"])),
    "minimum": lambda i: np.minimum(array(i["x"]), array(i["y"])),
    "transpose": lambda i: array(i["x"]).transpose(array(i["perm"])),
    "pad": lambda i: np.pad(array(i["x"]), array(i["pad"]).reshape(-1, 2), constant_values=array(i["constant_val"])),
    "slice_by_size": lambda i: array(i["x"])[tuple(slice(b, b + n) for b, n in zip(array(i["begin"]), array(i["size"])))],
    "relu": lambda i: np.maximum(array(i["x"]), 0),
    "relu6": lambda i: np.clip(array(i["x"]), 0, 6),
    "clip": lambda i: np.clip(array(i["x"]), array(i["alpha"]), array(i["beta"])),
    "leaky_relu": leaky,
    "upsample_nearest_neighbor": lambda i: array(i["x"])
    .repeat(i["scale_factor_height"]["values"][0], 2)
    .repeat(i["scale_factor_width"]["values"][0], 3),
    "cast": lambda i: array(i["x"]).astype(dtypes[i["dtype"]["type"]]),
}

counts = {}
for op in json.load(open(sys.argv[1], encoding="utf-8")):
    if op["type"] not in operations:
        continue
    got, want = operations[op["type"]](op["inputs"]), array(op["output"])
    if got.shape != want.shape or not np.array_equal(got, want):
        sys.exit("%s: NumPy gives %s, the interpreter %s, of %s" % (op["type"], got, want, op["inputs"]))
    counts[op["type"]] = counts.get(op["type"], 0) + want.size
print(", ".join("%s: %d elements" % c for c in sorted(counts.items())))
missing = set(operations) - set(counts)
if missing:
    sys.exit("no operation of type " + ", ".join(sorted(missing)))
