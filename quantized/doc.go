// Package quantized is the frozen network as plain structs: integers, scales
// and what a user of an exported file must know. Nothing in it trains.
//
// # Actors
//
// A [Model] is a list of [Node] values in topological order. Each node reads
// named activations and computes one, whose [Quant] says how integers represent
// its real numbers:
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
// where a is exact, so that only the last line rounds. What was not quantized
// stays float32: its Quant or Weights has a zero Format.
//
// # What it answers
//
// [Model.Validate] lists all contradictions in a model. [Model.Accumulators]
// proves from the weights that no a overflows int32. [Model.Size] counts its
// bytes, and [Model.WriteTable] prints all this.
//
// # Files
//
// [Model.Save] writes model.safetensors, every integer and scale, and
// model.json, the network and the same scales for people to read, as
// docs/format.md describes them. [Load] reads back an identical model or says
// what was changed. The packages below this one write the model for other
// people's runtimes.
//
// A [Proof] records what several ways to compute the model gave for the same
// inputs. Exported files name the model by [Model.Facts] and the proof by
// [Proof.Facts], so that both can be found from the file alone.
//
// # Sources
//
// B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference", CVPR 2018, section 2, equations 1 to 8:
// the integers, the int32 bias with s_x·s_w, the accumulator. We keep their
// equation but round once, in float32, where they multiply by a fixed-point M,
// because ONNX Runtime and XNNPACK do so.
package quantized
