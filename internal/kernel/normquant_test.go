package kernel

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// clips is quantizers of a normalised, rectified value: some clip, with some
// the ties are many, and one has nearly nothing to clip.
var clips = []struct {
	s    float32
	qmax int32
}{{0.0117, 255}, {0.5, 3}, {1.0 / 3, 15}, {0.004, 255}, {2.5, 1}, {1e-30, 255}}

// chain is a normalisation, a ReLU and a quantizer one after the other.
type chain struct {
	*norm
	s    float32
	qmax int32

	v, n     []float32 // before and after the quantizer
	integers []uint8
}

func newChain(b *norm, s float32, qmax int32) *chain {
	n := b.rows * b.c
	k := &chain{b, s, qmax, make([]float32, n), make([]float32, n), make([]uint8, n)}
	BatchNormForward(k.v, b.x.slice(), b.norm(), true)
	QuantizeU8(k.integers, k.v, Grid{s, 0, 0, qmax})
	DequantizeU8(k.n, k.integers, s, 0)
	return k
}

// backward is the gradient of the chain with respect to x, γ and β.
func (k *chain) backward(dy []float32, fixed bool) NormGrad {
	d := NormGrad{make([]float32, len(dy)), make([]float32, k.c), make([]float32, k.c)}
	FakeQuantGrad(d.X, dy, k.v, Grid{k.s, 0, 0, k.qmax})
	BatchNormBackward(d, d.X, k.v, k.x.slice(), k.fixed(fixed), true)
	return d
}

func TestBatchNormReLUQuantIsItsThreeParts(t *testing.T) { eachShape(t, checkNormQuant) }

func checkNormQuant(t *testing.T, name string, rows, c int, r *rand.Rand) {
	t.Helper()
	b := newNorm(rows, c, true, r)
	for i, clip := range clips {
		k := newChain(b, clip.s, clip.qmax)
		q := newFenced[uint8](rows*c, 99, nil)
		fixed := i%2 == 1
		n := b.quant(clip.s, clip.qmax, fixed)
		BatchNormReLUQuant(b.y.slice(), q.slice(), b.x.slice(), n)
		sameBits(t, name+" y", b.y.slice(), k.n)
		if !slices.Equal(q.slice(), k.integers) {
			t.Errorf("%s: the integers differ", name)
		}
		q.check(t, name)
		BatchNormReLUQuantBackward(b.grad(), b.dy.slice(), b.x.slice(), n)
		b.nearGradients(t, name, k.backward(b.dy.slice(), fixed))
		inPlace, d := slices.Clone(b.dy.slice()), b.grad()
		d.X = inPlace
		BatchNormReLUQuantBackward(d, inPlace, b.x.slice(), n)
		sameBits(t, name+" dx in place", inPlace, b.dx.slice())
	}
}

func TestBatchNormReLUQuantMaxPoolIsItsFourParts(t *testing.T) { eachPool(t, checkQuantPool) }

func checkQuantPool(t *testing.T, name string, g Pool, r *rand.Rand) {
	t.Helper()
	nOut := g.N * g.OH() * g.OW() * g.C
	b, dy := newNorm(g.N*g.H*g.W, g.C, true, r), quarters(nOut, -16, 16, r)
	for i, clip := range clips {
		k := newChain(b, clip.s, clip.qmax)
		p := newPooled(nOut)
		fixed := i%2 == 1
		n := b.quant(clip.s, clip.qmax, fixed)
		BatchNormReLUQuantMaxPool(p.maxima(), p.q.slice(), b.x.slice(), n, g)
		p.compare(t, name, k, g)

		unpooled := make([]float32, len(k.v))
		MaxPoolGrad(unpooled, dy.slice(), p.arg.slice(), g)
		BatchNormReLUQuantMaxPoolBackward(b.grad(), dy.slice(), p.maxima(), b.x.slice(), n, g)
		b.nearGradients(t, name, k.backward(unpooled, fixed))
	}
}

