package kernel

import (
	"fmt"
	"testing"
)

// BenchmarkNormQuant measures each fused pass and, with the suffix Chain, the
// kernels it replaces, on the activations of the cnn network at batch 128.
func BenchmarkNormQuant(b *testing.B) {
	for _, g := range []Pool{
		{N: 128, H: 28, W: 28, C: 16, KH: 2, KW: 2, StrideH: 2, StrideW: 2},
		{N: 128, H: 14, W: 14, C: 32, KH: 2, KW: 2, StrideH: 2, StrideW: 2},
	} {
		const s, qmax = 0.012, 255
		rows, c, o := g.N*g.H*g.W, g.C, g.N*g.OH()*g.OW()*g.C
		k := newChain(newNorm(rows, c, true, random()), s, qmax)
		x, v, n, q, dn := k.x.slice(), k.v, k.n, k.integers, k.dy.slice()
		norm, quant, grad, grid := k.norm.norm(), k.quant(s, qmax, false), k.grad(), Grid{s, 0, 0, qmax}
		p, dy := newPooled(o), in(o, random()).slice()
		y, pooledQ, arg, m := p.y.slice(), p.q.slice(), p.arg.slice(), p.maxima()
		a, d, lo, hi := make([]float32, c), make([]float32, c), make([]float32, c), make([]float32, c)
		for _, f := range []struct {
			name string
			f    func()
		}{
			{"Stats", func() { BatchNormStats(Moments{a, d, lo, hi}, x) }},
			{"StatsChain", func() { BatchNormStats(Moments{Mean: a, Variance: d}, x); MinMax(x) }},
			{"Forward", func() { BatchNormReLUQuant(n, q, x, quant) }},
			{"ForwardChain", func() {
				BatchNormForward(v, x, norm, true)
				QuantizeU8(q, v, grid)
				DequantizeU8(n, q, s, 0)
			}},
			{"Backward", func() { BatchNormReLUQuantBackward(grad, dn, x, quant) }},
			{"BackwardChain", func() {
				FakeQuantGrad(grad.X, dn, v, grid)
				BatchNormBackward(grad, grad.X, v, x, norm, true)
			}},
			{"Pool", func() { BatchNormReLUQuantMaxPool(m, pooledQ, x, quant, g) }},
			{"PoolChain", func() {
				BatchNormForward(v, x, norm, true)
				FakeQuant(n, v, grid)
				MaxPool(y, arg, n, g)
			}},
			{"PoolBackward", func() { BatchNormReLUQuantMaxPoolBackward(grad, dy, m, x, quant, g) }},
			{"PoolBackwardChain", func() {
				MaxPoolGrad(n, dy, arg, g)
				FakeQuantGrad(n, n, v, grid)
				BatchNormBackward(grad, n, v, x, norm, true)
			}},
		} {
			b.Run(fmt.Sprintf("%s/%d×%d×%d×%d", f.name, g.N, g.H, g.W, g.C), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f.f()
				}
			})
		}
	}
}
