package main

import (
	"runtime"
	"time"

	"petrify/internal/kernel"
)

// slice is how long a side of a kernel's row runs in a turn.
const slice = 200 * time.Millisecond

// perSecond calls f again and again for a slice on one thread, and returns the
// calls in a second.
func perSecond(f func()) float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	f()
	calls := 0
	begin := time.Now()
	for time.Since(begin) < slice {
		f()
		calls++
	}
	return float64(calls) / time.Since(begin).Seconds()
}

// sgemm is GFLOP/s of the product of two n×n matrices.
func sgemm(n int) float64 {
	a, b, c := noise(n*n), noise(n*n), make([]float32, n*n)
	rate := perSecond(func() { kernel.Gemm(false, false, n, n, n, 1, a, n, b, n, 0, c, n) })
	return rate * 2 * float64(n) * float64(n) * float64(n) / 1e9
}

const elements = 16 << 20 / 4

// fakeQuant is GB/s of tensor that is observed and quantized.
func fakeQuant() float64 {
	x, y := noise(elements), make([]float32, elements)
	return perSecond(func() { kernel.FakeQuantMinMax(y, x, 1.0/127, 0, -127, 127) }) * 4 * elements / 1e9
}

// memoryCopy is GB/s of tensor that is copied.
func memoryCopy() float64 {
	x, y := noise(elements), make([]float32, elements)
	return perSecond(func() { copy(y, x) }) * 4 * elements / 1e9
}

// noise is numbers between −1 and 1.
func noise(n int) []float32 {
	x := make([]float32, n)
	state := uint32(1)
	for i := range x {
		state = state*1664525 + 1013904223
		x[i] = float32(int32(state)) / (1 << 31)
	}
	return x
}
