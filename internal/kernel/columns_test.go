package kernel

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
)

// eachShape runs f on rows of all widths and numbers, and on what is larger
// than a tile or a piece of a reduction.
func eachShape(t *testing.T, f func(t *testing.T, name string, rows, c int, r *rand.Rand)) {
	everyPath(t, func(t *testing.T) {
		for n, s := range enumerate(t, 100, pickShape) {
			f(t, label(s[0], "×", s[1]), s[0], s[1], random(uint64(n)))
		}
		for _, s := range [][2]int{{11, 128}, {5, 200}, {2, 5000}, {9000, 16}, {4100, 32}, {70000, 3}} {
			f(t, label(s[0], "×", s[1]), s[0], s[1], random())
		}
	})
}

func pickShape(c *choice) [2]int {
	width := pick(c, append([]int{64, 65}, widths...))
	return [2]int{pick(c, []int{1, 2, 3, 4, 5, 7, 8, 9, 33, 300}), width}
}

func TestSumRowsAgainstFloat64(t *testing.T) { eachShape(t, checkSumRows) }

func checkSumRows(t *testing.T, name string, rows, c int, r *rand.Rand) {
	t.Helper()
	x, sum := in(rows*c, r), out(c)
	want := make([]float64, c)
	for i, v := range x.slice() {
		want[i%c] += float64(v)
	}
	SumRows(sum.slice(), x.slice(), rows, c)
	closeTo(t, name, sum.slice(), want, 1e-6, math.Sqrt(float64(rows)))
	sum.check(t, name)
}

// momentsOracle is the textbook's two passes in float64.
func momentsOracle(x []float32, rows, c int) (mean, variance []float64) {
	mean, variance = make([]float64, c), make([]float64, c)
	for i, v := range x {
		mean[i%c] += float64(v) / float64(rows)
	}
	for i, v := range x {
		d := float64(v) - mean[i%c]
		variance[i%c] += d * d / float64(rows)
	}
	return mean, variance
}

func TestBatchNormStatsAgainstFloat64(t *testing.T) { eachShape(t, checkStats) }

func checkStats(t *testing.T, name string, rows, c int, r *rand.Rand) {
	t.Helper()
	for _, offset := range []float32{0, 300} {
		x, mean, variance := in(rows*c, r), out(c), out(c)
		for i := range x.slice() {
			x.slice()[i] += offset
		}
		wantMean, wantVariance := momentsOracle(x.slice(), rows, c)
		BatchNormStats(Moments{Mean: mean.slice(), Variance: variance.slice()}, x.slice())
		closeTo(t, name+" mean", mean.slice(), wantMean, 1e-6, 1)
		closeTo(t, name+" variance", variance.slice(), wantVariance, 1e-5, 1e-3)
		mean.check(t, name)
		variance.check(t, name)
	}
}

// norm is the operands of a batch normalisation.
type norm struct {
	rows, c                                    int
	x, dy, mean, invStd, gamma, beta, y        fenced[float32]
	dx, dgamma, dbeta                          fenced[float32]
	wantY, wantDX, wantDGamma, wantDBeta, mask []float64
}

// quarters are multiples of ¼, of which float32 holds products and sums exactly.
func quarters(n, least, greatest int, r *rand.Rand) fenced[float32] {
	return newFenced(n, 1e30, func(int) float32 { return float32(least+r.IntN(greatest-least+1)) / 4 })
}

// newNorm draws quarters, so that a ReLU has the same mask in float64.
func newNorm(rows, c int, relu bool, r *rand.Rand) *norm {
	n := rows * c
	b := &norm{rows: rows, c: c, x: quarters(n, -16, 16, r), dy: quarters(n, -16, 16, r), mean: quarters(c, -8, 8, r),
		invStd: quarters(c, 1, 8, r), gamma: quarters(c, -8, 8, r), beta: quarters(c, -8, 8, r), y: out(n),
		dx: out(n), dgamma: out(c), dbeta: out(c),
		wantY: make([]float64, n), wantDX: make([]float64, n), mask: make([]float64, n),
		wantDGamma: make([]float64, c), wantDBeta: make([]float64, c)}
	for i, v := range b.x.slice() {
		j := i % c
		b.wantY[i] = (float64(v)-b.at(b.mean, j))*b.at(b.gamma, j)*b.at(b.invStd, j) + b.at(b.beta, j)
		b.mask[i] = 1
		if relu && b.wantY[i] <= 0 {
			b.wantY[i], b.mask[i] = 0, 0
		}
		d := b.mask[i] * b.at(b.dy, i)
		b.wantDBeta[j] += d
		b.wantDGamma[j] += d * b.normal(i)
	}
	return b
}

