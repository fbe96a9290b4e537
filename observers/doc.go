// Package observers watches tensors and says which range of real numbers a
// quantizer should cover.
//
// An [Observer] sees a tensor a training step ([Observer.Observe]) and answers
// with a range for each group of elements that share a scale
// ([Observer.Range]). [New] makes the observer that a [Config] describes;
// each kind is one file.
//
//	o, err := observers.New(observers.Config{Kind: observers.MovingAverage},
//		observers.Target{Layout: affine.Layout{N: 1}, Format: affine.Uint8})
//	o.Observe(batch)
//	o.Range(min, max) // dst first, one entry a group
//
// Conventions. Values that are not finite never reach a range: they are left
// out and counted. An observer moves in Observe and nowhere else, so whoever
// does not call it in evaluation has an observer that stands still there. Its
// memory is saved with State and brought back, bit by bit, with Restore. The
// range is what was seen; widening it to contain 0 is the scale rule's affair
// ([affine.Dialect]).
package observers
