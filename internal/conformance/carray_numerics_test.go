package conformance_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"petrify/fakequant/affine"
	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/carray"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
)

// kernel compiles a function of an export's source with a program that reads
// arguments and writes results, all of 32 bits.
func kernel(t *testing.T, m *quantized.Model, r integer.Requantization, call string, arguments int,
	flags []string) func([]uint32) []uint32 {
	t.Helper()
	dir := t.TempDir()
	if err := carray.Write(dir, m, carray.Options{Name: "own", Requantization: r}); err != nil {
		t.Fatal(err)
	}
	program := fmt.Sprintf(`#include "own.c"
#include <stdio.h>
#include <string.h>
typedef union { uint32_t bits; int32_t whole; float real; } word;
int main(void)
{
    word a[%d], y;
    memset(a, 0, sizeof a);
    while (fread(a, sizeof a, 1, stdin) == 1) {
        %s;
        fwrite(&y, sizeof y, 1, stdout);
    }
    return 0;
}
`, arguments, call)
	if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(program), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := conformance.CC(dir, append(slices.Concat(flags, conformance.Strict), "main.c", "-o",
		"main")...); err != nil {
		t.Fatal(err)
	}
	return func(x []uint32) []uint32 {
		t.Helper()
		var in bytes.Buffer
		if err := binary.Write(&in, binary.NativeEndian, x); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(filepath.Join(dir, "main"))
		cmd.Stdin = &in
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		y := make([]uint32, len(x)/arguments)
		if _, err := binary.Decode(out, binary.NativeEndian, y); err != nil {
			t.Fatal(err)
		}
		return y
	}
}

// dialects are the flags that must not change a number.
var dialects = map[string][]string{"O0": plain, "O2": standard, "gnu": gnu}

// TestCRoundsHalfToEven: every tie that a byte can meet, and its neighbours.
func TestCRoundsHalfToEven(t *testing.T) {
	var x []uint32
	for half := -1200; half <= 1200; half++ {
		r := float32(half) / 2
		for _, v := range []float32{r, math.Nextafter32(r, 1e9), math.Nextafter32(r, -1e9)} {
			x = append(x, math.Float32bits(v))
		}
	}
	for name, flags := range dialects {
		y := kernel(t, pairSum(1, 1, 1, 0), integer.Float32, "y.whole = nearest(a[0].real)", 1, flags)(x)
		for i, bits := range x {
			v := math.Float32frombits(bits)
			if got, want := int32(y[i]), int32(math.RoundToEven(float64(v))); got != want {
				t.Fatalf("%s: nearest(%v) = %d, want %d", name, v, got, want)
			}
		}
	}
}

// TestCMultiplyAsFloat: the product of an integer and a float, in integers, is
// that in floats; also of integers that no float holds.
func TestCMultiplyAsFloat(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var x []uint32
	for i := range 300_000 {
		mantissa, shift := uint32(1<<23+rng.IntN(1<<23)), uint32(rng.IntN(58))
		a := int32(rng.Uint32()) >> rng.IntN(32)
		if i%3 == 0 {
			mantissa = uint32(1+rng.IntN(4)) << 21
		}
		if i%3 == 1 && a != 0 { // the product is next to a tie
			want := float64(rng.IntN(200)) + 0.5
			f, e := math.Frexp(math.Abs(want / float64(a)))
			mantissa, shift = uint32(f*(1<<24))+uint32(rng.IntN(3))-1, uint32(max(0, 24-e))
		}
		x = append(x, uint32(a), mantissa, shift)
	}
	m := globalMean(8, quantized.Quant{Format: affine.Uint8, Scale: 1}, quantized.Quant{Format: affine.Uint8, Scale: 2})
	for name, flags := range dialects {
		y := kernel(t, m, integer.Gemmlowp,
			"y.whole = multiply_as_float(a[0].whole, (factor){a[1].whole, a[2].whole})", 3, flags)(x)
		for i := range y {
			a, m := int32(x[3*i]), float32(math.Ldexp(float64(x[3*i+1]), -int(x[3*i+2])))
			want := int32(math.RoundToEven(float64(min(max(float32(a)*m, -256), 256))))
			if got := int32(y[i]); got != want {
				t.Fatalf("%s: %d·%v is %d, want %d", name, a, m, got, want)
			}
		}
	}
}

