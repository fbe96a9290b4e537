package fakequant

import "petrify/fakequant/affine"

// core is what a quantizer shares with its method.
type core struct {
	name   string
	cfg    Config
	layout affine.Layout
	params affine.Params
}

// choose sets scales and zero points by the dialect's rule.
func (c *core) choose(min, max []float32) {
	for i := range min {
		c.params.Scale[i], c.params.Zero[i] = c.cfg.Dialect.Choose(min[i], max[i], c.cfg.Format, c.cfg.Scheme)
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
