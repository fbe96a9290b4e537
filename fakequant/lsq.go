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
// The paper's mask looks at x/s before rounding, this one, like PyTorch's,
// after.
//
// Tested against PyTorch 1.13's _LearnableFakeQuantize (TestGoldenLearnable,
// relative 1e-6 for the sums), and by finite differences (TestGradients).
type lsq struct {
	*core
	scale *positive
	y     []float32
	sums  []float64
}

func newLSQ(c *core) method { return &lsq{core: c, scale: newPositive(c)} }

func (m *lsq) calibrate() {
	m.choose()
	for i, s := range m.Scale {
		m.scale.set(i, s)
	}
}

func (m *lsq) refresh() {
	m.scale.refresh()
	copy(m.Scale, m.scale.value)
}

func (m *lsq) forward(g *grid, y, x []float32) { m.round(g, y, x) }
func (m *lsq) quantize(q []int32, x []float32) { m.integers(q, x) }

func (m *lsq) learned() []Learned {
	return []Learned{{Name: m.name + ".log_scale", Value: m.scale.log, LRFactor: m.cfg.factor()}}
}

func (m *lsq) backward(g *grid, dx []float32, dlearned [][]float32, dy, x []float32) {
	m.y = sized(m.y, len(x))
	m.round(g, m.y, x)
	m.mask(g, dx, dy, x)
	sums := m.sum(&m.sums, len(x), 1, func(out []float64, _, from, to int) {
		out[0] = scaleSum(dy[from:to], m.y[from:to], dx[from:to], x[from:to])
	})
	factor := m.gradientScale(len(x))
	for i, s := range g.Scale {
		dlearned[0][i] = m.scale.gradient(i, factor*sums[i]/float64(s))
	}
}

// scaleSum is s·Σ dy·∂y/∂s, without looking at which elements are clipped:
// inside, s·∂y/∂s is y − x, and dx is dy; outside it is y, and dx is 0. In both
// cases
//
//	s·dy·∂y/∂s = dy·y − dx·x
func scaleSum(dy, y, dx, x []float32) (sum float64) {
	dy, y, dx = dy[:len(x)], y[:len(x)], dx[:len(x)]
	for i, r := range x {
		sum += float64(float64(dy[i])*float64(y[i])) - float64(float64(dx[i])*float64(r))
	}
	return sum
}

// gradientScale is 1/√(n·qmax) for a tensor of the given size.
func (c *core) gradientScale(size int) float64 {
	return 1 / math.Sqrt(float64(size/c.layout.N)*float64(c.cfg.Format.Max()))
}

// sized returns a slice of n elements, reusing the old one if it is long
// enough.
func sized(buffer []float32, n int) []float32 {
	if cap(buffer) < n {
		return make([]float32, n)
	}
	return buffer[:n]
}

// setScale sets a learned scale.
func (m *lsq) setScale(i int, s float32) { m.scale.set(i, s) }
