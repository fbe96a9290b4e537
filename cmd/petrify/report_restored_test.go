package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"petrify/internal/report"
)

// The mean of the errors on a page is the loss of summary.json, and pictures are shown.
func TestRestorationHasTheLossesOfTheRun(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, network := range []string{"conv-autoencoder", "unet-tiny"} {
		finished(t, "train", "--out", "run-"+network, "--set", "network="+network, "--set", "float.epochs=1",
			"--set", "qat.epochs=1", "--quiet")
		c := &command{stdout: os.Stdout, stderr: os.Stderr}
		r, err := c.restore(t.Context(), "run-"+network)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join("run-"+network, "summary.json"))
		if err != nil {
			t.Fatal(err)
		}
		var says report.Summary
		if err := json.Unmarshal(text, &says); err != nil {
			t.Fatal(err)
		}
		for _, n := range []struct {
			name   string
			errors []float64
			loss   float64
		}{{"float", r.Float, says.Float.Loss}, {"shipped", r.Shipped, says.QAT.Loss}} {
			mean := 0.0
			for _, e := range n.errors {
				mean += e / float64(len(n.errors))
			}
			if len(n.errors) != says.Samples.Test || math.Abs(mean-n.loss) > 1e-5*n.loss {
				t.Errorf("%s, %s: the mean of %d errors is %v, the loss %v", network, n.name, len(n.errors), mean,
					n.loss)
			}
		}
		if len(r.Shown) != pageRestored {
			t.Errorf("%s: %d samples are shown", network, len(r.Shown))
		}
		for _, s := range r.Shown {
			if s.Input == "" || s.Float == "" || s.Shipped == "" || s.Input == s.Shipped {
				t.Errorf("%s: %s has no pictures", network, s.Sample)
			}
		}
	}
}

// The samples for which quantization costs most are chosen, and no sample twice.
func TestTellingSamples(t *testing.T) {
	for _, n := range []int{1, 2, 5, 6, 11, 12, 13, 500} {
		float, shipped := make([]float64, n), make([]float64, n)
		for i := range float {
			float[i], shipped[i] = 1, 1+float64((i*7)%n)
		}
		got := tellingly(float, shipped)
		if len(got) != min(n, pageRestored) || !slices.IsSorted(got) ||
			len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("of %d: %v", n, got)
		}
		worst := slices.Index(shipped, slices.Max(shipped))
		if !slices.Contains(got, worst) {
			t.Errorf("of %d: %v lacks the worst, %d", n, got, worst)
		}
	}
}
