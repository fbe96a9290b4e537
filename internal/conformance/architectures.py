"""Small networks of the well-known families, exported by PyTorch at every opset, batch norm folded and not."""

import torch
from torch import nn
from torch.nn import functional as F

from net import FORMS
from modules import (Joined, Mean, Residual, View, activated, autoencoder, block, ds_cnn, ecg, excited, grouped, head,
                      inverted, lenet, mlp, mobilenet_v1, mobilenet_v2, preactivation, resnet, separable, squeezenet,
                      tc_resnet, torch_export, vgg)


def conv(i, o, k=3, s=1, groups=1):
    return [nn.Conv2d(i, o, k, s, k // 2, groups=groups, bias=False), nn.BatchNorm2d(o)]


class SE(nn.Module):
    """Squeeze and excite, with 1×1 convolutions or dense layers."""

    def __init__(self, c, gate=torch.sigmoid, dense=False, act=F.relu):
        super().__init__()
        make = nn.Linear if dense else lambda i, o: nn.Conv2d(i, o, 1)
        self.down, self.up, self.gate, self.dense, self.act = make(c, c // 2), make(c // 2, c), gate, dense, act

    def forward(self, x):
        b, c = x.shape[:2]
        s = F.adaptive_avg_pool2d(x, 1)
        s = self.gate(self.up(self.act(self.down(s.view(b, c) if self.dense else s))))
        return x * (s.view(b, c, 1, 1) if self.dense else s)


def basic(i, o, s=1, act=nn.ReLU, *after):
    project = nn.Sequential(*conv(i, o, 1, s)) if s > 1 or i != o else None
    return [Residual(*conv(i, o, 3, s), act(), *conv(o, o), *after, project=project), act()]


def bottleneck(i, o, s=1, groups=1, *se):
    project = nn.Sequential(*conv(i, o, 1, s)) if s > 1 or i != o else None
    m = o // 2
    return [Residual(*conv(i, m, 1), nn.ReLU(), *conv(m, m, 3, s, groups), nn.ReLU(), *se, *conv(m, o, 1),
                     project=project), nn.ReLU()]


def resnet18():
    return nn.Sequential(*conv(3, 8, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1), *basic(8, 8), *basic(8, 8),
                         *basic(8, 12, 2), *basic(12, 12), *basic(12, 16, 2), *basic(16, 16), *head(16))


def resnet50():
    return nn.Sequential(*conv(3, 8, 3, 2), nn.ReLU(), *bottleneck(8, 16), *bottleneck(16, 16), *bottleneck(16, 32, 2),
                         *head(32))


def resnext():
    return nn.Sequential(*conv(3, 8), nn.ReLU(), *bottleneck(8, 16, 1, 4), *bottleneck(16, 32, 2, 4), *head(32))


def regnet():
    return nn.Sequential(*conv(3, 8, 3, 2), nn.ReLU(), *bottleneck(8, 16, 2, 2, SE(8)), *bottleneck(16, 16, 1, 2, SE(8)),
                         *head(16))


def seresnet():
    return nn.Sequential(*conv(3, 8), nn.ReLU(), *basic(8, 8, 1, nn.ReLU, SE(8, dense=True)),
                         *basic(8, 16, 2, nn.ReLU, SE(16, dense=True)), *head(16))


class Dense(nn.Module):
    def __init__(self, i, growth, n):
        super().__init__()
        self.layers = nn.ModuleList(nn.Sequential(nn.BatchNorm2d(i + k * growth), nn.ReLU(),
                                                  nn.Conv2d(i + k * growth, growth, 3, padding=1, bias=False))
                                    for k in range(n))

    def forward(self, x):
        features = [x]
        for layer in self.layers:
            features.append(layer(torch.cat(features, 1)))
        return torch.cat(features, 1)


def densenet():
    transition = lambda i, o: [nn.BatchNorm2d(i), nn.ReLU(), nn.Conv2d(i, o, 1, bias=False), nn.AvgPool2d(2)]
    return nn.Sequential(*conv(3, 8), nn.ReLU(), nn.MaxPool2d(3, 2, 1), Dense(8, 4, 3), *transition(20, 10),
                         Dense(10, 4, 2), nn.BatchNorm2d(18), nn.ReLU(), *head(18))


def mobilenet_v3():
    def inverted3(i, o, k, s, t, se, act):
        layers = conv(i, t, 1) + [act()] + conv(t, t, k, s, t) + ([SE(t, F.hardsigmoid)] if se else []) + [act()]
        layers += conv(t, o, 1)
        return [Residual(*layers)] if i == o and s == 1 else layers
    return nn.Sequential(*conv(3, 8, 3, 2), nn.Hardswish(), *inverted3(8, 8, 3, 2, 8, True, nn.ReLU),
                         *inverted3(8, 12, 3, 1, 24, False, nn.ReLU), *inverted3(12, 12, 5, 1, 24, True, nn.Hardswish),
                         *conv(12, 24, 1), nn.Hardswish(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 32),
                         nn.Hardswish(), nn.Dropout(0.2), nn.Linear(32, 10))


def efficientnet():
    def mb(i, o, k, s, t):
        layers = conv(i, i * t, 1) + [nn.SiLU()] + conv(i * t, i * t, k, s, i * t) + [nn.SiLU()]
        layers += [SE(i * t, act=F.silu)] + conv(i * t, o, 1)
        return [Residual(*layers)] if i == o and s == 1 else layers
    return nn.Sequential(*conv(3, 8, 3, 2), nn.SiLU(), *mb(8, 8, 3, 1, 2), *mb(8, 12, 5, 2, 3), *mb(12, 12, 3, 1, 2),
                         *conv(12, 32, 1), nn.SiLU(), *head(32))


def efficientnet_lite():
    return nn.Sequential(*block(3, 8, 3, 2, act=nn.ReLU6), *separable(8, 8, 1, nn.ReLU6), *inverted(8, 12, 2, 6),
                         *inverted(12, 12, 1, 6), *inverted(12, 16, 1, 6), *block(16, 32, 1, act=nn.ReLU6), *head(32))


class RepVGG(nn.Module):
    def __init__(self, i, o, s=1):
        super().__init__()
        self.a, self.b = nn.Sequential(*conv(i, o, 3, s)), nn.Sequential(*conv(i, o, 1, s))
        self.c = nn.BatchNorm2d(i) if i == o and s == 1 else None

    def forward(self, x):
        y = self.a(x) + self.b(x)
        return torch.relu(y if self.c is None else y + self.c(x))


def repvgg():
    return nn.Sequential(RepVGG(3, 8, 2), RepVGG(8, 8), RepVGG(8, 16, 2), RepVGG(16, 16), *head(16))


def googlenet():
    def inception(i):
        return [Joined(nn.Sequential(*block(i, 4, 1)), nn.Sequential(*block(i, 4, 1), *block(4, 6)),
                       nn.Sequential(*block(i, 3, 1), *block(3, 4, 5)),
                       nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), *block(i, 2, 1)))]
    return nn.Sequential(*block(3, 8, 7, 2), nn.MaxPool2d(3, 2, ceil_mode=True), *inception(8), *inception(16),
                         nn.MaxPool2d(3, 2, ceil_mode=True), *head(16))


def inception_v3():
    mixed = [Joined(nn.Sequential(*block(8, 4, 1), nn.Conv2d(4, 4, (1, 7), padding=(0, 3)), nn.ReLU(),
                                  nn.Conv2d(4, 4, (7, 1), padding=(3, 0))),
                    nn.Sequential(nn.AvgPool2d(3, 1, 1), *block(8, 4, 1)))]
    return nn.Sequential(*block(3, 8), *mixed, nn.ReLU(), *head(8))


def alexnet():
    return nn.Sequential(nn.Conv2d(3, 8, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(8, 12, 5, padding=2),
                         nn.ReLU(), nn.MaxPool2d(3, 2), nn.AdaptiveAvgPool2d((3, 3)), nn.Flatten(1), nn.Dropout(),
                         nn.Linear(108, 20), nn.ReLU(), nn.Linear(20, 10))


def squeezenet_1_1():
    fire = lambda i, s, e: [nn.Conv2d(i, s, 1), nn.ReLU(), Joined(nn.Sequential(nn.Conv2d(s, e, 1), nn.ReLU()),
                            nn.Sequential(nn.Conv2d(s, e, 3, padding=1), nn.ReLU()))]
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), *fire(8, 4, 8),
                         nn.MaxPool2d(3, 2, ceil_mode=True), *fire(16, 4, 8), nn.Dropout(), nn.Conv2d(16, 10, 1),
                         nn.ReLU(), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten())


