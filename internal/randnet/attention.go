package randnet

import (
	"slices"

	"petrify/graph"
)

// scores draws heads that divide the channels, and perhaps a scale.
func (b *builder) scores(l *graph.Layer, channels int) {
	l.Heads = 1 + b.rng.IntN(channels)
	for channels%l.Heads != 0 {
		l.Heads--
	}
	if one(b.rng, 3) {
		l.Scale = 0.1 + float32(b.rng.Float32())
	}
}

// values are the activations that x may give shares of.
func (b *builder) values(x *activation) (found []*activation) {
	if x.vector {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(b.made), func(v *activation) bool {
		return v.vector || v.shape.H != 1 || v.shape.W != x.shape.C || v.shape.C%x.shape.H != 0
	})
}
