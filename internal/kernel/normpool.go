package kernel

// Maxima is what a pooling records about each window's maximum: the maximum
// itself, the value of x there, from which the gradient recomputes the
// operations between the two, and its position as in [MaxPool]. All are N OH OW
// C.
type Maxima struct {
	Y, Top []float32
	Arg    []uint8
}

// check panics unless the maxima are those of n windows.
func (m Maxima) check(kernel string, g Pool, n int) {
	checkLen(kernel, "Top", len(m.Top), n)
	checkLen(kernel, "Arg", len(m.Arg), n)
	if g.KH*g.KW > 256 {
		panic("kernel: " + kernel + ": more than 256 positions in a window")
	}
}

// slice is the maxima a to b.
func (m Maxima) slice(a, b int) Maxima {
	return Maxima{m.Y[a:b], m.Top[a:b], m.Arg[a:b]}
}

// image is the n-th image of x.
func (g Pool) image(x []float32, n int) []float32 {
	size := g.H * g.W * g.C
	return x[n*size : (n+1)*size]
}

// BatchNormReLUMaxPool is batch normalisation, ReLU and max pooling in one
// pass that writes only the pooled image:
//
//	y = the maximum of max(0, v) over each window
//
// It is [BatchNormForward] followed by [MaxPool], to the last bit.
func BatchNormReLUMaxPool(m Maxima, x []float32, n Norm, g Pool) {
	const name = "BatchNormReLUMaxPool"
	g.check(name, m.Y, x)
	m.check(name, g, len(m.Y))
	n.check(name, g.C)
	v := newVectors(g.C)
	defer v.done()
	t := n.terms(v)
	size := g.OW() * g.C
	g.eachRow(func(i, oh, out int) {
		normPoolRow(m.slice(out, out+size), g.image(x, i), t, g, oh)
	})
}

// BatchNormReLUMaxPoolBackward is the gradient of [BatchNormReLUMaxPool], from
// what it recorded in m. With d the gradient of a window's maximum where y > 0,
// and 0 at every other position, dγ, dβ and dx are those of [BatchNormBackward]
// over the rows = N·H·W positions of x. The sums read only pooled images.
func BatchNormReLUMaxPoolBackward(d NormGrad, dy []float32, m Maxima, x []float32, n Norm, g Pool) {
	const name = "BatchNormReLUMaxPoolBackward"
	g.check(name, dy, x)
	checkLen(name, "Y", len(m.Y), len(dy))
	m.check(name, g, len(dy))
	n.check(name, g.C)
	d.check(name, len(x), g.C)
	p, v := gradSums(dy, m.Y, m.Top, n.Mean), newVectors(g.C)
	defer p.done()
	defer v.done()
	k := n.gradient(v)
	k.take(d, p.total(), n, g.N*g.H*g.W)
	out := g.OH() * g.OW() * g.C
	g.eachImage(func(i int) {
		a, b := i*out, (i+1)*out
		normPoolGradImage(g.image(d.X, i), dy[a:b], m.slice(a, b), g.image(x, i), k, g)
	})
}
