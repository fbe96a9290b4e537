package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// FuzzTwins compares every path of the element-wise kernels with the loop in
// Go, bit for bit, for any constants.
func FuzzTwins(f *testing.F) {
	f.Add(uint64(1), uint16(100), float32(0.1), float32(0.9), float32(1e-3))
	f.Add(uint64(2), uint16(17), float32(math.Inf(1)), float32(-3), float32(0))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, a, b, c float32) {
		for _, way := range ways() {
			way.run(func() {
				checkOptimizerTwins(t, label(way), int(n%500), SGDStep{LR: a, Momentum: b, WeightDecay: c}, random(seed))
				checkByteTwins(t, label(way), int(n%500), Sum{A: a, B: b, Fixed: c, Max: 255}, random(seed))
				checkReLUTwins(t, label(way), int(n%500), a, random(seed))
			})
		}
	})
}

func checkOptimizerTwins(t *testing.T, name string, n int, s SGDStep, r *rand.Rand) {
	t.Helper()
	w, m, v, g := wild(n, r), wild(n, r), wild(n, r), wild(n, r).slice()
	w2, m2, v2 := slices.Clone(w.slice()), slices.Clone(m.slice()), slices.Clone(v.slice())
	a, b, c := s.LR, s.Momentum, s.WeightDecay
	k := adamStep{step: a, beta1: b, beta2: c, eps: 1e-8, decay: c, rest1: 1 - b, rest2: 1 - c, inv2: a}
	for _, s.Nesterov = range []bool{false, true} {
		sgdBlock(w.slice(), m.slice(), g, s)
		sgdGeneric(w2, m2, g, s)
	}
	adamBlock(w.slice(), m.slice(), v.slice(), g, &k)
	adamGeneric(w2, m2, v2, g, &k)
	sameBits(t, name+" w", w.slice(), w2)
	sameBits(t, name+" m", m.slice(), m2)
	sameBits(t, name+" v", v.slice(), v2)
	for _, f := range []fenced[float32]{w, m, v} {
		f.check(t, name)
	}
}

func checkByteTwins(t *testing.T, name string, n int, k Sum, r *rand.Rand) {
	t.Helper()
	if bad := k.A*k.B*k.Fixed*1e9*0 != 0; bad {
		return // not the constants of a sum
	}
	a, b := randomBytes[uint8](n, r).slice(), randomBytes[uint8](n, r).slice()
	got, want := newFenced[uint8](n, 99, nil), make([]uint8, n)
	addBytesBlock(got.slice(), a, b, k)
	addBytesGeneric(want, a, b, k)
	if !slices.Equal(got.slice(), want) {
		t.Errorf("%s: sums by %+v differ: %v, want %v", name, k, got.slice(), want)
	}
	got.check(t, name)
}

func checkReLUTwins(t *testing.T, name string, n int, ceiling float32, r *rand.Rand) {
	t.Helper()
	if !(ceiling > 0) {
		ceiling = float32(math.Inf(1))
	}
	x, dy := wild(n, r).slice(), wild(n, r).slice()
	got, want := out(n), make([]float32, n)
	reluBlock(got.slice(), x, ceiling)
	reluGeneric(want, x, ceiling)
	sameBits(t, name+" ReLU", got.slice(), want)
	reluGradBlock(got.slice(), dy, x, ceiling)
	reluGradGeneric(want, dy, x, ceiling)
	sameBits(t, name+" its gradient", got.slice(), want)
	addBlock(got.slice(), x, dy)
	addGeneric(want, x, dy)
	sameBits(t, name+" sum", got.slice(), want)
	addReLUBlock(got.slice(), x, dy, ceiling)
	addReLUGeneric(want, x, dy, ceiling)
	sameBits(t, name+" ReLU of a sum", got.slice(), want)
	got.check(t, name)
}
