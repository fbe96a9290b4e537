package observers

import (
	"math"

	"petrify/internal/portable"
)

// entropy looks for the threshold m at which the quantized distribution of the
// magnitudes preserves most of the original one: the least Kullback–Leibler
// divergence
//
//	D(P‖Q) = Σ P(j)·ln(P(j)/Q(j))
//
// where P is the histogram of |x| with everything beyond m added to its last
// bin, and Q the same histogram without that, averaged over each of as many
// levels as the format has on one side of zero (over the bins that are not
// empty). The range is −m..m, limited to the extremes.
//
// Source: S. Migacz, "8-bit Inference with TensorRT", GTC 2017, pp. 32–38.
type entropy struct{ bins }

func newEntropy(_ Config, t Target) Observer { return &entropy{newBins(t)} }

// Range is the threshold with the least divergence, on both sides.
func (o *entropy) Range(lo, hi []float32) bool {
	levels := int(o.target.Format.Max())
	if !o.target.Format.Unsigned {
		levels++
	}
	return o.search(lo, hi, func(i int, _ []int64, _, width float64) (bottom, top float64) {
		m := width * float64(threshold(o.magnitudes(i), levels))
		return -m, m
	})
}

// magnitudes is the histogram of |x| without the zeros' side, up to its last
// bin with a count.
func (o *entropy) magnitudes(i int) []float64 {
	all := o.group(i)
	m, n := make([]float64, side), 0
	for j := range m {
		m[j] = float64(all[side+j] + all[side-1-j])
		if m[j] > 0 {
			n = j + 1
		}
	}
	return m[:n]
}

// threshold returns the number of bins to keep.
func threshold(mass []float64, levels int) int {
	beyond := make([]float64, len(mass)+1) // mass of the bins from j on
	for j := len(mass) - 1; j >= 0; j-- {
		beyond[j] = beyond[j+1] + mass[j]
	}
	keep, least := len(mass), math.Inf(1)
	for n := len(mass); n >= levels; n-- {
		if d := divergence(mass[:n], beyond[n], levels); d < least {
			keep, least = n, d
		}
	}
	return keep
}

// divergence is D(P‖Q) for P = kept, with the mass beyond added to its end.
func divergence(kept []float64, beyond float64, levels int) float64 {
	n, inside := len(kept), 0.0
	for _, m := range kept {
		inside += m
	}
	d := 0.0
	for l := range levels {
		from, to := l*n/levels, (l+1)*n/levels
		sum, filled := 0.0, 0
		for _, m := range kept[from:to] {
			if m > 0 {
				sum += m
				filled++
			}
		}
		for j := from; j < to; j++ {
			p := kept[j]
			if j == n-1 {
				p += beyond
			}
			switch {
			case p == 0:
			case kept[j] == 0:
				return math.Inf(1) // Q is 0 where P is not
			default:
				q := sum / float64(filled)
				d += float64(p / (inside + beyond) * portable.Log(p/(inside+beyond)/(q/inside)))
			}
		}
	}
	return d
}
