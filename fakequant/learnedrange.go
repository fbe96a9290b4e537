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
// contains 0, whatever the optimizer does. An end less than a step from 0, as
// for a tensor without negative numbers, moves as if it were a step away;
// otherwise a first step by a factor of e²⁵ would be usual.
//
// Source: the quantizers of AIMET (range learning) and NNCF, which train these
// two numbers; the gradient is that of S. R. Jain, A. Gural, M. Wu and C. H.
// Dick, "Trained Quantization Thresholds", MLSys 2020, §3.3, for two ends.
type learnedRange struct {
	*core
	low, high *positive
	y         []float32
	sums      []float64
}

func newLearnedRange(c *core) method {
	return &learnedRange{
		core: c, low: newPositive(c), high: newPositive(c),
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
		m.Scale[i], m.Zero[i] = m.cfg.Dialect.Choose(-m.low.value[i], m.high.value[i], m.cfg.Format, m.cfg.Scheme)
	}
}

func (m *learnedRange) forward(g *grid, y, x []float32) { m.round(g, y, x) }
func (m *learnedRange) quantize(q []int32, x []float32) { m.integers(q, x) }

func (m *learnedRange) learned() []Learned {
	return []Learned{
		{Name: m.name + ".log_min", Value: m.low.log, LRFactor: m.cfg.factor()},
		{Name: m.name + ".log_max", Value: m.high.log, LRFactor: m.cfg.factor()},
	}
}

func (m *learnedRange) backward(g *grid, dx []float32, dlearned [][]float32, dy, x []float32) {
	m.y = sized(m.y, len(x))
	m.round(g, m.y, x)
	m.mask(g, dx, dy, x)
	sums := m.sum(&m.sums, len(x), 3, func(out []float64, _, from, to int) {
		out[0], out[1], out[2] = rangeSums(dy[from:to], m.y[from:to], dx[from:to], x[from:to])
	})
	n := float64(m.cfg.Format.Max() - m.cfg.Format.Min())
	for i, s := range g.Scale {
		below, inside, above := sums[3*i], sums[3*i+1]/(float64(s)*n), sums[3*i+2]
		dlearned[0][i] = m.low.gradientFrom(i, inside-below, s) // m = −exp θ
		dlearned[1][i] = m.high.gradientFrom(i, inside+above, s)
	}
}

// rangeSums returns Σ dy over the elements clipped below, s·Σ dy·(rne(v) − v)
// over those inside, and Σ dy over those clipped above. dx is dy inside and 0
// elsewhere; where x is clipped, y is the end of the range.
func rangeSums(dy, y, dx, x []float32) (below, inside, above float64) {
	for i, r := range x {
		inside += float64(float64(dx[i]) * (float64(y[i]) - float64(r)))
		if d := float64(dy[i] - dx[i]); r > y[i] {
			above += d
		} else {
			below += d
		}
	}
	return below, inside, above
}
