"""Reads what quick_torch.py starts from: float networks, and Fashion-MNIST's files."""

import gzip
import json

import numpy as np
import torch


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
