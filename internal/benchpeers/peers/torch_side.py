"""The side of PyTorch; ../turns/doc.go has the protocol.

    torch_side.py float NETWORK BATCH         training steps; a unit is an image
    torch_side.py qat NETWORK BATCH           … with the QAT configuration "qnnpack"
    torch_side.py qat-per-channel …           … with weights per channel instead of per tensor
    torch_side.py fashion-mnist               QAT on Fashion-MNIST for 100 steps; a unit is that

OMP_NUM_THREADS is the number of threads. Networks are prepared as PyTorch's
documentation does it: FX graph mode, which fuses convolution, batch norm and
ReLU.
"""

import gzip
import os
import resource
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.ao.quantization import QConfig, QConfigMapping, get_default_qat_qconfig, get_default_qat_qconfig_mapping
from torch.ao.quantization.fake_quantize import default_fused_per_channel_wt_fake_quant
from torch.ao.quantization.quantize_fx import prepare_qat_fx

LEARNING_RATE = 1e-5  # as on the Go sides: random batches must not be memorised
BATCHES = 8


def conv(i, o, kernel=3, stride=1, padding=1, groups=1):
    return [nn.Conv2d(i, o, kernel, stride, padding, groups=groups, bias=False), nn.BatchNorm2d(o), nn.ReLU()]


def mlp():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def cnn():
    return nn.Sequential(
        *conv(1, 16), nn.MaxPool2d(2), *conv(16, 32), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10))


def ds_cnn():
    # The padding of 9 rows is 4 above and 5 below in the original; 5 and 5 give
    # the same sizes without an operator for it.
    layers = conv(1, 64, (10, 4), 2, (5, 1))
    for _ in range(4):
        layers += conv(64, 64, groups=64) + conv(64, 64, 1, padding=0)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 12))


class Stack(nn.Module):
    """A residual block of resnet8."""

    def __init__(self, i, o, stride):
        super().__init__()
        self.body = nn.Sequential(*conv(i, o, stride=stride), *conv(o, o)[:2])
        self.shortcut = nn.Conv2d(i, o, 1, stride) if stride > 1 else nn.Identity()
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.body(x) + self.shortcut(x))


def resnet8():
    return nn.Sequential(
        *conv(3, 16), Stack(16, 16, 1), Stack(16, 32, 2), Stack(32, 64, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def mobilenet():
    layers, i = conv(3, 8, stride=2), 8
    for o, stride in [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)] + [(128, 1)] * 5 + [(256, 2), (256, 1)]:
        layers += conv(i, i, stride=stride, groups=i) + conv(i, o, 1, padding=0)
        i = o
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(i, 2))


NETWORKS = {  # name: network, input, classes
    "mlp": (mlp, (1, 8, 8), 10),
    "cnn": (cnn, (1, 28, 28), 10),
    "ds-cnn": (ds_cnn, (1, 49, 10), 12),
    "resnet8": (resnet8, (3, 32, 32), 10),
    "mobilenet-v1-0.25": (mobilenet, (3, 96, 96), 2),
}


def prepare(net, kind, x):
    """The network in training: float, or with fake-quant modules."""
    if kind == "float":
        return net.train()
    mapping = get_default_qat_qconfig_mapping("qnnpack")
    if kind == "qat-per-channel":
        activation = get_default_qat_qconfig("qnnpack").activation
        mapping = QConfigMapping().set_global(QConfig(activation, default_fused_per_channel_wt_fake_quant))
    return prepare_qat_fx(net.train(), mapping, (x,))


def step(net, optimizer, x, labels):
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(x), labels).backward()
    optimizer.step()


def training(kind, network, batch):
    make, shape, classes = NETWORKS[network]
    data = [(torch.randn(batch, *shape), torch.randint(0, classes, (batch,))) for _ in range(BATCHES)]
    net = prepare(make(), kind, data[0][0])
    optimizer = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE)
    steps = 0

    def work():
        nonlocal steps
        step(net, optimizer, *data[steps % BATCHES])
        steps += 1
        return batch

    for _ in range(3):
        work()
    return work


def idx(name, offset):
    """A file of Debian's dataset-fashion-mnist as bytes, without a copy."""
    with gzip.open(os.path.join("/usr/share/datasets/fashion-mnist", name)) as f:
        return torch.from_numpy(np.frombuffer(bytearray(f.read()), np.uint8, offset=offset))


def fashion_mnist():
    images = idx("train-images-idx3-ubyte.gz", 16).view(-1, 1, 28, 28)
    labels = idx("train-labels-idx1-ubyte.gz", 8)
    test = idx("t10k-images-idx3-ubyte.gz", 16).view(-1, 1, 28, 28)
    expected = idx("t10k-labels-idx1-ubyte.gz", 8)
    normal = lambda x: (x.float() / 255 - 0.2860) / 0.3530
    net = prepare(cnn(), "qat", normal(images[:128]))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)
    for part in torch.randperm(len(images)).split(128)[:100]:  # by then memory no longer grows
        step(net, optimizer, normal(images[part]), labels[part].long())
    net.eval()
    with torch.no_grad():
        correct = sum(int((net(normal(x)).argmax(1) == y).sum()) for x, y in zip(test.split(128), expected.split(128)))
    print(f"PyTorch: {correct} of {len(test)} test images correct", file=sys.stderr)
    return 1


def peak():
    with open("/proc/self/status") as f:
        return next(line.split()[1] for line in f if line.startswith("VmHWM:"))


def cpu():
    u = resource.getrusage(resource.RUSAGE_SELF)
    return u.ru_utime + u.ru_stime


def serve(work):
    print("ready PyTorch", torch.__version__, flush=True)
    for line in sys.stdin:
        begin, used, units, elapsed = time.monotonic(), cpu(), 0, 0
        while elapsed < float(line):
            units += work()
            elapsed = time.monotonic() - begin
        print(elapsed, units, cpu() - used, peak(), flush=True)


def main(args):
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.backends.quantized.engine = "qnnpack"
    torch.manual_seed(1)
    if args == ["fashion-mnist"]:
        serve(fashion_mnist)
    elif len(args) == 3 and args[0] in ("float", "qat", "qat-per-channel") and args[1] in NETWORKS:
        serve(training(args[0], args[1], int(args[2])))
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
