// Package onnx writes a frozen model as an ONNX file that ONNX Runtime executes
// with integers.
//
// # Form
//
// ONNX marks quantized tensors with pairs of QuantizeLinear and
// DequantizeLinear around operators that are written as if they computed with
// floats. A runtime recognizes the pattern and replaces it with an integer
// kernel. A convolution with ReLU becomes
//
//	x ─ Q ─ DQ ─┐
//	w int8 ─ DQ ┼─ Conv ─ Relu ─ Q ─ DQ ─ …        executed as QLinearConv
//	b int32 ─ DQ┘
//
// with the weights' scales along axis 0 and the bias in the accumulator's
// scale, float32(s_x·s_w[o]). The input is the normalised image, float32 N C H
// W, called "input"; the output, float32, is called "logits" if the model has
// classes, "probabilities" if it ends in softmax, and "output" otherwise. The
// batch is of any size.
//
// # Rules that make every layer an integer kernel in ONNX Runtime
//
//   - The quantizer follows the activation function, never between a
//     convolution and its ReLU. - Every operator has its own Q and DQ, also
//     MaxPool, Flatten and Reshape, where both sides have the same scale and
//     zero point. - Relu and Clip(0, 6) stay only where the range of the
//     integers implies them; elsewhere the integers themselves are clipped,
//     which is the same function (see quantized.Node.Limits). - Activations of
//     fewer than 8 bits are uint8 with an integer Clip between Q and DQ. - The
//     weights of a linear layer have explicit zero points, though they are
//     zero. - Activations are uint8: an int8 activation is written with z +
//     128, which represents the same real numbers. On x86-64 the kernels for
//     uint8 by int8 are several times as fast as those for int8 by int8. - In
//     files of int8 ([Options.Signed]) one DQ follows each Q and one operator
//     each DQ: ONNX Runtime on x86-64 makes such pairs uint8, and computes
//     convolutions between others with floats. An activation of fewer bits is
//     limited by a float Clip between two pairs, and one that several layers
//     read has a pair for each of them. Sessions that keep int8
//     (session.qdqisint8allowed=1) have integer kernels for all that, too.
//
// What is not quantized is written as it is and computed in float32. So are the
// functions that have no integer kernel: all but the ReLUs, sigmoid and softmax.
//
// # Exactness
//
// ONNX Runtime on x86-64 computes a[o] exactly in int32 and requantizes as
//
//	q_y = rne(clip(float32(a[o]) · float32(float32(s_x·s_w[o]) / s_y))) + z_y
//
// so that the file gives the integers of the simulation, element for element.
// So do sums, averages, concatenations and functions. A quantized softmax does
// so if its scale is 1/n and, in files of int8 activations, 127 represents a
// probability of 1 or more; others are refused. One thing depends on the
// processor and not on the file: without VNNI instructions, x86-64 adds pairs
// of products in saturating 16 bits. [Options.Target] refuses models that this
// would corrupt.
//
// # What the file says about itself
//
// Its metadata_props hold, sorted by key: the SHA-256 of the model's two files
// (model.safetensors.sha256, model.json.sha256), what was trained and by which
// version (origin), what to feed (input.raw, input.pixel_scale, input.mean,
// input.std), the classes, the options (export), and what [Options.Metadata]
// adds: for petrify's own files proof and proof.sha256. [Verify] recreates a
// file from its model and these, and names what differs; [Inspect] prints them.
//
// # Sources
//
// ONNX, docs/Operators.md (QuantizeLinear, DequantizeLinear, Clip). ONNX
// Runtime, "Quantize ONNX models", section "ONNX quantization representation
// format". B. Jacob et al., "Quantization and Training of Neural Networks for
// Efficient Integer-Arithmetic-Only Inference", CVPR 2018, section 2.
package onnx