func (b *norm) at(f fenced[float32], i int) float64 { return float64(f.slice()[i]) }

// norm is the normalisation of the operands.
func (b *norm) norm() Norm {
	return Norm{Mean: b.mean.slice(), InvStd: b.invStd.slice(), Gamma: b.gamma.slice(), Beta: b.beta.slice()}
}

// fixed is norm with statistics that are not the batch's.
func (b *norm) fixed(yes bool) Norm {
	n := b.norm()
	n.Fixed = yes
	return n
}

// quant is fixed with a quantizer.
func (b *norm) quant(s float32, qmax int32, fixed bool) NormQuant {
	return NormQuant{Norm: b.fixed(fixed), S: s, QMax: qmax}
}

func (b *norm) grad() NormGrad {
	return NormGrad{X: b.dx.slice(), Gamma: b.dgamma.slice(), Beta: b.dbeta.slice()}
}

// normal is x̂.
func (b *norm) normal(i int) float64 {
	return (b.at(b.x, i) - b.at(b.mean, i%b.c)) * b.at(b.invStd, i%b.c)
}

func TestBatchNormForwardAndBackwardAgainstFloat64(t *testing.T) { eachShape(t, checkNorm) }

func checkNorm(t *testing.T, name string, rows, c int, r *rand.Rand) {
	t.Helper()
	for _, relu := range []bool{false, true} {
		b := newNorm(rows, c, relu, r)
		BatchNormForward(b.y.slice(), b.x.slice(), b.norm(), relu)
		closeTo(t, name+" y", b.y.slice(), b.wantY, 1e-5, 1)
		for i := range b.wantDX {
			j, n := i%c, float64(rows)
			b.wantDX[i] = b.at(b.gamma, j) * b.at(b.invStd, j) *
				(b.mask[i]*b.at(b.dy, i) - b.wantDBeta[j]/n - b.normal(i)*b.wantDGamma[j]/n)
		}
		y := b.y.slice()
		if !relu {
			y = nil
		}
		BatchNormBackward(b.grad(), b.dy.slice(), y, b.x.slice(), b.norm(), relu)
		closeTo(t, name+" dx", b.dx.slice(), b.wantDX, 1e-5, 3)
		closeTo(t, name+" dγ", b.dgamma.slice(), b.wantDGamma, 1e-5, 1+math.Sqrt(float64(rows)))
		closeTo(t, name+" dβ", b.dbeta.slice(), b.wantDBeta, 1e-5, 1+math.Sqrt(float64(rows)))
		BatchNormBackward(b.grad(), b.dy.slice(), y, b.x.slice(), b.fixed(true), relu)
		for i := range b.wantDX {
			b.wantDX[i] = b.at(b.gamma, i%c) * b.at(b.invStd, i%c) * b.mask[i] * b.at(b.dy, i)
		}
		closeTo(t, name+" dx with fixed statistics", b.dx.slice(), b.wantDX, 1e-5, 3)
		for _, f := range []fenced[float32]{b.y, b.dx, b.dgamma, b.dbeta} {
			f.check(t, name)
		}
	}
}

func TestScaleShiftBackwardAgainstFloat64(t *testing.T) { eachShape(t, checkScaleShift) }

