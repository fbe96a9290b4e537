package main

import (
	"context"
	"strings"
	"testing"
)

func TestSidesTakeTurns(t *testing.T) {
	var order string
	side := func(name string, rate float64) func(context.Context) (float64, error) {
		return func(context.Context) (float64, error) { order += name; return rate, nil }
	}
	r, err := row{Name: "x", Goal: 2, Stretch: 5, ours: side("o", 6), peer: side("p", 2)}.measure(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if order != "opopop" || r.Ratio.Median != 3 || r.verdict() != "3.00×, goal of 2× reached" {
		t.Errorf("order %s, ratio %v, %s", order, r.Ratio, r.verdict())
	}
	r.Less = true
	if r.verdict() != "3.00×, stretch of 5× reached" {
		t.Errorf("%s", r.verdict())
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   spread
	}{
		{[]float64{7}, spread{7, 7, 7}},
		{[]float64{3, 1, 2}, spread{2, 1.5, 2.5}},
		{[]float64{5, 1, 4, 2, 3}, spread{3, 2, 4}},
	} {
		if got := spreadOf(c.values); got != c.want {
			t.Errorf("%v: got %v, want %v", c.values, got, c.want)
		}
	}
}

func TestOwnSidesRun(t *testing.T) {
	tiny := job{network: "mlp", shape: [3]int{1, 4, 4}, classes: 3, batch: 8, steps: 2}
	for name, side := range map[string]func(context.Context) (float64, error){
		"float": tiny.run, "quantized": tiny.quantized().run, "stock": stockStep(2),
	} {
		if rate, err := side(t.Context()); err != nil || !(rate > 0) {
			t.Errorf("%s: %v images/s, %v", name, rate, err)
		}
	}
}

func TestMarkdown(t *testing.T) {
	r := report{Rows: []result{{Name: "m", Ours: spread{Median: 1234}, Theirs: spread{Median: 1.5}, Ratio: spread{2, 1, 3}, Goal: 3}},
		Growth: []growthRow{{"batch", []int{1, 2}, []float64{1, 1.1}}}}
	for _, want := range []string{"| 1234 | 1.5 |", "**2.00** (1.00–3.00) | ≥ 3 |", "| batch | 1: 1.00 | 2: 1.10 |"} {
		if !strings.Contains(r.markdown(), want) {
			t.Errorf("no %q in\n%s", want, r.markdown())
		}
	}
}
