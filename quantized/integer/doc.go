// Package integer runs a frozen model with integers only, between the
// quantization of its input and the dequantization of its output.
//
//	engine, err := integer.New(model, integer.Options{})
//	err = engine.Run(logits, images, n)
//
// # Actors
//
// [New] compiles a quantized.Model into steps, packs the weights for this
// processor's kernels, and plans where each activation lives. [Engine.Run]
// runs a batch of real numbers, [Engine.RunBytes] one of integers. [Options]
// say how sums are rescaled ([Requantization]) and how a layer computes whose
// weights alone are quantized ([Weights]).
//
// # Layout
//
// A batch is N H W C in memory, as package datasets gives it; the model
// speaks C H W, and so does the output, as its exports do.
//
// # What is computed
//
// Every quantized activation is stored in unsigned bytes, also of fewer bits;
// a signed format is moved up by 128 with its zero point, which names the same
// real numbers. A convolution or linear layer sums exactly in int32, and
// rounds once:
//
//	a[o] = Σ (q_x − z_x)·(q_w − z_w) + q_b[o]
//	q_y  = clip(rne(float32(a[o])·m[o])) + z_y      m[o] = float32(float32(s_x·s_w[o])/s_y)
//
// A ReLU is the clip's range; see quantized.Node.Limits. Functions of one
// number are a table of 256 bytes, so is the change of scale at a
// concatenation. Sums of activations and means round as the runtimes of the
// chosen [Requantization] do:
//
//	add           q_y = clip(rne(fma(q_a, r_a, fma(q_b, r_b, z_y − (r_a·z_a + r_b·z_b)))))    r_a = s_a/s_y
//	global mean   q_y = clip(rne(Σ(q_x − z_x)·float32(s_x/float32(s_y·count)))) + z_y
//	mean          q_y = clip(rne(float32(Σ r_x)/count/s_y)) + z_y
//
// Softmax is ONNX Runtime's in each of them but XNNPACK, kernel.SoftmaxBytes:
//
//	softmax       q_y = clip(rne(float32(e[max q_x − q_x]/s_y)/Σ e)) + z_y    e[d] = float32(exp(h − s_x·d))
//
// In the mode XNNPACK sums, softmax, leaky ReLU, hard swish and ReLUs that stand
// alone are TensorFlow Lite's; their equations stand at the functions.
//
// What the model left in float32 is computed in float32 by the kernels that
// training uses: excluded layers, layers with quantized weights on float
// activations, and everything behind a float activation.
//
// # What is equal
//
// With the default options the outputs are those of a quantized graph.Evaluator
// and of ONNX Runtime on x86-64, bit for bit, for models whose activations are
// quantized. Float layers are equal to the evaluator's, and agree with other
// runtimes as far as the order of float sums allows. With XNNPACK the integers
// are those of TensorFlow Lite in files of package tflite.
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
