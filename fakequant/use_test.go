package fakequant_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/observers"
)

// step is a training step of several uses, forward in their order and back in
// the reverse; the gradients of what is learned are summed.
func step(t *testing.T, q *fakequant.Quantizer, uses []*fakequant.Use,
	xs, dys [][]float32) (ys, dxs, dlearned [][]float32) {
	t.Helper()
	q.Begin()
	for i, u := range uses {
		ys, dxs = append(ys, make([]float32, len(xs[i]))), append(dxs, make([]float32, len(xs[i])))
		if err := u.Forward(ys[i], xs[i]); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range q.Learned() {
		dlearned = append(dlearned, make([]float32, len(l.Value)))
	}
	for i := len(uses) - 1; i >= 0; i-- {
		var part [][]float32
		for _, d := range dlearned {
			part = append(part, make([]float32, len(d)))
		}
		if err := uses[i].Backward(dxs[i], part, dys[i], xs[i]); err != nil {
			t.Fatal(err)
		}
		for k := range part {
			for j, d := range part[k] {
				dlearned[k][j] += d
			}
		}
	}
	return ys, dxs, dlearned
}

// Two tensors on one grid are two uses. Whatever the observer does between
// them, each gives the output of a quantizer that rounds only its tensor, with
// the range at that time, and a gradient independent of the later range.
func TestEachUseHasItsOwnRange(t *testing.T) {
	for _, kind := range []observers.Kind{observers.LastValue, observers.MinMax, observers.MovingAverage} {
		for _, cfg := range configs() {
			cfg.Observer = observers.Config{Kind: kind}
			if kind == observers.MovingAverage {
				cfg.Observer.Constant = 0.5
			}
			rng := rand.New(rand.NewPCG(1, uint64(cfg.Method)))
			xs := [][]float32{normal(rng, 24, 3), normal(rng, 24, 1), normal(rng, 24, 6)}
			dys := [][]float32{normal(rng, 24, 1), normal(rng, 24, 1), normal(rng, 24, 1)}
			q, alone := ready(t, cfg, 4), ready(t, cfg, 4)
			ys, dxs, _ := step(t, q, []*fakequant.Use{q.Use(), q.Use(), q.Use()}, xs, dys)
			for i := range xs {
				y, dx, _ := backward(t, alone, xs[i], dys[i])
				if cfg.Method != fakequant.Stochastic && !slices.Equal(ys[i], y) || !slices.Equal(dxs[i], dx) {
					t.Errorf("%v, %v: use %d: y %v, dx %v; alone %v, %v", cfg.Method, kind, i, ys[i], dxs[i], y, dx)
				}
			}
		}
	}
}

// λ is the step's, and a step counts once, whatever the number of uses.
func TestUsesShareTheStepsRamp(t *testing.T) {
	for _, cfg := range configs() {
		cfg.Ramp = fakequant.Ramp{Start: 1, Finish: 5}
		rng := rand.New(rand.NewPCG(2, uint64(cfg.Method)))
		x, dy := normal(rng, 24, 1), normal(rng, 24, 1)
		q, alone := calibrated(t, cfg, x), calibrated(t, cfg, x)
		uses := []*fakequant.Use{q.Use(), q.Follow(), q.Use()}
		for s := range 7 {
			ys, dxs, _ := step(t, q, uses, [][]float32{x, x, x}, [][]float32{dy, dy, dy})
			y, dx, _ := backward(t, alone, x, dy)
			for i := range uses {
				if i > 0 && cfg.Method == fakequant.Stochastic {
					continue // a random number for each
				}
				if !slices.Equal(ys[i], y) || !slices.Equal(dxs[i], dx) {
					t.Errorf("%v: step %d, use %d: y %v, dx %v; alone %v, %v", cfg.Method, s, i, ys[i], dxs[i], y, dx)
				}
			}
		}
	}
}

// The gradients of a step's uses add up, and PACT's penalty counts once.
func TestGradientsOfUsesAddUp(t *testing.T) {
	for _, cfg := range configs() {
		decay := cfg.Decay
		cfg.Decay = 0
		rng := rand.New(rand.NewPCG(3, uint64(cfg.Method)))
		x := normal(rng, 24, 1)
		dys := [][]float32{normal(rng, 24, 1), normal(rng, 24, 1)}
		alone := calibrated(t, cfg, x)
		_, _, first := backward(t, alone, x, dys[0])
		_, _, second := backward(t, alone, x, dys[1])
		cfg.Decay = decay
		q := calibrated(t, cfg, x)
		_, _, sum := step(t, q, []*fakequant.Use{q.Use(), q.Use()}, [][]float32{x, x}, dys)
		for k := range sum {
			want := make([]float32, len(sum[k]))
			for i := range want {
				want[i] = first[k][i] + second[k][i] + 2*decay // d(λα²)/dα, by α: the gradient of ln α
			}
			close32(t, cfg.Method.String(), sum[k], want, 1e-5)
		}
	}
}

// A use that follows does not observe, and counts as none for the observer.
func TestFollowersDoNotObserve(t *testing.T) {
	q := ready(t, fakequant.Int8().Activations)
	q.Begin()
	y := make([]float32, 2)
	if err := q.Use().Forward(y, []float32{-1, 1}); err != nil {
		t.Fatal(err)
	}
	if err := q.Follow().Forward(y, []float32{-3, 3}); err != nil {
		t.Fatal(err)
	}
	if y[1] != 1 || q.Observed() != 1 {
		t.Errorf("y = %v after %d observations, want 1 after 1", y, q.Observed())
	}
}

// Random numbers differ from use to use.
func TestUsesDrawTheirOwnRandomNumbers(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	x := normal(rng, 240, 1)
	q := calibrated(t, fakequant.Config{Format: fakequant.Bits(4).Activations.Format, Method: fakequant.Stochastic}, x)
	ys, _, _ := step(t, q, []*fakequant.Use{q.Use(), q.Use()}, [][]float32{x, x}, [][]float32{x, x})
	if slices.Equal(ys[0], ys[1]) {
		t.Error("two uses in one step round alike")
	}
}

// Grid knows whether all that a step has rounded lies on one grid.
func TestGrid(t *testing.T) {
	cfg := fakequant.Int8().Activations
	cfg.Observer = observers.Config{Kind: observers.MinMax}
	cfg.Ramp = fakequant.Ramp{Finish: 1}
	q := ready(t, cfg)
	uses := []*fakequant.Use{q.Use(), q.Use()}
	one := func(want bool, xs ...[]float32) {
		t.Helper()
		step(t, q, uses[:len(xs)], xs, xs)
		if _, got := q.Grid(); got != want {
			t.Errorf("step of %v: one grid %v, want %v", xs, got, want)
		}
	}
	if _, got := q.Grid(); got {
		t.Error("a grid before the first step")
	}
	one(false, []float32{1}) // the ramp has not begun
	one(true, []float32{1})
	one(true, []float32{1}, []float32{0.5})
	one(false, []float32{1}, []float32{2})
	one(true, []float32{2}, []float32{2})
	q.SetEnabled(false)
	one(false, []float32{1})
}

// Forgetting to begin a step would leave λ unchanged, so it is an error.
func TestStepsMustBegin(t *testing.T) {
	q := ready(t, fakequant.Int8().Activations)
	u, x, y := q.Use(), []float32{1}, []float32{0}
	if err := u.Forward(y, x); err == nil || !strings.Contains(err.Error(), "q: used") {
		t.Errorf("before the first step: error %v", err)
	}
	q.Begin()
	if err := u.Forward(y, x); err != nil {
		t.Fatal(err)
	}
	if err := u.Forward(y, x); err == nil || !strings.Contains(err.Error(), "q: used") {
		t.Errorf("twice in a step: error %v", err)
	}
}
