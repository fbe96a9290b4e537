package quantized_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

// TestAccumulatorExhaustive sums every input of a tiny layer, in the order of
// the inputs with the bias first and last, and compares the extremes.
func TestAccumulatorExhaustive(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		s := quantizedtest.Scheme{Weights: affine.Format{Bits: 3}, Signed: affine.Format{Bits: 3, Unsigned: true},
			Affine: true}
		b := quantizedtest.New(rng, s, 4)
		m := b.Model(b.Linear(b.Input(), 2, quantized.Identity))
		n, q := &m.Nodes[0], m.Input.Quant
		var least, greatest int64
		for x := range 1 << 12 {
			for o := range 2 {
				first, last := int64(n.Bias.Q[o]), int64(0)
				for i := range 4 {
					v := int64(int32(x>>(3*i)&7)-q.Zero) * int64(n.Weights.Q[4*o+i])
					first, last = first+v, last+v
					least, greatest = min(least, first, last), max(greatest, first, last)
				}
				least, greatest = min(least, int64(n.Bias.Q[o])), max(greatest, int64(n.Bias.Q[o]))
			}
		}
		all, err := m.Accumulators()
		if err != nil || len(all) != 1 {
			t.Fatalf("got %v, %v", all, err)
		}
		if a := all[0]; a.Min != least || a.Max != greatest {
			t.Fatalf("got %d..%d, want %d..%d", a.Min, a.Max, least, greatest)
		}
	}
}

func TestAccumulatorBits(t *testing.T) {
	for _, tt := range []struct {
		bias, w int
		bits    int
	}{
		{0, 1, 9},                          // 0..255
		{1, 1, 10},                         // 0..256
		{0, -1, 9},                         // −255..0
		{-1, -1, 9},                        // −256..0
		{-2, -1, 10},                       // −257..0
		{math.MaxInt32 - 127*255, 127, 32}, // 2³¹−1
		{math.MinInt32 + 127*255, -127, 32},
	} {
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 1)),
			quantizedtest.Scheme{Weights: affine.Int8Narrow, Signed: affine.Uint8}, 1)
		m := b.Model(b.Linear(b.Input(), 1, quantized.Identity))
		m.Nodes[0].Weights.Q[0], m.Nodes[0].Bias.Q[0] = int8(tt.w), int32(tt.bias)
		all, err := m.Accumulators()
		if err != nil || all[0].Bits != tt.bits || !all[0].Fits(tt.bits) || all[0].Fits(tt.bits-1) {
			t.Errorf("bias %d, weight %d: got %+v, %v; want %d bits", tt.bias, tt.w, all, err, tt.bits)
		}
	}
}

func TestGlobalAverageSums(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 1)), quantizedtest.W8A8, 3, 5, 7)
	m := b.Model(b.GlobalAvgPool(b.Input()))
	all, err := m.Accumulators()
	if err != nil || len(all) != 1 || all[0].Min != -128*35 || all[0].Max != 127*35 {
		t.Errorf("got %+v, %v; want 35 times −128..127", all, err)
	}
}
