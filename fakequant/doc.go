// Package fakequant simulates quantization inside a float32 network: a
// [Quantizer] rounds a tensor to the grid that it will have when it is frozen,
// and passes the gradient back as if it had not been rounded.
//
//	y = s · (q − z)        q = clip(rne(x / s) + z, qmin, qmax)
//
// The actors. A [Config] describes one tensor's quantizer, a [Scheme] those of
// a network ([Int8] is the default). A [Quantizer] owns an observer, the scale
// and zero point of each group of elements, and whatever its method learns. A
// [Use] is one of the places where it rounds in training; tensors that share a
// grid are several uses of one quantizer. [Node] and [FrozenNode] put them into
// a Gorgonia graph. [Oscillations] watches the integers of a weight tensor.
//
//	q, err := fakequant.New("conv1.weight", fakequant.Int8().Weights, 16)
//	q.SetObserving(true)
//	q.SetEnabled(true)
//	use := q.Use()
//	q.Begin()                              // a training step
//	err = use.Forward(y, x)
//	err = use.Backward(dx, nil, dy, x)
//	err = q.Apply(y, x)                    // evaluation
//	err = q.Quantize(integers, x)          // freezing
//
// Conventions. There are two switches, both off in a new quantizer and both set
// only by the caller: observing (ranges follow the tensors that Forward sees)
// and enabled (Forward rounds; otherwise it copies). Neither changes within a
// step. Observing comes before rounding, so the range of a step's tensor takes
// effect in that step. Learned numbers start from the observer's range, follow
// it as long as q observes, and learn after that. Evaluation uses
// [Quantizer.Apply], which never observes. Destination slices come first.
//
// A [Method] is one file, which states its equation, its gradient and its
// source, and a row in the table of methods:
//
//	ste.go            straight-through estimator, with and without the mask
//	lsq.go            LSQ, learned scale
//	lsqplus.go        LSQ+, learned scale and zero point
//	pact.go           PACT, learned clipping
//	learnedrange.go   learned minimum and maximum
//	dorefa.go         DoReFa weights
//	binary.go         two values of weights, ±mean|w|
//	ternary.go        three values of weights
//	levels.go         what these have in common, and learned scales for them
//	stochastic.go     stochastic rounding
//	ramp.go           gradual or late rounding, for any of them
//
// Only its uses know what a step has rounded with, so that nothing that moves
// in the meantime, a range or a counter, comes between a tensor and its
// gradient.
//
// TestGolden compares with PyTorch 1.13, TestGradients each method with finite
// differences, TestNodeIsForwardAndBackward the graph with the slices, and
// FuzzLaws what must hold for all.
package fakequant
