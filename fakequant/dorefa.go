package fakequant

import (
	"math"

	"petrify/fakequant/affine"
	"petrify/internal/portable"
)

// dorefa squeezes weights through tanh, so that there are no outliers, and
// rounds to 2ᵏ values between −T and T.
//
//	t = tanh(w)/(2·T) + ½        w = x/u,  T = tanh(max|w|), of the observer's range
//	n = rne(L·t)                 L = 2ᵏ − 1 = qmax
//	y = u·T·(2·clip(n, 0, L)/L − 1)
//	dx = dy·(1 − tanh²w)  where 0 ≤ n ≤ L,  else 0
//
// The values are odd multiples of u·T/L: as integers they are q = 2·clip(n, 0, L) − L
// with s = u·T/L, in a narrow signed format of k + 1 bits. T counts as constant.
// 0 is not among the values.
//
// The unit u is the magnitude of the factor f by which a folded batch norm has multiplied
// the weights w, and 1 without one: what is squeezed and rounded is w, as in the paper. The
// paper's y has no factor T. Under a batch norm it has no effect, as the layer is normalised;
// a layer without one keeps the magnitude of its weights by it.
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

// calibrate keeps max|w|.
func (m dorefa) calibrate() {
	for i := range m.bound {
		m.bound[i] = max(-m.min[i], m.max[i]) / m.unit[i]
	}
}

func (m dorefa) refresh() {
	for i := range m.Scale {
		s := float64(m.unit[i]) * m.peak(i) / float64(m.cfg.Format.Max())
		m.Scale[i], m.Zero[i] = max(float32(s), affine.MinScale), 0
	}
}

// peak is T of group i.
func (g *grid) peak(i int) float64 { return portable.Tanh(math.Max(float64(g.bound[i]), 1e-7)) }

func (m dorefa) forward(g *grid, y, x []float32) {
	m.each(len(x), func(i, from, to int) {
		peak, levels := g.peak(i), m.cfg.Format.Max()
		for j, r := range x[from:to] {
			y[from+j] = g.Scale[i] * float32(dorefaLevel(r/g.unit[i], peak, levels))
		}
	})
}

func (m dorefa) quantize(q []int32, x []float32) {
	m.each(len(x), func(i, from, to int) {
		peak, levels := m.peak(i), m.cfg.Format.Max()
		for j, r := range x[from:to] {
			q[from+j] = dorefaLevel(r/m.unit[i], peak, levels)
		}
	})
}

// dorefaStep is n, and tanh w.
func dorefaStep(w float32, peak float64, levels int32) (n, tanh float64) {
	tanh = portable.Tanh(float64(w))
	return math.RoundToEven(float64(levels) * float64(tanh/(2*peak)+0.5)), tanh
}

// dorefaLevel is q. NaN gives −L.
func dorefaLevel(w float32, peak float64, levels int32) int32 {
	n, _ := dorefaStep(w, peak, levels)
	if !(n >= 0) {
		n = 0
	}
	return 2*int32(math.Min(n, float64(levels))) - levels
}

func (m dorefa) backward(g *grid, dx []float32, _ [][]float32, dy, x []float32) {
	m.each(len(x), func(i, from, to int) {
		peak, levels := g.peak(i), m.cfg.Format.Max()
		for j := from; j < to; j++ {
			n, tanh := dorefaStep(x[j]/g.unit[i], peak, levels)
			if dx[j] = 0; n >= 0 && n <= float64(levels) {
				dx[j] = float32(float64(dy[j]) * (1 - float64(tanh*tanh)))
			}
		}
	})
}

func (m dorefa) clipped(x []float32) (n int) {
	m.each(len(x), func(i, from, to int) {
		peak, levels := m.peak(i), m.cfg.Format.Max()
		for _, r := range x[from:to] {
			if s, _ := dorefaStep(r/m.unit[i], peak, levels); !(s >= 0 && s <= float64(levels)) {
				n++
			}
		}
	})
	return n
}

func (m dorefa) learned() []Learned { return nil }
