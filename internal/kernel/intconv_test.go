package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// accOracle is the definition in int64, without packing or padding.
func accOracle[X Byte](x []X, w []int8, z int32, bias []int32, g Conv) []int64 {
	acc := make([]int64, g.N*g.OH()*g.OW()*g.O)
	for i := range acc {
		acc[i] = int64(bias[i%g.O])
	}
	g.products(func(y, i, k int) { acc[y] += (int64(x[i]) - int64(z)) * int64(w[k]) })
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

// weightsOfBits are weights of 2 to 8 bits, as often as not of 8.
func weightsOfBits(n int, r *rand.Rand) []int8 {
	w, shift := randomBytes[int8](n, r).slice(), max(0, r.IntN(14)-7)
	for i := range w {
		w[i] >>= shift
	}
	return w
}

// checkIntConv checks ConvInt32, ConvBytes and ConvFloat against the
// definition, on each path.
func checkIntConv[X Byte](t *testing.T, name string, g Conv, z int32, rq Requant, r *rand.Rand) {
	t.Helper()
	x, w := randomBytes[X](g.N*g.H*g.W*g.C, r).slice(), weightsOfBits(g.O*g.C/g.Groups*g.KH*g.KW, r)
	bias, shift, old := make([]int32, g.O), make([]float32, g.O), weightsOfBits(len(w), r)
	rq.M = make([]float32, g.O)
	for o := range bias {
		bias[o] = int32(r.IntN(20001) - 10000)
		rq.M[o], shift[o] = float32(math.Exp(-4-5*r.Float64())), float32(r.NormFloat64())
	}
	want, images := accOracle(x, w, z, bias, g), Images[X]{x, z}
	acc, y, reals := newFenced[int32](len(want), 1234, nil), newFenced[uint8](len(want), 55, nil), out(len(want))
	for _, way := range ways() {
		name, s := label(name, " on ", way), new(Scratch)
		way.run(func() {
			p := PackConv(old, g)
			p.Repack(w)
			ConvInt32(acc.slice(), images, bias, p, s)
			ConvBytes(y.slice(), images, bias, rq, p, s)
			for i, a := range want {
				if int64(acc.slice()[i]) != a {
					t.Fatalf("%s: acc[%d] = %d, want %d", name, i, acc.slice()[i], a)
				}
				if q := requantOracle(a, rq.M[i%g.O], rq); int64(y.slice()[i]) != q {
					t.Fatalf("%s: y[%d] = %d, want %d from %d", name, i, y.slice()[i], q, a)
				}
			}
			ConvFloat(reals.slice(), images, rq.M, nil, p, s)
			sameBits(t, name+" real", reals.slice(), realOracle(want, bias, rq.M, nil))
			ConvFloat(reals.slice(), images, rq.M, shift, p, s)
			sameBits(t, name+" real with bias", reals.slice(), realOracle(want, bias, rq.M, shift))
			ConvScaled(reals.slice(), images, bias, rq.M, p, s)
			sameBits(t, name+" scaled", reals.slice(), realOracle(want, make([]int32, g.O), rq.M, nil))
		})
	}
	acc.check(t, name+" acc")
	y.check(t, name+" y")
	reals.check(t, name+" real")
}

// realOracle is what [ConvFloat] makes of the exact sums acc, which have a
// bias in them.
func realOracle(acc []int64, bias []int32, m, shift []float32) []float32 {
	y := make([]float32, len(acc))
	for i, a := range acc {
		o := i % len(m)
		y[i] = float32(float32(a-int64(bias[o])) * m[o])
		if shift != nil {
			y[i] += shift[o]
		}
	}
	return y
}

// requantOracle is the requantization in float64 with two explicit roundings
// to float32.
func requantOracle(acc int64, m float32, r Requant) int64 {
	v := float64(float32(float64(float32(acc)) * float64(m)))
	v = math.Max(float64(r.Min-r.Zero), math.Min(float64(r.Max-r.Zero), v))
	return int64(math.RoundToEven(v)) + int64(r.Zero)
}

// TestIntegerConvOfEveryGeometry takes signs and zero points in turn, and all
// of them for those geometries that the enumeration leaves out.
func TestIntegerConvOfEveryGeometry(t *testing.T) {
	checks := []func(name string, g Conv, r *rand.Rand){
		func(name string, g Conv, r *rand.Rand) {
			checkIntConv[uint8](t, name, g, 0, Requant{Zero: 0, Min: 0, Max: 255}, r)
		},
		func(name string, g Conv, r *rand.Rand) {
			checkIntConv[int8](t, name, g, 0, Requant{Zero: 119, Min: 1, Max: 255}, r)
		},
		func(name string, g Conv, r *rand.Rand) {
			checkIntConv[int8](t, name+" to 4 bits", g, -128, Requant{Zero: 0, Min: 0, Max: 15}, r)
		},
		func(name string, g Conv, r *rand.Rand) {
			checkIntConv[uint8](t, name, g, 255, Requant{Zero: 28, Min: 0, Max: 255}, r)
		},
		func(name string, g Conv, r *rand.Rand) {
			checkIntConv[uint8](t, name, g, 131, Requant{Zero: 7, Min: 0, Max: 200}, r)
		},
	}
	for n, g := range enumerate(t, 3300, pickConv) {
		r := random(uint64(n))
		checks[r.IntN(len(checks))](label(g), g, r)
	}
	for name, g := range large {
		for _, check := range checks {
			check(name, g, random())
		}
	}
}

// TestSmallWeightsSumAsWords takes the greatest bytes, and the greatest weights whose
// products a word can hold, 2, 4 and 8 of them; and weights one greater.
func TestSmallWeightsSumAsWords(t *testing.T) {
	const k, channels = 72, 20
	for depth, weight := range map[int]int8{0: 65, 1: 64, 2: 32, 4: 16} {
		for _, sign := range []int8{1, -1} {
			w := make([]int8, channels*k)
			for i := range w {
				w[i] = sign * weight
			}
			for _, way := range ways() {
				way.run(func() { checkDepth(t, label(way, ", ", sign*weight), depth, w, linear(7, k, channels)) })
			}
		}
	}
}

// checkDepth checks the layer g with equal weights on bytes of 255, and how many groups'
// products its kernel sums as words, if it is one that does.
func checkDepth(t *testing.T, name string, depth int, w []int8, g Conv) {
	t.Helper()
	p := PackConv(make([]int8, len(w)), g)
	p.Repack(w)
	if got := p.depth; p.packing == packedPairs && got != depth || p.packing == packedWords && hasPairs && depth > 0 {
		t.Errorf("%s: packing %d, depth %d, want %d", name, p.packing, got, depth)
	}
	x, acc := make([]uint8, g.N*g.C), make([]int32, g.N*g.O)
	for i := range x {
		x[i] = 255
	}
	ConvInt32(acc, Images[uint8]{Q: x}, nil, p, new(Scratch))
	for i, a := range acc {
		if want := int32(g.C) * 255 * int32(w[0]); a != want {
			t.Fatalf("%s: acc[%d] = %d, want %d", name, i, a, want)
		}
	}
}

// TestIntegerLinearIsExact: a layer of all inputs is a convolution of one pixel.
func TestIntegerLinearIsExact(t *testing.T) {
	for _, c := range [][3]int{{1, 64, 10}, {1, 640, 40}, {3, 5, 7}, {9, 1568, 33}, {120, 128, 10}, {33, 30, 100}} {
		g, r := square(c[0], 1, c[1], c[2], 1, 0), random()
		checkIntConv[uint8](t, label(c), g, 3, Requant{Zero: 9, Min: 0, Max: 255}, r)
		checkIntConv[int8](t, label(c), g, 5, Requant{Zero: 119, Min: 1, Max: 255}, r)
	}
}

func TestRequantizeRoundsHalfToEvenBeforeTheZeroPoint(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		for _, shape := range enumerate(t, 200, pickShape) {
			rows, c := shape[0], shape[1]
			checkRequantize(t, Requant{Zero: 3, Min: 0, Max: 20}, rows, c)
			checkRequantize(t, Requant{Zero: 125, Min: 0, Max: 255}, rows, c)
		}
	})
}

