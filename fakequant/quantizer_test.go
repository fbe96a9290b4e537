package fakequant_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/observers"
)

func ExampleQuantizer() {
	q, err := fakequant.New("relu1", fakequant.Bits(4).Activations.NonNegative())
	if err != nil {
		fmt.Println(err)
		return
	}
	q.SetObserving(true)
	q.SetEnabled(true)

	x := []float32{0, 0.26, 1, 3}
	y := make([]float32, len(x))
	q.Begin() // a training step, with one use of the quantizer
	if err := q.Use().Forward(y, x); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("scale %.1f, y %.1f\n", q.Params().Scale, y)

	// Evaluation sees larger values; the scale stays.
	if err := q.Apply(y, []float32{0.1, 0.31, 2.95, 30}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("scale %.1f, y %.1f\n", q.Params().Scale, y)
	// Output:
	// scale [0.2], y [0.0 0.2 1.0 3.0]
	// scale [0.2], y [0.0 0.4 3.0 3.0]
}

// forward is a training step with one use of q.
func forward(q *fakequant.Quantizer, y, x []float32) error {
	q.Begin()
	return q.Use().Forward(y, x)
}

// TestSwitches checks the four states of a quantizer.
func TestSwitches(t *testing.T) {
	x := []float32{-1, 0.3, 0.5}
	for _, test := range []struct {
		observing, enabled bool
		wantSteps          int64
	}{{false, false, 0}, {true, false, 1}, {false, true, 0}, {true, true, 1}} {
		q := ready(t, fakequant.Bits(2).Activations)
		if err := q.Observe([]float32{-1, 1}); err != nil {
			t.Fatal(err)
		}
		q.SetObserving(test.observing)
		q.SetEnabled(test.enabled)
		y := make([]float32, 3)
		if err := forward(q, y, x); err != nil {
			t.Fatal(err)
		}
		want := x
		if test.enabled {
			want = fake(x, 1, 0, affine.Format{Bits: 2})
		}
		if !slices.Equal(y, want) || q.Observed()-1 != test.wantSteps {
			t.Errorf("observing %v, enabled %v: y = %v, want %v; observed %d, want %d",
				test.observing, test.enabled, y, want, q.Observed()-1, test.wantSteps)
		}
	}
}

func TestEnabledBeforeObservedIsAnError(t *testing.T) {
	q := ready(t, fakequant.Int8().Activations)
	q.SetObserving(false)
	x := []float32{1}
	if err := forward(q, x, x); err == nil || !strings.Contains(err.Error(), "q: enabled before a range was observed") {
		t.Errorf("error = %v", err)
	}
}

func TestNonFiniteValuesAreReported(t *testing.T) {
	q := ready(t, fakequant.Int8().Activations)
	x := []float32{1, float32(math.NaN()), float32(math.Inf(1)), -2}
	err := forward(q, make([]float32, 4), x)
	var bad *fakequant.NonFiniteError
	if !errors.As(err, &bad) || *bad != (fakequant.NonFiniteError{Name: "q", Count: 2, Of: 4}) {
		t.Fatalf("error = %v, want 2 of 4 values", err)
	}
	q.SetObserving(false)
	if err := forward(q, make([]float32, 4), x); !errors.As(err, &bad) || bad.Count != 2 {
		t.Errorf("without observing: error = %v, want 2 of 4 values", err)
	}
	if min, max, ok := q.Range(); !ok || min[0] != -2 || max[0] != 1 {
		t.Errorf("range = %v, %v, %v; want that of the finite values", min, max, ok)
	}
}

// TestRestore checks that a quantizer that is saved and restored between two
// steps ends like an uninterrupted one.
func TestRestore(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, cfg := range []fakequant.Config{fakequant.Int8().Weights, fakequant.Int8().Activations} {
		whole, first, second := ready(t, cfg, 4), ready(t, cfg, 4), ready(t, cfg, 4)
		second.SetObserving(false)
		y, x := make([]float32, 8), make([][]float32, 6)
		for i := range x {
			x[i] = normal(rng, 8, 1)
			if err := forward(whole, y, x[i]); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 3 {
			if err := forward(first, y, x[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := second.Restore(first.State()); err != nil {
			t.Fatal(err)
		}
		for i := 3; i < 6; i++ {
			if err := forward(second, y, x[i]); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := fmt.Sprint(second.State()), fmt.Sprint(whole.State()); got != want {
			t.Errorf("state = %v\nwant    %v", got, want)
		}
	}
}

func TestRestoreRejectsAnotherQuantizersState(t *testing.T) {
	q, perTensor := ready(t, fakequant.Int8().Weights, 4), ready(t, fakequant.Int8().Activations)
	for name, state := range map[string][]fakequant.State{"nothing": nil, "fewer scales": perTensor.State()} {
		if err := q.Restore(state); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestStepAllocatesNoTensor bounds what a step allocates: closures and the
// like, not buffers that grow with the tensor.
func TestStepAllocatesNoTensor(t *testing.T) {
	for _, cfg := range []fakequant.Config{fakequant.Int8().Weights, fakequant.Int8().Activations} {
		q := ready(t, cfg, 8)
		x, y := make([]float32, 1<<19), make([]float32, 1<<19)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		q.Begin()
		use := q.Use()
		if err := errors.Join(use.Forward(y, x), use.Backward(y, nil, y, x)); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > uint64(len(x))/8 {
			t.Errorf("%v: %d bytes a step of %d values", cfg.Granularity, n, len(x))
		}
	}
}

// TestGrowingWeightsAreNotClipped shows why the range of weights is the last
// value: while weights grow, a moving average clips the largest at every step
// and removes its gradient; even with this mild growth it never catches up.
func TestGrowingWeightsAreNotClipped(t *testing.T) {
	for _, test := range []struct {
		kind observers.Kind
		want int
	}{{observers.LastValue, 0}, {observers.MovingAverage, 290}} {
		cfg := fakequant.Int8().Weights
		cfg.Observer.Kind = test.kind
		q := ready(t, cfg, 1)
		clipped, w := 0, []float32{-0.1, 0.02, 0.05}
		for range 300 {
			_, dx, _ := backward(t, q, w, []float32{1, 1, 1})
			if dx[0] == 0 {
				clipped++
			}
			for i := range w {
				w[i] *= 1.002
			}
		}
		if clipped < test.want || test.want == 0 && clipped > 0 {
			t.Errorf("%v: the largest weight was clipped in %d of 300 steps, want %d", test.kind, clipped, test.want)
		}
	}
}

func TestLengthsAreChecked(t *testing.T) {
	q := ready(t, fakequant.Int8().Weights, 4)
	x, short, ragged := make([]float32, 8), make([]float32, 7), make([]float32, 6)
	q.Begin()
	use := q.Use()
	if err := use.Forward(make([]float32, 8), x); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"y shorter than x":        use.Forward(short, x),
		"x not in 4 rows":         use.Forward(make([]float32, 6), ragged),
		"evaluation":              q.Apply(short, x),
		"dx shorter than x":       use.Backward(short, nil, x, x),
		"dy shorter than x":       use.Backward(make([]float32, 8), nil, short, x),
		"a gradient of nothing":   use.Backward(make([]float32, 8), [][]float32{short}, x, x),
		"integers shorter than x": q.Quantize(make([]int32, 7), x),
		"observing 6 in 4 rows":   q.Observe(ragged),
	} {
		if err == nil || !strings.Contains(err.Error(), "q: ") {
			t.Errorf("%s: error %v, want one that names the tensor", name, err)
		}
	}
}
