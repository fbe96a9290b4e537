// Package reference is the definition of what a frozen model computes: loops
// over int64 and float32, one function per operator, without regard to speed.
// The page docs/numerics.md says the same in words, and docs/format.md
// describes the file. Engines, exporters and runtimes are compared with it,
// element for element.
//
//	values, err := reference.Run(model, reference.ONNXRuntime, x)
//	y := values[model.Output]
//
// [Run] computes one input and returns every activation by name, so that the
// layer where a difference begins can be found. [Layer] computes one layer.
//
// # Notation
//
// r is a real number, q the integer that represents it, s > 0 the scale, z the
// zero point; x is a layer's input, w its weights, y its output:
//
//	r = s·(q − z)        q = clip(rne(r/s) + z)
//
// rne rounds half to even, clip limits to qmin..qmax, and so does what follows.
// A product, quotient or sum in float32(…) is rounded to float32 before it is
// used; sums of integers are exact. d = q − z. Indices are c for channels, h and
// w for rows and columns, o for output channels.
//
// # Layers
//
// A ReLU that is fused into a layer narrows the range of its integers, since
// the functions are monotone and so is rounding:
//
//	ReLU     max(qmin, z)..qmax
//	ReLU6    max(qmin, z)..min(qmax, rne(float32(6/s)) + z)
//
// The layers whose inputs and output are integers:
//
//	conv, linear   a[o] = Σ d_x·d_w + q_b[o]        q_y = clip(rescale(a[o]) + z_y)
//	max pool       q_y = max q_x
//	average pool   q_y = clip(mean(d_x) + z_y)      over the pixels inside the image
//	add            q_y = clip(sum(q_a, q_b) + z_y)
//	concat         q_y = clip(rne(float32(r_x/s_y)) + z_y)
//	activate       q_y = clip(rne(float32(f(r_x)/s_y)) + z_y), f in float64, rounded to float32
//	softmax        q_y = clip(share(max q_x − q_x) + z_y), over the channels of a pixel
//	flatten, reshape                                the same numbers in the same order, C H W
//
// Groups split the channels: output o of O reads the I inputs from ⌊o/(O/G)⌋·I
// on. Padding is r = 0, d = 0. A sum of integers with a float output is
// r_y = f(float32(float32(a)·float32(s_x·s_w[o]))).
//
// # Modes
//
// The runtimes differ in rescale, sum, mean, share and a few functions. [Mode]
// names them, and the table in modes.go says which does what.
//
//	rescale   ONNX Runtime, XNNPACK      rne(float32(float32(a)·m))    m = float32(float32(s_x·s_w[o])/s_y)
//	          Gemmlowp, Single           a·(s_x·s_w[o]/s_y) in fixed point, rounded twice or once
//	sum       ONNX Runtime               rne(fma(u_a, r_a, fma(u_b, r_b, k))) − z′_y    see sumFused
//	          XNNPACK                    in fixed point of 20 bits, see sumXNNPACK
//	          Gemmlowp, Single           at the scale max(s_a, s_b)/2¹⁹, see sumFixed
//	mean      ONNX Runtime               rne(float32(float32(Σ r_x / n)/s_y) + z′_y) − z′_y, each addition in float32
//	          the others                 of the integers, half away from zero, see meanOfIntegers
//	of images ONNX Runtime, XNNPACK      rne(float32(Σ d_x)·float32(s_x/float32(s_y·n)))
//	share     XNNPACK                    TensorFlow Lite's, see shareTFLite
//	          the others                 ONNX Runtime's, see shareONNXRuntime
//	functions XNNPACK                    ReLU, leaky ReLU, hard swish in fixed point, see tflite.go
//
// # Core ML
//
// The modes of Core ML compute with real numbers of one type, float32 or
// float16, in every operation of an ML program, even between integers; see
// coreml.go, and docs/coreml.md for the equations.
//
// # Real numbers
//
// What the model leaves in float32 is computed from real numbers r =
// float32(s·d), and then quantized if the output is. This concerns layers with
// a float input or output, with float weights, or with a scale for each block
// of weights. Sums of two numbers and of windows are in float32, in the order
// of the window's rows; functions and softmax in float64, rounded to float32.
// Only for sums of products do processors not agree on an order: here they are
// in float64, and [Tensor.Allows] says what any order in float32 may give.
//
// # Sources
//
// Core ML Tools' definitions of quantize, dequantize and
// constexpr_affine_dequantize (opsets CoreML6 and CoreML7), which say what T
// rounds; those of conv and linear say nothing about sums.
// The ONNX operators QLinearConv, QLinearMatMul, and of ONNX Runtime 1.30
// QLinearAdd, QLinearAveragePool, QLinearGlobalAveragePool, QLinearSoftmax.
// B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference", CVPR 2018, sections 2.2 to 2.4 and
// appendix A.2. TensorFlow Lite's kernels of integers and XNNPACK's
// microkernels qs8-vadd and qs8-vlrelu. N. Higham, "Accuracy and Stability of
// Numerical Algorithms", SIAM 2002, section 3.1: the bound of Allows.
package reference
