package randnet

import (
	"math/rand/v2"
	"regexp"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/observers"
)

// Quantization draws one that the network accepts. Its ramps are over after at
// most five steps.
func Quantization(rng *rand.Rand, n graph.Network, in graph.Shape) graph.Quantization {
	for {
		q := rules(rng, n)
		if _, err := graph.New(n, in, q, rand.New(rand.NewPCG(1, 2))); err == nil {
			return q
		}
	}
}

// rules draws a quantization, whether the network accepts it or not.
func rules(rng *rand.Rand, n graph.Network) graph.Quantization {
	q := graph.Quantization{Default: scheme(rng), FloatOutput: one(rng, 4), Folding: graph.Folding(rng.IntN(2))}
	if one(rng, 3) {
		q.EdgeBits = 2 + rng.IntN(7)
	}
	if one(rng, 3) {
		kinds := graph.Kinds()
		q.Kinds = map[graph.Kind]*fakequant.Scheme{kinds[rng.IntN(len(kinds))]: scheme(rng)}
	}
	for one(rng, 3) {
		name := n.Layers[rng.IntN(len(n.Layers))].Name
		q.Names = append(q.Names, graph.NameRule{Pattern: regexp.QuoteMeta(name), Scheme: scheme(rng)})
	}
	return q
}

// scheme draws one; occasionally nil, which is a float layer's.
func scheme(rng *rand.Rand) *fakequant.Scheme {
	if one(rng, 8) {
		return nil
	}
	s := fakequant.Scheme{Weights: Config(rng), Activations: Config(rng)}
	for s.Activations.Method.Traits().OwnGrid {
		s.Activations = Config(rng)
	}
	switch rng.IntN(16) {
	case 0:
		s.Weights = fakequant.Config{}
	case 1:
		s.Activations = fakequant.Config{}
	}
	g := &s.Weights.Granularity
	switch rng.IntN(4) {
	case 0, 1:
		g.Kind = affine.PerChannel
	case 2:
		*g = affine.Granularity{Kind: affine.PerGroup, Axis: 1, Size: 1 + rng.IntN(4)}
	}
	if s.Weights.Format.IsFloat() {
		*g = affine.Granularity{}
	}
	return &s
}

// Config draws a valid configuration for one tensor.
func Config(rng *rand.Rand) fakequant.Config {
	methods := fakequant.Methods()
	method := methods[rng.IntN(len(methods))]
	if one(rng, 3) {
		method = fakequant.STE
	}
	for {
		c := fakequant.Config{Method: method, Observer: observer(rng), Scheme: pick(rng, affine.Schemes())}
		c.Format = affine.Format{Bits: 2 + rng.IntN(7), Narrow: one(rng, 2)}
		if c.Scheme == affine.Affine {
			c.Format.Unsigned, c.Format.Narrow = one(rng, 4), false
		}
		if only := method.Traits().Format; !only.IsFloat() {
			c.Format = only
		}
		if one(rng, 3) {
			c.Dialect = pick(rng, affine.Dialects())
		}
		if one(rng, 6) {
			c.Rounding = pick(rng, affine.Roundings())
		}
		if one(rng, 4) {
			c.Ramp.Start = rng.IntN(3)
			c.Ramp.Finish = c.Ramp.Start + rng.IntN(4)
		}
		if one(rng, 3) {
			c.LRFactor = 0.1 + float32(2*float32(rng.Float32()))
		}
		if one(rng, 3) {
			c.Decay = 0.1 * rng.Float32()
		}
		if one(rng, 3) {
			c.Seed = rng.Uint64()
		}
		if c.Validate() == nil {
			return c
		}
	}
}

// pick draws one of several.
func pick[T fakequant.Method | affine.Scheme | affine.Dialect | affine.Rounding](rng *rand.Rand, all []T) T {
	return all[rng.IntN(len(all))]
}

// observer draws one with its constants.
func observer(rng *rand.Rand) observers.Config {
	kinds := observers.Kinds()
	for {
		c := observers.Config{Kind: kinds[rng.IntN(len(kinds))]}
		if c.Kind == observers.Entropy && !one(rng, 8) {
			continue // its search takes longer than all the rest of a step
		}
		if one(rng, 3) {
			c.Constant = 0.05 + float32(rng.Float32()/2)
		}
		if one(rng, 3) {
			c.Percentile = 90 + float64(10*rng.Float64())
		}
		if one(rng, 3) {
			c.Sigmas = 1 + float64(3*rng.Float64())
		}
		if c.Kind == observers.Fixed {
			c.Min, c.Max = -float32(2*float32(rng.Float32())), 0.1+float32(2*float32(rng.Float32()))
		}
		if c.Validate() == nil {
			return c
		}
	}
}
