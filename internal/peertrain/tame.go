package main

import (
	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/observers"
)

// tame removes from a quantization what inherently puts many numbers on ties,
// where float32 and float64 cannot agree, and what takes the peer long.
func tame(n graph.Network, q graph.Quantization) {
	for i, l := range n.Layers {
		// A mean of an even number of integers is a tie every second time.
		// Windows cut by padding, and global means, remain.
		if l.Kind == graph.KindAvgPool && l.Kernel[0]*l.Kernel[1]%2 == 0 {
			n.Layers[i].Kind, n.Layers[i].CountIncludePad = graph.KindMaxPool, false
		}
	}
	schemes := []*fakequant.Scheme{q.Default}
	for _, s := range q.Kinds {
		schemes = append(schemes, s)
	}
	for _, r := range q.Names {
		schemes = append(schemes, r.Scheme)
	}
	for _, s := range schemes {
		if s != nil {
			tameActivations(&s.Activations)
			tameWeights(&s.Weights)
		}
	}
}

// tameActivations leaves the rounding to the dialect, as configurations do: an
// activation that is rounded a second time to an equal grid is exactly on the
// ties of roundings that are not to the nearest.
func tameActivations(c *fakequant.Config) { c.Rounding = affine.HalfEven }

// tameWeights makes the blocks larger if the greatest weight of each is on a
// tie, or is itself the limit of the range, and if the range is searched for.
func tameWeights(c *fakequant.Config) {
	halved := c.Dialect == affine.Torch || c.Dialect == affine.XNNPACK || c.Dialect == affine.CoreML
	centred, searches := false, false
	switch c.Observer.Kind {
	case observers.MSE, observers.LastMSE, observers.Histogram:
		searches = true
	case observers.Entropy:
		searches, centred = true, true
	case observers.MeanAbs:
		centred = true
	}
	if g := &c.Granularity; g.Kind == affine.PerGroup && (halved || searches || c.Method == fakequant.PACT) {
		*g = affine.Granularity{Kind: affine.PerChannel}
	}
	if centred && c.Scheme == affine.Affine && c.Granularity.Kind != affine.PerTensor {
		c.Granularity = affine.Granularity{}
	}
}
