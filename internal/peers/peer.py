"""The peers' side of the table: PyTorch and OpenBLAS, as Debian has them.

Answers questions on standard input, one a line, with a number each:

    sgemm N                       GFLOP/s of an N x N product, one thread
    train NETWORK BATCH QAT STEPS images per second, two threads

Run with the argument "memory" it trains the memory row's network and ends.
"""
import ctypes
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import torch
from torch import nn
from torch.ao.quantization import get_default_qat_qconfig_mapping
from torch.ao.quantization.quantize_fx import prepare_qat_fx

torch.set_num_threads(2)
torch.backends.quantized.engine = "qnnpack"


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1568, 128), nn.ReLU(), nn.Linear(128, 10))


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def block(i, o, kernel, stride=1, padding=0, groups=1):
    conv = nn.Conv2d(i, o, kernel, stride, padding, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(o), nn.ReLU())


def ds_cnn():
    layers = [nn.ZeroPad2d((1, 1, 4, 5)), block(1, 64, (10, 4), 2)]
    for _ in range(4):
        layers += [block(64, 64, 3, 1, 1, 64), block(64, 64, 1)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 12))


class Residual(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.one = block(i, o, 3, stride, 1)
        self.two = nn.Sequential(nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o))
        self.short = nn.Conv2d(i, o, 1, stride) if stride > 1 else nn.Identity()
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.two(self.one(x)) + self.short(x))


def resnet8():
    return nn.Sequential(
        block(3, 16, 3, 1, 1), Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


NETWORKS = {
    "cnn": (cnn, (1, 28, 28), 10), "mlp": (mlp, (1, 8, 8), 10),
    "ds-cnn": (ds_cnn, (1, 49, 10), 12), "resnet8": (resnet8, (3, 32, 32), 10),
}


def step(name, batch, qat):
    """A function that makes one training step."""
    make, shape, classes = NETWORKS[name]
    torch.manual_seed(1)
    x, labels = torch.randn(batch, *shape), torch.arange(batch) % classes
    model = make().train()
    if qat:
        model = prepare_qat_fx(model, get_default_qat_qconfig_mapping("qnnpack"), (x,)).train()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    loss = nn.CrossEntropyLoss()

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss(model(x), labels).backward()
        optimizer.step()

    return run


STEPS = {}


def train(name, batch, qat, steps):
    key = name, batch, qat
    if key not in STEPS:
        STEPS[key] = step(*key)
        for _ in range(3):
            STEPS[key]()
    begin = time.perf_counter()
    for _ in range(steps):
        STEPS[key]()
    return batch * steps / (time.perf_counter() - begin)


def sgemm(n):
    blas = ctypes.CDLL("libopenblas.so.0")
    blas.openblas_set_num_threads(1)
    a, b, c = torch.rand(n, n), torch.rand(n, n), torch.zeros(n, n)
    pointer = [ctypes.c_void_p(t.data_ptr()) for t in (a, b, c)]
    one, zero = ctypes.c_float(1), ctypes.c_float(0)

    def call():
        blas.cblas_sgemm(101, 111, 111, n, n, n, one, pointer[0], n, pointer[1], n, zero, pointer[2], n)

    call()
    calls, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < 0.2:
        call()
        calls += 1
    return calls * 2 * n**3 / (time.perf_counter() - begin) / 1e9


def memory():
    images = torch.randint(0, 256, (60000, 1, 28, 28), dtype=torch.uint8)
    labels = torch.arange(60000) % 10
    x = torch.randn(128, 1, 28, 28)
    model = prepare_qat_fx(cnn().train(), get_default_qat_qconfig_mapping("qnnpack"), (x,)).train()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for i in range(0, 128 * 50, 128):
        optimizer.zero_grad(set_to_none=True)
        x = (images[i:i + 128].float() / 255 - 0.5) / 0.5
        nn.functional.cross_entropy(model(x), labels[i:i + 128]).backward()
        optimizer.step()


if sys.argv[1] == "memory":
    memory()
    sys.exit()
print("PyTorch", torch.__version__, flush=True)
for line in sys.stdin:
    word, *args = line.split()
    if word == "sgemm":
        print(sgemm(int(args[0])), flush=True)
    else:
        print(train(args[0], int(args[1]), args[2] == "true", int(args[3])), flush=True)
