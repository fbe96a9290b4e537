package kernel

import (
	"math"
	"sort"
)

// Batch normalisation, ReLU and a quantizer of unsigned bytes with zero point
// 0 in one pass, alone and with the pooling after them:
//
//	v[r,j] = max(0, (x[r,j] − μ[j])·(γ[j]·invStd[j]) + β[j])    n = min(rne(v/s), qmax)    y = s·n
//
// The quantizer's s must be known before; [BatchNormStatsRange] gives the
// range of v, which is monotone in x, from the pass over x that the
// statistics need anyway.

// BatchNormReLUQuant leaves y = s·n and the integers q = n. Both are those of
// [BatchNormForward] with relu followed by [QuantizeU8] and [DequantizeU8] with
// z = 0 and qmin = 0, to the last bit; NaN gives 0. s is positive and qmax at most 255.
func BatchNormReLUQuant(y []float32, q []uint8, x, mean, invStd, gamma, beta []float32, s float32, qmax int32,
	rows, c int) {
	const name = "BatchNormReLUQuant"
	checkLen(name, "y", len(y), rows*c)
	checkLen(name, "q", len(q), rows*c)
	checkLen(name, "x", len(x), rows*c)
	n, p := newNormQuant(name, mean, invStd, gamma, beta, s, qmax, c)
	defer p.done()
	step := max(1, quantTile/max(1, c))
	rowBlocks(rows, c, func(lo, hi int) {
		for ; lo < hi; lo += step {
			a, b := lo*c, min(hi, lo+step)*c
			affineTile(y[a:b], x[a:b], n.mean, n.scale, n.shift, c, true)
			quantizeBlock(q[a:b], y[a:b], n.grid, 0)
			dequantizeBlock(y[a:b], q[a:b], s, 0)
		}
	})
}

// quantTile is how many elements of x, y and q the first-level cache holds.
const quantTile = 4096

// BatchNormReLUQuantBackward is the gradient of [BatchNormReLUQuant] with the
// straight-through estimate of [FakeQuantGrad]. v is computed again from x;
// with
//
//	d[r,j] = dy[r,j]  where v > 0 and rne(v/s) ≤ qmax,  0 elsewhere
//
// dx, dγ and dβ are those of [BatchNormBackward]. With frozen, mean and
// variance are constants: dx[r,j] = γ[j]·invStd[j]·d[r,j]. dx may be dy.
func BatchNormReLUQuantBackward(dx, dgamma, dbeta, dy, x, mean, invStd, gamma, beta []float32, s float32,
	qmax int32, rows, c int, frozen bool) {
	const name = "BatchNormReLUQuantBackward"
	checkLen(name, "dx", len(dx), rows*c)
	n, p := newNormQuant(name, mean, invStd, gamma, beta, s, qmax, c)
	defer p.done()
	k := n.gradient(name, dgamma, dbeta, dy, x, invStd, gamma, rows, p, frozen)
	rowBlocks(rows, c, func(lo, hi int) {
		tiles(lo, hi, c, func(lo, hi int) {
			normGradQuantTile(dx[lo*c:hi*c], dy[lo*c:hi*c], x[lo*c:hi*c], n, k, c)
		})
	})
}

// BatchNormReLUQuantMaxPool is [BatchNormReLUQuant] and max pooling in one
// pass that writes only pooled images, N OH OW C:
//
//	q = the first maximum of n over each window    y = s·q
//
// arg is the maximum's position in its window, as in [MaxPool], and top is x
// there. y and arg are those of [BatchNormForward] with relu, [FakeQuant] and
// [MaxPool] one after the other, to the last bit, if s·qmax is finite.
func BatchNormReLUQuantMaxPool(y, top []float32, q, arg []uint8, x, mean, invStd, gamma, beta []float32, s float32,
	qmax int32, g Pool) {
	const name = "BatchNormReLUQuantMaxPool"
	g.check(name, y, x)
	checkLen(name, "top", len(top), len(y))
	checkLen(name, "q", len(q), len(y))
	checkLen(name, "arg", len(arg), len(y))
	if g.KH*g.KW > 256 {
		panic("kernel: " + name + ": more than 256 positions in a window")
	}
	norm, p := newNormQuant(name, mean, invStd, gamma, beta, s, qmax, g.C)
	defer p.done()
	size := g.OW() * g.C
	g.eachRow(func(n, oh, a int) {
		b := a + size
		quantPoolRow(y[a:b], top[a:b], q[a:b], arg[a:b], x, norm, g, n, oh)
	})
}

