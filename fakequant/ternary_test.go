package fakequant_test

import (
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
)

// TestFewValuesByHand: 0.65 lies just above 0.7 of the mean of magnitudes, 0.9125,
// which is the mean of those above the threshold, too. In the second tensor the mean
// is 0.85 and the threshold 0.595, but the scale stays the one that was observed.
func TestFewValuesByHand(t *testing.T) {
	const s = 0.9125
	seen := []float32{1, -1, 1, -0.65}
	for _, tt := range []struct {
		method     fakequant.Method
		seen, x, y []float32
	}{
		{fakequant.Ternary, seen, seen, []float32{s, -s, s, -s}},
		{fakequant.Ternary, seen, []float32{1, -1, 1, -0.65, 0.59}, []float32{s, -s, s, -s, 0}},
		{fakequant.Ternary, []float32{1, -0.5, 0.4}, []float32{1, -0.5, 0.4}, []float32{0.75, -0.75, 0}},
		{fakequant.LearnedTernary, seen, []float32{0.1, 0, -0.01}, []float32{s, 0, 0}},
		{fakequant.Binary, seen, []float32{2, -0.01, 0}, []float32{s, -s, s}},
		{fakequant.LearnedBinary, seen, []float32{2, -0.01, 0}, []float32{s, -s, s}},
	} {
		q, err := fakequant.New("w", fakequant.Config{Format: tt.method.Traits().Format, Method: tt.method})
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Observe(tt.seen); err != nil {
			t.Fatal(err)
		}
		q.SetEnabled(true)
		if y := apply(t, q, tt.x); !slices.Equal(y, tt.y) {
			t.Errorf("%v of %v: %v, want %v", tt.method, tt.x, y, tt.y)
		}
	}
}

// Two values are a format of their own, with methods of its own.
func TestBinaryIsAFormatOfItsOwn(t *testing.T) {
	for _, m := range fakequant.Methods() {
		err := fakequant.Config{Format: affine.Binary, Method: m}.Validate()
		if own := m == fakequant.Binary || m == fakequant.LearnedBinary; own != (err == nil) {
			t.Errorf("%v on binary: %v", m, err)
		}
	}
}

// Edges with more bits keep learning if the rest learns.
func TestFewValuesWithMoreBits(t *testing.T) {
	for m, want := range map[fakequant.Method]fakequant.Method{
		fakequant.Binary: fakequant.STE, fakequant.Ternary: fakequant.STE,
		fakequant.LearnedBinary: fakequant.LSQ, fakequant.LearnedTernary: fakequant.LSQ,
	} {
		c := fakequant.Config{Format: m.Traits().Format, Method: m}
		if m.Traits().Learns {
			c.LRFactor = 2
		}
		edge := c.WithBits(8)
		if err := edge.Validate(); err != nil || edge.Method != want || edge.Format != affine.Int8Narrow {
			t.Errorf("%v: %v, %v, %v", m, edge.Method, edge.Format, err)
		}
	}
}
