package fakequant

import "petrify/fakequant/affine"

// stochastic rounds up with the probability of the fraction in training, so
// that the mean of y is x; in evaluation it rounds half to even.
//
//	y  = s·(clip(floor(x/s + u) + z, qmin, qmax) − z)        u uniform in [0, 1)
//	dx = dy  where qmin ≤ rne(x/s) + z ≤ qmax,  else 0
//
// The random numbers are a function of [Config.Seed], the training step, the
// number of the use in it and the element's index: they are the same in any
// order and on any number of processors, and resumed training draws those that
// it would have drawn.
//
// Source: S. Gupta, A. Agrawal, K. Gopalakrishnan and P. Narayanan, "Deep
// Learning with Limited Numerical Precision", ICML 2015, §3.
type stochastic struct{ ste }

func newStochastic(c *core) method { return stochastic{ste{c}} }

func (m stochastic) forward(g *grid, y, x []float32) {
	if !g.training {
		m.round(g, y, x)
		return
	}
	stream := mix(m.cfg.Seed ^ mix(g.noise))
	m.each(len(x), func(i, from, to int) {
		s, z := g.Scale[i], g.Zero[i]
		for j, r := range x[from:to] {
			u := float64(mix(stream+uint64(from+j))>>11) / (1 << 53)
			y[from+j] = affine.Dequantize(affine.QuantizeStochastic(r, s, z, m.cfg.Format, u), s, z)
		}
	})
}

// mix is a bijection of 64 bits that hides all structure of its argument.
//
// Source: G. L. Steele, D. Lea and C. H. Flood, "Fast Splittable Pseudorandom
// Number Generators", OOPSLA 2014, fig. 17.
func mix(v uint64) uint64 {
	v += 0x9e3779b97f4a7c15
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	return v ^ v>>31
}
