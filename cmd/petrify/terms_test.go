package main

import (
	"math"
	"testing"

	"petrify/internal/analysis"
)

// What is lost is said in the task's terms; less than nothing may be lost of a share only.
func TestTerms(t *testing.T) {
	errors := func(n int) analysis.Measure { return analysis.Measure{Loss: 1, Errors: &n} }
	metric := func(v float64) analysis.Measure { return analysis.Measure{Loss: 1, Metric: &v} }
	loss := func(v float64) analysis.Measure { return analysis.Measure{Loss: v} }
	for _, c := range []struct {
		name, key   string
		float, m    analysis.Measure
		lost        float64
		unit, said  string
		head, other string // of columns
	}{
		{"errors", "", errors(3), errors(5), 1, "points of accuracy", ", 5 errors", "errors", "errors"},
		{"fewer errors", "", errors(5), errors(3), -1, "points of accuracy", ", 3 errors", "errors", "errors"},
		{"a share", "mean_iou", metric(0.8), metric(0.75), 5, "points of mIoU", ", mIoU 75.00 %", "mIoU", "mIoU, points"},
		{"a greater share", "mean_iou", metric(0.75), metric(0.8), -5, "points of mIoU", ", mIoU 80.00 %", "mIoU",
			"mIoU, points"},
		{"an error", "mae", metric(40), metric(42), 5, "% of the MAE", ", MAE 42.0000", "MAE", "MAE"},
		{"a smaller error", "mae", metric(42), metric(40), 0, "% of the MAE", ", MAE 40.0000", "MAE", "MAE"},
		{"no error in float", "mae", metric(0), metric(0), 0, "% of the MAE", ", MAE 0.0000", "MAE", "MAE"},
		{"an error from none", "mae", metric(0), metric(1), math.Inf(1), "% of the MAE", ", MAE 1.0000", "MAE", "MAE"},
		{"a loss", "", loss(2), loss(2.5), 25, "% of the loss", "", "loss", "loss"},
	} {
		is := termsOf(c.key, c.float, 200)
		if got := is.lost(c.m, c.float); math.Abs(got-c.lost) > 1e-9 {
			t.Errorf("%s: %v is lost, want %v", c.name, got, c.lost)
		}
		if is.unit() != c.unit || is.said(", ", c.m) != c.said || is.head() != c.head || is.changes() != c.other {
			t.Errorf("%s: %q, %q, %q, %q", c.name, is.unit(), is.said(", ", c.m), is.head(), is.changes())
		}
		if is.onlyLoss() != (c.said == "") || (is.column("x") == "") != is.onlyLoss() {
			t.Errorf("%s: only the loss is known: %v", c.name, is.onlyLoss())
		}
	}
}
