package fakequant

import "petrify/fakequant/affine"

// lsqPlus is LSQ with a learned offset, for activations with two different
// sides, such as those of swish.
//
//	y  = s·(clip(rne(x/s) + z, qmin, qmax) − z)        z = clip(rne(ζ), qmin, qmax)
//	ds as LSQ
//	dζ = −g·s·Σ dy  over the clipped,  g = 1/√(n·qmax)
//
// Source: Y. Bhalgat, J. Lee, M. Nagel, T. Blankevoort and N. Kwak, "LSQ+:
// Improving low-bit quantization through learnable offsets and better
// initialization", CVPR Workshops 2020, eqs. 6–8. The paper's offset β is a real
// number added after rescaling, which has no zero point and no integer kernel;
// here β = −s·z with z whole, the form of PyTorch's _LearnableFakeQuantize,
// with which TestGoldenLearnable compares.
type lsqPlus struct {
	lsq
	zero []float32 // ζ
}

func newLSQPlus(c *core) method {
	return &lsqPlus{lsq: *newLSQ(c).(*lsq), zero: make([]float32, c.layout.N)}
}

func (m *lsqPlus) calibrate() {
	m.lsq.calibrate()
	for i, z := range m.Zero {
		m.zero[i] = float32(z)
	}
}

func (m *lsqPlus) refresh() {
	m.lsq.refresh()
	lo, hi := float32(m.cfg.Format.Min()), float32(m.cfg.Format.Max())
	for i, ζ := range m.zero {
		if ζ != ζ {
			m.zero[i] = float32(m.Zero[i])
			continue
		}
		m.Zero[i] = int32(affine.HalfEven.Round(max(lo, min(ζ, hi))))
	}
}

func (m *lsqPlus) learned() []Learned {
	return append(m.lsq.learned(), Learned{Name: m.name + ".learned_zero", Value: m.zero, LRFactor: m.cfg.factor()})
}

func (m *lsqPlus) backward(g *grid, dx []float32, dlearned [][]float32, dy, x []float32) {
	m.lsq.backward(g, dx, dlearned[:1], dy, x)
	sums := m.sum(&m.sums, len(x), 1, func(out []float64, _, from, to int) {
		out[0] = clippedSum(dy[from:to], dx[from:to])
	})
	factor := m.gradientScale(len(x))
	for i, s := range g.Scale {
		dlearned[1][i] = finiteOrZero(-factor * float64(s) * sums[i])
	}
}

// clippedSum is Σ dy over the clipped elements, those where dx is 0 instead of
// dy.
func clippedSum(dy, dx []float32) (sum float64) {
	for i, d := range dy {
		sum += float64(d - dx[i])
	}
	return sum
}
