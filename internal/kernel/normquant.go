package kernel

import "math"

// Batch normalisation, ReLU and a quantizer of unsigned bytes with zero point
// 0 in one pass, alone and with the pooling after them:
//
//	q[r,j] = min(rne(max(0, v[r,j])/s), qmax)    y[r,j] = s·q[r,j]
//
// The quantizer's s must be known beforehand; [BatchNormStats] gives the range
// of v, which is monotone in x, in the pass over x that the statistics need
// anyway.

// NormQuant is a normalisation, a ReLU and a quantizer.
type NormQuant struct {
	Norm
	S    float32 // positive
	QMax int32   // at most 255
}

// BatchNormReLUQuant computes y and the integers q. Both are those of
// [BatchNormForward] with relu followed by [QuantizeU8] and [DequantizeU8] with
// z = 0 and qmin = 0, to the last bit; NaN gives 0.
func BatchNormReLUQuant(y []float32, q []uint8, x []float32, n NormQuant) {
	const name = "BatchNormReLUQuant"
	c := len(n.Mean)
	rows := rowsOf(name, x, c)
	checkLen(name, "y", len(y), len(x))
	checkLen(name, "q", len(q), len(x))
	n.check(name, c)
	v := newVectors(c)
	defer v.done()
	t := n.terms(v)
	step := max(1, quantTile/c)
	rowBlocks(rows, c, func(lo, hi int) {
		for ; lo < hi; lo += step {
			a, b := lo*c, min(hi, lo+step)*c
			affineTile(y[a:b], x[a:b], t.terms, true)
			quantizeBlock(q[a:b], y[a:b], t.grid, 0)
			dequantizeBlock(y[a:b], q[a:b], t.s, 0)
		}
	})
}

// quantTile is for how many elements x, y and q fit in the first-level cache.
const quantTile = 4096

// BatchNormReLUQuantBackward is the gradient of [BatchNormReLUQuant] with the
// straight-through estimate of [FakeQuantGrad]. v is recomputed from x; with
//
//	d[r,j] = dy[r,j]  where v > 0 and rne(v/s) ≤ qmax,  0 elsewhere
//
// dx, dγ and dβ are those of [BatchNormBackward]. dx may be dy.
func BatchNormReLUQuantBackward(d NormGrad, dy, x []float32, n NormQuant) {
	const name = "BatchNormReLUQuantBackward"
	c := len(n.Mean)
	rows := rowsOf(name, x, c)
	checkLen(name, "dy", len(dy), len(x))
	n.check(name, c)
	d.check(name, len(x), c)
	v := newVectors(c)
	defer v.done()
	k := n.gate(v)
	k.sum(d, dy, x, n, rows)
	rowBlocks(rows, c, func(lo, hi int) {
		tiles(lo, hi, c, func(lo, hi int) {
			normGradQuantTile(d.X[lo*c:hi*c], dy[lo*c:hi*c], x[lo*c:hi*c], k)
		})
	})
}

// BatchNormReLUQuantMaxPool is [BatchNormReLUQuant] and max pooling in one
// pass that writes only pooled images, N OH OW C: q is the first maximum over
// each window, y = s·q. y and arg are those of [BatchNormForward] with relu,
// [FakeQuant] and [MaxPool] one after the other, to the last bit, if s·qmax is
// finite.
func BatchNormReLUQuantMaxPool(m Maxima, q []uint8, x []float32, n NormQuant, g Pool) {
	const name = "BatchNormReLUQuantMaxPool"
	g.check(name, m.Y, x)
	checkLen(name, "q", len(q), len(m.Y))
	m.check(name, g, len(m.Y))
	n.check(name, g.C)
	v := newVectors(g.C)
	defer v.done()
	t := n.terms(v)
	size := g.OW() * g.C
	g.eachRow(func(i, oh, a int) {
		b := a + size
		quantPoolRow(m.slice(a, b), q[a:b], g.image(x, i), t, g, oh)
	})
}

// BatchNormReLUQuantMaxPoolBackward is the gradient of
// [BatchNormReLUQuantMaxPool], from what it recorded in m. v is recomputed from
// m.Top; with
//
//	d = dy  at a window's maximum where v > 0 and rne(v/s) ≤ qmax,  0 elsewhere
//
// dx, dγ and dβ are those of [BatchNormReLUMaxPoolBackward]. The sums read only
// pooled images.
func BatchNormReLUQuantMaxPoolBackward(d NormGrad, dy []float32, m Maxima, x []float32, n NormQuant, g Pool) {
	const name = "BatchNormReLUQuantMaxPoolBackward"
	g.check(name, dy, x)
	m.check(name, g, len(dy))
	n.check(name, g.C)
	d.check(name, len(x), g.C)
	v := newVectors(g.C)
	defer v.done()
	k := n.gate(v)
	k.sum(d, dy, m.Top, n, g.N*g.H*g.W)
	out := g.OH() * g.OW() * g.C
	g.eachImage(func(i int) {
		a, b := i*out, (i+1)*out
		quantPoolGradImage(g.image(d.X, i), dy[a:b], m.slice(a, b), g.image(x, i), k, g)
	})
}

// check panics unless the normalisation has c channels and q fits a byte.
func (n NormQuant) check(kernel string, c int) {
	n.Norm.check(kernel, c)
	if n.QMax > math.MaxUint8 {
		panic("kernel: " + kernel + ": QMax > 255")
	}
}

func (n NormQuant) grid() grid { return newGrid("NormQuant", Grid{Scale: n.S, Max: n.QMax}) }

// quantTerms is the constants of a normalisation, a ReLU and a quantizer.
type quantTerms struct {
	terms
	grid
}

// terms takes room from v.
func (n NormQuant) terms(v *vectors) quantTerms { return quantTerms{n.Norm.terms(v), n.grid()} }

// gate is the constants of their gradient.
type gate struct {
	normGradient
	limit float32 // the greatest v with rne(v/s) ≤ qmax
}

// gate takes room from v; sum fills it.
func (n NormQuant) gate(v *vectors) gate { return gate{n.gradient(v), n.grid().limit()} }

// sum leaves dγ, dβ and the constants of dx for a batch of rows, from the sums
// over dy and x, which may be the maxima of a pooling.
func (g gate) sum(d NormGrad, dy, x []float32, n NormQuant, rows int) {
	c := len(g.mean)
	p := newColumnParts(len(x)/c, c)
	defer p.done()
	blocks(len(x)/c, p.size, func(lo, hi int) {
		s := p.begin(lo / p.size)
		tiles(lo, hi, c, func(lo, hi int) {
			gradQuantTile(s.t0, s.t1, dy[lo*c:hi*c], x[lo*c:hi*c], g)
			s.addTile()
		})
	})
	g.take(d, p.total(), n.Norm, rows)
}
