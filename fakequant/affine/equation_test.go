package affine_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"

	"petrify/fakequant/affine"
)

func ExampleQuantize() {
	// 256 steps of 1/100, with 0 at 128: −1.28..1.27.
	const s, z = 0.01, 128
	for _, r := range []float32{-1.5, -0.014, 0, 0.5, 9} {
		q := affine.Quantize(r, s, z, affine.Uint8)
		fmt.Printf("%6.3f → %3d → %5.2f\n", r, q, affine.Dequantize(q, s, z))
	}
	// Output:
	// -1.500 →   0 → -1.28
	// -0.014 → 127 → -0.01
	//  0.000 → 128 →  0.00
	//  0.500 → 178 →  0.50
	//  9.000 → 255 →  1.27
}

// TestIntegersOfFormats lists what the narrowest formats hold.
func TestIntegersOfFormats(t *testing.T) {
	for f, want := range map[affine.Format][]int32{
		{Bits: 2}: {-2, -1, 0, 1}, {Bits: 2, Unsigned: true}: {0, 1, 2, 3},
		affine.Ternary: {-1, 0, 1}, affine.Binary: {-1, 1},
	} {
		var got []int32
		for q := int32(-9); q <= 9; q++ {
			if f.Has(q) {
				got = append(got, q)
			}
		}
		if !slices.Equal(got, want) || f.Min() != want[0] || f.Max() != want[len(want)-1] {
			t.Errorf("%v: %v, from %d to %d; want %v", f, got, f.Min(), f.Max(), want)
		}
	}
}

func TestQuantize(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, test := range []struct {
		name   string
		r, s   float32
		z      int32
		f      affine.Format
		want   int32
		inside bool
	}{
		{"tie goes to even, down", 2.5, 1, 0, affine.Int8, 2, true},
		{"tie goes to even, up", 3.5, 1, 0, affine.Int8, 4, true},
		{"negative tie", -2.5, 1, 0, affine.Int8, -2, true},
		{"last value that passes", 127.4, 1, 0, affine.Int8, 127, true},
		{"tie above the range", 127.5, 1, 0, affine.Int8, 127, false},
		{"tie below the range rounds into it", -128.5, 1, 0, affine.Int8, -128, true},
		{"below the range", -128.6, 1, 0, affine.Int8, -128, false},
		{"narrow", -128, 1, 0, affine.Int8Narrow, -127, false},
		{"rounds before the zero point is added", 0.5, 1, 1, affine.Uint8, 1, true},
		{"infinity", inf, 1, 3, affine.Uint8, 255, false},
		{"minus infinity", -inf, 1, 3, affine.Uint8, 0, false},
		{"NaN", nan, 1, 3, affine.Uint8, 0, false},
		{"quotient beyond every integer", 1e30, 1e-30, 0, affine.Int8, 127, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := affine.Quantize(test.r, test.s, test.z, test.f); got != test.want {
				t.Errorf("Quantize = %d, want %d", got, test.want)
			}
			if got := (affine.Arithmetic{}).Inside(test.r, test.s, test.z, test.f); got != test.inside {
				t.Errorf("Inside = %v, want %v", got, test.inside)
			}
		})
	}
}

// oracle rounds the float32 quotient with big integers, then clips.
func oracle(r, s float32, z int32, f affine.Format) (q int64, inside bool) {
	v := new(big.Rat).SetFloat64(float64(r / s))
	half := big.NewRat(1, 2)
	floor := func(x *big.Rat) *big.Int { return new(big.Int).Div(x.Num(), x.Denom()) }
	n := floor(new(big.Rat).Add(v, half))
	if tie := new(big.Rat).Sub(new(big.Rat).SetInt(n), v); tie.Cmp(half) == 0 && n.Bit(0) == 1 {
		n.Sub(n, big.NewInt(1))
	}
	n.Add(n, big.NewInt(int64(z)))
	lo, hi := big.NewInt(int64(f.Min())), big.NewInt(int64(f.Max()))
	switch {
	case n.Cmp(lo) < 0:
		return lo.Int64(), false
	case n.Cmp(hi) > 0:
		return hi.Int64(), false
	}
	return n.Int64(), true
}

// FuzzEquation checks the laws of the equation, and the equation itself
// against exact arithmetic.
func FuzzEquation(f *testing.F) {
	f.Add(float32(2.5), float32(1), uint8(0), uint8(0))
	f.Add(float32(-128.5), float32(1), uint8(0), uint8(1))
	f.Add(float32(0.3), float32(0.1), uint8(200), uint8(2))
	f.Add(float32(1e38), float32(1e-38), uint8(7), uint8(4))
	formats := []affine.Format{affine.Int8Narrow, affine.Int8, affine.Uint8, {Bits: 2}, {Bits: 4, Unsigned: true}}
	f.Fuzz(func(t *testing.T, r, s float32, zero, format uint8) {
		fm := formats[int(format)%len(formats)]
		// Products s·(q − z) must stay finite and normal for the laws to hold.
		if r-r != 0 || !(s > 1e-30 && s < 1e30) || math.IsInf(float64(r/s), 0) {
			return // not a tensor and a scale
		}
		z := fm.Min() + int32(zero)%(fm.Max()-fm.Min()+1)
		q := affine.Quantize(r, s, z, fm)
		if want, inside := oracle(r, s, z, fm); int64(q) != want || (affine.Arithmetic{}).Inside(r, s, z, fm) != inside {
			t.Errorf("Quantize(%v, %v, %d) = %d, inside %v; want %d, %v", r, s, z, q, (affine.Arithmetic{}).Inside(r, s, z, fm),
				want, inside)
		}
		y := affine.Fake(r, s, z, fm)
		if again := affine.Fake(y, s, z, fm); again != y {
			t.Errorf("not idempotent: %v → %v → %v", r, y, again)
		}
		// Half a step, and what float32 rounds off r/s and s·(q − z).
		limit := float64(s)/2 + 0x1p-22*math.Abs(float64(r))
		if e := math.Abs(float64(r) - float64(y)); (affine.Arithmetic{}).Inside(r, s, z, fm) && e > limit {
			t.Errorf("|%v − %v| = %v, more than s/2 = %v", r, y, e, s/2)
		}
		if up := math.Nextafter32(r, math.MaxFloat32); affine.Fake(up, s, z, fm) < y {
			t.Errorf("not monotone at %v", r)
		}
		if affine.Fake(0, s, z, fm) != 0 {
			t.Errorf("0 does not map to 0")
		}
	})
}

func TestQuantizeStochastic(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, test := range []struct {
		name string
		r    float32
		u    float64
		want int32
	}{
		{"below the fraction's complement", 2.25, 0.74, 2},
		{"above it", 2.25, 0.75, 3},
		{"negative, down", -2.25, 0.24, -3},
		{"negative, up", -2.25, 0.25, -2},
		{"whole numbers stay", 5, 0.999999, 5},
		{"the end stays the end", 127, 0.999999, 127},
		{"beyond it", 127.5, 0.9, 127},
		{"infinity", inf, 0.5, 127},
		{"minus infinity", -inf, 0.999999, -128},
		{"NaN", inf - inf, 0.5, -128},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := affine.QuantizeStochastic(test.r, 1, 0, affine.Int8, test.u); got != test.want {
				t.Errorf("q = %d, want %d", got, test.want)
			}
		})
	}
}
