package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"petrify/internal/sweep"
)

// swept are the results of three rows, of which one has not run.
func swept() *sweep.Results {
	row := func(label string, n int, mean, half, bytes float64, frontier bool) sweep.Row {
		e := sweep.Estimate{N: n, Mean: mean, Half: half}
		return sweep.Row{Labels: []string{label}, Trials: 3, Float: e, PTQ: e, QAT: e, Bytes: bytes, Frontier: frontier}
	}
	return &sweep.Results{By: []string{"bits"}, Measure: "accuracy", Trials: 12, Finished: 7, Against: 0, Best: 0,
		Rows: []sweep.Row{row("W8", 3, 0.91, 0.01, 3000, true), row("<W4>", 3, 0.8, 0.02, 2000, false),
			row("W3", 0, 0, 0, 0, false), row("W2", 1, 0.85, 0, 1000, true)}}
}

func TestFrontOfSweep(t *testing.T) {
	c := (&Sweep{Results: swept()}).front()
	front, others := c.Series[0], c.Series[1]
	none := math.NaN()
	for _, tt := range []struct {
		what      string
		got, want []float64
	}{
		{"bytes", c.X, []float64{1000, 2000, 3000}},
		{"frontier", front.Values, []float64{85, none, 91}},
		{"its intervals", front.Halves, []float64{0, none, 1}},
		{"others", others.Values, []float64{none, 80, none}},
		{"their intervals", others.Halves, []float64{none, 2, none}},
	} {
		if fmt.Sprint(tt.got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: %v, want %v", tt.what, tt.got, tt.want)
		}
	}
	if !slices.Equal(c.Names, []string{"W2", "", "W8"}) ||
		!strings.HasSuffix(c.Note, "W2: 85 in 1,000 bytes. W8: 91 ± 1 in 3,000 bytes. ") {
		t.Errorf("%q: %s", c.Names, c.Note)
	}
	loss := swept()
	loss.Measure = "loss"
	if c := (&Sweep{Results: loss}).front(); c.Series[0].Values[0] != 0.85 || c.YLabel != "test loss" {
		t.Errorf("%+v", c)
	}
}

func TestPageOfSweep(t *testing.T) {
	page := &Sweep{Name: "bits", Plan: "axes: {bits: [<W4>]}", Results: swept()}
	for i := range mostLeft + 2 {
		page.Left = append(page.Left, Left{i, "bits=W3", "failed", "no <space> left"})
	}
	var b strings.Builder
	if err := WriteSweep(&b, page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"7 of 12 trials have finished. The best is bits W8, with accuracy 91.00 % on the test split in 3,000 bytes.",
		`<th scope="row">&lt;W4&gt;</th><td>3/3</td><td>80.00 ± 2.00</td>`,
		`<th scope="row">W3</th><td>0/3</td><td>–</td>`,
		"no &lt;space&gt; left", "And 2 more.", "axes: {bits: [&lt;W4&gt;]}", "adjusted for the number of rows (Holm)",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page does not have %q", want)
		}
	}
}