// checkRequantize takes sums that are whole, tie or are far out of the range.
func checkRequantize(t *testing.T, rq Requant, rows, c int) {
	t.Helper()
	r, acc, y := random(), make([]int32, rows*c), newFenced[uint8](rows*c, 99, nil)
	for range c {
		rq.M = append(rq.M, []float32{0.5, 0.25, 0.3}[r.IntN(3)])
	}
	for i := range acc {
		acc[i] = int32(r.IntN(200) - 100)
		if r.IntN(10) == 0 {
			acc[i] = []int32{1 << 30, math.MinInt32, math.MaxInt32}[r.IntN(3)]
		}
	}
	RequantizeU8(y.slice(), acc, rq)
	for i, a := range acc {
		if want := requantOracle(int64(a), rq.M[i%c], rq); int64(y.slice()[i]) != want {
			t.Fatalf("%d×%d: acc %d: %d, want %d", rows, c, a, y.slice()[i], want)
		}
	}
	y.check(t, label(rows, "×", c))
}

// FuzzIntegerConvolution draws geometry and data from the seed.
func FuzzIntegerConvolution(f *testing.F) {
	f.Add(uint64(1), uint8(3))
	f.Fuzz(func(t *testing.T, seed uint64, z uint8) {
		r := random(seed)
		g := Conv{N: 1 + r.IntN(3), H: 1 + r.IntN(12), W: 1 + r.IntN(12), C: 1 + r.IntN(40), O: 1 + r.IntN(70),
			Groups: 1,
			KH:     1 + r.IntN(4), KW: 1 + r.IntN(4), StrideH: 1 + r.IntN(2), StrideW: 1 + r.IntN(2),
			DilationH: 1 + r.IntN(2), DilationW: 1 + r.IntN(2),
			PadTop: r.IntN(3), PadLeft: r.IntN(3), PadBottom: r.IntN(3), PadRight: r.IntN(3)}
		switch r.IntN(3) {
		case 0:
			g.Groups, g.O = g.C, g.C
		case 1:
			g.Groups = 1 + r.IntN(8)
			g.C, g.O = g.Groups*(1+r.IntN(8)), g.Groups*(1+r.IntN(20))
		}
		if g.Validate() != nil {
			return
		}
		checkIntConv[uint8](t, label(g), g, int32(z), Requant{Zero: int32(z) / 2, Min: 0, Max: 255}, r)
		checkIntConv[int8](t, label(g), g, int32(z)-128, Requant{Zero: 128, Min: 1, Max: 255}, r)
	})
}
