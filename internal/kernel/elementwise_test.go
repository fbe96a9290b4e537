package kernel

import (
	"math"
	"runtime"
	"slices"
	"testing"
)

// quantizers are grids of every kind: signed, unsigned, zero points, few
// bits, sixteen bits, scales that are and are not powers of two.
var quantizers = []struct {
	name string
	Grid
}{
	{"int8", Grid{1, 0, -128, 127}},
	{"int8 narrow, third", Grid{1.0 / 3, 0, -127, 127}},
	{"uint8", Grid{0.0234375, 0, 0, 255}},
	{"uint8 with zero point", Grid{0.7, 117, 0, 255}},
	{"int8 with zero point", Grid{0.031, -5, -128, 127}},
	{"int4", Grid{11, 0, -8, 7}},
	{"uint2", Grid{3, 1, 0, 3}},
	{"int16", Grid{0.001, 0, -32768, 32767}},
	{"uint16 with zero point", Grid{0.01, 40000, 0, 65535}},
	{"tiny scale", Grid{1e-38, 0, -128, 127}},
	{"huge scale", Grid{1e38, 0, -128, 127}},
}

// fakeOracle is the equation in float64; a quotient of float32 that is rounded
// to float64 and then to float32 is correctly rounded.
func fakeOracle(x float32, g Grid) (y float32, pass bool) {
	s, z, qmin, qmax := g.Scale, g.Zero, g.Min, g.Max
	v := float64(float32(float64(x) / float64(s)))
	q := math.RoundToEven(v) + float64(z)
	pass = float64(qmin) <= q && q <= float64(qmax)
	if math.IsNaN(q) {
		q = float64(qmin)
	}
	q = math.Max(float64(qmin), math.Min(float64(qmax), q))
	return float32((q - float64(z)) * float64(s)), pass
}

func TestFakeQuantIsTheEquation(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		for _, c := range quantizers {
			for _, n := range lengths {
				r := random(uint64(n))
				x, dy, y, dx := wild(n, r), wild(n, r), out(n), out(n)
				wantY, wantDX := make([]float32, n), make([]float32, n)
				for i, v := range x.slice() {
					var pass bool
					wantY[i], pass = fakeOracle(v, c.Grid)
					if pass {
						wantDX[i] = dy.slice()[i]
					}
				}
				FakeQuant(y.slice(), x.slice(), c.Grid)
				inPlace := append([]float32(nil), x.slice()...)
				FakeQuant(inPlace, inPlace, c.Grid)
				FakeQuantGrad(dx.slice(), dy.slice(), x.slice(), c.Grid)
				name := label(c.name, " n=", n)
				sameBits(t, name+" y", y.slice(), wantY)
				sameBits(t, name+" dx", dx.slice(), wantDX)
				sameBits(t, name+" y in place", inPlace, wantY)
				y.check(t, name)
				dx.check(t, name)
			}
		}
	})
}

// TestRoundingAtTies looks at the numbers next to those that lie between two integers,
// the masks' limits among them, and at scales that are hard to divide by.
func TestRoundingAtTies(t *testing.T) {
	grids, r := []Grid{}, random()
	for _, c := range quantizers {
		grids = append(grids, c.Grid)
	}
	for _, s := range []float32{1 + 0x1p-23, 2 - 0x1p-23, 2 - 0x1p-22, math.Sqrt2, 1 + r.Float32(), 1 + r.Float32()} {
		grids = append(grids, Grid{s, 0, -128, 127}, Grid{s * 0x1p-9, 3, 0, 255}, Grid{s * 0x1p63, 0, 0, 65535})
	}
	for _, s := range []float32{0x1p-64, 0x1p64} { // to where assembly divides
		for _, s := range []float32{math.Nextafter32(s, 0), s, math.Nextafter32(s, 2*s)} {
			grids = append(grids, Grid{s, 0, 0, 255})
		}
	}
	everyPath(t, func(t *testing.T) {
		for _, g := range grids {
			checkTies(t, g, ties(g))
		}
	})
}

