"""Forms of whole files: as Keras, scikit-learn and dynamo write them."""

import itertools

import numpy as np
import onnx
from onnx import TensorProto, helper

from net import form, normal
from spellings import KINDS


# Keras, as tf2onnx writes it.
def same(n, i, o, k=3, s=1, group=1):
    n.op("Conv", n.const(normal(o, i // group, k, k)), n.const(normal(o)), strides=[s, s], group=group,
         pads=[0, 0, 1, 1] if s == 2 else [k // 2] * 4, kernel_shape=[k, k])


def keras(name, opsets=(9, 13, 15), shape=(16, 16, 3), **options):
    return form(f"keras-{name}", opsets, shape=list(shape), batch="unk__1", name="input_1", **options)


def reduce(n, axes, keep=0):
    return n.op("ReduceMean", axes=axes, keepdims=keep) if n.opset < 18 else \
        n.op("ReduceMean", n.ints(*axes), keepdims=keep)


for end, rescale, back in itertools.product(("dense", "gap", "gap-dense"), (False, True), ("end", "always")):
    @keras(f"cnn-{end}-{rescale}-{back}")
    def _(n, end=end, rescale=rescale, back=back):
        if rescale:
            n.op("Mul", n.const(np.float32(1 / 127.5)))
            n.op("Add", n.const(np.float32(-1)))
        n.op("Transpose", perm=[0, 3, 1, 2])
        for i, o, s in ((3, 8, 2), (8, 8, 1), (8, 8, 1)):
            same(n, i, o, 3, s)
            if back == "always":
                n.op("Transpose", perm=[0, 2, 3, 1])
                n.op("Relu")
                n.op("Transpose", perm=[0, 3, 1, 2])
            else:
                n.op("Relu")
        n.op("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
        if end == "dense":
            n.op("Transpose", perm=[0, 2, 3, 1])
            n.op("Reshape", n.ints(-1, 128))
            n.dense(128, 10)
        elif end == "gap":
            n.op("Transpose", perm=[0, 2, 3, 1])
            reduce(n, [1, 2])
            n.dense(8, 10)
        else:
            n.op("GlobalAveragePool")
            n.op("Squeeze", n.ints(2, 3)) if n.opset >= 13 else n.op("Squeeze", axes=[2, 3])
            n.dense(8, 10)
        n.op("Softmax", axis=1)


@keras("mobilenet")
def _(n):
    n.op("Transpose", perm=[0, 3, 1, 2])
    same(n, 3, 8, 3, 2)
    n.op("Clip", n.const(np.float32(0)), n.const(np.float32(6))) if n.opset > 10 else n.op("Clip", min=0.0, max=6.0)
    x = n.last
    same(n, 8, 16, 1)
    n.op("Relu")
    same(n, 16, 16, 3, 1, 16)
    n.op("Min", n.const(np.float32(6)), first=n.op("Relu"))
    same(n, 16, 8, 1)
    n.op("Add", x)
    n.op("GlobalAveragePool")
    n.op("Conv", n.const(normal(10, 8, 1, 1)), n.const(normal(10)))
    n.op("Reshape", n.ints(-1, 10))
    n.op("Softmax", axis=1)


@keras("excite")
def _(n):  # MobileNetV3: squeeze and excite with channels last
    n.op("Transpose", perm=[0, 3, 1, 2])
    same(n, 3, 8)
    x = n.op("Relu")
    n.op("GlobalAveragePool")
    n.op("Conv", n.const(normal(4, 8, 1, 1)), n.const(normal(4)))
    n.op("Relu")
    n.op("Conv", n.const(normal(8, 4, 1, 1)), n.const(normal(8)))
    n.op("Add", n.const(np.float32(3)))
    n.op("Clip", n.const(np.float32(0)), n.const(np.float32(6))) if n.opset > 10 else n.op("Clip", min=0.0, max=6.0)
    n.op("Mul", n.const(np.float32(1 / 6)))
    n.op("Mul", n.last, first=x)
    n.classify(8)


@keras("excite-last")
def _(n):
    n.op("Transpose", perm=[0, 3, 1, 2])
    same(n, 3, 8)
    x = n.op("Transpose", perm=[0, 2, 3, 1])
    reduce(n, [1, 2])
    n.dense(8, 4)
    n.op("Relu")
    n.dense(4, 8)
    n.op("Sigmoid")
    n.op("Reshape", n.ints(-1, 1, 1, 8))
    n.op("Mul", n.last, first=x)
    n.op("Transpose", perm=[0, 3, 1, 2])
    n.classify(8)


@keras("densenet")
def _(n):  # concatenation of channels last
    n.op("Transpose", perm=[0, 3, 1, 2])
    same(n, 3, 8)
    x = n.op("Transpose", perm=[0, 2, 3, 1])
    n.op("Transpose", perm=[0, 3, 1, 2])
    same(n, 8, 4)
    y = n.op("Transpose", perm=[0, 2, 3, 1])
    n.op("Concat", y, first=x, axis=3)
    n.op("Mul", n.const(normal(12)))
    n.op("Add", n.const(normal(12)))
    n.op("Relu")
    n.op("Transpose", perm=[0, 3, 1, 2])
    reduce(n, [2, 3])
    n.dense(12, 5)


@keras("zero-padding")
def _(n):  # ZeroPadding2D before a convolution with stride 2
    if n.opset < 11:
        n.op("Pad", pads=[0, 0, 0, 0, 0, 1, 1, 0])
    else:
        n.op("Pad", n.ints(0, 0, 0, 0, 0, 1, 1, 0), n.const(np.float32(0)))
    n.op("Transpose", perm=[0, 3, 1, 2])
    n.op("Conv", n.const(normal(8, 3, 3, 3)), n.const(normal(8)), strides=[2, 2], kernel_shape=[3, 3])
    n.op("Relu")
    n.classify(8)


@keras("normalization")
def _(n):  # a Normalization layer
    n.op("Sub", n.const(normal(1, 1, 1, 3)))
    n.op("Div", n.const(np.abs(normal(1, 1, 1, 3)) + 0.5))
    n.op("Transpose", perm=[0, 3, 1, 2])
    same(n, 3, 8)
    n.op("Relu")
    n.classify(8)


@keras("conv1d", shape=(40, 6))
def _(n):
    n.op("Transpose", perm=[0, 2, 1])
    n.op("Conv", n.const(normal(8, 6, 5)), n.const(normal(8)), strides=[2], pads=[1, 2])
    n.op("Relu")
    n.op("MaxPool", kernel_shape=[2], strides=[2])
    n.op("Transpose", perm=[0, 2, 1])
    n.op("Reshape", n.ints(-1, 80))
    n.dense(80, 4)
    n.op("Softmax", axis=-1 if n.opset >= 13 else 1)


@keras("conv1d-unsqueezed", shape=(40, 6))
def _(n):
    squeeze = lambda op, *a: n.op(op, n.ints(*a)) if n.opset >= 13 else n.op(op, axes=list(a))
    squeeze("Unsqueeze", 1)
    n.op("Transpose", perm=[0, 3, 1, 2])
    n.op("Conv", n.const(normal(8, 6, 1, 5)), strides=[1, 1])
    n.op("Transpose", perm=[0, 2, 3, 1])
    squeeze("Squeeze", 1)
    n.op("Add", n.const(normal(8)))
    n.op("Relu")
    reduce(n, [1])
    n.dense(8, 4)


@keras("mlp", shape=(20,))
def _(n):
    for i, o in ((20, 16), (16, 8)):
        n.dense(i, o)
        n.op("Relu")
        n.op("Mul", n.const(np.abs(normal(o)) + 0.5))  # batch norm at inference
        n.op("Add", n.const(normal(o)))
    n.dense(8, 3)
    n.op("Softmax", axis=-1 if n.opset >= 13 else 1)


@keras("flatten-input", shape=(28, 28))
def _(n):
    n.op("Reshape", n.ints(-1, 784))
    n.dense(784, 16)
    n.op("Relu")
    n.dense(16, 10)


@keras("flatten-input-channel", shape=(14, 14, 1))
def _(n):
    n.op("Reshape", n.ints(-1, 1, 14, 14))
    n.conv(1, 4)
    n.op("Relu")
    n.classify(4)


@keras("dense-per-step", shape=(12, 8))
def _(n):
    n.dense(8, 6)
    n.op("Relu")
    n.dense(6, 4)
    n.op("Reshape", n.ints(-1, 48))
    n.dense(48, 3)


# scikit-learn, as skl2onnx writes it.
def sklearn(name, outputs="classes", **options):
    def register(build):
        def whole(n):
            build(n)
            f = helper.make_tensor_value_info
            if outputs == "regression":
                n.op("Reshape", n.ints(-1, 1) if n.opset < 14 else n.ints(-1, 1))
                return {"outputs": [f(n.last, n.out, None)], "ai_onnx_ml": 1}
            p = n.last
            n.op("ArgMax", axis=1)
            n.op("ArrayFeatureExtractor", n.last, first=n.const(np.array([3, 5, 9][:n.classes], np.int32)),
                 domain="ai.onnx.ml")
            n.op("Cast", to=TensorProto.INT64)
            label = n.op("Reshape", n.ints(-1))
            n.last = p
            return {"outputs": [f(label, TensorProto.INT64, None), f(p, n.out, None)], "ai_onnx_ml": 1}
        return form(f"sklearn-{name}", (9, 12, 15, 18), shape=[6], name="X", **options)(whole)
    return register


def perceptron(n, classes, act="Relu", layers=(10, 8)):
    n.classes, n.out = classes, n.kind if n.kind in (TensorProto.DOUBLE,) else TensorProto.FLOAT
    n.op("Cast", to=n.out)
    i = 6
    for o in (*layers, 1 if classes == 2 else classes):
        n.op("MatMul", n.const(normal(i, o)))
        n.op("Add", n.const(normal(1, o)))
        if o in layers and act:
            n.op(act)
        i = o


for act, kind in itertools.product(("Relu", "Tanh", "Sigmoid", None), ("float", "double")):
    @sklearn(f"mlp-{act}-{kind}", kind=KINDS[kind])
    def _(n, act=act):
        perceptron(n, 3, act)
        n.op("Softmax", axis=1)

    @sklearn(f"mlp-two-{act}-{kind}", kind=KINDS[kind])
    def _(n, act=act):
        perceptron(n, 2, act)
        p = n.op("Sigmoid")
        q = n.op("Sub", p, first=n.const(np.float32(1)))
        n.op("Concat", p, first=q, axis=1)

    @sklearn(f"regressor-{act}-{kind}", "regression", kind=KINDS[kind])
    def _(n, act=act):
        perceptron(n, 2, act)


@sklearn("standard-scaler")
def _(n):
    n.op("Scaler", domain="ai.onnx.ml", offset=[0.1 * i for i in range(6)], scale=[1.5] * 6)
    perceptron(n, 3)
    n.op("Softmax", axis=1)


@sklearn("min-max-scaler")
def _(n):
    n.op("Mul", n.const(np.abs(normal(6)) + 0.2))
    n.op("Add", n.const(normal(6)))
    perceptron(n, 3)
    n.op("Softmax", axis=1)


@sklearn("ints", kind=TensorProto.INT64)
def _(n):
    n.op("Cast", to=TensorProto.FLOAT)
    n.op("Scaler", domain="ai.onnx.ml", offset=[100.0] * 6, scale=[0.01] * 6)
    perceptron(n, 3)
    n.op("Softmax", axis=1)


@form("zipmap", (12,), shape=[6], name="X")
def _(n):
    perceptron(n, 3)
    p = n.op("Softmax", axis=1)
    label = n.op("ArgMax", axis=1, keepdims=0)
    n.op("ZipMap", first=p, domain="ai.onnx.ml", classlabels_int64s=[0, 1, 2])
    z = onnx.ValueInfoProto(name=n.last)
    of = z.type.sequence_type.elem_type.map_type
    of.key_type, of.value_type.tensor_type.elem_type = TensorProto.INT64, TensorProto.FLOAT
    return {"outputs": [helper.make_tensor_value_info(label, TensorProto.INT64, None), z], "ai_onnx_ml": 1}


# dynamo: opset 18, functions, CastLike, sizes as inputs.
def dynamo(name, shape, **options):
    return form(f"dynamo-{name}", (18, 21), shape=shape, batch="s77", **options)


@dynamo("cnn", [3, 16, 16])
def _(n):
    for i, o in ((3, 8), (8, 8)):
        n.op("Conv", n.const(normal(o, i, 3, 3), f"conv{i}.weight"), n.const(normal(o), f"conv{i}.bias"), auto_pad="NOTSET",
             dilations=[1, 1], group=1, pads=[1, 1, 1, 1], strides=[1, 1], name=f"node_conv2d_{i}")
        n.op("BatchNormalization", *(n.const(np.abs(normal(o)) + 0.5, f"bn{i}.{w}") for w in
                                     ("weight", "bias", "running_mean", "running_var")), epsilon=1e-5, momentum=0.9,
             name=f"node__native_batch_norm_legit_no_training_{i}")
        n.op("Relu")
    n.op("ReduceMean", n.ints(-1, -2), keepdims=1, noop_with_empty_axes=0)
    n.op("Reshape", n.ints(-1, 8), allowzero=1)
    n.op("Gemm", n.const(normal(5, 8), "fc.weight"), n.const(normal(5), "fc.bias"), beta=1.0, transB=1, alpha=1.0,
         transA=0)


@dynamo("relu6", [3, 16, 16])
def _(n):
    n.conv(3, 8)
    x = n.last
    lo = n.op("CastLike", x, first=n.const(np.array(0, np.int64)))
    hi = n.op("CastLike", x, first=n.const(np.array(6, np.int64)))
    n.op("Clip", lo, hi, first=x)
    n.classify(8)


@dynamo("linear", [7, 8])
def _(n):
    w = n.op("Transpose", first=n.const(normal(6, 8), "fc.weight"), perm=[1, 0])
    n.op("MatMul", w, first="x")
    n.op("Add", n.const(normal(6), "fc.bias"))
    n.op("Relu")
    n.op("Reshape", n.ints(-1, 42), allowzero=1)
    n.dense(42, 3)


@dynamo("pad", [3, 9, 9])
def _(n):
    n.op("Pad", n.ints(0, 0, 1, 1, 0, 0, 0, 0), n.const(np.float32(0)), mode="constant")
    n.conv(3, 4)
    n.op("Relu")
    n.op("AveragePool", kernel_shape=[2, 2], strides=[2, 2], auto_pad="NOTSET", ceil_mode=0, count_include_pad=1,
         pads=[0, 0, 0, 0])
    n.classify(4)


for opset in (15, 18):
    def build(n):
        f = helper.make_function("pkg.torch", "Block", ["x", "w", "b"], ["y"],
                                 [helper.make_node("Conv", ["x", "w", "b"], ["t"], name="c"),
                                  helper.make_node("Relu", ["t"], ["y"], name="r")],
                                 [helper.make_opsetid("", n.opset)])
        n.op("Block", n.const(normal(4, 3, 3, 3)), n.const(normal(4)), domain="pkg.torch")
        n.op("Block", n.const(normal(4, 4, 3, 3)), n.const(normal(4)), domain="pkg.torch")
        n.classify(4)
        return {"functions": [f], "ir": 8, "pkg_torch": 1}
    form("functions", (opset,), shape=[3, 9, 9])(build)
