"""PyTorch's columns of docs/accuracy.md: what PyTorch 1.13 makes of the float networks of a
sweep, with the images, batch, epochs, learning rate, edges of 8 bits and resting batch norm
of its trials:

    python3 torch_column.py PLAN FOLDER DATA OUT [SEED…]

PLAN is such as sweeps/cnn.yaml, FOLDER that of its runs, and DATA that of Fashion-MNIST's
four files. OUT, such as sweeps/torch-cnn.jsonl, gets a line for each trial, as `petrify
sweep results --trials` writes it. Trials that have a line, with the same settings and float
network, are not run again, so that the same command continues after an interruption. Without
seeds, all of the plan are run, and those without a float network are named.

    PTQ       ranges of weights by minimum and maximum, those of activations by HistogramObserver
    min-max   QAT with FusedMovingAvgObsFakeQuantize, its default, whose observers rest after two thirds
    LSQ       QAT with _fake_quantize_learnable_*, as in quick_torch.py

The accuracies are those of the network that rounds float32 numbers to its grids: PyTorch
has integers for 8 bits only.
"""

import hashlib
import json
import os
import re
import sys
import time
from functools import partial

import torch
import torch.nn.functional as F
import yaml
from torch import nn
from torch.ao.quantization import (FakeQuantize, FusedMovingAvgObsFakeQuantize, HistogramObserver,
                                   MovingAverageMinMaxObserver, MovingAveragePerChannelMinMaxObserver,
                                   PerChannelMinMaxObserver)
from torch.nn.intrinsic.qat import freeze_bn_stats

from quick_torch import CALIBRATION, LSQ, Net, plan
from torch_side import safetensors, split

BITS = {"W8A8": (8, 8), "W8": (8, 0), "W4A8": (4, 8), "W4A4": (4, 4), "W3A3": (3, 3), "W2A2": (2, 2)}
METHODS = ("PTQ", "min-max", "LSQ")


class Observed(nn.Module):
    """One of PyTorch's fake quantizers, which at first only observes."""

    def __init__(self, fake, observer, bits, channels=0, **options):
        super().__init__()
        low = -(2 ** (bits - 1)) if channels else 0
        scheme = torch.per_channel_symmetric if channels else torch.per_tensor_affine
        self.fake = fake(observer=observer, quant_min=low, quant_max=low + 2**bits - 1, qscheme=scheme,
                         dtype=torch.qint8 if channels else torch.quint8, **options)
        self.fake.disable_fake_quant()
        self.on = False

    def forward(self, x):
        return self.fake(x)

    def again(self, x):
        f = self.fake
        if not self.on:
            return x
        return torch.fake_quantize_per_tensor_affine(x, f.scale, f.zero_point, f.quant_min, f.quant_max)

    def start(self):
        self.fake.enable_fake_quant()
        self.on = True

    def rest(self):
        self.fake.disable_observer()


class Float(nn.Module):
    """In the place of a quantizer of activations that stay float."""

    def forward(self, x):
        return x

    again = forward


QUANTIZERS = {
    "PTQ": (partial(Observed, FakeQuantize, PerChannelMinMaxObserver), partial(Observed, FakeQuantize, HistogramObserver)),
    "min-max": (partial(Observed, FusedMovingAvgObsFakeQuantize, MovingAveragePerChannelMinMaxObserver),
                partial(Observed, FusedMovingAvgObsFakeQuantize, MovingAverageMinMaxObserver, averaging_constant=0.01)),
    "LSQ": (LSQ, LSQ),
}


def network(layers, state, bits, method):
    """A network that is not yet quantized."""
    w, a = BITS[bits]
    weight, activation = QUANTIZERS[method]
    few = activation if a else lambda _: Float()
    return Net(layers, {k: v.clone() for k, v in state.items()}, w, a, weight, few)


def calibrate(net, batches, method):
    """Observes ranges in float, and begins to quantize with them."""
    net.eval()
    with torch.no_grad():
        for x in batches:
            net(x)
    for m in net.modules():
        if hasattr(m, "start"):
            m.start()
        if method == "PTQ" and hasattr(m, "rest"):
            m.rest()