func checkTies(t *testing.T, g Grid, x []float32) {
	t.Helper()
	n := len(x)
	y, dx, q, ones := make([]float32, n), make([]float32, n), make([]float32, n), slices.Repeat([]float32{1}, n)
	FakeQuant(y, x, g)
	FakeQuantGrad(dx, ones, x, g)
	copy(q, y)
	bytes, zeros := make([]uint8, n), make([]float32, n)
	switch unsigned := g.Min == 0 && g.Max <= 255; {
	case unsigned && g.Zero == 0: // each number four times, in a window
		m, norm := Maxima{q, make([]float32, n), make([]uint8, n)}, Norm{Mean: zeros, InvStd: ones, Gamma: ones, Beta: zeros}
		BatchNormReLUQuantMaxPool(m, bytes, slices.Repeat(x, 4), NormQuant{norm, g.Scale, g.Max},
			Pool{N: 1, H: 2, W: 2, C: n, KH: 2, KW: 2, StrideH: 2, StrideW: 2})
	case unsigned:
		QuantizeU8(bytes, x, g)
		DequantizeU8(q, bytes, g.Scale, g.Zero)
	}
	for i, v := range x {
		want, pass := fakeOracle(v, g)
		if y[i] != want || q[i] != want || (dx[i] == 1) != pass {
			t.Fatalf("%+v: %v becomes %v and %v, its mask %v, want %v and %v", g, v, y[i], q[i], dx[i], want, pass)
		}
	}
}

// ties is the numbers next to n + ½ for about 256 of a grid's integers n, its ends among
// them.
func ties(g Grid) (x []float32) {
	lo, hi, inf := g.Min-g.Zero-2, g.Max-g.Zero+1, float32(math.Inf(1))
	for n := lo; n <= hi; n++ {
		if n > lo+3 && n < hi-3 && n%max(1, (hi-lo)/256) != 0 {
			continue
		}
		tie := float32((float64(n) + 0.5) * float64(g.Scale))
		x = append(x, math.Nextafter32(tie, -inf), tie, math.Nextafter32(tie, inf))
	}
	return x
}

// sameRange compares a range with the naive loop's.
func sameRange(t *testing.T, name string, lo, hi float32, bad int, x []float32) {
	t.Helper()
	wantLo, wantHi, wantBad := math.Inf(1), math.Inf(-1), 0
	for _, v := range x {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			wantBad++
			continue
		}
		wantLo, wantHi = math.Min(wantLo, float64(v)), math.Max(wantHi, float64(v))
	}
	if wantBad == len(x) {
		wantLo, wantHi = 0, 0
	}
	if float64(lo) != wantLo || float64(hi) != wantHi || bad != wantBad {
		t.Errorf("%s: range %v..%v with %d not finite, want %v..%v with %d", name, lo, hi, bad, wantLo, wantHi, wantBad)
	}
	if math.Signbit(float64(lo)) && lo == 0 || math.Signbit(float64(hi)) && hi == 0 {
		t.Errorf("%s: range %v..%v holds a negative zero", name, lo, hi)
	}
}

func TestMinMaxSkipsWhatIsNotFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	negative := float32(math.Copysign(0, -1))
	everyPath(t, func(t *testing.T) {
		for _, x := range [][]float32{
			nil, {nan}, {inf, -inf, nan}, {3}, {-2, nan, 5, inf}, {negative}, {negative, 0}, {0, negative},
			{math.MaxFloat32, -math.MaxFloat32}, {1e-45, nan},
		} {
			lo, hi, bad := MinMax(x)
			sameRange(t, label(x), lo, hi, bad, x)
		}
		for _, n := range lengths {
			x := wild(n, random(uint64(n))).slice()
			lo, hi, bad := MinMax(x)
			sameRange(t, label("n=", n), lo, hi, bad, x)
		}
	})
}

func TestMinMaxRowsIsMinMaxOfEachRow(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		for _, shape := range enumerate(t, 200, pickShape) {
			rows, cols := shape[0], shape[1]
			x, lo, hi := wild(rows*cols, random()), out(rows), out(rows)
			total, sum := MinMaxRows(lo.slice(), hi.slice(), x.slice(), rows, cols), 0
			for r := range rows {
				_, _, bad := MinMax(x.slice()[r*cols : (r+1)*cols])
				sameRange(t, label("row ", r, " of ", cols), lo.slice()[r], hi.slice()[r], bad,
					x.slice()[r*cols:(r+1)*cols])
				sum += bad
			}
			if total != sum {
				t.Errorf("cols=%d: %d not finite, want %d", cols, total, sum)
			}
			lo.check(t, "lo")
			hi.check(t, "hi")
		}
	})
}

