package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestTransposeAsInGo(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for rows := 1; rows < 22; rows++ {
			for n := 1; n <= 33; n++ {
				ld, width := rows+r.IntN(4), roundUp(n, quantum)
				var f fences
				src := f.in((n-1)*ld+rows, r)
				got, want := f.out(rows*width), make([]float32, rows*width)
				transpose(got, src, rows, n, ld, width)
				transposeGeneric(want, src, rows, n, ld, width)
				sameBits(t, fmt.Sprintf("%d×%d", rows, n), got, want)
				f.hold(t)
			}
		}
	})
}

func BenchmarkTranspose(b *testing.B) {
	const rows, n = 256, 32
	dst, src := make([]float32, rows*n), make([]float32, rows*n)
	for _, s := range paths() {
		onPath(s, func() {
			b.Run(s.String(), func(b *testing.B) {
				for b.Loop() {
					transpose(dst, src, rows, n, rows, n)
				}
				b.ReportMetric(8*rows*n*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GB/s")
			})
		})
	}
}