// BatchNormReLUQuantMaxPoolBackward is the gradient of
// [BatchNormReLUQuantMaxPool], from what it left in top and arg. v is computed
// again from top; with
//
//	d = dy  at a window's maximum where v > 0 and rne(v/s) ≤ qmax,  0 elsewhere
//
// dx, dγ and dβ are those of [BatchNormReLUMaxPoolBackward], frozen or not.
// The sums read only pooled images.
func BatchNormReLUQuantMaxPoolBackward(dx, dgamma, dbeta, dy, top []float32, arg []uint8,
	x, mean, invStd, gamma, beta []float32,
	s float32, qmax int32, g Pool, frozen bool) {
	const name = "BatchNormReLUQuantMaxPoolBackward"
	g.check(name, dy, dx)
	g.check(name, top, x)
	checkLen(name, "arg", len(arg), len(dy))
	norm, p := newNormQuant(name, mean, invStd, gamma, beta, s, qmax, g.C)
	defer p.done()
	k := norm.gradient(name, dgamma, dbeta, dy, top, invStd, gamma, g.N*g.H*g.W, p, frozen)
	size, out := g.H*g.W*g.C, g.OH()*g.OW()*g.C
	g.eachImage(func(n int) {
		a, b := n*out, (n+1)*out
		quantPoolGradImage(dx[n*size:(n+1)*size], dy[a:b], top[a:b], arg[a:b], x[n*size:(n+1)*size], norm, k, g)
	})
}

// normQuant is the constants of a normalisation, a ReLU and a quantizer.
type normQuant struct {
	mean, scale, shift []float32 // v = (x − mean)·scale + shift
	grid
	limit float32 // the greatest v with rne(v/s) ≤ qmax
}

// newNormQuant checks the vectors of c channels. What it computes of each
// channel lives in the vectors it returns, which the caller gives back.
func newNormQuant(kernel string, mean, invStd, gamma, beta []float32, s float32, qmax int32, c int) (normQuant,
	*vectors) {
	for _, of := range [][]float32{mean, invStd, gamma, beta} {
		checkLen(kernel, "a vector of channels", len(of), c)
	}
	if qmax > math.MaxUint8 {
		panic("kernel: " + kernel + ": qmax > 255")
	}
	p := newVectors(c)
	scale := p.next()
	for j := range scale {
		scale[j] = gamma[j] * invStd[j]
	}
	g := newGrid(kernel, s, 0, 0, qmax)
	return normQuant{mean, scale, beta, g, g.limit()}, p
}

// limit is the greatest float32 whose rounded quotient is at most hi: the
// mask of a straight-through gradient without its division. The bits of
// positive floats are in their order.
func (g grid) limit() float32 {
	infinity := math.Float32bits(float32(math.Inf(1)))
	above := sort.Search(int(infinity), func(bits int) bool {
		v := math.Float32frombits(uint32(bits))
		return float32(math.RoundToEven(float64(v/g.s))) > g.hi
	})
	return math.Float32frombits(uint32(max(above, 1) - 1))
}

// gradient fills dγ and dβ from the sums over dy and x, which may be the
// maxima of a pooling, and returns the constants of dx for a batch of rows.
func (n normQuant) gradient(kernel string, dgamma, dbeta, dy, x, invStd, gamma []float32, rows int, v *vectors,
	frozen bool) normGradient {
	c := len(n.scale)
	checkLen(kernel, "dgamma", len(dgamma), c)
	checkLen(kernel, "dbeta", len(dbeta), c)
	checkLen(kernel, "dy", len(dy), len(x))
	p := newColumnParts(len(x)/max(1, c), c)
	defer p.done()
	blocks(len(x)/max(1, c), p.size, func(lo, hi int) {
		s := p.at(lo / p.size)
		tiles(lo, hi, c, func(lo, hi int) {
			gradQuantTile(s.t0, s.t1, dy[lo*c:hi*c], x[lo*c:hi*c], n, c)
			s.addTile()
		})
	})
	t := p.total()
	return newNormGradient(dgamma, dbeta, t.s0, t.s1, invStd, gamma, rows, v, frozen)
}
