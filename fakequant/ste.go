package fakequant

import "petrify/internal/kernel"

// ste is the straight-through estimator: rounding has the derivative of the
// identity inside the range, clipping that of a clip.
//
//	y  = s·(clip(rne(x/s) + z, qmin, qmax) − z)
//	dx = dy  where qmin ≤ rne(x/s) + z ≤ qmax,  else 0
//
// The mask looks at the rounded, not yet clipped integer: what rounds to an
// end of the range still passes. The scale is the observer's.
//
// Sources: Y. Bengio, N. Léonard and A. Courville, "Estimating or Propagating
// Gradients Through Stochastic Neurons for Conditional Computation",
// arXiv:1308.3432; the mask is PyTorch's.
type ste struct{ *core }

func newSTE(c *core) method { return ste{c} }

func (m ste) calibrate(min, max []float32) { m.choose(min, max) }
func (m ste) refresh()                     {}
func (m ste) learned() []Learned           { return nil }

func (m ste) forward(y, x []float32, _ bool) {
	f := m.cfg.Format
	m.each(len(x), func(i, from, to int) {
		kernel.FakeQuant(y[from:to], x[from:to], m.params.Scale[i], m.params.Zero[i], f.Min(), f.Max())
	})
}

func (m ste) backward(dx []float32, _ [][]float32, dy, x []float32) {
	f := m.cfg.Format
	m.each(len(x), func(i, from, to int) {
		kernel.FakeQuantGrad(dx[from:to], dy[from:to], x[from:to], m.params.Scale[i], m.params.Zero[i], f.Min(), f.Max())
	})
}
