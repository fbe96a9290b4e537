package integer_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
)

// Timing runs what Run runs, and gives time to nodes of the model only.
func TestTimesComputesTheModel(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 9))
		_, m := quantizedtest.Random(rng, quantizedtest.W8A8, 3+rng.IntN(10))
		e, err := integer.New(m, integer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float32, e.InputSize())
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		before, after := make([]float32, e.OutputSize()), make([]float32, e.OutputSize())
		times := make([]time.Duration, len(m.Nodes))
		if err := e.Run(before, x, 1); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := e.Times(times, x); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.Run(after, x, 1); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(before, after) {
			t.Errorf("seed %d: other outputs after timing", seed)
		}
		if slices.Min(times) < 0 || slices.Max(times) == 0 {
			t.Errorf("seed %d: times %v", seed, times)
		}
		if e.Times(times[1:], x) == nil || e.Times(times, x[1:]) == nil {
			t.Errorf("seed %d: no error for what does not fit", seed)
		}
	}
}
