"""Exports networks to ONNX as people do, for the test of the importer.

    python3 networks.py FOLDER

writes FOLDER/NAME.onnx for each row of NETWORKS: PyTorch's exporter at several
opsets, batch norm folded and not, and graphs such as tf2onnx and sklearn-onnx
write. Weights and statistics are random but seeded.
"""

import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from modules import (activated, autoencoder, bilinear, convnext, decoder, ds_cnn, ecg, Encoder, excited, gated,
                     grouped, lenet, mlp, mobilenet_v1, mobilenet_v2, preactivation, resnet, shuffle, shufflenet,
                     squeezenet, Swish, tc_resnet, torch_export, UNet, vgg, wake_word, whole_norms)
from net import normal


class Graph:
    """A graph made node by node."""

    def __init__(self, shape, kind=TensorProto.FLOAT):
        self.nodes, self.weights, self.last = [], [], "x"
        self.input = helper.make_tensor_value_info("x", kind, ["N", *shape])

    def constant(self, array, name=None):
        name = name or f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def add(self, op, *inputs, output=None, domain="", **attributes):
        output = output or f"v{len(self.nodes)}"
        inputs = [self.last, *inputs]
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"net/{op}_{len(self.nodes)}", domain=domain,
                                           **attributes))
        self.last = output
        return output

    def write(self, path, opset=13, outputs=None, ml=False):
        outputs = outputs or [helper.make_tensor_value_info(self.last, TensorProto.FLOAT, None)]
        imports = [helper.make_opsetid("", opset)] + ([helper.make_opsetid("ai.onnx.ml", 2)] if ml else [])
        g = helper.make_graph(self.nodes, "g", [self.input], outputs, self.weights)
        m = helper.make_model(g, opset_imports=imports, producer_name="networks.py")
        m.ir_version = 7
        onnx.save(m, path)


def keras(path):
    """As tf2onnx writes a Keras network: pictures with channels last, SAME, HWC order before Flatten."""
    g = Graph([16, 16, 3])
    g.add("Transpose", perm=[0, 3, 1, 2])
    g.add("Conv", g.constant(normal(8, 3, 3, 3), "model/conv2d/kernel"), g.constant(normal(8)), strides=[2, 2],
          pads=[0, 0, 1, 1], kernel_shape=[3, 3])
    g.add("Relu")
    g.add("Conv", g.constant(normal(8, 1, 3, 3)), group=8, auto_pad="SAME_LOWER", strides=[2, 2], kernel_shape=[3, 3])
    g.add("BatchNormalization", *[g.constant(np.abs(normal(8)) + 0.5) for _ in range(4)], epsilon=1e-3)
    g.add("Clip", g.constant(np.float32(0)), g.constant(np.float32(6)))
    g.add("Transpose", perm=[0, 2, 3, 1])
    g.add("Reshape", g.constant(np.array([-1, 128])))
    g.add("MatMul", g.constant(normal(128, 10), "model/dense/kernel"))
    g.add("Add", g.constant(normal(10)))
    g.add("Softmax")
    g.write(path)


def keras_everywhere(path):
    """Transposed around every convolution, with a dense layer at each position."""
    g = Graph([8, 8, 3])
    for i, o in ((3, 8), (8, 8)):
        g.add("Transpose", perm=[0, 3, 1, 2])
        g.add("Conv", g.constant(normal(o, i, 3, 3)), auto_pad="SAME_UPPER", kernel_shape=[3, 3])
        g.add("Transpose", perm=[0, 2, 3, 1])
        g.add("Add", g.constant(normal(o)))
        g.add("Relu")
    g.add("MatMul", g.constant(normal(8, 4)))
    g.add("ReduceMean", axes=[1, 2], keepdims=0)
    g.add("MatMul", g.constant(normal(4, 5)))
    g.write(path, 11)


