"""A graph made node by node, and the register of forms."""

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


def gemm(n, i, o=5):
    n.op("Gemm", n.const(normal(o, i)), n.const(normal(o)), transB=1, **({"broadcast": 1} if n.opset < 7 else {}))
