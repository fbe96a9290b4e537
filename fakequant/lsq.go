package fakequant

import (
	"math"

	"petrify/fakequant/affine"
	"petrify/internal/kernel"
)

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

// steps are the constants of one group, as the loops need them: lo = qmin − z,
// hi = qmax − z.
type steps struct {
	s, lo, hi float32
	affine.Arithmetic
}

func (c *core) steps(i int) steps {
	z := c.params.Zero[i]
	return steps{
		c.params.Scale[i], float32(c.cfg.Format.Min() - z), float32(c.cfg.Format.Max() - z), c.cfg.arithmetic(),
	}
}

// batch is a number of elements that fits into the cache's first level.
type batch [256]float32

// split writes x/s and its rounding, of the first elements of x, and returns
// how many.
func (g *steps) split(v, n *batch, x []float32) int {
	x = x[:min(len(x), len(v))]
	if g.Arithmetic == (affine.Arithmetic{}) {
		s := g.s
		for i, r := range x {
			q := r / s
			v[i], n[i] = q, roundEven(q)
		}
		return len(x)
	}
	for i, r := range x {
		v[i] = g.Steps(r, g.s)
		n[i] = g.Rounding.Round(v[i])
	}
	return len(x)
}

// roundEven rounds |v| < 2²² half to even: adding 1.5·2²³ leaves float32 no
// bit for the fraction. What is larger stays larger.
func roundEven(v float32) float32 {
	const magic = 3 << 22
	v += magic
	return v - magic
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

// sum adds up, for each group, the width numbers that f gives for each block
// of at most sumBlock elements of the group. Blocks run in parallel and are
// added in order, so the sums do not depend on the number of processors.
func (c *core) sum(buffer *[]float64, n, width int, f func(out []float64, i, from, to int)) []float64 {
	outer, inner, _ := c.layout.Blocks(n)
	perRun := (inner + sumBlock - 1) / sumBlock
	blocks := outer * c.layout.N * perRun
	if need := (blocks + c.layout.N) * width; cap(*buffer) < need {
		*buffer = make([]float64, need)
	}
	sums := (*buffer)[:c.layout.N*width]
	parts := (*buffer)[c.layout.N*width : (c.layout.N+blocks)*width]
	clear(sums)
	clear(parts)
	kernel.Parallel(blocks, func(b int) {
		run, part := b/perRun, b%perRun
		from := run*inner + part*sumBlock
		f(parts[b*width:(b+1)*width], run%c.layout.N, from, min(from+sumBlock, (run+1)*inner))
	})
	for b := range blocks {
		for k := range width {
			sums[(b/perRun%c.layout.N)*width+k] += parts[b*width+k]
		}
	}
	return sums
}

const sumBlock = 1 << 14
