// Package quantized is the frozen network: integers, scales and what a user
// of the exported file must know, as plain structs. Nothing in it trains.
//
// # Actors
//
// A [Model] is a list of [Node] values in topological order. Each node reads
// named activations and gives one, whose [Quant] says how its real numbers
// are integers:
//
//	r = s · (q − z)        q = clip(rne(r / s) + z, qmin, qmax)
//
// with the symbols of package affine. [Weights] hold integers q with one scale
// per output channel, per tensor, or per block; a [Bias] is int32 with the
// scale s_x·s_w[o] of the accumulator it is added to. A layer computes
//
//	a[o] = Σ (q_x − z_x) · (q_w − z_w) + q_b[o]
//	q_y  = clip(rne(a[o] · m[o]) + z_y)        m[o] = s_x · s_w[o] / s_y
//
// exactly in a, so that only the last line rounds. What was not quantized
// stays float32: a Quant or Weights whose Format is zero.
//
// # What it answers
//
// [Model.Validate] lists everything about a model that contradicts itself.
// [Model.Accumulators] proves from the weights that no |a| exceeds int32.
// [Model.Size] counts its bytes, and [Model.WriteTable] prints all that.
//
// # Files
//
// [Model.Save] writes model.safetensors, every integer and scale, and
// model.json, the network and the same scales for people to read, as
// docs/format.md describes them. [Load] reads them back, identical, or says what
// was changed. The packages below this one write the model for other people's
// runtimes.
//
// A [Proof] says what several ways to compute the model gave for the same
// inputs. Exported files name the model by [Model.Facts] and the proof by
// [Proof.Facts], so that who has only the file finds both.
//
// # Sources
//
// B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference", CVPR 2018, section 2, equations 1 to 8:
// the integers, the int32 bias with s_x·s_w, the accumulator. We keep their
// equation and round once, in float32, where they multiply by a fixed-point
// M: that is what ONNX Runtime and XNNPACK execute.
package quantized
