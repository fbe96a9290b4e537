package fakequant

// ste is the straight-through estimator: rounding has the derivative of the
// identity inside the range, clipping that of a clip.
//
//	y  = s·(clip(rne(x/s) + z, qmin, qmax) − z)
//	dx = dy  where qmin ≤ rne(x/s) + z ≤ qmax,  else 0
//
// The mask looks at the integer after rounding and before clipping: the
// gradient still passes where x rounds to an end of the range. The scale is the
// observer's.
//
// Sources: Y. Bengio, N. Léonard and A. Courville, "Estimating or Propagating
// Gradients Through Stochastic Neurons for Conditional Computation",
// arXiv:1308.3432; the mask is that of PyTorch's fake_quantize operators,
// which TestGolden compares with bit by bit.
type ste struct{ *core }

func newSTE(c *core) method { return ste{c} }

func (m ste) calibrate()                      { m.choose() }
func (m ste) refresh()                        {}
func (m ste) forward(g *grid, y, x []float32) { m.round(g, y, x) }
func (m ste) quantize(q []int32, x []float32) { m.integers(q, x) }
func (m ste) learned() []Learned              { return nil }

func (m ste) backward(g *grid, dx []float32, _ [][]float32, dy, x []float32) { m.mask(g, dx, dy, x) }

// stePassThrough is ste without the mask: dx = dy everywhere. Clipped values
// continue to learn, as in QKeras.
type stePassThrough struct{ ste }

func newSTEPassThrough(c *core) method { return stePassThrough{ste{c}} }

func (m stePassThrough) backward(_ *grid, dx []float32, _ [][]float32, dy, _ []float32) { copy(dx, dy) }
