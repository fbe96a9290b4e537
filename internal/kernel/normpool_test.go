package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestBatchNormReLUMaxPoolIsItsThreeParts compares bits with the chain of
// BatchNormForward and MaxPool and with the chain of their gradients.
func TestBatchNormReLUMaxPoolIsItsThreeParts(t *testing.T) { eachPool(t, checkNormPool) }

func checkNormPool(t *testing.T, name string, g Pool, r *rand.Rand) {
	t.Helper()
	rows, nOut := g.N*g.H*g.W, g.N*g.OH()*g.OW()*g.C
	b := newNorm(rows, g.C, true, r)
	x, p, dy := b.x.slice(), newPooled(nOut), quarters(nOut, -16, 16, r)
	wantY, wantArg := make([]float32, nOut), make([]uint8, nOut)

	BatchNormForward(b.y.slice(), x, b.norm(), true)
	MaxPool(wantY, wantArg, b.y.slice(), g)
	BatchNormReLUMaxPool(p.maxima(), x, b.norm(), g)
	sameBits(t, name+" y", p.y.slice(), wantY)
	for i, a := range p.arg.slice() {
		if a != wantArg[i] {
			t.Fatalf("%s: arg[%d] = %d, want %d", name, i, a, wantArg[i])
		}
	}

	want := NormGrad{make([]float32, rows*g.C), make([]float32, g.C), make([]float32, g.C)}
	unpooled := make([]float32, rows*g.C)
	MaxPoolGrad(unpooled, dy.slice(), wantArg, g)
	for _, fixed := range []bool{false, true} {
		BatchNormBackward(want, unpooled, b.y.slice(), x, b.fixed(fixed), true)
		BatchNormReLUMaxPoolBackward(b.grad(), dy.slice(), p.maxima(), x, b.fixed(fixed), g)
		near32(t, name+" dx", b.dx.slice(), want.X)
		if g.GradOverX() {
			over := b.grad()
			over.X = slices.Clone(x)
			BatchNormReLUMaxPoolBackward(over, dy.slice(), p.maxima(), over.X, b.fixed(fixed), g)
			sameBits(t, name+" dx over x", over.X, b.dx.slice())
		}
		near32(t, name+" dγ", b.dgamma.slice(), want.Gamma)
		near32(t, name+" dβ", b.dbeta.slice(), want.Beta)
	}
	for _, f := range []fenced[float32]{p.y, p.top, b.dx, b.dgamma, b.dbeta} {
		f.check(t, name)
	}
	p.arg.check(t, name)
}

// near32 allows for sums in another order.
func near32(t *testing.T, name string, got, want []float32) {
	t.Helper()
	wide := make([]float64, len(want))
	for i, v := range want {
		wide[i] = float64(v)
	}
	closeTo(t, name, got, wide, 1e-5, 1)
}
