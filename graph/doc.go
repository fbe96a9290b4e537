// Package graph turns a network's description into Gorgonia graphs with
// fake-quant nodes in the right places and, at the end of training, into a
// frozen model.
//
// # Actors
//
// A [Network] is a list of [Layer] values: data only. [New] turns it into a
// [Model]: parameters, running statistics and quantizers, all the state that
// training changes. A [Trainer] is the graph of a training step, an [Evaluator]
// that of an evaluation; each exists in float32 and quantized, for a fixed
// batch size, and all share the model's state. [Model.Freeze] converts the
// model into its final form.
//
//	Network ─ New ─▶ Model ─┬─ Trainer ─▶ loss, gradients
//	                        ├─ Evaluator ─▶ loss, accuracy, outputs
//	                        └─ Freeze ─▶ quantized.Model
//
// # Units
//
// A convolution or linear layer with the batch normalisation and the ReLU that
// follow it is one unit, as it is one integer operator in every runtime.
// Nothing is quantized inside a unit. Its weights are fake-quantized with the
// batch normalisation folded in, its output after the ReLU. Activation
// functions other than ReLU and ReLU6, such as tanh, are units of their own,
// and their input is quantized too. That makes them tables of 256 entries and
// leaves the product before them an integer operator; Core ML Tools leaves
// their input float. Pools and flatten keep the scale of their input, and all
// inputs of a concatenation share one. A batch normalisation that follows no
// such layer is a unit of its own: a convolution of one pixel.
//
//	          w·f ── fake-quant
//	                     │
//	x (fake-quantized) ─ ∗ ─ batch norm ─ ReLU ─ fake-quant ─ …
//
// If a ReLU ends the unit and its quantizer needs only the extremes, then batch
// norm, ReLU, fake-quant and the max pool after them are one Gorgonia node, for
// speed; a test compares it with separate nodes.
//
// # Switches
//
// Whether a training step moves ranges, rounds, and normalises with the batch's
// statistics is switched layer by layer ([Model.Switch]), so that each layer
// may begin to quantize at its own time. Fake-quant nodes that are switched off
// pass their input on, and products whose operands are not both rounded are
// computed in float32. An activation shared by layers is switched by one of
// them ([Model.Domains]). Evaluation and [Model.Freeze] quantize everything.
//
// # What is exact
//
// A training step computes the products of its forward pass on integers, which
// is cheaper than float32 and exact. While the ranges and the batch norm of a
// unit move, it then normalises, adds the bias and rounds in float32. Once they
// are at rest, the unit's forward pass is that of the frozen model, in every
// element: bias and batch norm's shift are an integer in the sum, which is
// rounded once, and units without weights are computed by the layers of package
// integer. Either way the gradient is the straight-through one.
//
// A quantized [Evaluator] is such a forward pass with everything at rest. It
// exists for comparison, layer by layer; package train evaluates with
// [Model.Freeze] and the engine that runs the frozen model.
//
// # Conventions
//
// Activations are N H W C in memory: a pixel's channels are neighbours, as the
// kernels need them. Parameters are laid out as in PyTorch, O I KH KW and O F,
// and Flatten orders a vector as C H W, so that weights mean the same as there.
// N is the batch, C, H, W channels, height and width, O and I output and input
// channels, F features.
package graph