func TestQuantizeThenDequantizeIsFakeQuant(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		for _, c := range quantizers {
			if c.Max-c.Min > 255 {
				continue
			}
			for _, n := range lengths {
				x, y := wild(n, random(uint64(n))).slice(), make([]float32, n)
				FakeQuant(y, x, c.Grid)
				name := label(c.name, " n=", n)
				if c.Min < 0 {
					checkBytes(t, name, bytesKernels[int8]{QuantizeI8, dequantizeBlock[int8]}, y, x, c.Grid)
				} else {
					checkBytes(t, name, bytesKernels[uint8]{QuantizeU8, DequantizeU8}, y, x, c.Grid)
				}
			}
		}
	})
}

// bytesKernels are the ways to integers and back.
type bytesKernels[Q Byte] struct {
	quantize   func([]Q, []float32, Grid)
	dequantize func([]float32, []Q, float32, int32)
}

// checkBytes compares the integers of x, and the numbers they represent, with
// y.
func checkBytes[Q Byte](t *testing.T, name string, k bytesKernels[Q], y, x []float32, g Grid) {
	t.Helper()
	n := len(x)
	q, back := newFenced[Q](n, 99, nil), out(n)
	k.quantize(q.slice(), x, g)
	k.dequantize(back.slice(), q.slice(), g.Scale, g.Zero)
	sameBits(t, name, back.slice(), y)
	q.check(t, name)
	back.check(t, name)
}

func TestReLUAndItsGradient(t *testing.T) {
	inf := float32(math.Inf(1))
	everyPath(t, func(t *testing.T) {
		for _, ceiling := range []float32{inf, 6} {
			for _, n := range lengths {
				r := random(uint64(n))
				x, dy, y, dx := wild(n, r), wild(n, r), out(n), out(n)
				wantY, wantDX := make([]float32, n), make([]float32, n)
				for i, v := range x.slice() {
					wantY[i] = float32(math.Min(math.Max(float64(v), 0), float64(ceiling)))
					if v > 0 && v < ceiling {
						wantDX[i] = dy.slice()[i]
					}
				}
				ReLU(y.slice(), x.slice(), ceiling)
				ReLUGrad(dx.slice(), dy.slice(), x.slice(), ceiling)
				sameBits(t, label("y n=", n), y.slice(), wantY)
				sameBits(t, label("dx n=", n), dx.slice(), wantDX)
				y.check(t, "y")
				dx.check(t, "dx")
			}
		}
	})
}

// FuzzFakeQuant holds the quantizer's laws for any bits: 0 ↦ 0, an idempotent
// grid, and half a step of error within the range.
func FuzzFakeQuant(f *testing.F) {
	f.Add(float32(1), float32(0.25), int32(3))
	f.Add(float32(127.5), float32(1), int32(0))
	f.Fuzz(func(t *testing.T, x, s float32, z int32) {
		if !(s > 1e-30 && s < 1e30) || z < 0 || z > 255 {
			return // not a scale and a zero point
		}
		in, y, again := []float32{x, 0}, make([]float32, 2), make([]float32, 2)
		g := Grid{s, z, 0, 255}
		lo, hi, bad := MinMax(in)
		sameRange(t, "range", lo, hi, bad, in)
		FakeQuant(y, in, g)
		FakeQuant(again, y, g)
		sameBits(t, "again", again, y)
		if y[1] != 0 {
			t.Errorf("0 ↦ %v", y[1])
		}
		if q := float64(x) / float64(s); q > float64(-z) && q < float64(255-z) {
			if d := math.Abs(float64(x) - float64(y[0])); d > 0.5001*float64(s) {
				t.Errorf("|%v − %v| is more than half of %v", x, y[0], s)
			}
		}
	})
}

// TestObservingAllocatesNoRanges: the observers' pass allocates a few words a
// call, whatever the length, and nothing for a tensor that fits one piece.
func TestObservingAllocatesNoRanges(t *testing.T) {
	small := make([]float32, block)
	if n := testing.AllocsPerRun(20, func() { MinMax(small) }); n != 0 {
		t.Errorf("MinMax of %d values allocates %v times", len(small), n)
	}
	const calls = 200
	large := make([]float32, 40*block)
	var before, after runtime.MemStats
	MinMax(large)
	runtime.ReadMemStats(&before)
	for range calls {
		MinMax(large)
	}
	runtime.ReadMemStats(&after)
	if bytes := (after.TotalAlloc - before.TotalAlloc) / calls; bytes > 1000 {
		t.Errorf("MinMax of %d values allocates %d bytes a call", len(large), bytes)
	}
}
