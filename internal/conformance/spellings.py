"""Forms of whole files: names, kinds of numbers, and what hands write."""

import itertools

import numpy as np
from onnx import TensorProto

from net import FORMS, form, normal

KINDS = {"float": TensorProto.FLOAT, "half": TensorProto.FLOAT16, "double": TensorProto.DOUBLE,
         "bytes": TensorProto.UINT8, "signed": TensorProto.INT8, "ints": TensorProto.INT32, "long": TensorProto.INT64}


def small(n, h=8):
    """A small network for pictures."""
    n.conv(3, 4, pads=[1, 1, 1, 1])
    n.op("Relu")
    n.op("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    n.classify(4)


# The batch, spelt in every way, with every way to store constants.
for batch, constants, opset in itertools.product(("N", "batch_size", "unk__6", "s0", None, 1, 4, -1, ""),
                                                 ("initializer", "node", "input"), (8, 13, 17)):
    form(f"batch-{batch}-{constants}", (opset,), shape=[3, 8, 8], batch=batch, constants=constants)(small)

# Kinds of numbers.
for kind in ("half", "double"):
    form(f"type-{kind}", (9, 13, 17), shape=[3, 8, 8], kind=KINDS[kind])(small)
for kind in ("bytes", "signed", "ints", "long", "double", "half"):
    def build(n):
        n.op("Cast", to=TensorProto.FLOAT)
        n.real = np.float32
        n.op("Div", n.const(np.float32(255)))
        small(n)
        return {"kind": TensorProto.FLOAT}
    form(f"cast-{kind}", (9, 13), shape=[3, 8, 8], kind=KINDS[kind])(build)

# Names.
for name in ("input", "x:0", "serving_default_input_1:0", "ein Bild", "画像", "", "a/b.c", "null", "true", "1", "- x",
             "x" * 300, "weight", "'", '"', "a\nb", "${x}", "../x", "\\", "#", "{}"):
    def build(n, name=name):
        for k, i, o in ((0, 3, 4), (1, 4, 4)):
            n.op("Conv", n.const(normal(o, i, 3, 3), f"{name}{k}.weight"), n.const(normal(o), f"{name}{k}.bias"),
                 name=name + str(k), outputs=[f"{name}/{k}:0"])
            n.op("Relu", name=f"{name}{k}/relu")
        n.classify(4)
    FORMS[f"name-{len(FORMS)}"] = (build, 13, {"shape": [3, 8, 8], "name": name or "x"})


@form("name-none", (13,), shape=[3, 8, 8])
def _(n):
    small(n)
    for node in n.nodes:
        node.name = ""


@form("order-reversed", (13,), shape=[3, 8, 8])
def _(n):
    small(n)
    n.nodes.reverse()


@form("dead-nodes", (13,), shape=[3, 8, 8])
def _(n):
    x = n.last
    n.op("Loop", name="dead")  # nothing reads it
    n.const(normal(100), "dead-weights")
    n.last = x
    n.nodes.pop()
    n.op("Sin")
    n.last = x
    small(n)


@form("empty-optional", (13,), shape=[3, 8, 8])
def _(n):
    n.op("Conv", n.const(normal(4, 3, 3, 3)), "")
    n.op("Clip", n.const(np.float32(0)), "")
    n.op("Dropout", "", "")
    n.classify(4)


@form("training-dropout", (13,), shape=[3, 8, 8])
def _(n):
    n.conv(3, 4)
    n.op("Dropout", n.const(np.float32(0.5)), n.const(np.array(False)))
    n.classify(4)


@form("parallel-branches", (13,), shape=[3, 8, 8])
def _(n):
    x = n.last
    branches = []
    for k, p in ((1, 0), (3, 1), (5, 2)):
        n.last = x
        branches.append(n.conv(3, 4, k, pads=[p] * 4))
    n.last = x
    n.op("MaxPool", kernel_shape=[3, 3], strides=[1, 1], pads=[1] * 4)
    branches.append(n.conv(3, 4, 1))
    n.op("Concat", *branches[1:], first=branches[0], axis=1)
    n.op("Relu")
    n.classify(16)


@form("sum-of-three", (8, 13), shape=[3, 8, 8])
def _(n):
    x, parts = n.last, []
    for _ in range(3):
        n.last = x
        parts.append(n.conv(3, 4))
    n.op("Sum", *parts[1:], first=parts[0])
    n.op("Relu")
    n.classify(4)


@form("concat-of-input", (13,), shape=[3, 8, 8])
def _(n):
    x = n.last
    y = n.conv(3, 4, pads=[1] * 4)
    n.op("Concat", y, first=x, axis=1)
    n.conv(7, 4)
    n.classify(4)


@form("add-of-one", (13,), shape=[3, 8, 8])
def _(n):
    y = n.conv(3, 4)
    n.op("Add", y, first=y)
    n.op("Mul", n.last, first=n.last)
    n.classify(4)


# Pads.
for opset, before in itertools.product((7, 11, 13, 18), ("conv", "avg", "relu-max")):
    def build(n, before=before):
        pads = [0, 0, 1, 2, 0, 0, 2, 1]
        n.conv(3, 4, 1)
        if before == "relu-max":
            n.op("Relu")
        if n.opset < 11:
            n.op("Pad", pads=pads)
        elif n.opset < 18:
            n.op("Pad", n.ints(*pads), *([n.const(np.float32(0))] if before == "conv" else []))
        else:
            n.op("Pad", n.ints(1, 2, 2, 1), "", n.ints(2, 3))
        if before == "conv":
            n.conv(4, 4)
        else:
            n.op("AveragePool" if before == "avg" else "MaxPool", kernel_shape=[3, 3], strides=[2, 2])
        n.classify(4)
    form(f"pad-{before}", (opset,), shape=[3, 8, 8])(build)
