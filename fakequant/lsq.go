package fakequant

import "math"

// lsq is learned step size quantization: the scale is trained with the
// weights, by the gradient of the rounded value.
//
//	y  = s·(clip(rne(x/s) + z, qmin, qmax) − z)
//	dx = dy  where qmin ≤ rne(x/s) + z ≤ qmax,  else 0
//	ds = g·Σ dy·∂y/∂s    ∂y/∂s = rne(x/s) − x/s   inside
//	                             qmin − z         below
//	                             qmax − z         above
//
// with the gradient scale g = 1/√(n·qmax), n the number of elements that share
// the scale, which balances the scale's relative steps with the weights'. The
// zero point is the observer's. What is trained is ln s, see [positive].
//
// Source: S. K. Esser, J. L. McKinstry, D. Bablani, R. Appuswamy and D. S.
// Modha, "Learned Step Size Quantization", ICLR 2020, eqs. 1–3 and 5 and §2.2.
// The paper's mask looks at x/s before rounding; this one, as PyTorch's, after.
//
// Tested against PyTorch 1.13's _LearnableFakeQuantize (TestGoldenLearnable,
// relative 1e-6 for the sums), and by finite differences (TestGradients).
type lsq struct {
	*core
	scale *positive
	sums  []float64
}

func newLSQ(c *core) method { return &lsq{core: c, scale: newPositive(c.layout.N, c.cfg.Format)} }

func (m *lsq) calibrate() {
	m.choose()
	for i, s := range m.params.Scale {
		m.scale.set(i, s)
	}
}

func (m *lsq) refresh() {
	m.scale.refresh()
	copy(m.params.Scale, m.scale.value)
}

func (m *lsq) forward(y, x []float32, _ bool)  { m.round(y, x) }
func (m *lsq) quantize(q []int32, x []float32) { m.integers(q, x) }

func (m *lsq) learned() []Learned {
	return []Learned{{Name: m.name + ".log_scale", Value: m.scale.log, LRFactor: m.cfg.factor()}}
}

func (m *lsq) backward(dx []float32, dlearned [][]float32, dy, x []float32) {
	sums := m.sum(&m.sums, len(x), 1, func(out []float64, i, from, to int) {
		out[0], _ = lsqBackward(dx[from:to], dy[from:to], x[from:to], m.steps(i))
	})
	g := m.gradientScale(len(x))
	for i := range dlearned[0] {
		dlearned[0][i] = m.scale.gradient(i, g*sums[i])
	}
}

// gradientScale is 1/√(n·qmax) for a tensor of the given size.
func (c *core) gradientScale(size int) float64 {
	return 1 / math.Sqrt(float64(size/c.layout.N)*float64(c.cfg.Format.Max()))
}

// lsqBackward writes dx and returns Σ dy·∂y/∂s, and Σ dy over the clipped.
func lsqBackward(dx, dy, x []float32, g steps) (ds, clipped float64) {
	var v, n batch
	for at := 0; at < len(x); {
		k := g.split(&v, &n, x[at:])
		dx := dx[at : at+k]
		for i, d := range dy[at : at+k] {
			slope, pass := n[i]-v[i], d
			if n[i] > g.hi {
				slope, pass = g.hi, 0
			}
			if !(n[i] >= g.lo) { // NaN too
				slope, pass = g.lo, 0
			}
			dx[i] = pass
			ds += float64(d * slope)
			clipped += float64(d - pass)
		}
		at += k
	}
	return ds, clipped
}