// TestCMultiplyInFixedPoint: both products in fixed point against whole numbers of any size, a third of them ties.
func TestCMultiplyInFixedPoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	halfUp := func(v *big.Int, bits uint) int64 {
		v = new(big.Int).Add(v, new(big.Int).Lsh(big.NewInt(1), bits-1))
		return v.Rsh(v, bits).Int64() // towards −∞
	}
	saturated := func(v int64) int64 { return min(max(v, math.MinInt32), math.MaxInt32) }
	want := map[integer.Requantization]func(a, q int64, shift int) int64{
		integer.Single: func(a, q int64, shift int) int64 {
			return saturated(halfUp(new(big.Int).Mul(big.NewInt(a), big.NewInt(q)), uint(31-shift)))
		},
		integer.Gemmlowp: func(a, q int64, shift int) int64 {
			a = saturated(a << max(shift, 0))
			high := halfUp(new(big.Int).Mul(big.NewInt(a), big.NewInt(q)), 31)
			return int64(math.Round(math.Ldexp(float64(high), min(shift, 0)))) // half away from zero
		},
	}
	for r, multiply := range want {
		for _, greatest := range []int{0, 12} { // shifts: to the left the source has more branches
			var x []uint32
			for i := range 100_000 {
				a, q, shift := int32(rng.Uint32())>>(2+rng.IntN(30)), int32(1<<30+rng.IntN(1<<30)), greatest-rng.IntN(31)
				if i%3 == 0 {
					q = 1 << 30
				}
				x = append(x, uint32(a), uint32(q), uint32(int32(shift)))
			}
			m := pairSum(1, 1, 1, 0)
			m.Nodes[0].Output.Quant.Scale = 4
			if greatest > 0 {
				m.Nodes[0].Output.Quant.Scale = 0.01
			}
			for name, flags := range dialects {
				y := kernel(t, m, r, "y.whole = multiply(a[0].whole, (multiplier){a[1].whole, a[2].whole})", 3, flags)(x)
				for i, got := range y {
					a, q, shift := int32(x[3*i]), int32(x[3*i+1]), int32(x[3*i+2])
					if want := multiply(int64(a), int64(q), int(shift)); int64(int32(got)) != want {
						t.Fatalf("%v, %s: %d·%d·2^(%d−31) is %d, want %d", r, name, a, q, shift, int32(got), want)
					}
				}
			}
		}
	}
}

// TestCMeans: means whose sums round on the way to either side of a tie.
func TestCMeans(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var p program
	for range 12 {
		s := rng.Float32() + 0.1
		in := quantized.Quant{Format: affine.Uint8, Scale: s, Zero: rng.Int32N(256)}
		m := globalMean(3, in, quantized.Quant{Format: affine.Uint8, Scale: s / 2, Zero: 100})
		n := &m.Nodes[0]
		n.Op, n.Window = quantized.AvgPool, quantized.Window{Kernel: [2]int{2, 2}, Stride: [2]int{1, 1}}
		n.Output.Shape = []int{1, 2, 2}
		p.add(fmt.Sprint(s), m, byteInputs(rng, m, 2000), integer.Float32, integer.Gemmlowp)
	}
	p.check(t, gnu)
}

