package kernel_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"petrify/internal/kernel"
)

// Layer normalisations of real numbers that are integers are those of the integers.
func TestLayerNormForward(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []int{1, 2, 7, 8, 9, 33} {
		k := kernel.LayerNorm{Epsilon: 1e-3}
		for range c {
			k.Gamma, k.Beta = append(k.Gamma, float32(rng.NormFloat64())), append(k.Beta, float32(rng.NormFloat64()))
		}
		x, y, bytes := make([]float32, 3*c), make([]float32, 3*c), make([]uint8, 3*c)
		for i := range x {
			bytes[i] = uint8(rng.IntN(256))
			x[i] = float32(bytes[i])
		}
		k.Forward(y, x)
		for row := 0; row < len(x); row += c {
			for i, want := range exactNorm(k, bytes[row:row+c], kernel.Grid{Scale: 1, Max: 255}) {
				if apart := math.Abs(float64(y[row+i]) - want); !(apart <= 0x1.0001p-24*math.Abs(want)+1e-12) {
					t.Errorf("%d channels: y[%d] is %v, want %v", c, row+i, y[row+i], want)
				}
			}
		}
	}
}

// Layer normalisations of integers against exact sums and a root of 200 bits: y is the
// float32 next to the exact number, up to the rounding of a few doubles.
func TestLayerNormBytesAreExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []int{1, 2, 3, 17, 64, 500} {
		k := kernel.LayerNorm{Epsilon: float64(float32(1e-5))}
		for range c {
			k.Gamma, k.Beta = append(k.Gamma, float32(rng.NormFloat64())), append(k.Beta, float32(rng.NormFloat64()))
		}
		for round := range 20 {
			from := kernel.Grid{Scale: float32(math.Exp(4 * rng.NormFloat64())), Zero: rng.Int32N(256), Max: 255}
			x, y := make([]uint8, c), make([]float32, c)
			for i := range x {
				if x[i] = 200; round > 0 { // first: all are equal
					x[i] = uint8(rng.IntN(256))
				}
			}
			k.ForwardBytes(y, x, from)
			for i, want := range exactNorm(k, x, from) {
				if apart := math.Abs(float64(y[i]) - want); !(apart <= 0x1.0001p-24*math.Abs(want)+1e-14) {
					t.Errorf("%d channels: y[%d] is %v, want %v", c, i, y[i], want)
				}
			}
		}
	}
}

func exactNorm(k kernel.LayerNorm, x []uint8, from kernel.Grid) (y []float64) {
	float := func(v float64) *big.Float { return new(big.Float).SetPrec(200).SetFloat64(v) }
	n, sum, square := float(float64(len(x))), float(0), float(0)
	s := float(float64(from.Scale))
	real := func(q uint8) *big.Float { return float(0).Mul(s, float(float64(int32(q)-from.Zero))) }
	for _, q := range x {
		sum.Add(sum, real(q))
	}
	mean := float(0).Quo(sum, n)
	for _, q := range x {
		d := float(0).Sub(real(q), mean)
		square.Add(square, float(0).Mul(d, d))
	}
	σ := float(0).Sqrt(float(0).Add(float(0).Quo(square, n), float(k.Epsilon)))
	for i, q := range x {
		v := float(0).Quo(float(0).Sub(real(q), mean), σ)
		v.Mul(v, float(float64(k.Gamma[i]))).Add(v, float(float64(k.Beta[i])))
		f, _ := v.Float64()
		y = append(y, f)
	}
	return y
}
