"""Networks in PyTorch, and its exporter."""

import torch
from torch import nn

torch.manual_seed(0)


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