// TestCSumsWrap: weights with zero points have sums that exceed int32 on the way
// to one that does not.
func TestCSumsWrap(t *testing.T) {
	t.Parallel()
	const inputs = 70_000 // times 255 times 127: more than 2³¹
	s := quantizedtest.Scheme{Weights: affine.Uint8, ZeroPoints: true, Positive: affine.Uint8, Signed: affine.Uint8}
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), s, inputs)
	m := b.Model(b.Linear(b.Input(), 2, quantized.Identity))
	w := m.Nodes[0].Weights
	for i := range w.Q {
		w.Q[i] = -1 // 255
		if i%3 == 0 {
			w.Q[i] = -5
		}
	}
	w.Q[0] = 0 // less its zero point it is no int8, so that C keeps all as they are
	w.Zero = []int32{253, 252}
	m.Nodes[0].Output.Quant.Scale = m.Input.Quant.Scale * w.Scale[0] * inputs
	for _, flags := range [][]string{gnu, sanitized, portable} {
		var p program
		p.add("wraps", m, nil, integer.Float32)
		p.checkReals(t, conformance.Toolchain{Flags: flags}, [][]float32{b.Inputs(m, 5)})
	}
}

// TestCIntegerMeans: means on one grid, whose quotients come from a reciprocal up to 360 pixels.
func TestCIntegerMeans(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 60))
	var p program
	for _, size := range [][2]int{{1, 1}, {1, 2}, {3, 3}, {7, 11}, {16, 16}, {18, 20}, {19, 19}, {60, 60}} {
		grid := quantized.Quant{Format: affine.Int8, Scale: 0.5, Zero: rng.Int32N(256) - 128}
		m := globalMean(0, grid, grid)
		m.Input.Shape = []int{1, size[0], size[1]}
		n := size[0] * size[1]
		var inputs []uint8
		for range 600 {
			q, next := rng.IntN(255), rng.IntN(n+1)
			for i := range n {
				x := q
				if i < next {
					x++
				}
				inputs = append(inputs, uint8(x))
			}
		}
		p.add(fmt.Sprint(size), m, inputs, integer.Gemmlowp, integer.Single)
	}
	p.check(t, sanitized)
}

// TestCNarrowGrids: grids that lack the least byte or the greatest ones, where outputs are limited.
func TestCNarrowGrids(t *testing.T) {
	t.Parallel()
	var p program
	for f, signed := range map[quantized.Func]affine.Format{quantized.Identity: affine.Int8Narrow, quantized.ReLU: affine.Int8} {
		s := quantizedtest.Scheme{Weights: affine.Int8Narrow, Positive: affine.Format{Bits: 4, Unsigned: true}, Signed: signed}
		rng := rand.New(rand.NewPCG(5, 6))
		b := quantizedtest.New(rng, s, 3, 8, 8)
		m := b.Model(b.Conv(b.Input(), 5, quantizedtest.Same(3), 1, f))
		m.Nodes[0].Output.Quant.Scale /= 8
		p.add(f.String(), m, byteInputs(rng, m, 20), requantizations...)
	}
	p.check(t, portable)
}

// TestCSumsNearInt32: to outputs that are as great as an int32 may be, a zero point is added only
// after they are limited.
func TestCSumsNearInt32(t *testing.T) {
	t.Parallel()
	const inputs = math.MaxInt32 / (255 * 127)
	b := quantizedtest.New(rand.New(rand.NewPCG(7, 8)), quantizedtest.W8A8, inputs)
	m := b.Model(b.Linear(b.Input(), 2, quantized.Identity))
	m.Input.Quant = quantized.Quant{Format: affine.Uint8, Scale: 1, Origin: "test"}
	n := &m.Nodes[0]
	n.Output.Quant = quantized.Quant{Format: affine.Uint8, Scale: math.Nextafter32(1, 2), Zero: 255, Origin: "test"}
	for i := range n.Weights.Q {
		n.Weights.Q[i] = int8(127 - 254*(i/inputs))
	}
	for o := range 2 {
		n.Weights.Scale[o] = 1
		n.Bias.Scale[o], n.Bias.Q[o] = 1, int32(math.MaxInt32-inputs*255*127)*int32(1-2*o)
	}
	var p program
	p.add("linear", m, byteInputs(rand.New(rand.NewPCG(3, 4)), m, 5), requantizations...)
	p.check(t, portable)
}
