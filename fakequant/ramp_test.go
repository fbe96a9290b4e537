package fakequant_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
)

// TestRamp follows the noise from 0 to 1: y = x + λ·(fake(x) − x), and dx the
// same way between dy and the method's.
func TestRamp(t *testing.T) {
	cfg := fakequant.Bits(2).Activations
	cfg.Ramp = fakequant.Ramp{Start: 2, Finish: 6}
	q := ready(t, cfg)
	q.SetObserving(false)
	if err := q.Observe([]float32{-1, 1}); err != nil {
		t.Fatal(err)
	}
	x, dy := []float32{0.25, 3}, []float32{1, 1} // fake: 0, 1; the second clips
	for step, λ := range []float64{0, 0, 0, 1 - 27.0/64, 1 - 8.0/64, 1 - 1.0/64, 1, 1} {
		y, dx, _ := backward(t, q, x, dy)
		want := []float32{float32(0.25 - λ*0.25), float32(3 - λ*2)}
		wantDX := []float32{1, float32(1 - λ)}
		close32(t, "y", y, want, 1e-6)
		close32(t, "dx", dx, wantDX, 1e-6)
		if eval := apply(t, q, x); eval[0] != 0 || eval[1] != 1 {
			t.Errorf("step %d: evaluation gives %v, want the rounded values", step, eval)
		}
	}
}

func TestDelay(t *testing.T) {
	cfg := fakequant.Bits(2).Activations
	cfg.Ramp = fakequant.Ramp{Start: 3, Finish: 3}
	q := ready(t, cfg)
	for step := range 5 {
		y, _, _ := backward(t, q, []float32{0.25, -1}, []float32{1, 1})
		if want := float32(0.25); (y[0] == want) != (step < 3) {
			t.Errorf("step %d: y = %v", step, y)
		}
	}
}

// TestStochasticRounding checks the mean, that steps differ, and that the same
// steps of the same seed do not.
func TestStochasticRounding(t *testing.T) {
	cfg := fakequant.Config{Format: affine.Format{Bits: 4}, Method: fakequant.Stochastic, Seed: 3}
	const steps = 4000
	x := []float32{0.1, -2.7, 3, 0.5, 100, -100}
	run := func(cfg fakequant.Config) (mean []float64, first []float32) {
		q := ready(t, cfg)
		q.SetObserving(false)
		if err := q.Observe([]float32{-7, 7}); err != nil { // s = 1
			t.Fatal(err)
		}
		mean = make([]float64, len(x))
		for range steps {
			y, _, _ := backward(t, q, x, x)
			for i, v := range y {
				mean[i] += float64(v) / steps
				if math.Abs(float64(v)-float64(x[i])) >= 1 && i < 4 {
					t.Fatalf("%v → %v, not a neighbour", x[i], v)
				}
			}
			first = append(first, y[3])
		}
		return mean, first
	}
	mean, first := run(cfg)
	for i, want := range []float64{0.1, -2.7, 3, 0.5, 7, -8} {
		if σ := 0.5 / math.Sqrt(steps); math.Abs(mean[i]-want) > 4*σ {
			t.Errorf("mean of %v = %v, want %v", x[i], mean[i], want)
		}
	}
	if _, again := run(cfg); !slices.Equal(first, again) {
		t.Error("the same seed gives another sequence")
	}
	cfg.Seed++
	if _, other := run(cfg); slices.Equal(first, other) {
		t.Error("another seed gives the same sequence")
	}
}

// TestResume saves and restores training with every method halfway: with
// learning, random numbers, a ramp and an observer.
func TestResume(t *testing.T) {
	for _, cfg := range configs() {
		cfg.Ramp = fakequant.Ramp{Start: 1, Finish: 8}
		step := func(q *fakequant.Quantizer, rng *rand.Rand) (y []float32) {
			x, dy := normal(rng, 24, 1), normal(rng, 24, 1)
			q.SetObserving(rng.IntN(3) == 0)
			y, _, dlearned := backward(t, q, x, dy)
			for k, l := range q.Learned() {
				for i, d := range dlearned[k] {
					l.Value[i] -= 0.01 * d
				}
			}
			return y
		}
		whole, rng := calibrated(t, cfg, normal(rand.New(rand.NewPCG(5, 5)), 24, 1)), rand.New(rand.NewPCG(6, 6))
		for range 5 {
			step(whole, rng)
		}
		resumed, err := fakequant.New("q", cfg, 4)
		if err != nil {
			t.Fatal(err)
		}
		if err := resumed.Restore(whole.State()); err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			a := step(whole, rand.New(rand.NewPCG(8, uint64(i))))
			if b := step(resumed, rand.New(rand.NewPCG(8, uint64(i)))); !slices.Equal(a, b) {
				t.Fatalf("%v: step %d after the restore: %v, uninterrupted %v", cfg.Method, i, b, a)
			}
		}
	}
}
