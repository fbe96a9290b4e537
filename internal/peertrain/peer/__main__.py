"""Reads cases, one per line, from standard input, and writes a verdict for each.

    python3 internal/peertrain/peer < cases.jsonl

Debian's python3-torch (1.13) and python3-numpy. What a case holds is described in
case.go, what is compared and how in judge.py.
"""
import json
import sys
import traceback

import torch

from judge import judge


def verdict(case):
    try:
        return judge(case).json()
    except Exception as e:
        traceback.print_exc()
        return {"failure": f"{type(e).__name__}: {e}"}


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    for line in sys.stdin:
        print(json.dumps(verdict(json.loads(line))), flush=True)


main()
