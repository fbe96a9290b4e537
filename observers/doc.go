// Package observers watches tensors and says which range of real numbers a
// quantizer should cover.
//
// An [Observer] sees one tensor per training step ([Observer.Observe]) and
// estimates a range for each group of elements that share a scale
// ([Observer.Range]). [New] makes the observer that a [Config] describes, for
// the [Target] of the range; each kind is one file and one row of the table in
// kind.go.
//
//	o, err := observers.New(observers.Config{Kind: observers.MovingAverage},
//		observers.Target{Layout: affine.Layout{N: 1}, Format: affine.Uint8})
//	o.Observe(batch)
//	o.Range(min, max) // dst first, one entry a group
//
// Three families. Extremes (MinMax, MovingAverage, EMA, LastValue, Percentile)
// keep one range and move it. Distributions (StreamingPercentile, Histogram,
// Entropy, MSE) count everything seen in bins and search when asked. Moments
// (MeanSigma, MeanAbs) keep sums.
//
// Conventions. Values that are not finite never reach a range: they are left
// out and counted. An observer moves only in Observe; since evaluation does not
// call it, evaluation moves nothing. State saves the observer's memory and
// Restore restores it, bit by bit. The range is what was seen; widening it to
// contain 0 is left to the scale rule ([affine.Dialect]).
//
// Each observer names its source. TestGolden compares those that PyTorch and
// Core ML Tools have with theirs, bit by bit; docs/numerics.md shows them all
// on one tensor.
package observers
