"""Forms of shapes, of the way to the features, and of what ends a network."""

import itertools

import numpy as np
from onnx import TensorProto, helper

from net import FORMS, form, gemm, normal


# Shapes, and ways to the features.
def ends(name, opsets, **options):
    def register(build):
        def whole(n):
            n.conv(3, 4, strides=[2, 2])
            n.op("Relu")
            build(n)
        return form(f"flatten-{name}", opsets, shape=[3, 9, 9], **options)(whole)
    return register


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
