package fakequant

import (
	"math"

	"petrify/internal/portable"
)

// dorefa squeezes weights through tanh, so that there are no outliers, and
// rounds to 2ᵏ values between −1 and 1.
//
//	t = tanh(x)/(2·T) + ½        T = tanh(max|x|), of the observer's range
//	y = 2·rne(L·t)/L − 1         L = 2ᵏ − 1 = qmax
//	dx = dy·(1 − tanh²x)/T  where 0 ≤ t ≤ 1,  else 0
//
// The values are odd multiples of 1/L: as integers they are q = 2·rne(L·t) − L
// with s = 1/L, in a narrow signed format of k + 1 bits. T counts as constant.
// 0 is not among the values.
//
// The paper's activations, rne(L·clip(x, 0, 1))/L, are [STE] with a [Fixed]
// observer of 0..1; its low-bit gradients are left out.
//
// Source: S. Zhou et al., "DoReFa-Net: Training Low Bitwidth Convolutional
// Neural Networks with Low Bitwidth Gradients", arXiv:1606.06160, eqs. 5, 9.
//
// [Fixed]: petrify/observers.Fixed
type dorefa struct{ *core }

func newDoReFa(c *core) method { return dorefa{c} }

func (m dorefa) calibrate() {}

func (m dorefa) refresh() {
	for i := range m.Scale {
		m.Scale[i], m.Zero[i], m.bound[i] = 1/float32(m.cfg.Format.Max()), 0, max(-m.min[i], m.max[i])
	}
}

// peak is T of group i.
func (g *grid) peak(i int) float64 { return portable.Tanh(math.Max(float64(g.bound[i]), 1e-7)) }

func (m dorefa) forward(g *grid, y, x []float32) {
	m.each(len(x), func(i, from, to int) {
		peak, levels := g.peak(i), m.cfg.Format.Max()
		for j, r := range x[from:to] {
			y[from+j] = g.Scale[i] * float32(dorefaLevel(r, peak, levels))
		}
	})
}

func (m dorefa) quantize(q []int32, x []float32) {
	m.each(len(x), func(i, from, to int) {
		peak, levels := m.peak(i), m.cfg.Format.Max()
		for j, r := range x[from:to] {
			q[from+j] = dorefaLevel(r, peak, levels)
		}
	})
}

// dorefaLevel is q = 2·rne(L·t) − L. NaN gives −L.
func dorefaLevel(x float32, peak float64, levels int32) int32 {
	t := portable.Tanh(float64(x))/(2*peak) + 0.5
	if !(t >= 0) {
		t = 0
	}
	return 2*int32(math.RoundToEven(float64(levels)*math.Min(t, 1))) - levels
}

func (m dorefa) backward(g *grid, dx []float32, _ [][]float32, dy, x []float32) {
	m.each(len(x), func(i, from, to int) {
		dorefaBackward(dx[from:to], dy[from:to], x[from:to], g.peak(i))
	})
}

func dorefaBackward(dx, dy, x []float32, peak float64) {
	for i, r := range x {
		t := portable.Tanh(float64(r))
		dx[i] = 0
		if math.Abs(t) <= peak {
			dx[i] = float32(float64(dy[i]) * (1 - float64(t*t)) / peak)
		}
	}
}

// clipped counts what lies beyond the observer's range, where t leaves 0..1.
func (m dorefa) clipped(x []float32) (n int) {
	m.each(len(x), func(i, from, to int) {
		peak := m.peak(i)
		for _, r := range x[from:to] {
			if !(math.Abs(portable.Tanh(float64(r))) <= peak) {
				n++
			}
		}
	})
	return n
}

func (m dorefa) learned() []Learned { return nil }