def keras_signal(path):
    """A Keras Conv1D: signals with channels last, a picture of height 1 inside."""
    g = Graph([32, 6])
    g.add("Transpose", perm=[0, 2, 1])
    g.add("Unsqueeze", g.constant(np.array([2])))
    g.add("Conv", g.constant(normal(8, 6, 1, 5)), g.constant(normal(8)), kernel_shape=[1, 5])
    g.add("Squeeze", g.constant(np.array([2])))
    g.add("Transpose", perm=[0, 2, 1])
    g.add("Relu")
    g.add("ReduceMean", axes=[1], keepdims=0)
    g.add("MatMul", g.constant(normal(8, 4)))
    g.write(path)


def sklearn(path):
    """As sklearn-onnx writes a pipeline of StandardScaler and MLPClassifier."""
    g = Graph([12])
    g.add("Scaler", domain="ai.onnx.ml", offset=[float(v) for v in normal(12)], scale=[1 + 0.1 * i for i in range(12)])
    g.add("Cast", to=1)
    for i, o in ((12, 16), (16, 3)):
        g.add("MatMul", g.constant(normal(i, o)))
        g.add("Add", g.constant(normal(1, o)))
        if o == 16:
            g.add("Relu")
    g.add("Softmax", axis=1, output="probabilities")
    g.add("ArgMax", axis=1)
    label, g.last = g.last, "classes"
    g.constant(np.array([10, 20, 30]), "classes")
    g.add("ArrayFeatureExtractor", label, domain="ai.onnx.ml")
    g.add("Cast", to=7)
    g.add("Reshape", g.constant(np.array([-1])), output="label")
    g.write(path, ml=True, outputs=[helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
                                    helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 3])])


def swish(path):
    """Hard swish in each way that it is spelt, and constants on all sides."""
    g = Graph([3, 8, 8])
    g.add("Sub", g.constant(np.array([0.4, 0.5, 0.6], np.float32).reshape(1, 3, 1, 1)))
    g.add("Div", g.constant(np.float32(0.25)))
    six, three, zero = (g.constant(np.float32(v)) for v in (6, 3, 0))
    sixth = g.constant(np.float32(0.16667))
    for i, o, way in ((3, 8, 0), (8, 8, 1), (8, 8, 2), (8, 8, 3)):
        x = g.add("Conv", g.constant(normal(o, i, 3, 3)), g.constant(normal(o)), kernel_shape=[3, 3],
                  pads=[1, 1, 1, 1] if way else [0, 0, 0, 0])
        if way == 3:
            g.add("HardSigmoid", alpha=1 / 6, beta=0.5)
            g.add("Mul", x)
            continue
        g.add("Add", three)
        g.add("Clip", zero, six)
        if way == 1:
            g.add("Div", six)
        g.add("Mul", x)
        if way != 1:
            g.add("Div", six) if way == 0 else g.add("Mul", sixth)
    g.add("GlobalAveragePool")
    g.add("Flatten")
    g.add("Gemm", g.constant(normal(5, 8)), g.constant(normal(5)), transB=1, alpha=0.5, beta=2.0)
    g.write(path, 11)


def half(path):
    """float16 and double initializers, batch baked into Reshape."""
    g = Graph([1, 8, 8])
    g.add("Reshape", g.constant(np.array([-1, 64])))
    for i, o, kind in ((64, 16, np.float16), (16, 4, np.float64)):
        weights, g.last, before = g.constant(normal(i, o).astype(kind)), f"w{i}", g.last
        g.nodes.append(helper.make_node("Cast", [weights], [g.last], to=1))
        g.last, weights = before, g.last
        g.add("MatMul", weights)
        g.add("LeakyRelu", alpha=0.2)
    g.write(path)


