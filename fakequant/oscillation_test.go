package fakequant_test

import (
	"math"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/observers"
)

// watched returns a quantizer with s = 1 and its tracker for n weights.
func watched(t *testing.T, n int, momentum float32) (*fakequant.Quantizer, *fakequant.Oscillations) {
	t.Helper()
	q, err := fakequant.New("w", fakequant.Config{
		Format: affine.Format{Bits: 4, Narrow: true}, Observer: observers.Config{Kind: observers.Fixed, Min: -7,
			Max: 7},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Observe(make([]float32, n)); err != nil {
		t.Fatal(err)
	}
	o, err := fakequant.NewOscillations(q, n, momentum)
	if err != nil {
		t.Fatal(err)
	}
	return q, o
}

// TestTrack follows four weights: one that turns back in every step, one that
// goes up and up, one that rests, one that turns back once.
func TestTrack(t *testing.T) {
	_, o := watched(t, 4, 0.5)
	for _, w := range [][]float32{
		{0.4, 0, 3, 1},
		{0.6, 1, 3, 2}, // changes; no direction before, so no oscillation
		{0.4, 2, 3, 1}, // the first and the last turn back
		{0.6, 3, 3, 1},
		{0.4, 4, 3, 1},
	} {
		if err := o.Track(w); err != nil {
			t.Fatal(err)
		}
	}
	// f ← f + ½(o − f): o = 0,1,1,1 and 0,0,0,0 and 0,1,0,0.
	if got, want := o.Frequency(), []float32{0.875, 0, 0, 0.125}; !slices.Equal(got, want) {
		t.Errorf("frequencies %v, want %v", got, want)
	}
	if got := o.Share(0.1); got != 0.5 {
		t.Errorf("share above 0.1 = %v, want ½", got)
	}
}

func TestFreezeHoldsTheMeanInteger(t *testing.T) {
	_, o := watched(t, 2, 0.25)
	for step := range 20 {
		w := []float32{5.4, 2}
		if step%4 == 0 { // at 6 a quarter of the time
			w[0] = 5.6
		}
		if err := o.Track(w); err != nil {
			t.Fatal(err)
		}
	}
	w := []float32{5.6, 2.3}
	held, err := o.Freeze(w, 0.1)
	if err != nil || held != 1 || w[0] != 5 || w[1] != 2.3 {
		t.Errorf("%d held, w = %v, %v; want the first at 5", held, w, err)
	}
	// It stays held, even where it no longer oscillates.
	w[0] = -3
	if held, err := o.Freeze(w, 2); err != nil || held != 1 || w[0] != 5 {
		t.Errorf("%d held, w = %v, %v; want the first still at 5", held, w, err)
	}
}

// TestDampen compares the gradient with finite differences of the loss.
func TestDampen(t *testing.T) {
	q, o := watched(t, 5, 0)
	w, grad := []float32{0.3, -1.4, 2, 9, 6.9}, []float32{1, 1, 1, 1, 1}
	const λ = 0.25
	y := apply(t, enabled(q), w)
	loss := func(w []float32) (sum float64) {
		for i := range w {
			d := float64(y[i]) - math.Max(-7, math.Min(float64(w[i]), 7))
			sum += λ * d * d
		}
		return sum
	}
	got, err := o.Dampen(grad, w, λ)
	if err != nil || math.Abs(got-loss(w)) > 1e-6 { // the clipped 9 is at its integer
		t.Errorf("loss %v, %v; want %v", got, err, loss(w))
	}
	for i := range w {
		up, down := slices.Clone(w), slices.Clone(w)
		up[i], down[i] = w[i]+1e-2, w[i]-1e-2
		want := 1 + (loss(up)-loss(down))/float64(up[i]-down[i])
		if math.Abs(float64(grad[i])-want) > 1e-4 {
			t.Errorf("gradient[%d] = %v, finite differences %v", i, grad[i], want)
		}
	}
}

func enabled(q *fakequant.Quantizer) *fakequant.Quantizer { q.SetEnabled(true); return q }

func TestOscillationsResume(t *testing.T) {
	_, whole := watched(t, 3, 0.1)
	_, resumed := watched(t, 3, 0.1)
	w := func(step int) []float32 {
		return []float32{float32(step % 2), float32(step % 3), float32(math.Sin(float64(step)) * 4)}
	}
	for step := range 10 {
		if err := whole.Track(w(step)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := whole.Freeze(w(10), 0.3); err != nil {
		t.Fatal(err)
	}
	if err := resumed.Restore(whole.State()); err != nil {
		t.Fatal(err)
	}
	for step := 10; step < 20; step++ {
		a, b := w(step), w(step)
		for o, w := range map[*fakequant.Oscillations][]float32{whole: a, resumed: b} {
			if err := o.Track(w); err != nil {
				t.Fatal(err)
			}
			if _, err := o.Freeze(w, 0.2); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(a, b) || !slices.Equal(whole.Frequency(), resumed.Frequency()) {
			t.Fatalf("step %d: %v resumed, %v uninterrupted", step, b, a)
		}
	}
	if err := resumed.Restore(whole.State()[1:]); err == nil {
		t.Error("a state without its steps: no error")
	}
}
