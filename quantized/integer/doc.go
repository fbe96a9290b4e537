// Package integer runs a frozen model with integers only, between the
// quantization of its input and the dequantization of its output.
//
//	engine, err := integer.New(model, integer.Options{})
//	err = engine.Run(logits, images, n)
//
// # Actors
//
// [New] compiles a quantized.Model into steps, packs the weights for this
// processor's kernels, and plans where each activation lives. [Engine.Run] runs
// a batch of real numbers, [Engine.RunBytes] one of integers. [Options] say how
// sums are rescaled ([Requantization]) and how layers compute if only their
// weights are quantized ([Weights]).
//
// # Layout
//
// A batch is N H W C in memory, as in package datasets; outputs are C H W, as
// in the model and its exports.
//
// # What is computed
//
// Every quantized activation is stored in unsigned bytes, even with fewer bits;
// a signed format is shifted up by 128 together with its zero point, which
// represents the same real numbers. A convolution or linear layer sums exactly
// in int32 and rounds once:
//
//	a[o] = Σ (q_x − z_x)·(q_w − z_w) + q_b[o]
//	q_y  = clip(rne(float32(a[o])·m[o])) + z_y      m[o] = float32(float32(s_x·s_w[o])/s_y)
//
// A ReLU is part of the clip, and functions of one number are tables of 256
// bytes. All equations, for each [Requantization], are those of package
// reference, with which tests compare every activation of the engine.
//
// What the model leaves in float32 is computed in float32 by the kernels that
// training uses: excluded layers, layers with quantized weights on float
// activations, and everything after a float activation.
//
// # What is equal
//
// With the default options, the outputs of models with quantized activations
// are, bit for bit, those of training's forward pass, once ranges and batch
// norm are at rest, and of ONNX Runtime on x86-64. With XNNPACK the integers
// are those of TensorFlow Lite on files of package tflite. Float layers agree
// with other runtimes within reference.Tensor.Allows.
//
// # Sources
//
// B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference", CVPR 2018, sections 2.2 to 2.4: the
// fixed-point multiplier of the gemmlowp mode. TensorFlow Lite, "8-bit
// quantization specification": which operators keep their input's scale.
// Y. Pisarchyk and J. Lee, "Efficient Memory Management for Deep Neural Net
// Inference", MLSys workshop 2020, section 5: activations are placed greatest
// first.
package integer