func checkScaleShift(t *testing.T, name string, rows, c int, r *rand.Rand) {
	t.Helper()
	for _, relu := range []bool{false, true} {
		b := newNorm(rows, c, relu, r)
		clear(b.mean.slice())
		scale := b.gamma
		for i, v := range b.x.slice() {
			b.wantY[i] = float64(v)*b.at(scale, i%c) + b.at(b.beta, i%c)
			b.mask[i] = 1
			if relu && b.wantY[i] <= 0 {
				b.wantY[i], b.mask[i] = 0, 0
			}
		}
		clear(b.wantDBeta)
		clear(b.wantDGamma)
		for i, v := range b.x.slice() {
			d := b.mask[i] * b.at(b.dy, i)
			b.wantDBeta[i%c] += d
			b.wantDGamma[i%c] += d * float64(v)
			b.wantDX[i] = d * b.at(scale, i%c)
		}
		var y []float32
		for i := range b.wantY {
			if relu {
				y = append(y, float32(b.wantY[i]))
			}
		}
		ScaleShiftBackward(b.grad(), b.dy.slice(), y, b.x.slice(), scale.slice(), relu)
		closeTo(t, name+" dx", b.dx.slice(), b.wantDX, 1e-5, 1)
		closeTo(t, name+" dscale", b.dgamma.slice(), b.wantDGamma, 1e-5, 1+math.Sqrt(float64(rows)))
		closeTo(t, name+" dshift", b.dbeta.slice(), b.wantDBeta, 1e-5, 1+math.Sqrt(float64(rows)))
		for _, f := range []fenced[float32]{b.dx, b.dgamma, b.dbeta} {
			f.check(t, name)
		}
	}
}

// TestReductionsDoNotDependOnTheThreads compares bits with GOMAXPROCS 1 and 4.
func TestReductionsDoNotDependOnTheThreads(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
		const rows, c = 30000, 24
		b := newNorm(rows, c, true, random())
		var results [2][]float32
		for i, threads := range []int{1, 4} {
			runtime.GOMAXPROCS(threads)
			mean, variance, sum := make([]float32, c), make([]float32, c), make([]float32, c)
			BatchNormStats(Moments{Mean: mean, Variance: variance}, b.x.slice())
			SumRows(sum, b.x.slice(), rows, c)
			BatchNormBackward(b.grad(), b.dy.slice(), b.x.slice(), b.x.slice(), b.norm(), true)
			for _, s := range [][]float32{mean, variance, sum, b.dgamma.slice(), b.dbeta.slice(), b.dx.slice()} {
				results[i] = append(results[i], s...)
			}
		}
		sameBits(t, "4 threads", results[1], results[0])
	})
}

// TestRowKernelsAgreeOnEveryPath compares the bits of the kernels that sum
// nothing with those of the Go loops, NaN and infinities included.
func TestRowKernelsAgreeOnEveryPath(t *testing.T) { eachShape(t, checkRowKernels) }

func checkRowKernels(t *testing.T, name string, rows, c int, r *rand.Rand) {
	t.Helper()
	n := rows * c
	x, dy, y, p := wild(n, r).slice(), wild(n, r).slice(), wild(n, r).slice(), in(4*c, r).slice()
	of := terms{p[:c], p[c : 2*c], p[2*c : 3*c]}
	k := normGradient{of, of.shift, p[3*c:]}
	got, want := out(n), make([]float32, n)
	for _, relu := range []bool{false, true} {
		mask := y
		if !relu {
			mask = nil
		}
		affineTile(got.slice(), x, of, relu)
		affineTileGeneric(want, x, of, relu)
		sameBits(t, name+" affine", got.slice(), want)
		normGradTile(got.slice(), dy, mask, x, k)
		normGradTileGeneric(want, dy, mask, x, k)
		sameBits(t, name+" normGrad", got.slice(), want)
		scaleGradTile(got.slice(), dy, mask, of.scale)
		scaleGradTileGeneric(want, dy, mask, of.scale)
		sameBits(t, name+" scaleGrad", got.slice(), want)
		got.check(t, name)
	}
}

// FuzzRows checks the row kernels against their oracles, on every path.
func FuzzRows(f *testing.F) {
	checks := []func(t *testing.T, name string, rows, c int, r *rand.Rand){
		checkSumRows, checkStats, checkStatsRange, checkNorm, checkScaleShift, checkRowKernels, checkNormQuant,
		checkFusedRows,
	}
	for i := range checks {
		f.Add(uint8(i), uint64(1), uint8(33), uint8(17))
	}
	f.Fuzz(func(t *testing.T, check uint8, seed uint64, rows, c uint8) {
		for _, way := range ways() {
			way.run(func() {
				checks[int(check)%len(checks)](t, label(way, " ", rows, "×", c), int(rows)+1, int(c)%80+1, random(seed))
			})
		}
	})
}
