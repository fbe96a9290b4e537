package fakequant_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
)

// What lies inside the range is at most half a step from its rounded value,
// and what lies outside is further.
func TestClippedIsFurtherThanHalfAStep(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	seen, x := normal(rng, 400, 1), normal(rng, 400, 2)
	for _, cfg := range configs() {
		switch cfg.Method {
		case fakequant.DoReFa, fakequant.Binary, fakequant.Ternary, fakequant.LearnedBinary, fakequant.LearnedTernary:
			continue // their steps are not those of x
		}
		q := calibrated(t, cfg, seen)
		y := make([]float32, len(x))
		if err := q.Apply(y, x); err != nil {
			t.Fatal(err)
		}
		want, s := 0, q.Params().Scale
		for i := range x {
			step := float64(s[i*len(s)/len(x)])
			if math.Abs(float64(y[i])-float64(x[i])) > step*(0.5+1e-6) {
				want++
			}
		}
		got, err := q.Clipped(x)
		if err != nil {
			t.Fatal(err)
		}
		if got != want || got < 10 {
			t.Errorf("%v %v: %d clipped, want %d, and some", cfg.Method, cfg.Format, got, want)
		}
	}
}

// DoReFa clips what is half a step of tanh x beyond the range observed, ±0.3 here; two or
// three values clip nothing.
func TestClippedOnGridsOfTheirOwn(t *testing.T) {
	seen := []float32{-0.3, 0.1, 0.05, 0, 0.3, 0.1, 0, 0, -0.3, 0, 0, 0, 0.3, 0, 0, 0}
	x := []float32{-0.36, 0.3, 0.2, -0.3, 0.4, 0, 0.1, -0.1, -0.29, 0.35, 0, 0, -9, 0, 0.34, -0.33}
	for method, want := range map[fakequant.Method]int{fakequant.DoReFa: 4, fakequant.Binary: 0, fakequant.Ternary: 0} {
		q := calibrated(t, configs()[method], seen)
		if got, err := q.Clipped(x); err != nil || got != want {
			t.Errorf("%v: %d clipped, %v; want %d", method, got, err, want)
		}
	}
}

func TestClippedWantsARange(t *testing.T) {
	q, err := fakequant.New("q", fakequant.Int8().Weights, 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Clipped(make([]float32, 8)); err == nil || err.Error() != "fakequant: q: no range was observed" {
		t.Errorf("error = %v", err)
	}
}
