// Package imported runs a network that was imported from an ONNX file as the
// file would run: inputs in the file's layout, outputs in the file's order, with
// the softmax or label that was cut off at the end. [Compare] holds it against
// the file, computed by definition.
package imported
