package kernel

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func intConvs() map[string]Conv {
	c := func(f func(*Conv)) Conv {
		g := Conv{N: 2, H: 7, W: 9, C: 16, O: 16, KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1,
			PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1, Groups: 1}
		f(&g)
		return g
	}
	point := func(g *Conv) {
		g.KH, g.KW, g.PadTop, g.PadLeft, g.PadBottom, g.PadRight = 1, 1, 0, 0, 0, 0
	}
	return map[string]Conv{
		"3×3":                  c(func(g *Conv) {}),
		"first layer, 1 to 16": c(func(g *Conv) { g.C, g.N, g.H, g.W = 1, 1, 19, 28 }),
		"3 to 8, stride 2":     c(func(g *Conv) { g.C, g.O, g.StrideH, g.StrideW = 3, 8, 2, 2 }),
		"16 to 32":             c(func(g *Conv) { g.O = 32 }),
		"32 to 64":             c(func(g *Conv) { g.C, g.O = 32, 64 }),
		"17 to 33":             c(func(g *Conv) { g.C, g.O = 17, 33 }),
		"5 to 100":             c(func(g *Conv) { g.C, g.O = 5, 100 }),
		"one output":           c(func(g *Conv) { g.O = 1 }),
		"10×4 stride 2": c(func(g *Conv) {
			g.N, g.H, g.W, g.C, g.O, g.KH, g.KW, g.StrideH, g.StrideW, g.PadTop, g.PadBottom = 1, 49, 10, 1, 64, 10, 4, 2, 2, 4, 5
		}),
		"uneven padding":        c(func(g *Conv) { g.PadTop, g.PadLeft = 0, 2 }),
		"dilated":               c(func(g *Conv) { g.DilationH, g.DilationW = 2, 2 }),
		"dilated along rows":    c(func(g *Conv) { g.DilationH = 2; g.C = 6 }),
		"pointwise":             c(point),
		"pointwise, 24 to 40":   c(func(g *Conv) { point(g); g.C, g.O = 24, 40 }),
		"pointwise, 7 channels": c(func(g *Conv) { point(g); g.C = 7 }),
		"pointwise, stride 2":   c(func(g *Conv) { point(g); g.StrideH, g.StrideW = 2, 2 }),
		"one pixel":             c(func(g *Conv) { point(g); g.N, g.H, g.W, g.C, g.O = 1, 1, 1, 64, 10 }),
		"depthwise":             c(func(g *Conv) { g.Groups = 16 }),
		"depthwise, stride 2":   c(func(g *Conv) { g.Groups, g.StrideH, g.StrideW = 16, 2, 2 }),
		"depthwise, 8":          c(func(g *Conv) { g.C, g.O, g.Groups = 8, 8, 8 }),
		"depthwise, 72":         c(func(g *Conv) { g.C, g.O, g.Groups = 72, 72, 72 }),
		"depthwise, 64":         c(func(g *Conv) { g.C, g.O, g.Groups = 64, 64, 64 }),
		"depthwise, 32":         c(func(g *Conv) { g.C, g.O, g.Groups = 32, 32, 32 }),
		"depthwise, 2":          c(func(g *Conv) { g.C, g.O, g.Groups, g.W = 2, 2, 2, 37 }),
		"depthwise, 128 by 2":   c(func(g *Conv) { g.C, g.O, g.Groups, g.StrideH, g.StrideW = 128, 128, 128, 2, 2 }),
		"depthwise, one tap":    c(func(g *Conv) { point(g); g.Groups = 16 }),
		"depthwise 5×5":         c(func(g *Conv) { g.C, g.O, g.Groups, g.KH, g.KW, g.PadTop, g.PadLeft = 40, 40, 40, 5, 5, 2, 2 }),
		"depthwise, dilated":    c(func(g *Conv) { g.Groups, g.DilationH, g.DilationW = 16, 2, 2 }),
		"depthwise, doubled":    c(func(g *Conv) { g.Groups, g.O = 16, 32 }),
		"4 groups":              c(func(g *Conv) { g.Groups, g.O = 4, 24 }),
		"batch of 11":           c(func(g *Conv) { g.N = 11 }),
	}
}

