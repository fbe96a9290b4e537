package train

import (
	"slices"

	"petrify/fakequant"
	"petrify/graph"
)

// relearns reports whether QAT has so much to make up for that it takes the pace of
// the float stage: where weights have 3 bits or fewer and learn their scales, in a network
// with batch norm, which bears it. docs/numerics.md has the figures.
func (c Config) relearns() bool {
	few := func(s *fakequant.Scheme) bool {
		return s != nil && s.Weights.Method.Traits().Learns && !s.Weights.Format.IsFloat() && s.Weights.Format.Bits <= 3
	}
	norm := func(l graph.Layer) bool { return l.Kind == graph.KindBatchNorm }
	return slices.ContainsFunc(c.Network.Layers, norm) && slices.ContainsFunc(schemes(c.Quantization), few)
}

// schemes are those of all rules; one that is nil leaves its layers float.
func schemes(q graph.Quantization) []*fakequant.Scheme {
	all := []*fakequant.Scheme{q.Default}
	for _, s := range q.Kinds {
		all = append(all, s)
	}
	for _, n := range q.Names {
		all = append(all, n.Scheme)
	}
	return all
}
