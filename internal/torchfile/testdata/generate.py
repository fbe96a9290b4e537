"""Writes the files of this folder, with PyTorch: each holds the same state_dict, or must be refused."""

import argparse
import collections
import os

import torch
from torch import nn

os.chdir(os.path.dirname(os.path.abspath(__file__)))
numbers = lambda *shape: torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape) / 4 - 1
sd = collections.OrderedDict()
sd["conv.weight"] = numbers(3, 2, 2)[:, :, 1:]           # not contiguous
sd["conv.bias"] = numbers(5)[1:4]                        # a part of a storage
sd["fc.weight"] = numbers(3, 2).t()                      # transposed
sd["fc.bias"] = sd["conv.bias"][:2]                      # shares a storage
sd["bn.num_batches_tracked"] = torch.tensor(7)
sd["none"] = torch.zeros(0, 3)
sd._metadata = {"": {"version": 1}}

old = {"_use_new_zipfile_serialization": False}
torch.save(sd, "zip.pt")
torch.save(sd, "legacy.pt", **old)
for protocol in (1, 3, 4, 5):
    torch.save(sd, f"zip-protocol{protocol}.pt", pickle_protocol=protocol)
    torch.save(sd, f"legacy-protocol{protocol}.pt", pickle_protocol=protocol, **old)
for kind in (torch.float16, torch.bfloat16, torch.float64):
    torch.save({k: v.to(kind) if v.is_floating_point() else v for k, v in sd.items()}, f"{kind}.pt".replace("torch.", ""))
torch.save({"epoch": 3, "state_dict": sd, "best": 0.5, "args": argparse.Namespace(lr=0.1)}, "state_dict.pt")
torch.save({"model": {"module." + k: v for k, v in sd.items()}, "optimizer": {"state": {}, "lr": [1, 2]}}, "module.pth")
torch.save({"_orig_mod." + k: nn.Parameter(v) if v.is_floating_point() else v for k, v in sd.items()}, "compiled.pt")
torch.save({"x": {"y": {"z": {"w": sd}}}}, "refused-deep.pt")
torch.save(nn.Sequential(nn.Linear(2, 1)), "refused-whole.pt")
torch.save([1, 2], "refused-list.pt")
torch.save({"a": 1, "b": "c"}, "refused-dictionary.pt")
torch.jit.save(torch.jit.script(nn.Linear(2, 1)), "refused-script.pt")
