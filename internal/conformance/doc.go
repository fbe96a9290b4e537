// Package conformance runs exported models in ONNX Runtime and TensorFlow Lite
// and compares their results with petrify's, element for element.
//
// It is a module of its own because it needs cgo, a C compiler and ONNX
// Runtime's shared library, which the rest of petrify does not. install.sh
// fetches the library from npm; the environment variable ONNXRUNTIME_LIB names
// another one. TensorFlow Lite is WebAssembly in a process of Node.js, npm's
// tfjs-tflite and its successor LiteRT.js; TFJS_TFLITE and LITERT_CORE name
// their folders. Tests fail if one is missing: a proof that is skipped proves
// nothing.
//
//	internal/conformance/install.sh
//	cd internal/conformance && go test -count 1 ./...
//
// # What is shown
//
//   - The definition, package quantized/reference, and ONNX Runtime give the same
//     integers: 0 differing elements, for every operation, number format and
//     geometry that petrify writes, on random inputs, extremes and ties.
//
//   - All integers through functions, all pairs of sums, means and softmaxes next to
//     ties round in ONNX Runtime and in C as the definition says.
//
//   - interpreter.py, which knows docs/format.md and docs/numerics.md alone, gives
//     the integer engine's numbers in every activation.
//
//   - Every convolution, linear layer, addition and concatenation of a quantized
//     model is an integer kernel in the graph that ONNX Runtime made of it.
//
//   - Layer by layer, from ONNX Runtime's own inputs, no integer differs and no
//     float sum is out of bounds (package quantized/agree), and reading activations
//     out of a file changes none of its outputs.
//
//   - ONNX Runtime loads the files without a warning, and onnx.checker of
//     Debian's python3-onnx accepts them.
//
//   - TensorFlow Lite with XNNPACK, of 2023 and of 2026, gives the integer engine's
//     integers: every operation, random and trained graphs, the networks of MLPerf
//     Tiny, every integer through every function, all pairs of a sum, means and
//     softmaxes next to ties, and weights packed two to a byte.
//
//   - Files of int8 activations give the definition's integers in both kinds of
//     sessions, with integer kernels throughout.
//
//   - Exported C, compiled without a warning, gives the integer engine's bytes:
//     every operation and random graphs, the networks of MLPerf Tiny, all pairs of
//     a sum; with and without optimization, as C99 and as GNU C that may fuse
//     products with sums, and without undefined behaviour.
//
//   - ONNX's own tests, of Debian's libonnx-testdata, give their outputs by package
//     onnxeval's definition and as imported networks, or are refused by name.
//
//   - Networks that networks.py exports with Debian's python3-torch are imported,
//     compute what ONNX Runtime computes, and ship as they trained on.
//
// The command in cmd/ortrun runs a file on raw numbers, for `petrify verify`,
// which has no cgo.
package conformance