def darknet():
    leaky = lambda: nn.LeakyReLU(0.1)
    return nn.Sequential(*block(3, 8, act=leaky), nn.MaxPool2d(2), *block(8, 16, act=leaky), nn.MaxPool2d(2),
                         Residual(*block(16, 8, 1, act=leaky), *block(8, 16, act=leaky)), *head(16))


def ghostnet():
    class Ghost(nn.Module):
        def __init__(self, i, o):
            super().__init__()
            self.a, self.b = nn.Sequential(*block(i, o // 2, 1)), nn.Sequential(*block(o // 2, o // 2, groups=o // 2))

        def forward(self, x):
            y = self.a(x)
            return torch.cat([y, self.b(y)], 1)
    return nn.Sequential(*block(3, 8), Ghost(8, 12), Ghost(12, 16), *head(16))


def network_in_network():
    return nn.Sequential(nn.Conv2d(3, 8, 5, padding=2), nn.ReLU(), nn.Conv2d(8, 8, 1), nn.ReLU(),
                         nn.MaxPool2d(3, 2, 1), nn.Conv2d(8, 10, 3, padding=1), nn.ReLU(), nn.AvgPool2d(16), View())


def all_conv():
    return nn.Sequential(*block(3, 8), *block(8, 8, 3, 2), nn.Conv2d(8, 10, 1), Mean())


def pictures():
    """From a picture to one: a denoiser that adds what it computes."""
    return nn.Sequential(Residual(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), *block(8, 8), nn.Conv2d(8, 1, 3, padding=1)))


class Gated(nn.Module):
    """tanh · sigmoid, as in WaveNet."""

    def __init__(self, c):
        super().__init__()
        self.f, self.g = nn.Conv1d(c, c, 3, padding=2, dilation=2), nn.Conv1d(c, c, 3, padding=2, dilation=2)

    def forward(self, x):
        return x + torch.tanh(self.f(x)) * torch.sigmoid(self.g(x))


def wavenet():
    return nn.Sequential(nn.Conv1d(1, 8, 3, padding=1), Gated(8), Gated(8), nn.ReLU(), nn.AdaptiveAvgPool1d(1),
                         nn.Flatten(), nn.Linear(8, 4))


def causal():
    """A temporal network: zeros on the left alone."""
    layers = []
    for d in (1, 2, 4):
        layers += [Residual(nn.ConstantPad1d((2 * d, 0), 0.0), nn.Conv1d(8, 8, 3, dilation=d), nn.ReLU())]
    return nn.Sequential(nn.Conv1d(3, 8, 1), *layers, nn.AdaptiveAvgPool1d(1), nn.Flatten(1), nn.Linear(8, 4))


def har():
    return nn.Sequential(nn.Conv1d(9, 16, 5, bias=False), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
                         nn.Conv1d(16, 16, 5), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(16, 6))


def ecg_resnet():
    two = lambda c: Residual(nn.Conv1d(c, c, 7, padding=3, bias=False), nn.BatchNorm1d(c), nn.ReLU(), nn.Dropout(0.2),
                             nn.Conv1d(c, c, 7, padding=3, bias=False), nn.BatchNorm1d(c))
    return nn.Sequential(nn.Conv1d(2, 8, 7, 2, 3), nn.BatchNorm1d(8), nn.ReLU(), two(8), nn.ReLU(), nn.AvgPool1d(2),
                         two(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 25, 5))


class Functional(nn.Module):
    """Everything by functions, as tutorials do."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 3), nn.Conv2d(6, 8, 3)
        self.fc1, self.fc2 = nn.Linear(200, 30), nn.Linear(30, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        return F.log_softmax(self.fc2(F.dropout(F.relu(self.fc1(x)), training=self.training)), dim=1)


class Scaled(nn.Module):
    """Normalises inside, and has a learned factor."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.2, 0.3, 0.4]).view(1, 3, 1, 1))
        self.net, self.gain = nn.Sequential(*block(3, 8), *head(8)), nn.Parameter(torch.tensor(1.7))

    def forward(self, x):
        return self.net((x - self.mean) / self.std) * self.gain


class Channels(nn.Module):
    """A scale for each channel of a block, as ConvNeXt and ResNets with fixed-up start have."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Sequential(*block(3, 8)), nn.Conv2d(8, 8, 3, padding=1)
        self.gamma = nn.Parameter(torch.rand(8, 1, 1) + 0.5)
        self.tail = nn.Sequential(*head(8))

    def forward(self, x):
        x = self.a(x)
        return self.tail(torch.relu(x + self.gamma * self.b(x)))


def perceptron(act):
    return nn.Sequential(nn.Linear(20, 16), act(), nn.BatchNorm1d(16), nn.Dropout(0.1), nn.Linear(16, 8), act(),
                         nn.Linear(8, 3))


def regression():
    class Squeezed(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(7, 12), nn.Tanh(), nn.Linear(12, 1))

        def forward(self, x):
            return self.net(x).squeeze(-1)
    return Squeezed()


ARCHITECTURES = {
    "resnet18": (resnet18, [3, 32, 32]), "resnet50": (resnet50, [3, 16, 16]), "resnext": (resnext, [3, 16, 16]),
    "regnet": (regnet, [3, 32, 32]), "seresnet": (seresnet, [3, 16, 16]), "densenet": (densenet, [3, 32, 32]),
    "mobilenet-v3": (mobilenet_v3, [3, 32, 32]), "efficientnet": (efficientnet, [3, 32, 32]),
    "efficientnet-lite": (efficientnet_lite, [3, 32, 32]), "repvgg": (repvgg, [3, 16, 16]),
    "googlenet": (googlenet, [3, 40, 40]), "inception-v3": (inception_v3, [3, 15, 15]),
    "alexnet": (alexnet, [3, 63, 63]), "squeezenet-1-1": (squeezenet_1_1, [3, 48, 48]), "darknet": (darknet, [3, 16, 16]),
    "ghostnet": (ghostnet, [3, 12, 12]), "nin": (network_in_network, [3, 32, 32]), "all-conv": (all_conv, [3, 12, 12]),
    "pictures": (pictures, [1, 10, 10]), "wavenet": (wavenet, [1, 50]), "causal": (causal, [3, 40]),
    "har": (har, [9, 60]), "ecg-resnet": (ecg_resnet, [2, 100]), "functional": (Functional, [1, 28, 28]),
    "scaled": (Scaled, [3, 12, 12]), "channels": (Channels, [3, 12, 12]), "regression": (regression, [7]),
    "lenet": (lenet, [1, 28, 28]), "vgg": (vgg, [3, 32, 32]), "resnet": (resnet, [3, 16, 16]),
    "squeezenet": (squeezenet, [3, 33, 33]), "mobilenet-v1": (mobilenet_v1, [3, 32, 32]),
    "mobilenet-v2": (mobilenet_v2, [3, 32, 32]), "ds-cnn": (ds_cnn, [1, 49, 10]), "tc-resnet": (tc_resnet, [40, 51]),
    "ecg": (ecg, [1, 180]), "autoencoder": (autoencoder, [64]), "preactivation": (preactivation, [3, 16, 16]),
    "grouped": (grouped, [4, 20, 20]), "mlp": (mlp, [1, 8, 8]), "excited": (excited, [3, 16, 16]),
    **{f"mlp-{act.__name__}": (lambda act=act: perceptron(act), [20])
       for act in (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.ELU, nn.GELU, nn.SiLU, nn.Hardswish, nn.ReLU6, nn.LeakyReLU,
                   nn.PReLU, nn.Hardtanh, nn.Softplus, nn.Hardsigmoid)},
    **{f"act-{act.__name__}": (lambda act=act: activated(act), [3, 12, 12])
       for act in (nn.ELU, nn.GELU, nn.SiLU, nn.Hardswish, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.Hardtanh, nn.Softplus,
                   nn.Hardsigmoid)},
}


def exported(make, shape, fold, batch):
    def build(path, opset):
        torch.manual_seed(0)
        if batch == 4:
            torch.onnx.export(make().eval(), torch.randn(4, *shape), path, opset_version=opset, input_names=["input"])
        else:
            torch_export(make, shape, opset, fold, batch != 1)(path)
    return build


LOWEST = {"har": 8, "mlp-GELU": 9, "act-GELU": 9}  # opsets in which PyTorch can export them

for name, (make, shape) in ARCHITECTURES.items():
    for opset, fold, batch in ((7, True, "N"), (8, True, 1), (9, True, "N"), (9, False, "N"), (10, True, 1),
                               (11, True, "N"), (11, False, "N"), (12, True, 4), (13, False, "N"), (13, True, 1),
                               (14, True, "N"), (15, True, 4), (15, False, "N"), (16, True, "N"), (17, True, "N"),
                               (17, False, "N"), (17, True, 1)):
        if opset < LOWEST.get(name, 0):
            continue
        label = f"{'' if fold else 'unfolded-'}{'' if batch == 'N' else f'batch{batch}-'}opset{opset}"
        FORMS[f"torch-{name}-{label}"] = (exported(make, shape, fold, batch), opset, None)
