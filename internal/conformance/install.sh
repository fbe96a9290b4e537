#!/bin/sh
# Puts ONNX Runtime's shared library where the tests look for it. Only the
# library is used: no package script runs.
set -eu
cd "$(dirname "$0")"
npm install --prefix . --no-save --no-package-lock --no-audit --no-fund --ignore-scripts "${1:-onnxruntime-node@1.30.0}"
