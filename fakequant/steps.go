package fakequant

import "petrify/fakequant/affine"

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
