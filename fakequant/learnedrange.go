package fakequant

// learnedRange trains both ends of the range, m ≤ 0 ≤ M.
//
//	s = (M − m)/(qmax − qmin)        z = clip(qmin − rne(m/s), qmin, qmax)
//	y = s·(clip(rne(x/s) + z, qmin, qmax) − z)
//	dx = dy  where x rounds into the range,  else 0
//	dM = Σ dy·∂y/∂M        ∂y/∂M = (rne(x/s) − x/s)/(qmax − qmin)  inside, 1 above, 0 below
//	dm = Σ dy·∂y/∂m        ∂y/∂m = −∂y/∂M                          inside, 0 above, 1 below
//
// The zero point counts as constant inside, and the clipped values as the ends
// themselves. What is trained is ln M and ln(−m), see [positive]: the range
// contains 0, whatever the optimizer does.
//
// Source: the quantizers of AIMET (range learning) and NNCF, which train these
// two numbers; the gradient is that of S. R. Jain, A. Gural, M. Wu and C. H.
// Dick, "Trained Quantization Thresholds", MLSys 2020, §3.3, for two ends.
type learnedRange struct {
	*core
	low, high *positive
	sums      []float64
}

func newLearnedRange(c *core) method {
	return &learnedRange{
		core: c, low: newPositive(c.layout.N, c.cfg.Format), high: newPositive(c.layout.N, c.cfg.Format),
	}
}

func (m *learnedRange) calibrate() {
	for i := range m.min {
		m.low.set(i, -m.min[i])
		m.high.set(i, m.max[i])
	}
}

func (m *learnedRange) refresh() {
	m.low.refresh()
	m.high.refresh()
	for i := range m.low.value {
		m.params.Scale[i], m.params.Zero[i] = m.cfg.Dialect.Choose(-m.low.value[i], m.high.value[i], m.cfg.Format, m.cfg.Scheme)
	}
}

func (m *learnedRange) forward(y, x []float32, _ bool)  { m.round(y, x) }
func (m *learnedRange) quantize(q []int32, x []float32) { m.integers(q, x) }

func (m *learnedRange) learned() []Learned {
	return []Learned{
		{Name: m.name + ".log_min", Value: m.low.log, LRFactor: m.cfg.factor()},
		{Name: m.name + ".log_max", Value: m.high.log, LRFactor: m.cfg.factor()},
	}
}

func (m *learnedRange) backward(dx []float32, dlearned [][]float32, dy, x []float32) {
	sums := m.sum(&m.sums, len(x), 2, func(out []float64, i, from, to int) {
		out[0], out[1] = rangeBackward(dx[from:to], dy[from:to], x[from:to], m.steps(i))
	})
	for i := range dlearned[0] {
		dlearned[0][i] = m.low.gradient(i, -sums[2*i]) // m = −exp θ
		dlearned[1][i] = m.high.gradient(i, sums[2*i+1])
	}
}

// rangeBackward writes dx and returns dm and dM.
func rangeBackward(dx, dy, x []float32, g steps) (dmin, dmax float64) {
	inside := 0.0
	var v, n batch
	for at := 0; at < len(x); {
		k := g.split(&v, &n, x[at:])
		for i, d := range dy[at : at+k] {
			pass := d
			switch {
			case n[i] > g.hi:
				dmax += float64(d)
				pass = 0
			case n[i] >= g.lo:
				inside += float64(d * (n[i] - v[i]))
			default: // NaN too
				dmin += float64(d)
				pass = 0
			}
			dx[at+i] = pass
		}
		at += k
	}
	inside /= float64(g.hi - g.lo)
	return dmin - inside, dmax + inside
}
