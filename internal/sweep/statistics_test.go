package sweep

import (
	"math"
	"slices"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(b)) }

// The figures are SciPy's: t.ppf, ttest_rel.
func TestEstimateAndCompare(t *testing.T) {
	e := NewEstimate([]float64{0.9192, 0.9153, 0.9226})
	if e.N != 3 || !near(e.Mean, 0.9190333333333333) || !near(e.Deviation, 0.003652852766446143) ||
		!near(e.Half, 0.009074189312941643) {
		t.Errorf("%+v", e)
	}
	if b := e.Bootstrap; b[0] < 0.9153 || b[1] > 0.9226 || b[0] >= e.Mean || b[1] <= e.Mean {
		t.Errorf("bootstrap %v", b)
	}
	if again := NewEstimate([]float64{0.9192, 0.9153, 0.9226}); again != e {
		t.Errorf("%+v, then %+v", e, again)
	}
	if e := NewEstimate([]float64{0.5}); e != (Estimate{N: 1, Mean: 0.5, Bootstrap: [2]float64{0.5, 0.5}}) {
		t.Errorf("one value: %+v", e)
	}
	a, b := []float64{0.91, 0.92, 0.90, 0.93}, []float64{0.90, 0.90, 0.905, 0.91}
	var d []float64
	for i := range a {
		d = append(d, a[i]-b[i])
	}
	c := compare(d)
	// of the 16 choices of signs of 10, 20, −5, 20 thousandths, 4 have a sum of 45 or more, or −45 or less
	if c.Pairs != 4 || !near(c.Difference, 0.01125) || !near(c.Student, 0.15296197253691873) || c.Permutation != 0.25 {
		t.Errorf("%+v", c)
	}
	for _, d := range [][]float64{nil, {1}, {0, 0, 0}} {
		if c := compare(d); c.Student != 1 || c.Permutation != 1 {
			t.Errorf("%v: %+v, want nothing significant", d, c)
		}
	}
	if c := compare([]float64{1, 1, 1}); c.Student != 0 || c.Permutation != 0.25 {
		t.Errorf("three equal differences: %+v", c)
	}
}

// With many pairs the choices are drawn: near the exact share, and the same every time.
func TestPermutationOfMany(t *testing.T) {
	d := make([]float64, 17)
	for i := range d {
		d[i] = float64(i%5) - 1.2
	}
	few, exactly := permutation(d), 0
	for signs := range 1 << len(d) {
		sum, all := 0.0, 0.0
		for i, v := range d {
			all += v
			if signs>>i&1 == 1 {
				v = -v
			}
			sum += v
		}
		if math.Abs(sum) >= math.Abs(all)*(1-1e-12) {
			exactly++
		}
	}
	if want := float64(exactly) / math.Exp2(float64(len(d))); math.Abs(few-want) > 0.01 || permutation(d) != few {
		t.Errorf("%v, want about %v", few, want)
	}
}

// Holm, "A simple sequentially rejective multiple test procedure", 1979.
func TestHolm(t *testing.T) {
	got := holm([]float64{0.01, 0.04, 0.03, 0.9})
	want := []float64{0.04, 0.09, 0.09, 0.9}
	for i := range want {
		if !near(got[i], want[i]) {
			t.Fatalf("%v, want %v", got, want)
		}
	}
	if len(holm(nil)) != 0 || !slices.Equal(holm([]float64{0.7, 0.8}), []float64{1, 1}) {
		t.Error("adjusted to more than 1")
	}
}
