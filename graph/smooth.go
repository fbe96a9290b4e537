package graph

import (
	"context"
	"fmt"
	"math"
	"slices"

	"petrify/internal/portable"
)

// Smooth moves the ranges of activations into weights: it divides channel j of what a
// product, a batch norm or a layer norm gives by s_j, and multiplies the weights that read it,
//
//	s_j = max|X_j|^α / max|W_j|^(1−α)
//
// with X_j what those weights read for the given images, N H W C, normalised, and batch norm
// folded into W. The greater α, from 0 to 1, the more equal are the channels of activations,
// and the less those of weights; with 1/2, a channel ends with one range in both. The network
// computes what it did. Channels that are 0 on one side stay.
//
// Links are as those of [Model.Equalize]; so each of the two undoes what the other has done.
// Those near the output come first, because they change the weights that others read.
//
// Source: G. Xiao, J. Lin, M. Seznec, H. Wu, J. Demouth and S. Han, "SmoothQuant: Accurate and
// Efficient Post-Training Quantization for Large Language Models", ICML 2023, equation 4. Call
// it before ranges are observed.
func (m *Model) Smooth(ctx context.Context, α float64, x []float32) error {
	links := m.links((*unit).absorbs)
	most, err := m.greatest(ctx, links, x)
	if err != nil {
		return fmt.Errorf("graph: smooth: %w", err)
	}
	for at, l := range slices.Backward(links) {
		for j, w := range l.ranges() {
			if r := most[at][j]; r > foldFloor && w > foldFloor {
				l.move(j, portable.Pow(r, α)/portable.Pow(w, 1-α))
			}
		}
	}
	return nil
}

// absorbs reports whether channels of the unit's output can be divided by positive factors in
// its parameters.
func (u *unit) absorbs() bool {
	return u.layerNorm != nil || u.layer.Kind.is(roleProduct) && (u.clip == 0 || u.clip == KindReLU)
}

// greatest are the magnitudes of what the readers of each link read in the float network, by
// channel.
func (m *Model) greatest(ctx context.Context, links []link, x []float32) ([][]float64, error) {
	float, err := m.inFloat()
	if err != nil {
		return nil, err
	}
	most := make([][]float64, len(links))
	for i, l := range links {
		most[i] = make([]float64, l.first.out.C)
	}
	r := &repairing{images: len(x) / m.in.Size()}
	of := map[*unit][]float32{float.source: x}
	for i, u := range float.units {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		for at, l := range links {
			for _, reads := range l.readers {
				if reads.unit == m.units[i] {
					reads.look(most[at], of[u.inputs[0]])
				}
			}
		}
		if of[u], err = r.run(float, u, of); err != nil {
			return nil, fmt.Errorf("layer %s: %w", u.name(), err)
		}
		forget(of, float.units[i+1:])
	}
	return most, nil
}

// look raises the greatest magnitudes, by channel of the first, to those of inputs.
func (r reader) look(most []float64, x []float32) {
	n := r.ins[0].C
	for i, v := range x {
		j := i % n / r.pixels
		most[j] = max(most[j], math.Abs(float64(v)))
	}
}
