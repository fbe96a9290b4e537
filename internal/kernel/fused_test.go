package kernel

import (
	"math"
	"math/big"
	"testing"
)

// exactly is a·b + c rounded once.
func exactly(a, b, c float32) float32 {
	float := func(v float32) *big.Float { return new(big.Float).SetPrec(1000).SetFloat64(float64(v)) }
	sum := float(a)
	sum.Mul(sum, float(b)).Add(sum, float(c))
	v, _ := sum.Float32()
	return v
}

// multiplyAdd is a·b + c, which all ways to compute it must agree on.
func multiplyAdd(a, b, c float32) float32 {
	sum := []float32{c}
	addProducts(sum, []float32{a}, []float32{b})
	run := [4]float32{c, 0, 1, c}
	addRun(&run, []float32{a}, []float32{b, 0, 0, b}, 1, 1, 4)
	for _, other := range []float32{run[0], run[3], FMA(a, b, c)} {
		if math.Float32bits(other) != math.Float32bits(sum[0]) && sum[0] == sum[0] {
			panic(label("the sums differ: ", sum[0], other))
		}
	}
	return sum[0]
}

// TestFMARoundsOnce tries numbers of few bits, whose sums are often halfway
// between two float32, and numbers of all exponents.
func TestFMARoundsOnce(t *testing.T) {
	r := random()
	few := func() float32 {
		v := float32(1+r.IntN(1<<r.IntN(12))) * float32(math.Exp2(float64(r.IntN(60)-30)))
		if r.IntN(8) == 0 {
			v += v * float32(math.Exp2(-float64(r.IntN(24))))
		}
		return v * float32(1-2*r.IntN(2))
	}
	any := func() float32 { return math.Float32frombits(r.Uint32()) }
	moved := 0
	for i := range 400_000 {
		a, b, c := few(), few(), few()
		switch i % 4 {
		case 0:
			a, b, c = any(), any(), any()
		case 1: // near halfway between the least float32, which lose bits
			a, b = float32(1+r.IntN(8))*(1+float32(r.IntN(3)-1)*0x1p-22)*0x1p-75, (1-float32(r.IntN(3))*0x1p-23)*0x1p-75
			c = float32(r.IntN(1<<23)-1<<22) * math.SmallestNonzeroFloat32
		}
		if s := a + b + c; s-s != 0 {
			continue // NaN and infinities are tried below
		}
		got, want := multiplyAdd(a, b, c), exactly(a, b, c)
		if got != want {
			t.Fatalf("%v·%v + %v = %v (%#x), want %v (%#x)", a, b, c, got, math.Float32bits(got), want,
				math.Float32bits(want))
		}
		if float32(float64(a)*float64(b)+float64(c)) != want {
			moved++
		}
	}
	// Half a step of float32 and a little: rounding twice would give 1.
	if got, want := multiplyAdd(0x1p-24, 1+0x1p-20, 1), float32(1+0x1p-23); got != want {
		t.Errorf("just above a tie: %v, want %v", got, want)
	}
	if moved < 20 {
		t.Errorf("only %d sums show that rounding twice is another thing", moved)
	}
}

func TestFMAOfWhatIsNotFinite(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	negative := float32(math.Copysign(0, -1))
	for _, c := range [][4]float32{
		{inf, 1, 2, inf}, {inf, -1, 2, -inf}, {inf, 0, 1, nan}, {inf, 1, -inf, nan}, {1, 2, inf, inf}, {nan, 1, 2, nan},
		{1, nan, 2, nan}, {1, 2, nan, nan}, {math.MaxFloat32, 2, 0, inf}, {math.MaxFloat32, 2, -math.MaxFloat32,
			math.MaxFloat32}, {negative, 1, negative, negative}, {negative, 1, 0, 0}, {1, -1, 1, 0},
		{math.SmallestNonzeroFloat32, .5, 0, 0}, {math.SmallestNonzeroFloat32, -.5, 0, negative},
		{math.SmallestNonzeroFloat32, .75, 0, math.SmallestNonzeroFloat32},
	} {
		sameBits(t, label(c), []float32{multiplyAdd(c[0], c[1], c[2])}, c[3:])
	}
}

func FuzzFMA(f *testing.F) {
	f.Add(uint32(0x3f800001), uint32(0x3f7fffff), uint32(0x33800000))
	f.Fuzz(func(t *testing.T, a, b, c uint32) {
		x, y, z := math.Float32frombits(a), math.Float32frombits(b), math.Float32frombits(c)
		if s := x*0 + y*0 + z*0; s != s {
			return
		}
		if got, want := multiplyAdd(x, y, z), exactly(x, y, z); got != want {
			t.Errorf("%v·%v + %v = %v, want %v", x, y, z, got, want)
		}
	})
}
