package fakequant

import (
	"slices"

	"petrify/fakequant/affine"
	"petrify/internal/kernel"
)

// core is what a quantizer shares with its method.
type core struct {
	name     string
	cfg      Config
	layout   affine.Layout
	grid               // as it is now
	min, max []float32 // the observer's range
}

// grid is everything that a method needs to round a tensor and to pass its
// gradient back. The quantizer's own grid moves with its observer and with what
// its method learns, so each [Use] keeps a copy of the grid that it rounded
// with.
type grid struct {
	affine.Params
	bound []float32 // one more number for each scale, of methods that have one
	unit  []float32 // 1, or the magnitude of the factor that the scale follows; see [Quantizer.FollowFactors]

	training bool   // a Use's; else it is an evaluation
	first    bool   // the first Use in its step: it has the penalty, if there is any
	noise    uint64 // selects the random numbers, another for each Use in each step
}

func makeGrid(n int) grid {
	return grid{Params: affine.MakeParams(n), bound: make([]float32, n), unit: slices.Repeat([]float32{1}, n)}
}

// take copies the numbers of g, which may move, into a use's grid.
func (u *grid) take(g *grid) {
	copy(u.Scale, g.Scale)
	copy(u.Zero, g.Zero)
	copy(u.bound, g.bound)
	copy(u.unit, g.unit)
}

// choose sets scales and zero points by the dialect's rule.
func (c *core) choose() {
	for i := range c.min {
		c.Scale[i], c.Zero[i] = c.cfg.Dialect.Choose(c.min[i], c.max[i], c.cfg.Format, c.cfg.Scheme)
	}
}

// each calls f(i, from, to) for each run of elements from..to that has scale
// i, in a tensor of n elements.
func (c *core) each(n int, f func(i, from, to int)) {
	outer, inner, _ := c.layout.Blocks(n)
	for b := range outer * c.layout.N {
		f(b%c.layout.N, b*inner, (b+1)*inner)
	}
}

// share is each on all processors: f must not add up.
func (c *core) share(n int, f func(i, from, to int)) {
	outer, inner, _ := c.layout.Blocks(n)
	kernel.Each(outer*c.layout.N, inner, func(b int) { f(b%c.layout.N, b*inner, (b+1)*inner) })
}

// round is y = fake(x).
func (c *core) round(g *grid, y, x []float32) {
	f, a := c.cfg.Format, c.cfg.arithmetic()
	c.share(len(x), func(i, from, to int) {
		s, z := g.Scale[i], g.Zero[i]
		if a == (affine.Arithmetic{}) {
			kernel.FakeQuant(y[from:to], x[from:to], kernel.Grid{Scale: s, Zero: z, Min: f.Min(), Max: f.Max()})
			return
		}
		for j, r := range x[from:to] {
			y[from+j] = a.Fake(r, s, z, f)
		}
	})
}

// mask sets dx = dy where x rounds into the range, and 0 elsewhere.
func (c *core) mask(g *grid, dx, dy, x []float32) {
	f, a := c.cfg.Format, c.cfg.arithmetic()
	c.share(len(x), func(i, from, to int) {
		s, z := g.Scale[i], g.Zero[i]
		if a == (affine.Arithmetic{}) {
			grid := kernel.Grid{Scale: s, Zero: z, Min: f.Min(), Max: f.Max()}
			kernel.FakeQuantGrad(dx[from:to], dy[from:to], x[from:to], grid)
			return
		}
		for j, r := range x[from:to] {
			if a.Inside(r, s, z, f) {
				dx[from+j] = dy[from+j]
			} else {
				dx[from+j] = 0
			}
		}
	})
}

// integers is q = quantize(x), element by element.
func (c *core) integers(q []int32, x []float32) {
	f, a := c.cfg.Format, c.cfg.arithmetic()
	c.share(len(x), func(i, from, to int) {
		for j, r := range x[from:to] {
			q[from+j] = a.Quantize(r, c.Scale[i], c.Zero[i], f)
		}
	})
}

// clipped counts the elements of x that do not round into the range: none between
// the ends of the grid.
func (c *core) clipped(x []float32) (n int) {
	f, a := c.cfg.Format, c.cfg.arithmetic()
	c.each(len(x), func(i, from, to int) {
		s, z := c.Scale[i], c.Zero[i]
		lo, hi := s*float32(f.Min()-z), s*float32(f.Max()-z)
		if !a.Inside(lo, s, z, f) || !a.Inside(hi, s, z, f) {
			lo, hi = 0, 0 // the products were rounded, and are beyond the ends
		}
		for _, r := range x[from:to] {
			if !(lo <= r && r <= hi) && !a.Inside(r, s, z, f) {
				n++
			}
		}
	})
	return n
}
