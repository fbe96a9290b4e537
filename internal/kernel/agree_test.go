package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// alike runs f, which returns results, on every path: all must have the bits of
// the first, which is Go's.
func alike(t *testing.T, name string, f func() []float32) {
	t.Helper()
	var want []float32
	for _, s := range paths() {
		var got []float32
		onPath(s, func() { got = f() })
		if s == generic {
			want = got
		}
		sameBits(t, fmt.Sprintf("%s on %v: ", name, s), got, want)
	}
}

// reals are random numbers of many exponents, of which no order of additions
// gives the sum of another.
func reals(n int, r *rand.Rand) []float32 {
	x := in(n, r).slice()
	for i := range x {
		x[i] *= float32(int(1) << r.IntN(9))
	}
	return x
}

func TestConvAgreesOnEveryPath(t *testing.T) {
	check := func(name string, g Conv, r *rand.Rand) {
		op := newOperands(g, r)
		copy(op.x, reals(len(op.x), r))
		copy(op.w, reals(len(op.w), r))
		copy(op.dy, reals(len(op.dy), r))
		copy(op.bias, reals(len(op.bias), r))
		alike(t, name, func() []float32 {
			s := new(Scratch)
			ConvForward(op.y, op.x, op.w, op.bias, g, s)
			ConvBackwardInput(op.dx, op.dy, op.w, g, s)
			ConvBackwardWeights(op.dw, op.x, op.dy, g, s)
			return slices.Concat(op.y, op.dx, op.dw)
		})
	}
	for n, g := range enumerate(t, 800, pickConv) {
		check(fmt.Sprintf("%+v", g), g, random(uint64(n)))
	}
	for name, g := range large {
		check(name, g, random())
	}
}

func TestGemmAgreesOnEveryPath(t *testing.T) {
	for n, g := range enumerate(t, 300, func(c *choice) gemm {
		return gemm{m: pick(c, []int{1, 2, 3, 6, 7, 15, 29}), n: pick(c, []int{1, 10, 16, 17, 33, 65}),
			transA: pick(c, []bool{false, true}), transB: pick(c, []bool{false, true}), add: pick(c, []bool{false, true}),
			k: pick(c, []int{0, 1, 3, 17, 513, 1100})}
	}) {
		r := random(uint64(n))
		var f fences
		a, b := f.operand(g.m, g.k, 3, g.transA, r), f.operand(g.k, g.n, 5, g.transB, r)
		before := reals(g.m*g.n, r)
		alike(t, fmt.Sprintf("%+v", g), func() []float32 {
			c := Matrix{Data: slices.Clone(before), Rows: g.m, Cols: g.n, LD: g.n}
			Gemm(c, a, b, g.add)
			return c.Data
		})
	}
}

// TestTileKeepsTheSignOfZero sums products that vanish.
func TestTileKeepsTheSignOfZero(t *testing.T) {
	negative := float32(math.Copysign(0, -1))
	for n := 1; n <= 16; n++ {
		alike(t, label(n, " columns"), func() []float32 {
			x := tile{c: make([]float32, n), plus: slices.Repeat([]float32{negative}, n), n: n, k: 1, ldb: 16, off: oneRun[:],
				a: []float32{-math.SmallestNonzeroFloat32}, b: slices.Repeat([]float32{.25}, 16)}
			x.run(1)
			sameBits(t, "sum", x.c, x.plus)
			return x.c
		})
	}
}

func TestColumnsAgreeOnEveryPath(t *testing.T) { eachShape(t, checkColumnTwins) }

// checkColumnTwins compares the loops over a tile with those in Go, which sum
// in the same order.
func checkColumnTwins(t *testing.T, name string, rows, c int, r *rand.Rand) {
	t.Helper()
	n := rows * c
	x, dy, y := reals(n, r), reals(n, r), reals(n, r)
	of, k := wildQuant(c, false, r)
	compare := func(kernel string, results int, run, twin func(s [][]float32)) {
		got, want := make([][]float32, results), make([][]float32, results)
		var fences []fenced[float32]
		for i := range got {
			fences = append(fences, out(c))
			got[i], want[i] = fences[i].slice(), out(c).slice()
		}
		run(got)
		twin(want)
		for i := range got {
			sameBits(t, fmt.Sprintf("%s of %s, %d", kernel, name, i), got[i], want[i])
			fences[i].check(t, name)
		}
	}
	compare("sum", 1, func(s [][]float32) { sumTile(s[0], x) }, func(s [][]float32) { sumTileGeneric(s[0], x) })
	compare("moments", 2, func(s [][]float32) { momentTile(s[0], s[1], x, of.mean) },
		func(s [][]float32) { momentTileGeneric(s[0], s[1], x, of.mean) })
	compare("moments and range", 4, func(s [][]float32) { momentRangeTile(s[0], s[1], s[2], s[3], x, of.mean) },
		func(s [][]float32) { momentRangeTileGeneric(s[0], s[1], s[2], s[3], x, of.mean) })
	for _, mask := range [][]float32{nil, y} {
		compare("gradients", 2, func(s [][]float32) { gradTile(s[0], s[1], dy, mask, x, of.mean) },
			func(s [][]float32) { gradTileGeneric(s[0], s[1], dy, mask, x, of.mean) })
	}
	compare("gradients of a quantizer", 2, func(s [][]float32) { gradQuantTile(s[0], s[1], dy, x, k) },
		func(s [][]float32) { gradQuantTileGeneric(s[0], s[1], dy, x, k) })
	checkRowTwins(t, name, c, [3][]float32{x, dy, y}, k)
}

// checkRowTwins compares the loops that write a result for each element.
func checkRowTwins(t *testing.T, name string, c int, in [3][]float32, k gate) {
	t.Helper()
	x, dy, y := in[0], in[1], in[2]
	got, want := out(len(x)), make([]float32, len(x))
	for _, relu := range []bool{false, true} {
		mask := y
		if !relu {
			mask = nil
		}
		affineTile(got.slice(), x, k.terms, relu)
		affineTileGeneric(want, x, k.terms, relu)
		sameBits(t, name+" y", got.slice(), want)
		normGradTile(got.slice(), dy, mask, x, k.normGradient)
		normGradTileGeneric(want, dy, mask, x, k.normGradient)
		sameBits(t, name+" dx", got.slice(), want)
		scaleGradTile(got.slice(), dy, mask, k.scale)
		scaleGradTileGeneric(want, dy, mask, k.scale)
		sameBits(t, name+" scaled dx", got.slice(), want)
	}
	got.check(t, name)
}
