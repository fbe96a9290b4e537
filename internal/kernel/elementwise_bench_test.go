package kernel

import (
	"fmt"
	"math"
	"testing"
)

// BenchmarkElementwise measures each kernel on vectors of 64 KiB, which a
// second-level cache holds, and of 16 MiB, against the copy of the same bytes.
// GB/s counts each byte that is read or written.
func BenchmarkElementwise(b *testing.B) {
	for _, kib := range []int{64, 16 << 10} {
		n := kib << 10 / 4
		r := random()
		x, dy, y, z := in(n, r).slice(), in(n, r).slice(), make([]float32, n), make([]float32, n)
		q := make([]uint8, n)
		inf, int8s := float32(math.Inf(1)), Grid{0.02, 0, -128, 127}
		for _, c := range []struct {
			name  string
			bytes int // an element
			f     func()
		}{
			{"copy", 8, func() { copy(y, x) }},
			{"MinMax", 4, func() { MinMax(x) }},
			{"FakeQuant", 8, func() { FakeQuant(y, x, int8s) }},
			{"FakeQuantGrad", 12, func() { FakeQuantGrad(y, dy, x, int8s) }},
			{"QuantizeU8", 5, func() { QuantizeU8(q, x, Grid{0.02, 128, 0, 255}) }},
			{"DequantizeU8", 5, func() { DequantizeU8(y, q, 0.02, 128) }},
			{"ReLU", 8, func() { ReLU(y, x, inf) }},
			{"ReLUGrad", 12, func() { ReLUGrad(y, dy, x, inf) }},
			{"Adam", 28, func() { Adam(y, z, z, x, AdamStep{1e-3, .9, .999, 1e-8, 0, .1, .1}) }},
			{"SGD", 20, func() { SGD(y, z, x, SGDStep{LR: 1e-3, Momentum: .9}) }},
		} {
			b.Run(fmt.Sprintf("%s/%dKiB", c.name, kib), func(b *testing.B) {
				for b.Loop() {
					c.f()
				}
				throughput(b, n*c.bytes)
			})
		}
	}
}