// nearGradients allows for sums in another order.
func (b *norm) nearGradients(t *testing.T, name string, want NormGrad) {
	t.Helper()
	near32(t, name+" dx", b.dx.slice(), want.X)
	for i := range want.Gamma {
		root := 1 + math.Sqrt(float64(b.rows))
		closeTo(t, name+" dγ", b.dgamma.slice()[i:i+1], []float64{float64(want.Gamma[i])}, 1e-5, root)
		closeTo(t, name+" dβ", b.dbeta.slice()[i:i+1], []float64{float64(want.Beta[i])}, 1e-5, root)
	}
	for _, f := range []fenced[float32]{b.y, b.dx, b.dgamma, b.dbeta} {
		f.check(t, name)
	}
}

// pooled is the results of [BatchNormReLUQuantMaxPool].
type pooled struct {
	y, top fenced[float32]
	q, arg fenced[uint8]
}

func newPooled(n int) pooled {
	return pooled{out(n), out(n), newFenced[uint8](n, 99, nil), newFenced[uint8](n, 99, nil)}
}

func (p pooled) maxima() Maxima { return Maxima{p.y.slice(), p.top.slice(), p.arg.slice()} }

// compare compares the results with MaxPool of the chain's.
func (p pooled) compare(t *testing.T, name string, k *chain, g Pool) {
	t.Helper()
	n := len(p.y.slice())
	y, top, q, arg := make([]float32, n), make([]float32, n), make([]uint8, n), make([]uint8, n)
	MaxPool(y, arg, k.n, g)
	g.windows(func(o int, in, index []int) {
		at := in[slices.Index(index, int(arg[o]))]
		top[o], q[o] = k.x.slice()[at], k.integers[at]
	})
	sameBits(t, name+" y", p.y.slice(), y)
	sameBits(t, name+" top", p.top.slice(), top)
	if !slices.Equal(p.q.slice(), q) {
		t.Errorf("%s: the integers differ", name)
	}
	if !slices.Equal(p.arg.slice(), arg) {
		t.Errorf("%s: the positions differ", name)
	}
	p.y.check(t, name)
	p.top.check(t, name)
	p.q.check(t, name)
	p.arg.check(t, name)
}

// wildQuant is constants for c channels, some of them zeros that show the sign
// of a zero gradient.
func wildQuant(c int, zeros bool, r *rand.Rand) (quantTerms, gate) {
	p := in(6*c, r).slice()
	a := func(i int) []float32 { return p[i*c : (i+1)*c] }
	if zeros {
		clear(p[4*c:])
	}
	norm, v := NormQuant{Norm{Mean: a(0), InvStd: a(1), Gamma: a(2), Beta: a(3)}, 0.31, 255}, &vectors{}
	v.all, v.c = make([]float32, c), c
	of := norm.terms(v)
	return of, gate{normGradient{of.terms, a(4), a(5)}, of.limit()}
}

// TestFusedRowKernelsAgreeOnEveryPath compares bits with the Go loops, NaN and
// infinities included.
func TestFusedRowKernelsAgreeOnEveryPath(t *testing.T) { eachShape(t, checkFusedRows) }

func checkFusedRows(t *testing.T, name string, rows, c int, r *rand.Rand) {
	t.Helper()
	n := rows * c
	x, dy, dx, want := wild(n, r).slice(), wild(n, r).slice(), out(n), make([]float32, n)
	for _, zeros := range []bool{false, true} {
		_, k := wildQuant(c, zeros, r)
		normGradQuantTile(dx.slice(), dy, x, k)
		normGradQuantTileGeneric(want, dy, x, k)
		sameBits(t, name+" dx", dx.slice(), want)
		dx.check(t, name)
	}
}

// TestFusedPoolsAgreeOnEveryPath does the same with pooling.
func TestFusedPoolsAgreeOnEveryPath(t *testing.T) { eachPool(t, checkFusedPools) }

