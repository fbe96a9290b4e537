// Package onnxeval computes what an ONNX graph means: each operator in plain
// loops, as its page in the standard defines it. It is the witness of every
// import, and folds the constants and the arithmetic on shapes that exporters
// write into their files.
//
// [Load] brings the graph into an order in which inputs precede their readers,
// with the file's own functions in place of the nodes that call them, and
// [Graph.Run] computes it. Sums are in float64; the elements of each result are
// rounded to the type that the standard gives them.
//
// Source: ONNX, docs/Operators.md and docs/Changelog.md, github.com/onnx/onnx.
package onnxeval
