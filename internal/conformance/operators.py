"""Forms of single operators: convolutions, pools, products, functions, constants."""

import itertools
import math

import numpy as np

from net import FORMS, form, image, normal


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

for build in (convolutions, pools, gemms):
    build()