func checkFusedPools(t *testing.T, name string, g Pool, r *rand.Rand) {
	t.Helper()
	g.N = 1
	n, size := g.OH()*g.OW()*g.C, g.OW()*g.C
	x, dy := wild(g.H*g.W*g.C, r).slice(), wild(n, r).slice()
	dx, wantDX := out(len(x)), make([]float32, len(x))
	for _, zeros := range []bool{false, true} {
		norm, k := wildQuant(g.C, zeros, r)
		got, want := newPooled(n), newPooled(n)
		g.eachRow(func(_, oh, a int) {
			b := a + size
			quantPoolRow(got.maxima().slice(a, b), got.q.slice()[a:b], x, norm, g, oh)
			quantPoolRowGeneric(want.maxima().slice(a, b), want.q.slice()[a:b], x, norm, g, oh)
		})
		sameBits(t, name+" y", got.y.slice(), want.y.slice())
		sameBits(t, name+" top", got.top.slice(), want.top.slice())
		if !slices.Equal(got.q.slice(), want.q.slice()) || !slices.Equal(got.arg.slice(), want.arg.slice()) {
			t.Errorf("%s: the integers or the positions differ", name)
		}
		quantPoolGradImage(dx.slice(), dy, want.maxima(), x, k, g)
		quantPoolGradImageGeneric(wantDX, dy, want.maxima(), x, k, g)
		sameBits(t, name+" dx", dx.slice(), wantDX)
		dx.check(t, name)
		if g.GradOverX() {
			over := slices.Clone(x)
			quantPoolGradImage(over, dy, want.maxima(), over, k, g)
			sameBits(t, name+" dx over x", over, wantDX)
		}
	}
}

// TestBatchNormReLUQuantMaxPoolBackwardAgainstFloat64 sums up the equations
// naively; only the mask, a matter of float32, is the chain's.
func TestBatchNormReLUQuantMaxPoolBackwardAgainstFloat64(t *testing.T) {
	eachPool(t, checkQuantPoolBackward)
}

func checkQuantPoolBackward(t *testing.T, name string, g Pool, r *rand.Rand) {
	t.Helper()
	const s, qmax = 0.01, 127
	rows, nOut := g.N*g.H*g.W, g.N*g.OH()*g.OW()*g.C
	b, p, dy := newNorm(rows, g.C, true, r), newPooled(nOut), quarters(nOut, -16, 16, r).slice()
	k := newChain(b, s, qmax)
	n := b.quant(s, qmax, false)
	BatchNormReLUQuantMaxPool(p.maxima(), p.q.slice(), b.x.slice(), n, g)
	BatchNormReLUQuantMaxPoolBackward(b.grad(), dy, p.maxima(), b.x.slice(), n, g)

	d, dgamma, dbeta := make([]float64, rows*g.C), make([]float64, g.C), make([]float64, g.C)
	g.windows(func(o int, in, _ []int) {
		best := in[0]
		for _, i := range in {
			if k.integers[i] > k.integers[best] {
				best = i
			}
		}
		if v := k.v[best]; v > 0 && math.RoundToEven(float64(v/s)) <= qmax {
			d[best] += float64(dy[o])
		}
	})
	for i, v := range d {
		dbeta[i%g.C] += v
		dgamma[i%g.C] += v * b.normal(i)
	}
	for i, v := range d {
		j, n := i%g.C, float64(rows)
		d[i] = b.at(b.gamma, j) * b.at(b.invStd, j) * (v - dbeta[j]/n - b.normal(i)*dgamma[j]/n)
	}
	closeTo(t, name+" dx", b.dx.slice(), d, 1e-5, 3)
	closeTo(t, name+" dγ", b.dgamma.slice(), dgamma, 1e-5, 1+math.Sqrt(float64(rows)))
	closeTo(t, name+" dβ", b.dbeta.slice(), dbeta, 1e-5, 1+math.Sqrt(float64(rows)))
}