def train(net, x, labels, steps, rate, resting):
    """Trains with the batches of steps, which hold numbers of images; resting is the share after which batch norm
    rests."""
    net.train()
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, len(steps))
    for i, batch in enumerate(steps):
        if i == int(len(steps) * resting):
            net.apply(freeze_bn_stats)
        if i == len(steps) * 2 // 3:
            for m in net.modules():
                if hasattr(m, "rest"):
                    m.rest()
        loss = F.cross_entropy(net(x[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def metrics(net, x, labels):
    net.eval()
    with torch.no_grad():
        y = torch.cat([net(batch) for batch in x.split(500)])
    return {"accuracy": (y.argmax(1) == labels).sum().item() / len(x), "loss": F.cross_entropy(y.double(), labels).item()}


def trial(base, state, seed, bits, method, data):
    """The line of a trial, without what names it."""
    (x, labels), (test, test_labels) = data
    torch.manual_seed(seed)
    begin, processor = time.time(), time.process_time()
    layers, batch = plan(base["network"]), base["batch"]
    epochs = [torch.randperm(len(x))[: len(x) // batch * batch].view(-1, batch)
              for _ in range(max(base["qat"]["epochs"], 1))]
    net = network(layers, state, bits, method)
    calibrate(net, (x[b] for b in epochs[0][:CALIBRATION]), method)
    ptq = now = metrics(net, test, test_labels)
    if method != "PTQ":
        resting = 0.75 if method == "LSQ" and BITS[bits][0] < 4 else 0.5
        train(net, x, labels, torch.cat(epochs), base["qat"]["learning_rate"], resting)
        now = metrics(net, test, test_labels)
    return {"ptq": ptq, "qat": now, "bytes": 0, "seconds": time.time() - begin,
            "processor_seconds": time.process_time() - processor}


def known(path):
    """The lines of a file by the names of their trials."""
    lines = map(json.loads, open(path)) if os.path.exists(path) else ()
    return {line["trial"]: line for line in lines}


def save(path, lines):
    """Writes the lines, all or none of them."""
    with open(path + ".new", "w") as f:
        f.writelines(json.dumps(line, separators=(",", ":")) + "\n" for line in lines.values())
        f.flush()
        os.fsync(f.fileno())
    os.replace(path + ".new", path)


def main(plan_file, folder, data, out, seeds):
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    spec = yaml.safe_load(open(plan_file))
    base, axes = spec["base"], spec["axes"]
    first, last = map(int, re.fullmatch(r"(\d+)\.\.(\d+)", axes["seed"]).groups())
    done, splits = known(out), None
    for seed in map(int, seeds or range(first, last + 1)):
        path = f"{folder}/float/{seed - first}/float.safetensors"  # the plan's seeds vary slowest
        if not os.path.exists(path):
            print(f"seed {seed}: {path} is missing: `petrify sweep trial {folder} {seed - first} --stage` trains it")
            continue
        state, number, start = safetensors(path), hashlib.sha256(open(path, "rb").read()).hexdigest(), None
        for method in METHODS:
            for bits in (b for b in axes["bits"] if b in BITS):
                setting = [torch.__version__, base, number, seed, bits, method]
                config = hashlib.sha256(json.dumps(setting, sort_keys=True).encode()).hexdigest()
                name = f"seed={seed} bits={bits} method=PyTorch {method}"
                if done.get(name, {}).get("config") == config:
                    continue
                splits = splits or standardised(data)
                start = start or metrics(network(plan(base["network"]), state, "W8A8", "LSQ"), *splits[1])
                line = {"config": config, "trial": name, "float": start,
                        **trial(base, state, seed, bits, method, splits)}
                done[name] = line
                save(out, done)
                print(f"{name}: {100 * line['qat']['accuracy']:.2f} in {line['processor_seconds']:.0f} s", flush=True)


def standardised(folder):
    """Fashion-MNIST's images, and labels, for training and for testing."""
    (x, labels), (test, test_labels) = split(folder, "train"), split(folder, "t10k")
    mean, std = x.mean(), x.std(unbiased=False)
    return ((x - mean) / std, labels), ((test - mean) / std, test_labels)


if __name__ == "__main__":
    main(*sys.argv[1:5], sys.argv[5:])
