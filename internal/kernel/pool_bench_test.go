package kernel

import (
	"fmt"
	"testing"
)

// BenchmarkPool measures pooling on the activations of the cnn network at
// batch 128, alone and fused with what precedes it. GB/s counts each byte that
// the kernel reads or writes once.
func BenchmarkPool(b *testing.B) {
	for _, g := range []Pool{
		{N: 128, H: 28, W: 28, C: 16, KH: 2, KW: 2, StrideH: 2, StrideW: 2},
		{N: 128, H: 14, W: 14, C: 32, KH: 2, KW: 2, StrideH: 2, StrideW: 2},
	} {
		rows, n, o := g.N*g.H*g.W, g.N*g.H*g.W*g.C, g.N*g.OH()*g.OW()*g.C
		k := newNorm(rows, g.C, true, random())
		x, dx := k.x.slice(), k.dx.slice()
		y, dy, arg := make([]float32, o), in(o, random()).slice(), make([]uint8, o)
		m := Maxima{y, make([]float32, o), arg}
		for _, f := range []struct {
			name  string
			bytes int
			f     func()
		}{
			{"MaxPool", 4*n + 5*o, func() { MaxPool(y, arg, x, g) }},
			{"MaxPoolGrad", 4*n + 5*o, func() { MaxPoolGrad(dx, dy, arg, g) }},
			{"BatchNormReLUMaxPool", 4*n + 9*o, func() {
				BatchNormReLUMaxPool(m, x, k.norm(), g)
			}},
			{"BatchNormReLUMaxPoolBackward", 8*n + 21*o, func() {
				BatchNormReLUMaxPoolBackward(k.grad(), dy, m, x, k.norm(), g)
			}},
		} {
			b.Run(fmt.Sprintf("%s/%d×%d×%d×%d", f.name, g.N, g.H, g.W, g.C), func(b *testing.B) {
				for b.Loop() {
					f.f()
				}
				throughput(b, f.bytes)
			})
		}
	}
}
