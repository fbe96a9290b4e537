package kernel

import (
	"fmt"
	"testing"
)

// BenchmarkColumns measures the row kernels on the activations of the cnn
// network at batch 128. GB/s counts each byte that is read or written once.
func BenchmarkColumns(b *testing.B) {
	for _, s := range [][2]int{{128 * 28 * 28, 16}, {128 * 14 * 14, 32}, {128 * 14 * 14, 64}, {128, 128}} {
		rows, c := s[0], s[1]
		n := rows * c
		k := newNorm(rows, c, true, random())
		x, dy, y, grad := k.x.slice(), k.dy.slice(), k.y.slice(), k.grad()
		p, q := make([]float32, c), make([]float32, c)
		for _, f := range []struct {
			name  string
			bytes int
			f     func()
		}{
			{"SumRows", 4, func() { SumRows(p, x, rows, c) }},
			{"BatchNormStats", 4, func() { BatchNormStats(Moments{Mean: p, Variance: q}, x) }},
			{"BatchNormForward", 8, func() { BatchNormForward(y, x, k.norm(), true) }},
			{"BatchNormBackward", 28, func() { BatchNormBackward(grad, dy, y, x, k.norm(), true) }},
			{"ScaleShiftBackward", 24, func() { ScaleShiftBackward(grad, dy, y, x, k.gamma.slice(), true) }},
		} {
			b.Run(fmt.Sprintf("%s/%d×%d", f.name, rows, c), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f.f()
				}
				throughput(b, n*f.bytes)
			})
		}
	}
}
