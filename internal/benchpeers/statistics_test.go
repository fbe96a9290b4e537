package main

import (
	"math"
	"testing"
)

func TestOver(t *testing.T) {
	for name, c := range map[string]struct {
		x    []float64
		want spread
	}{
		"one":             {[]float64{3}, spread{3, 3, 3}},
		"the middle one":  {[]float64{9, 1, 2}, spread{2, 1, 9}},
		"between the two": {[]float64{4, 1, 2, 8}, spread{3, 1, 8}},
	} {
		if got := over(c.x); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestFitFindsTheLine(t *testing.T) {
	x := []float64{1, 2, 4, 8}
	times := make([]float64, len(x))
	for i := range x {
		times[i] = 5 + 3*x[i]
	}
	l := fit(x, times)
	if math.Abs(l.A-5) > 1e-9 || math.Abs(l.B-3) > 1e-9 || l.residual(x, times) > 1e-9 {
		t.Errorf("%v with residual %g, want 5 + 3·x", l, l.residual(x, times))
	}
}

// The fit must be where the relative squares are least: no step away from it
// makes them smaller.
func TestFitIsTheLeast(t *testing.T) {
	x, times := []float64{1, 2, 4, 8}, []float64{2, 2.5, 6, 9}
	sum := func(l line) (s float64) {
		for i := range x {
			d := (l.A+l.B*x[i])/times[i] - 1
			s += d * d
		}
		return s
	}
	best := fit(x, times)
	for _, d := range []line{{1e-3, 0}, {-1e-3, 0}, {0, 1e-3}, {0, -1e-3}} {
		if near := (line{best.A + d.A, best.B + d.B}); sum(near) <= sum(best) {
			t.Errorf("%v has the squares %g, %v has %g", best, sum(best), near, sum(near))
		}
	}
}

func TestResidualOfACurve(t *testing.T) {
	x, times := []float64{1, 2, 4, 8}, []float64{1, 4, 16, 64}
	if r := fit(x, times).residual(x, times); r < mostResidual {
		t.Errorf("x² is %g off a line, want more than %g", r, mostResidual)
	}
}
