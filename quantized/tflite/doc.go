// Package tflite writes a frozen model as a .tflite file, which TensorFlow Lite
// (LiteRT), TensorFlow Lite for Microcontrollers and their relatives execute with
// integers.
//
// # Form
//
// The file's input and output are int8, N H W C, with their names in the model.
// Its integers are the model's, shifted so that the greatest of each format is
// 127; real numbers are s·(q − z) with the tensors' scales and zero points in
// the file. So a uint8 activation is written with z − 128. The input is the
// normalised image, quantized: clip(rne(r/s) + z).
//
//	conv2d              CONV_2D, weights O KH KW I with a scale for each output
//	conv2d, depthwise   DEPTHWISE_CONV_2D, weights 1 KH KW O
//	linear              CONV_2D of one pixel; FULLY_CONNECTED if the weights have one scale
//	global_avg_pool     DEPTHWISE_CONV_2D with equal weights
//	the others          the operator of that name
//
// A function without an operator, or whose output grid is not its operator's, and
// an input of a concatenation on another grid than its output, becomes a table:
// CAST, ADD, GATHER. An average pool whose padding is not "same" becomes a pool without
// padding for each group of windows that lose the same rows and columns.
//
// Biases are int32 with the scale float32(s_x·s_w[o]). ReLU and ReLU6 are
// fused. Padding is "same" or "valid" where these give the same result, and
// otherwise PAD, or PADV2 with the least integer before a maximum. The model's
// vectors are in the order C H W of the image that they were; weights of linear
// layers are permuted to the file's order H W C, and if any other layer reads
// the vector, TRANSPOSE moves its elements.
//
// Activations of fewer than 8 bits use the integers up to 127, so that
// saturation limits them from above; from below, a fused ReLU does, or MAXIMUM
// with a constant. Weights of fewer bits are bytes, or halves of bytes with
// [Options.Int4].
//
// A layer that does not compute with integers is written in float32, with
// weights dequantized, between DEQUANTIZE and QUANTIZE if its neighbours do: a
// weight-only model is as large as a float one.
//
// # Exactness
//
// TensorFlow Lite with XNNPACK gives the integers that training gave, element
// for element, for convolutions, linear layers, global averages, maxima,
// functions that are tables, concatenations and reshapes. These round differently,
// each by at most one step:
//
//	add              at and next to ties: 0 to 70 of the 65,536 pairs of integers, but
//	                 a quarter of them if the quotients of the scales are 1/2
//	avg_pool         halves away from zero, where training rounds them to even
//	softmax          some elements of a million; more where a table follows it
//	leaky_relu, hard_swish, a relu that stands alone: up to a sixth of the 256 integers
//
// With integer.XNNPACK the integer engine computes these as well, and no
// element differs. Other kernels have other multipliers: TensorFlow Lite for
// Microcontrollers and CMSIS-NN compute like integer.Gemmlowp, one step off in
// up to one per cent of each layer's elements.
//
// What TensorFlow Lite cannot represent is refused with the layer's name:
// weights that reach −128, average pools between different scales, and
// quotients of scales that XNNPACK does not accept.
//
// # What the file says about itself
//
// Its metadata holds, sorted by key, the SHA-256 of the model's two files, what
// was trained and by which version, what to feed, the classes, the options, and
// what [Options.Metadata] adds, such as the facts of a proof. [Verify]
// recreates a file from its model and these, and names what differs; [Inspect]
// prints them.
//
// # Sources
//
// TensorFlow Lite, schema.fbs and "8-bit quantization specification". B. Jacob
// et al., "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference", CVPR 2018, section 2.
package tflite
