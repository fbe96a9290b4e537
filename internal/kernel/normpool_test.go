package kernel

import (
	"math/rand/v2"
	"testing"
)

// TestBatchNormReLUMaxPoolIsItsThreeParts compares bits with the chain of
// BatchNormForward and MaxPool and with the chain of their gradients.
func TestBatchNormReLUMaxPoolIsItsThreeParts(t *testing.T) { eachPool(t, checkNormPool) }

func checkNormPool(t *testing.T, name string, g Pool, r *rand.Rand) {
	t.Helper()
	rows, nOut := g.N*g.H*g.W, g.N*g.OH()*g.OW()*g.C
	b := newNorm(rows, g.C, true, r)
	x, mean, invStd, gamma, beta := b.x.slice(), b.mean.slice(), b.invStd.slice(), b.gamma.slice(), b.beta.slice()
	y, top, arg, dy := out(nOut), out(nOut), newFenced[uint8](nOut, 99, nil), quarters(nOut, -16, 16, r)
	wantY, wantArg := make([]float32, nOut), make([]uint8, nOut)

	BatchNormForward(b.y.slice(), x, mean, invStd, gamma, beta, rows, g.C, true)
	MaxPool(wantY, wantArg, b.y.slice(), g)
	BatchNormReLUMaxPool(y.slice(), top.slice(), arg.slice(), x, mean, invStd, gamma, beta, g)
	sameBits(t, name+" y", y.slice(), wantY)
	for i, a := range arg.slice() {
		if a != wantArg[i] {
			t.Fatalf("%s: arg[%d] = %d, want %d", name, i, a, wantArg[i])
		}
	}

	unpooled, wantDX, want := make([]float32, rows*g.C), make([]float32, rows*g.C),
		[2][]float32{make([]float32, g.C), make([]float32, g.C)}
	MaxPoolGrad(unpooled, dy.slice(), wantArg, g)
	for _, frozen := range []bool{false, true} {
		if frozen {
			for i, v := range b.y.slice() { // dx = d·scale
				wantDX[i] = 0
				if v > 0 {
					wantDX[i] = unpooled[i] * (gamma[i%g.C] * invStd[i%g.C])
				}
			}
		} else {
			BatchNormBackward(wantDX, want[0], want[1], unpooled, b.y.slice(), x, mean, invStd, gamma, rows, g.C, true)
		}
		BatchNormReLUMaxPoolBackward(b.dx.slice(), b.dgamma.slice(), b.dbeta.slice(), dy.slice(), y.slice(),
			top.slice(), arg.slice(),
			x, mean, invStd, gamma, g, frozen)
		near32(t, name+" dx", b.dx.slice(), wantDX)
		near32(t, name+" dγ", b.dgamma.slice(), want[0])
		near32(t, name+" dβ", b.dbeta.slice(), want[1])
	}
	for _, f := range []fenced[float32]{y, top, b.dx, b.dgamma, b.dbeta} {
		f.check(t, name)
	}
	arg.check(t, name)
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