// accOracle is the definition in int64, without packing or padding.
func accOracle[X Byte](x []X, w []int8, z int32, bias []int32, g Conv) []int64 {
	oh, ow, ci := g.OH(), g.OW(), g.C/g.Groups
	acc := make([]int64, g.N*oh*ow*g.O)
	for i := range acc {
		n, r, c, o := i/(oh*ow*g.O), i/(ow*g.O)%oh, i/g.O%ow, i%g.O
		acc[i] = int64(bias[o])
		for k := range ci * g.KH * g.KW {
			h := r*g.StrideH + k/g.KW%g.KH*g.DilationH - g.PadTop
			v := c*g.StrideW + k%g.KW*g.DilationW - g.PadLeft
			if h < 0 || h >= g.H || v < 0 || v >= g.W {
				continue
			}
			channel := o/(g.O/g.Groups)*ci + k/(g.KH*g.KW)
			acc[i] += (int64(x[((n*g.H+h)*g.W+v)*g.C+channel]) - int64(z)) * int64(w[o*ci*g.KH*g.KW+k])
		}
	}
	return acc
}

func randomBytes[X Byte](n int, r *rand.Rand) fenced[X] {
	return newFenced(n, X(77), func(int) X {
		switch r.IntN(8) {
		case 0:
			return X(r.IntN(2) * 127)
		case 1: // 255 or −128
			v := X(0)
			return v - 1 - X(127*uint8(flipOf[X]()/128))
		default:
			return X(r.IntN(256))
		}
	})
}

// checkIntConv holds ConvInt32 and ConvBytes against the definition.
func checkIntConv[X, Y Byte](t *testing.T, name string, g Conv, z int32, rq Requant, r *rand.Rand) {
	t.Helper()
	size := g.N * g.OH() * g.OW() * g.O
	x, w := randomBytes[X](g.N*g.H*g.W*g.C, r), randomBytes[int8](g.O*g.C/g.Groups*g.KH*g.KW, r)
	acc, y := newFenced[int32](size, 1234, nil), newFenced[Y](size, 55, nil)
	bias := make([]int32, g.O)
	rq.M = make([]float32, g.O)
	for o := range bias {
		bias[o] = int32(r.IntN(20001) - 10000)
		rq.M[o] = float32(math.Exp(-4 - 5*r.Float64()))
	}
	want := accOracle(x.slice(), w.slice(), z, bias, g)
	p, s := PackConv(randomBytes[int8](len(w.slice()), r).slice(), g), new(Scratch)
	p.Repack(w.slice())
	checkConvFloat(t, name, p, x.slice(), want, z, bias, rq.M, g.N)
	ConvInt32(acc.slice(), x.slice(), z, bias, g.N, p, s)
	ConvBytes(y.slice(), x.slice(), z, bias, rq, g.N, p, s)
	for i, a := range want {
		if int64(acc.slice()[i]) != a {
			t.Fatalf("%s: acc[%d] = %d, want %d", name, i, acc.slice()[i], a)
		}
		if q := requantOracle(a, rq.M[i%g.O], rq); int64(y.slice()[i]) != q {
			t.Fatalf("%s: y[%d] = %d, want %d from %d", name, i, y.slice()[i], q, a)
		}
	}
	acc.check(t, name+" acc")
	y.check(t, name+" y")
}

// checkConvFloat holds ConvFloat against the exact sums want, which have bias
// in them.
func checkConvFloat[X Byte](t *testing.T, name string, p *PackedConv, x []X, want []int64, z int32, bias []int32, m []float32, n int) {
	t.Helper()
	y, shift := out(len(want)), in(len(bias), random()).slice()
	for _, b := range [][]float32{nil, shift} {
		ConvFloat(y.slice(), x, z, m, b, n, p, new(Scratch))
		exact := make([]float32, len(want))
		for i, a := range want {
			o := i % len(m)
			exact[i] = float32(a-int64(bias[o])) * m[o]
			if b != nil {
				exact[i] += b[o]
			}
		}
		sameBits(t, name+" y", y.slice(), exact)
		y.check(t, name+" y")
	}
}

// requantOracle is the requantization in float64 with two explicit roundings
// to float32.
func requantOracle(acc int64, m float32, r Requant) int64 {
	v := float64(float32(float64(float32(acc)) * float64(m)))
	v = math.Max(float64(r.Min-r.Zero), math.Min(float64(r.Max-r.Zero), v))
	return int64(math.RoundToEven(v)) + int64(r.Zero)
}

