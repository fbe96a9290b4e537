package observers_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant/affine"
	"petrify/observers"
)

func ExampleNew() {
	// A range for each of two channels, smoothed over the batches.
	o, err := observers.New(observers.Config{Kind: observers.MovingAverage, Constant: 0.5},
		observers.Target{Layout: affine.Layout{N: 2}, Format: affine.Int8})
	if err != nil {
		fmt.Println(err)
		return
	}
	min, max := make([]float32, 2), make([]float32, 2)
	for _, batch := range [][]float32{
		{-1, 1, 0, 10},
		{-3, 0, 5, 20},
	} {
		if _, err := o.Observe(batch); err != nil {
			fmt.Println(err)
			return
		}
		o.Range(min, max)
		fmt.Println(min, max)
	}
	// Output:
	// [-1 0] [1 10]
	// [-2 2.5] [0.5 15]
}

// make1 returns an observer of one group.
func make1(t testing.TB, c observers.Config, f affine.Format) observers.Observer {
	t.Helper()
	o, err := observers.New(c, observers.Target{Layout: affine.Layout{N: 1}, Format: f})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func rangeOf(o observers.Observer) (min, max float32, ok bool) {
	var lo, hi [1]float32
	ok = o.Range(lo[:], hi[:])
	return lo[0], hi[0], ok
}

// TestRecurrences compares the min-max family with its equation in float64.
func TestRecurrences(t *testing.T) {
	type update func(m, batch float64) float64
	average := func(c float64) update {
		return func(m, batch float64) float64 { return m + c*(batch-m) }
	}
	for _, test := range []struct {
		config observers.Config
		min    update
		max    update
	}{
		{observers.Config{Kind: observers.MinMax}, math.Min, math.Max},
		{observers.Config{Kind: observers.MovingAverage}, average(0.01), average(0.01)},
		{observers.Config{Kind: observers.MovingAverage, Constant: 0.5}, average(0.5), average(0.5)},
		{observers.Config{Kind: observers.EMA}, average(0.1), average(0.1)},
		{observers.Config{Kind: observers.LastValue}, average(1), average(1)},
	} {
		t.Run(test.config.Kind.String(), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(5, 6))
			o := make1(t, test.config, affine.Int8)
			var lo, hi float64
			for step := range 200 {
				x := make([]float32, 17)
				for i := range x {
					x[i] = float32(rng.NormFloat64())
				}
				bottom, top := math.Inf(1), math.Inf(-1)
				for _, v := range x {
					bottom, top = math.Min(bottom, float64(v)), math.Max(top, float64(v))
				}
				if step == 0 {
					lo, hi = bottom, top
				} else {
					lo, hi = test.min(lo, bottom), test.max(hi, top)
				}
				if _, err := o.Observe(x); err != nil {
					t.Fatal(err)
				}
				gotLo, gotHi, _ := rangeOf(o)
				if math.Abs(float64(gotLo)-lo) > 1e-5 || math.Abs(float64(gotHi)-hi) > 1e-5 {
					t.Fatalf("step %d: range = %v..%v, want %v..%v", step, gotLo, gotHi, lo, hi)
				}
			}
		})
	}
}

func TestConfigNamesEveryFault(t *testing.T) {
	for _, test := range []struct {
		config observers.Config
		faults int
	}{
		{observers.Config{}, 0},
		{observers.Config{Kind: observers.EMA, Constant: 1}, 0},
		{observers.Config{Constant: -1}, 1},
		{observers.Config{Constant: float32(math.NaN())}, 1},
		{observers.Config{Kind: observers.MinMax, Constant: 0.1}, 1},
		{observers.Config{Kind: observers.MinMax, Constant: 0.1, Sigmas: 3, Percentile: 99}, 3},
		{observers.Config{Kind: observers.Percentile, Percentile: 40}, 1},
		{observers.Config{Kind: observers.Percentile, Percentile: 99, Constant: 2}, 1},
		{observers.Config{Kind: observers.MeanSigma, Sigmas: math.Inf(1)}, 1},
		{observers.Config{Kind: observers.Fixed, Min: 0, Max: 6}, 0},
		{observers.Config{Kind: observers.Fixed}, 1},
		{observers.Config{Kind: observers.Fixed, Min: 1, Max: float32(math.NaN())}, 2},
		{observers.Config{Max: 6}, 1},
		{observers.Config{Kind: 200, Constant: 2}, 1},
	} {
		err := test.config.Validate()
		got := 0
		if err != nil {
			got = len(err.(interface{ Unwrap() []error }).Unwrap())
		}
		if got != test.faults {
			t.Errorf("%+v: %d faults, want %d: %v", test.config, got, test.faults, err)
		}
	}
}

// TestExtremesAreEnough: an observer that says so learns as much from a tensor's
// two extremes as from the tensor.
func TestExtremesAreEnough(t *testing.T) {
	if observers.MSE.Extremes() {
		t.Error("mse looks at nothing but extremes")
	}
	for _, k := range observers.Kinds() {
		if !k.Extremes() {
			continue
		}
		c := observers.Config{Kind: k}
		rng, whole, ends := rand.New(rand.NewPCG(1, 2)), make1(t, c, affine.Int8), make1(t, c, affine.Int8)
		for range 3 {
			x := make([]float32, 1000)
			for i := range x {
				x[i] = float32(rng.NormFloat64())
			}
			for o, seen := range map[observers.Observer][]float32{whole: x, ends: {slices.Min(x), slices.Max(x)}} {
				if _, err := o.Observe(seen); err != nil {
					t.Fatal(k, err)
				}
			}
			a, b, _ := rangeOf(whole)
			c, d, _ := rangeOf(ends)
			if a != c || b != d {
				t.Errorf("%v: %v..%v from the extremes alone, want %v..%v", k, c, d, a, b)
			}
		}
	}
}

func TestKindNames(t *testing.T) {
	for _, k := range observers.Kinds() {
		if got, err := observers.ParseKind(k.String()); err != nil || got != k {
			t.Errorf("ParseKind(%q) = %v, %v", k, got, err)
		}
	}
	for _, name := range []string{"moving_average_min_max", "min_max", "ema_min_max"} { // Core ML Tools'
		if _, err := observers.ParseKind(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := observers.ParseKind("minmax"); err == nil {
		t.Error("minmax: no error")
	}
}
