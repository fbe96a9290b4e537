package fakequant

import "petrify/fakequant/affine"

// pact is parameterized clipping activation: a ReLU whose upper end α is
// trained.
//
//	y  = s·rne(clip(x, 0, α)/s)        s = α/qmax, z = 0
//	dx = dy  where 0 ≤ x < α,  else 0
//	dα = Σ dy  where x ≥ α,  plus 2λα
//
// λ is [Config.Decay], the paper's L2 penalty on α; it counts once per step,
// however many tensors share α. A [Ramp] scales it like the rest of dα, and it
// is off until rounding begins: alone, with no clipped values to widen α again,
// it would take α to 0. What is trained is ln α, see [positive]. For a signed
// format, used where no ReLU precedes, the lower end is α·qmin/qmax, and dα
// gains Σ dy·qmin/qmax over the elements below it.
//
// Source: J. Choi et al., "PACT: Parameterized Clipping Activation for
// Quantized Neural Networks", arXiv:1805.06085, eqs. 1–3. The paper starts at
// a constant α; here it starts at the observer's maximum. The signed form is
// ours.
type pact struct {
	*core
	alpha *positive
	sums  []float64
}

func newPACT(c *core) method { return &pact{core: c, alpha: newPositive(c)} }

func (m *pact) calibrate() {
	for i, α := range m.max {
		if !m.cfg.Format.Unsigned {
			α = max(α, -m.min[i])
		}
		m.alpha.set(i, α)
	}
}

func (m *pact) refresh() {
	m.alpha.refresh()
	for i, α := range m.alpha.value {
		m.Scale[i], m.Zero[i], m.bound[i] = α/float32(m.cfg.Format.Max()), 0, α
	}
}

func (m *pact) forward(g *grid, y, x []float32) { m.round(g, y, x) }
func (m *pact) quantize(q []int32, x []float32) { m.integers(q, x) }

func (m *pact) learned() []Learned {
	return []Learned{{Name: m.name + ".log_alpha", Value: m.alpha.log, LRFactor: m.cfg.factor()}}
}

func (m *pact) backward(g *grid, dx []float32, dlearned [][]float32, dy, x []float32) {
	sums := m.sum(&m.sums, len(x), 1, func(out []float64, i, from, to int) {
		out[0] = pactBackward(dx[from:to], dy[from:to], x[from:to], g.bound[i], m.low())
	})
	for i, α := range g.bound {
		if g.first {
			sums[i] += float64(2 * float64(m.cfg.Decay) * float64(α))
		}
		dlearned[0][i] = m.alpha.gradient(i, sums[i])
	}
}

// low is the lower end of the range in units of α: 0 for unsigned formats.
func (m *pact) low() float32 { return float32(m.cfg.Format.Min()) / float32(m.cfg.Format.Max()) }

// pactBackward writes dx and returns dα for a range of low·α..α.
func pactBackward(dx, dy, x []float32, α, low float32) (dα float64) {
	bottom := low * α
	for i, r := range x {
		dx[i] = 0
		switch {
		case r >= α:
			dα += float64(dy[i])
		case r >= bottom:
			dx[i] = dy[i]
		default:
			dα += float64(dy[i] * low)
		}
	}
	return dα
}

// leastPACT is the least scale, that of the least α.
func leastDefault(affine.Format) float32 { return affine.MinScale }

func leastPACT(f affine.Format) float32 { return affine.MinScale / float32(f.Max()) }
