"""PyTorch's side of docs/accuracy.md, on equal terms: the float networks that
the Go program has trained, PyTorch's own quantization-aware training (FX graph
mode), the same epochs, batch, optimizer, learning rates and smoothing. It writes
row, seed and test accuracy after the last epoch, by which torch.csv is made:

    python3 torch_side.py runs/accuracy DATA [ROW…] > torch.csv

DATA is the folder with Fashion-MNIST's four files. Ranges are moving averages
with constant 0.01, of weights too, as PyTorch 1.13 has it; observers and batch
norm move throughout training and rest in evaluation.
"""

import gzip
import json
import os
import sys

import numpy as np
import torch
from torch import nn
from torch.ao import quantization as tq
from torch.ao.quantization.quantize_fx import prepare_qat_fx

EPOCHS, BATCH = 5, 128

# bits, learning rate, smoothing of the labels, whether the logits are quantized
ROWS = {
    "W2A2 throughout": (2, 1e-3, 0.1, True),
    "W2A2, labels as they are": (2, 1e-3, 0, True),
    "W2A2, float logits": (2, 1e-3, 0.1, False),
    "W3A3 throughout": (3, 1e-3, 0.1, True),
    "W4A4 throughout": (4, 1e-3, 0.1, True),
    "W8A8": (8, 5e-5, 0.1, True),
}


def cnn():
    """The built-in network cnn, with its names."""
    def conv(i, inputs, outputs):
        return {f"conv{i}": nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), f"bn{i}": nn.BatchNorm2d(outputs),
                f"relu{i}": nn.ReLU(), f"pool{i}": nn.MaxPool2d(2)}
    layers = conv(1, 1, 16) | conv(2, 16, 32) | {
        "flatten": nn.Flatten(), "fc1": nn.Linear(32 * 49, 128), "relu3": nn.ReLU(), "fc2": nn.Linear(128, 10)}
    net = nn.Sequential()
    for name, layer in layers.items():
        net.add_module(name, layer)
    return net


def safetensors(path):
    """The tensors of a file of float32."""
    data = open(path, "rb").read()
    size = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8:8 + size]), data[8 + size:]
    header.pop("__metadata__", None)
    return {name: torch.from_numpy(np.frombuffer(body[slice(*t["data_offsets"])], np.float32).reshape(t["shape"]).copy())
            for name, t in header.items()}


def idx(path, offset):
    return np.frombuffer(gzip.open(path).read(), np.uint8, offset=offset).copy()


def split(folder, name):
    x = idx(f"{folder}/{name}-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
    return torch.from_numpy(x) / 255, torch.from_numpy(idx(f"{folder}/{name}-labels-idx1-ubyte.gz", 8)).long()


def prepare(net, bits, quantized_logits, x):
    """The network with fake-quantization of every tensor."""
    config = tq.QConfig(
        activation=tq.FakeQuantize.with_args(
            observer=tq.MovingAverageMinMaxObserver, quant_min=0, quant_max=2**bits - 1, dtype=torch.quint8),
        weight=tq.FakeQuantize.with_args(
            observer=tq.MovingAveragePerChannelMinMaxObserver, quant_min=-2**(bits - 1), quant_max=2**(bits - 1) - 1,
            dtype=torch.qint8, qscheme=torch.per_channel_symmetric))
    net = prepare_qat_fx(net.train(), tq.QConfigMapping().set_global(config), (x,))
    if not quantized_logits:
        output = next(n for n in net.graph.nodes if n.op == "output")
        fake = output.args[0]
        assert isinstance(getattr(net, fake.target), tq.FakeQuantize)
        output.replace_input_with(fake, fake.args[0])
        net.graph.erase_node(fake)
        net.recompile()
    return net


def train(net, x, labels, rate, smoothing):
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    steps = len(x) // BATCH
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * steps)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x))[:steps * BATCH].view(steps, BATCH):
            loss = nn.functional.cross_entropy(net(x[batch]), labels[batch], label_smoothing=smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def accuracy(net, x, labels):
    net.eval().apply(tq.disable_observer)
    with torch.no_grad():
        right = sum((net(a).argmax(1) == b).sum().item() for a, b in zip(x.split(500), labels.split(500)))
    return right / len(x)


def main(runs, data, rows):
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    x, labels = split(data, "train")
    test, test_labels = split(data, "t10k")
    mean, std = x.mean(), x.std(unbiased=False)
    x, test = (x - mean) / std, (test - mean) / std
    print("row,seed,accuracy")
    for seed in (1, 2, 3):
        for row in rows:
            bits, rate, smoothing, quantized_logits = ROWS[row]
            torch.manual_seed(seed)
            net = cnn()
            net.load_state_dict(safetensors(f"{runs}/seed{seed}/float.safetensors"), strict=False)
            net = prepare(net, bits, quantized_logits, x[:1])
            train(net, x, labels, rate, smoothing)
            print(f'"{row}",{seed},{accuracy(net, test, test_labels)}', flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:] or ROWS)
