package fakequant_test

import (
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
)

// TestTernaryByHand: 0.65 is just above 0.7 of the mean of magnitudes, 0.9125,
// which is the mean of those above the threshold, too.
func TestTernaryByHand(t *testing.T) {
	q, err := fakequant.New("w", fakequant.Config{Format: affine.Format{Bits: 2, Narrow: true},
		Method: fakequant.Ternary}, 5)
	if err != nil {
		t.Fatal(err)
	}
	x, y := []float32{1, -1, 1, -0.65, 0.6}, make([]float32, 5)
	if err := q.Observe(x[:4]); err != nil {
		t.Fatal(err)
	}
	q.SetEnabled(true)
	if err := q.Apply(y, x); err != nil {
		t.Fatal(err)
	}
	if s, want := float32(0.9125), []float32{0.9125, -0.9125, 0.9125, -0.9125, 0}; !slices.Equal(y, want) ||
		q.Params().Scale[0] != s {
		t.Errorf("scale %v, %v; want %v, %v", q.Params().Scale, y, s, want)
	}
}