// TestLimitIsTheMaskOfTheGradient looks at the floats next to the limit.
func TestLimitIsTheMaskOfTheGradient(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range append(clips, struct {
		s    float32
		qmax int32
	}{1e38, 255}, struct {
		s    float32
		qmax int32
	}{math.SmallestNonzeroFloat32, 3}) {
		limit := newGrid("test", Grid{c.s, 0, 0, c.qmax}).limit()
		for i, x := range []float32{math.Nextafter32(limit, 0), limit, math.Nextafter32(limit, inf)} {
			if _, pass := fakeOracle(x, Grid{c.s, 0, 0, c.qmax}); pass != (i < 2) {
				t.Errorf("s = %v, qmax = %v: mask %v for %v, with limit %v", c.s, c.qmax, pass, x, limit)
			}
		}
	}
}

func TestBatchNormStatsWithRangesIsStatsAndRange(t *testing.T) { eachShape(t, checkStatsRange) }

func checkStatsRange(t *testing.T, name string, rows, c int, r *rand.Rand) {
	t.Helper()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, hole := range []float32{0, nan, inf, -inf} {
		x := in(rows*c, r)
		if hole != 0 {
			for i := 0; i < rows*c; i += 7 {
				x.slice()[i] = hole
			}
		}
		mean, variance, lo, hi := out(c), out(c), out(c), out(c)
		wantMean, wantVariance := make([]float32, c), make([]float32, c)
		BatchNormStats(Moments{Mean: wantMean, Variance: wantVariance}, x.slice())
		BatchNormStats(Moments{mean.slice(), variance.slice(), lo.slice(), hi.slice()}, x.slice())
		sameBits(t, name+" mean", mean.slice(), wantMean)
		sameBits(t, name+" variance", variance.slice(), wantVariance)
		if m, v := mean.slice()[0], variance.slice()[0]; hole != 0 && (m-m == 0 || v-v == 0) {
			t.Errorf("%s: mean %v and variance %v of a column with %v are finite", name, m, v, hole)
		}
		wantLo, wantHi := make([]float32, c), make([]float32, c)
		for j := range c {
			wantLo[j], wantHi[j] = inf, -inf
			for i := j; i < rows*c; i += c {
				if v := x.slice()[i]; v == v {
					wantLo[j], wantHi[j] = min(wantLo[j], v), max(wantHi[j], v)
				}
			}
		}
		sameBits(t, name+" lo", lo.slice(), wantLo)
		sameBits(t, name+" hi", hi.slice(), wantHi)
		for _, f := range []fenced[float32]{mean, variance, lo, hi} {
			f.check(t, name)
		}
	}
}

// TestFusedGradientsDoNotDependOnTheThreads compares bits with GOMAXPROCS 1 and 4.
func TestFusedGradientsDoNotDependOnTheThreads(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
		g := Pool{N: 60, H: 28, W: 28, C: 24, KH: 2, KW: 2, StrideH: 2, StrideW: 2}
		rows, n := g.N*g.H*g.W, g.N*g.OH()*g.OW()*g.C
		b, p, dy := newNorm(rows, g.C, true, random()), newPooled(n), in(n, random(7)).slice()
		q := b.quant(0.01, 255, false)
		var results [2][]float32
		for i, threads := range []int{1, 4} {
			runtime.GOMAXPROCS(threads)
			m, d := make([]float32, 4*g.C), b.grad()
			BatchNormStats(Moments{m[:g.C], m[g.C : 2*g.C], m[2*g.C : 3*g.C], m[3*g.C:]}, b.x.slice())
			BatchNormReLUQuantMaxPool(p.maxima(), p.q.slice(), b.x.slice(), q, g)
			results[i] = slices.Concat(m, p.y.slice(), p.top.slice())
			BatchNormReLUQuantMaxPoolBackward(d, dy, p.maxima(), b.x.slice(), q, g)
			results[i] = slices.Concat(results[i], d.X, d.Gamma, d.Beta)
			BatchNormReLUQuantBackward(d, b.dy.slice(), b.x.slice(), q)
			results[i] = slices.Concat(results[i], d.X, d.Gamma, d.Beta)
		}
		sameBits(t, "4 threads", results[1], results[0])
	})
}
