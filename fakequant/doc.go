// Package fakequant simulates quantization inside a float32 network: a
// [Quantizer] rounds a tensor to the grid it will have when it is frozen, and
// passes a gradient back as if it had not.
//
//	y = s · (q − z)        q = clip(rne(x / s) + z, qmin, qmax)
//
// The actors. A [Config] describes one tensor's quantizer, a [Scheme] those of
// a network ([Int8] is the default). A [Quantizer] owns an observer, the scale
// and zero point of each group of elements, and whatever its method learns.
// [Node] and [FrozenNode] put it into a Gorgonia graph.
//
// Conventions. Two switches, both off in a new quantizer and both moved by the
// caller alone: observing (ranges follow the tensors that Forward sees) and
// enabled (Forward rounds; else it copies). Observing comes before rounding, so
// the range of a step's tensor counts in that step. Evaluation uses
// [Quantizer.Apply], which never observes. Destination slices come first.
//
// A method is one file: a forward and a backward function on slices, and a row
// in the table of methods.
package fakequant
