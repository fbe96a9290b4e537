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

torch.manual_seed(0)
rng = np.random.default_rng(0)


class Residual(nn.Module):
    """Runs layers, and adds their input, or a projection of it."""

    def __init__(self, *layers, project=None):
        super().__init__()
        self.layers, self.project = nn.Sequential(*layers), project

    def forward(self, x):
        return self.layers(x) + (x if self.project is None else self.project(x))


class Joined(nn.Module):
    """Concatenates the results of branches."""

    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return torch.cat([b(x) for b in self.branches], 1)


class Mean(nn.Module):
    """The mean over height and width, as networks without a pooling layer write it."""

    def forward(self, x):
        return x.mean([2, 3])


class View(nn.Module):
    """Flattens with shape arithmetic."""

    def forward(self, x):
        return x.view(x.size(0), -1)


class Attention(nn.Module):
    """Squeeze and excite."""

    def __init__(self, c):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(c, c // 4, 1), nn.Conv2d(c // 4, c, 1)

    def forward(self, x):
        s = nn.functional.adaptive_avg_pool2d(x, 1)
        return x * nn.functional.hardsigmoid(self.fc2(torch.relu(self.fc1(s))))


class Swish(nn.Module):
    """Hard swish as old networks spell it."""

    def forward(self, x):
        return x * nn.functional.relu6(x + 3) / 6


class Shuffle(nn.Module):
    def forward(self, x):
        n, c, h, w = x.shape
        return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


def block(i, o, k=3, s=1, groups=1, act=nn.ReLU):
    return [nn.Conv2d(i, o, k, s, k // 2, groups=groups, bias=False), nn.BatchNorm2d(o), act()]


def separable(i, o, s=1, act=nn.ReLU):
    return block(i, i, 3, s, i, act) + block(i, o, 1, 1, 1, act)


def inverted(i, o, s=1, t=2, act=nn.ReLU6):
    layers = block(i, i * t, 1, act=act) + block(i * t, i * t, 3, s, i * t, act)
    layers += [nn.Conv2d(i * t, o, 1, bias=False), nn.BatchNorm2d(o)]
    return [Residual(*layers)] if i == o and s == 1 else layers


def head(c, classes=10):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, classes)]


def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 84), nn.ReLU(), nn.Linear(84, 10))


def vgg():
    return nn.Sequential(*block(3, 8), *block(8, 8), nn.MaxPool2d(2), *block(8, 16), nn.MaxPool2d(2), View(),
                         nn.Linear(16 * 8 * 8, 32), nn.ReLU(), nn.Dropout(), nn.Linear(32, 10))


def resnet():
    project = lambda i, o: nn.Sequential(nn.Conv2d(i, o, 1, 2, bias=False), nn.BatchNorm2d(o))
    two = lambda i, o, s: block(i, o, 3, s) + [nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)]
    return nn.Sequential(*block(3, 8), Residual(*two(8, 8, 1)), nn.ReLU(), Residual(*two(8, 16, 2),
                         project=project(8, 16)), nn.ReLU(), *head(16))


def squeezenet():
    fire = lambda i, s, e: [nn.Conv2d(i, s, 1), nn.ReLU(), Joined(nn.Sequential(nn.Conv2d(s, e, 1), nn.ReLU()),
                            nn.Sequential(nn.Conv2d(s, e, 3, padding=1), nn.ReLU()))]
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2), *fire(8, 4, 8), *fire(16, 4, 8),
                         nn.Conv2d(16, 10, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def mobilenet_v1():
    return nn.Sequential(*block(3, 8, 3, 2), *separable(8, 16), *separable(16, 32, 2), *separable(32, 32), *head(32))


def mobilenet_v2(act=nn.ReLU6):
    return nn.Sequential(*block(3, 8, 3, 2, act=act), *inverted(8, 8, act=act), *inverted(8, 16, 2, act=act),
                         *inverted(16, 16, act=act), *block(16, 32, 1, act=act), *head(32))


def ds_cnn():
    return nn.Sequential(nn.Conv2d(1, 16, (10, 4), 2, (5, 1), bias=False), nn.BatchNorm2d(16), nn.ReLU(),
                         *separable(16, 16), *separable(16, 16), nn.AvgPool2d((25, 5)), nn.Flatten(), nn.Linear(16, 12))


def tc_resnet():
    two = [nn.Conv1d(16, 16, 9, padding=4, bias=False), nn.BatchNorm1d(16), nn.ReLU(),
           nn.Conv1d(16, 16, 9, padding=4, bias=False), nn.BatchNorm1d(16)]
    return nn.Sequential(nn.Conv1d(40, 16, 3, bias=False), Residual(*two), nn.ReLU(), nn.AvgPool1d(2),
                         nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(16, 12))


def ecg():
    return nn.Sequential(nn.Conv1d(1, 8, 7, 2, 3), nn.BatchNorm1d(8), nn.LeakyReLU(0.1), nn.MaxPool1d(2),
                         nn.Conv1d(8, 16, 5, dilation=2), nn.Tanh(), nn.Flatten(), nn.Linear(16 * 37, 5),
                         nn.Softmax(1))


def autoencoder():
    dense = lambda i, o: [nn.Linear(i, o), nn.BatchNorm1d(o), nn.ReLU()]
    return nn.Sequential(*dense(64, 32), *dense(32, 8), *dense(8, 32), nn.Linear(32, 64))


def preactivation():
    act = lambda c: [nn.BatchNorm2d(c), nn.ReLU()]
    return nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 8, 3, padding=1),
                         Residual(*act(8), nn.Conv2d(8, 8, 3, padding=1)), *act(8), *head(8))


