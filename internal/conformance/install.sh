#!/bin/sh
# Puts ONNX Runtime's shared library and TensorFlow Lite's WebAssembly where the
# tests look for them. Only these are used: no package script runs.
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- onnxruntime-node@1.30.0 @tensorflow/tfjs-tflite@0.0.1-alpha.10 @litertjs/core@2.5.3
npm install --prefix . --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --legacy-peer-deps "$@"
