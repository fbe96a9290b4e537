package reference

import (
	"math"
	"slices"
)

// softmax is y[c] = e^x[c] / Σ e^x over the channels of each pixel, computed from
// d[c] = max x − x[c]: integers, or real numbers.
func softmax(l *layer) {
	x, y, share := l.x[0], l.y, shareOfReals
	if l.integers {
		share = l.rules.share
	}
	channels := x.Shape[0]
	pixels := x.Len() / channels
	rows := make([][]float64, pixels)
	for p := range rows {
		d := make([]float64, channels)
		for c := range d {
			if i := c*pixels + p; l.integers {
				d[c] = float64(x.Q[i])
			} else {
				d[c] = float64(x.Real(i))
			}
		}
		for c, greatest := 0, slices.Max(d); c < channels; c++ {
			d[c] = greatest - d[c]
		}
		rows[p] = share(d, x.Quant.Scale, y.Quant.Scale)
	}
	for c := range channels {
		for _, row := range rows {
			if l.integers {
				y.put(row[c])
			} else {
				y.putReal(float32(row[c]))
			}
		}
	}
}

// shareOfReals is e^−d / Σ e^−d, in float64.
func shareOfReals(d []float64, _, _ float32) []float64 {
	share, sum := make([]float64, len(d)), 0.0
	for c := range d {
		share[c] = math.Exp(-d[c])
		sum += share[c]
	}
	for c := range share {
		share[c] /= sum
	}
	return share
}

// shareONNXRuntime is ONNX Runtime's QLinearSoftmax, in float32, channel after
// channel, for inputs d steps below the greatest:
//
//	e[d] = float32(exp((h/s_x − d)·s_x))        in float64
//	rne(float32(float32(e[d]·n)/Σ e))           n = 1/s_y
//
// h raises the exponentials, so that fewer underflow float32. It cancels,
// except in the last bit. Where float32(e^h·n) overflows, it is smaller by ln
// n.
//
//	h = float32(ln(float32(MaxFloat32/C))) − 5
func shareONNXRuntime(d []float64, sx, sy float32) []float64 {
	n := levels(sy)
	h := float64(float32(math.Log(float64(math.MaxFloat32/float32(len(d)))))) - 5
	if math.IsInf(float64(float32(math.Exp(h))*n), 1) {
		h -= math.Log(float64(n))
	}
	e, s, sum := make([]float32, len(d)), float64(sx), float32(0)
	for c := range d {
		e[c] = float32(math.Exp((h/s - d[c]) * s))
		sum += e[c]
	}
	share := make([]float64, len(d))
	for c := range e {
		share[c] = rne(float32(e[c]*n) / sum)
	}
	return share
}

// levels is n = 1/s: the whole number n for which s is float32(1/n), if there
// is one.
func levels(s float32) float32 {
	if n := float32(rne(1 / s)); 1/n == s {
		return n
	}
	return 1 / s
}
