// Package onnxpb holds the messages of an ONNX file that petrify writes, or
// reads in others' files, and their protocol buffer encoding. It is written by
// hand over protowire: a dozen small messages need no generated code.
//
// A field has the name and the meaning that onnx.proto gives it; the numbers
// next to the fields are those of that file. [Unmarshal] skips fields that are
// not here, so it reads any ONNX file.
//
// Source: ONNX, onnx/onnx.proto (proto2), github.com/onnx/onnx.
package onnxpb