// TestIntegerConvolutionIsExact runs each geometry on plain bytes and, in
// turn, on other signs and zero points; the first on all of them.
func TestIntegerConvolutionIsExact(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		geometries := intConvs()
		for i, name := range slices.Sorted(maps.Keys(geometries)) {
			g, r := geometries[name], random(uint64(i))
			checkIntConv[uint8, uint8](t, name+", uint8", g, 0, Requant{Zero: 0, Min: 0, Max: 255}, r)
			if i == 0 || i%4 == 0 {
				checkIntConv[uint8, uint8](t, name+", uint8 with zero points", g, 131, Requant{Zero: 7, Min: 0, Max: 200}, r)
			}
			if i == 0 || i%4 == 1 {
				checkIntConv[int8, int8](t, name+", int8", g, 0, Requant{Zero: 0, Min: -128, Max: 127}, r)
			}
			if i == 0 || i%4 == 2 {
				checkIntConv[int8, uint8](t, name+", int8 to uint4", g, -128, Requant{Zero: 0, Min: 0, Max: 15}, r)
			}
			if i == 0 || i%4 == 3 {
				checkIntConv[uint8, int8](t, name+", uint8 to int8", g, 255, Requant{Zero: -100, Min: -128, Max: 127}, r)
			}
		}
	})
}

func TestIntegerLinearIsExact(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		r := random()
		for _, c := range [][3]int{{1, 64, 10}, {1, 640, 40}, {3, 5, 7}, {9, 1568, 33}, {120, 128, 10}, {33, 30, 100}} {
			g := Conv{N: c[0], H: 1, W: 1, C: c[1], O: c[2], KH: 1, KW: 1, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, Groups: 1}
			checkIntConv[uint8, uint8](t, label(c), g, 3, Requant{Zero: 9, Min: 0, Max: 255}, r)
			checkIntConv[int8, int8](t, label(c), g, 5, Requant{Zero: -9, Min: -127, Max: 127}, r)
		}
	})
}

func TestRequantizeRoundsHalfToEvenBeforeTheZeroPoint(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		r := Requant{M: []float32{0.5, 0.25}, Zero: 3, Min: 0, Max: 20}
		acc := []int32{1, 2, 3, 6, 5, 10, -1, -2, -3, -6, -100, -100, 1 << 30, math.MinInt32}
		y := make([]uint8, len(acc))
		RequantizeU8(y, acc, r)
		for i, a := range acc {
			if want := requantOracle(int64(a), r.M[i%2], r); int64(y[i]) != want {
				t.Errorf("acc %d: %d, want %d", a, y[i], want)
			}
		}
		r.Min, r.Max, r.Zero = -128, 127, -3
		s := make([]int8, len(acc))
		RequantizeI8(s, acc, r)
		for i, a := range acc {
			if want := requantOracle(int64(a), r.M[i%2], r); int64(s[i]) != want {
				t.Errorf("acc %d: %d, want %d", a, s[i], want)
			}
		}
	})
}

// FuzzIntegerConvolution draws geometry and data from the seed.
func FuzzIntegerConvolution(f *testing.F) {
	f.Add(uint64(1), uint8(3))
	f.Fuzz(func(t *testing.T, seed uint64, z uint8) {
		r := random(seed)
		g := Conv{N: 1 + r.IntN(3), H: 1 + r.IntN(12), W: 1 + r.IntN(12), C: 1 + r.IntN(40), O: 1 + r.IntN(70),
			KH: 1 + r.IntN(4), KW: 1 + r.IntN(4), StrideH: 1 + r.IntN(2), StrideW: 1 + r.IntN(2),
			DilationH: 1 + r.IntN(2), DilationW: 1 + r.IntN(2),
			PadTop: r.IntN(3), PadLeft: r.IntN(3), PadBottom: r.IntN(3), PadRight: r.IntN(3), Groups: 1}
		if r.IntN(3) == 0 {
			g.Groups, g.O = g.C, g.C
		}
		if g.Validate() != nil {
			return
		}
		checkIntConv[uint8, uint8](t, label(g), g, int32(z), Requant{Zero: int32(z) / 2, Min: 0, Max: 255}, r)
		checkIntConv[int8, int8](t, label(g), g, int32(z)-128, Requant{Zero: 0, Min: -127, Max: 127}, r)
	})
}
