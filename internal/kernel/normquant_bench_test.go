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
		x, v, n, q, dx, dn := k.x.slice(), k.v, k.n, k.integers, k.dx.slice(), k.dy.slice()
		mean, invStd, gamma, beta := k.mean.slice(), k.invStd.slice(), k.gamma.slice(), k.beta.slice()
		p, dy := newPooled(o), in(o, random()).slice()
		y, top, pooledQ, arg := p.y.slice(), p.top.slice(), p.q.slice(), p.arg.slice()
		a, d, lo, hi := make([]float32, c), make([]float32, c), make([]float32, c), make([]float32, c)
		for _, f := range []struct {
			name string
			f    func()
		}{
			{"Stats", func() { BatchNormStatsRange(a, d, lo, hi, x, rows, c) }},
			{"StatsChain", func() { BatchNormStats(a, d, x, rows, c); MinMax(x) }},
			{"Forward", func() { BatchNormReLUQuant(n, q, x, mean, invStd, gamma, beta, s, qmax, rows, c) }},
			{"ForwardChain", func() {
				BatchNormForward(v, x, mean, invStd, gamma, beta, rows, c, true)
				QuantizeU8(q, v, s, 0, 0, qmax)
				DequantizeU8(n, q, s, 0)
			}},
			{"Backward", func() {
				BatchNormReLUQuantBackward(dx, a, d, dn, x, mean, invStd, gamma, beta, s, qmax, rows, c, false)
			}},
			{"BackwardChain", func() {
				FakeQuantGrad(dx, dn, v, s, 0, 0, qmax)
				BatchNormBackward(dx, a, d, dx, v, x, mean, invStd, gamma, rows, c, true)
			}},
			{"Pool", func() {
				BatchNormReLUQuantMaxPool(y, top, pooledQ, arg, x, mean, invStd, gamma, beta, s, qmax,
					g)
			}},
			{"PoolChain", func() {
				BatchNormForward(v, x, mean, invStd, gamma, beta, rows, c, true)
				FakeQuant(n, v, s, 0, 0, qmax)
				MaxPool(y, arg, n, g)
			}},
			{"PoolBackward", func() {
				BatchNormReLUQuantMaxPoolBackward(dx, a, d, dy, top, arg, x, mean, invStd, gamma, beta, s, qmax, g,
					false)
			}},
			{"PoolBackwardChain", func() {
				MaxPoolGrad(n, dy, arg, g)
				FakeQuantGrad(n, n, v, s, 0, 0, qmax)
				BatchNormBackward(dx, a, d, n, v, x, mean, invStd, gamma, rows, c, true)
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