def grouped():
    return nn.Sequential(nn.Conv2d(4, 8, 3, groups=2, dilation=2), nn.ReLU(), nn.Conv2d(8, 16, 3, groups=8),
                         nn.Sigmoid(), nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(16, 8, 3, 2), nn.ReLU(), Mean(),
                         nn.Linear(8, 6))


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10), nn.LogSoftmax(1))


def excited():
    return nn.Sequential(*block(3, 16, 3, 2), Attention(16), *head(16))


def activated(act):
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), act(), nn.Conv2d(8, 8, 3), act(), *head(8))


class Split(nn.Module):
    """A block of ShuffleNetV2."""

    def __init__(self, c):
        super().__init__()
        self.branch = nn.Sequential(*block(c // 2, c // 2, 1), *block(c // 2, c // 2, 3, 1, c // 2, nn.Identity))

    def forward(self, x):
        a, b = x.chunk(2, 1)
        return Shuffle()(torch.cat([a, self.branch(b)], 1))


class Gated(nn.Module):
    """A gated linear unit, and other functions of two values."""

    def forward(self, x):
        y = nn.functional.glu(x, 1)
        a, b = y[:, :2], y[:, 2:]
        return torch.cat([torch.maximum(a, b), torch.minimum(a, b), a - b], 1)


class Excited(nn.Module):
    """Squeeze and excite with a vector."""

    def __init__(self, c):
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x):
        s = torch.sigmoid(self.fc(x.mean((2, 3))))
        return x * s[:, :, None, None]


def shuffle():
    return nn.Sequential(*block(3, 8), Shuffle(), *block(8, 8, groups=2), *head(8))


def shufflenet():
    return nn.Sequential(*block(3, 8, 3, 2), Split(8), Split(8), *block(8, 16, 1), *head(16))


def gated():
    return nn.Sequential(*block(3, 8), Gated(), Excited(6), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(), *head(8))


class Next(nn.Module):
    """A block of ConvNeXt, with its layer norm over the last axis."""

    def __init__(self, c):
        super().__init__()
        self.depthwise, self.norm = nn.Conv2d(c, c, 5, padding=2, groups=c), nn.LayerNorm(c, eps=1e-6)
        self.widen, self.narrow = nn.Linear(c, 2 * c), nn.Linear(2 * c, c)

    def forward(self, x):
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        return x + self.narrow(nn.functional.gelu(self.widen(y))).permute(0, 3, 1, 2)


def convnext():
    return nn.Sequential(nn.Conv2d(3, 8, 2, 2), Next(8), Next(8), *head(8))


def wake_word():
    return nn.Sequential(nn.Flatten(), nn.Linear(96, 16), nn.LayerNorm(16), nn.ReLU(), nn.Linear(16, 16),
                         nn.LayerNorm(16), nn.ReLU(), nn.Linear(16, 2))


def whole_norms():
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.LayerNorm([4, 6, 6]), nn.ReLU(), *head(4))


class Encoder(nn.Module):
    """Sensor windows, positions, two layers of PyTorch's encoder, and their mean."""

    def __init__(self, first, norm_first, act):
        super().__init__()
        self.first, self.embed = first, nn.Linear(6, 16)
        self.positions = nn.Parameter(torch.randn(1, 12, 16) * 0.3)
        layer = nn.TransformerEncoderLayer(16, 4, 32, activation=act, batch_first=first, norm_first=norm_first)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        x = self.embed(x) + self.positions
        if self.first:
            return self.head(self.encoder(x).mean(1))
        return self.head(self.encoder(x.transpose(0, 1)).mean(0))


class UNet(nn.Module):
    """Two levels, of which one is enlarged by repetition and one by a convolution."""

    def __init__(self):
        super().__init__()
        of = lambda *sizes, **options: nn.Sequential(*block(*sizes, **options))
        self.one, self.two, self.three = of(1, 4), of(4, 8, s=2), of(8, 8, s=2)
        self.up, self.left = nn.ConvTranspose2d(8, 8, 3, 2, 1, output_padding=1), of(16, 8)
        self.top, self.right = nn.Upsample(scale_factor=2), of(12, 4)
        self.out = nn.Conv2d(4, 1, 1)

    def forward(self, x):
        one = self.one(x)
        two = self.two(one)
        up = self.up(self.three(two))
        left = self.left(torch.cat([two, up], 1))
        return self.out(self.right(torch.cat([one, self.top(left)], 1)))


def decoder():
    return nn.Sequential(nn.ConvTranspose2d(8, 12, 4, 2, 1, bias=False), nn.BatchNorm2d(12), nn.ReLU(),
                         nn.ConvTranspose2d(12, 4, 3, 2, 1, 1, groups=2), nn.ReLU(), nn.ConvTranspose2d(4, 2, 2, 2))


def bilinear():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Upsample(scale_factor=2, mode="bilinear"))


def randomise(m):
    for b in m.modules():
        if isinstance(b, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.normal_(b.running_mean, 0, 0.3)
            nn.init.uniform_(b.running_var, 0.5, 2)
            nn.init.uniform_(b.weight, 0.5, 1.5)
            nn.init.normal_(b.bias, 0, 0.2)
    return m.eval()


def torch_export(make, shape, opset=13, fold=True, free=True):
    def write(path):
        mode = torch.onnx.TrainingMode.EVAL if fold else torch.onnx.TrainingMode.PRESERVE
        axes = {"x": {0: "batch"}, "y": {0: "batch"}} if free else None
        torch.onnx.export(randomise(make()), torch.randn(2 if free else 1, *shape), path, opset_version=opset,
                          training=mode, do_constant_folding=fold, input_names=["x"], output_names=["y"],
                          dynamic_axes=axes)
    return write


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


def normal(*shape):
    return (rng.standard_normal(shape) / np.sqrt(max(1, np.prod(shape[1:])))).astype(np.float32)


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
