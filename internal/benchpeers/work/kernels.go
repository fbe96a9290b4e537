package work

import (
	"math/rand/v2"

	"petrify/internal/benchpeers/turns"
	"petrify/internal/kernel"
)

// Gemm multiplies two n×n matrices; a unit is a floating-point operation.
func Gemm(n int) turns.Work {
	rng := rand.New(rand.NewPCG(1, 1))
	square := func(x []float32) kernel.Matrix { return kernel.Matrix{Data: x, Rows: n, Cols: n, LD: n} }
	a, b, c := square(normal(rng, n*n)), square(normal(rng, n*n)), square(make([]float32, n*n))
	return func() (float64, error) {
		kernel.Gemm(c, a, b, false)
		return 2 * float64(n) * float64(n) * float64(n), nil
	}
}

func normal(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}