NETWORKS = {
    **{f"lenet-opset{o}": torch_export(lenet, [1, 28, 28], o) for o in (9, 11, 17)},
    "vgg": torch_export(vgg, [3, 32, 32], 12), "vgg-unfolded": torch_export(vgg, [3, 32, 32], 9, False),
    "resnet": torch_export(resnet, [3, 16, 16], 17), "resnet-unfolded": torch_export(resnet, [3, 16, 16], 13, False),
    "resnet-batch1": torch_export(resnet, [3, 16, 16], 11, True, False),
    "squeezenet": torch_export(squeezenet, [3, 33, 33], 10),
    "mobilenet-v1": torch_export(mobilenet_v1, [3, 32, 32], 13),
    "mobilenet-v1-unfolded": torch_export(mobilenet_v1, [3, 32, 32], 15, False),
    "mobilenet-v2": torch_export(mobilenet_v2, [3, 32, 32], 11),
    "mobilenet-v2-unfolded": torch_export(mobilenet_v2, [3, 32, 32], 16, False),
    "mobilenet-v2-hardswish": torch_export(lambda: mobilenet_v2(nn.Hardswish), [3, 32, 32], 14),
    "mobilenet-v2-hardswish-opset12": torch_export(lambda: mobilenet_v2(nn.Hardswish), [3, 32, 32], 12),
    "mobilenet-v2-old-swish": torch_export(lambda: mobilenet_v2(Swish), [3, 32, 32], 9),
    "ds-cnn": torch_export(ds_cnn, [1, 49, 10], 13), "ds-cnn-unfolded": torch_export(ds_cnn, [1, 49, 10], 9, False),
    "tc-resnet": torch_export(tc_resnet, [40, 51], 13),
    "tc-resnet-unfolded": torch_export(tc_resnet, [40, 51], 17, False),
    "ecg": torch_export(ecg, [1, 180], 13), "ecg-opset9": torch_export(ecg, [1, 180], 9),
    "autoencoder": torch_export(autoencoder, [64], 13),
    "autoencoder-unfolded": torch_export(autoencoder, [64], 9, False),
    "preactivation": torch_export(preactivation, [3, 16, 16], 13),
    "grouped": torch_export(grouped, [4, 20, 20], 13), "grouped-opset9": torch_export(grouped, [4, 20, 20], 9),
    "mlp": torch_export(mlp, [1, 8, 8], 13), "mlp-batch1": torch_export(mlp, [1, 8, 8], 17, True, False),
    "silu": torch_export(lambda: activated(nn.SiLU), [3, 12, 12], 13),
    "gelu": torch_export(lambda: activated(nn.GELU), [3, 12, 12], 11),
    "elu": torch_export(lambda: activated(nn.ELU), [3, 12, 12], 9),
    "softplus": torch_export(lambda: activated(nn.Softplus), [3, 12, 12], 13),
    "keras": keras, "keras-everywhere": keras_everywhere, "keras-signal": keras_signal, "sklearn": sklearn,
    "swish": swish, "half": half,
    "excited": torch_export(excited, [3, 16, 16], 13),
    "shuffle": torch_export(shuffle, [3, 16, 16], 13), "shufflenet": torch_export(shufflenet, [3, 16, 16], 11),
    "shufflenet-unfolded": torch_export(shufflenet, [3, 16, 16], 17, False),
    "gated": torch_export(gated, [3, 16, 16], 13), "gated-opset9": torch_export(gated, [3, 16, 16], 9),
    "convnext": torch_export(convnext, [3, 16, 16], 13), "convnext-opset17": torch_export(convnext, [3, 16, 16], 17),
    "wake-word": torch_export(wake_word, [8, 12], 11), "wake-word-opset17": torch_export(wake_word, [8, 12], 17),
    "whole-norms": torch_export(whole_norms, [2, 8, 8], 13),
    "unet": torch_export(UNet, [1, 16, 16], 13),
    "decoder-unfolded": torch_export(decoder, [8, 4, 4], 11, fold=False),
    "encoder": torch_export(lambda: Encoder(False, False, "relu"), [12, 6], 13),
    "encoder-opset17": torch_export(lambda: Encoder(True, True, "gelu"), [12, 6], 17),
    "refused-bilinear": torch_export(bilinear, [1, 16, 16], 13),
}

if __name__ == "__main__":
    for name, write in NETWORKS.items():
        torch.manual_seed(1)
        write(f"{sys.argv[1]}/{name}.onnx")
