package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"petrify/internal/score"
)

// Comparison sets several runs side by side.
type Comparison struct {
	Runs        []*Run
	Differences []Difference
	Tests       []Test
	Untested    string // why there are no tests
	Scales      []ScaleRow
}

// Difference is a key of the configurations that is not the same in all.
type Difference struct {
	Path   string
	Values []string // by run; "–" where the key is missing
}

// Test is McNemar's, on the samples that both networks were judged on.
type Test struct {
	A, B         string // names of the runs
	OnlyA, OnlyB int    // samples that only one of them classifies correctly
	P            float64
}

// ScaleRow compares the scales of a tensor.
type ScaleRow struct {
	Tensor string
	Scales []float64 // by run: the greatest; 0 where there is no such tensor
	Ratio  float64   // of the greatest to the least
}

// Compare compares runs, in their order.
func Compare(runs []*Run) *Comparison {
	c := &Comparison{Runs: runs}
	c.differ()
	c.test()
	c.scales()
	return c
}

// differ finds the keys that differ. Where a run is written is no difference.
func (c *Comparison) differ() {
	at := map[string]int{}
	for i, r := range c.Runs {
		for _, s := range r.Settings {
			path := s[0]
			if path == "out" {
				continue
			}
			if _, known := at[path]; !known {
				at[path] = len(c.Differences)
				c.Differences = append(c.Differences, Difference{path, slices.Repeat([]string{"–"}, len(c.Runs))})
			}
			c.Differences[at[path]].Values[i] = s[1]
		}
	}
	c.Differences = slices.DeleteFunc(c.Differences, func(d Difference) bool {
		return !slices.ContainsFunc(d.Values, func(v string) bool { return v != d.Values[0] })
	})
}

// test tests each run against the first.
func (c *Comparison) test() {
	first := c.Runs[0]
	for _, r := range c.Runs[1:] {
		switch {
		case first.Judgement == nil:
			c.Untested = first.Name + " was not judged: " + first.Unjudged
		case r.Judgement == nil:
			c.Untested = r.Name + " was not judged: " + r.Unjudged
		case first.Model.Origin.Data != r.Model.Origin.Data:
			c.Untested = fmt.Sprintf("%s and %s have other data", first.Name, r.Name)
		default:
			t := Test{A: first.Name, B: r.Name}
			for i, a := range first.Judgement.Right {
				switch b := r.Judgement.Right[i]; {
				case a && !b:
					t.OnlyA++
				case b && !a:
					t.OnlyB++
				}
			}
			t.P = score.McNemar(t.OnlyA, t.OnlyB)
			c.Tests = append(c.Tests, t)
		}
	}
}

// scales lists the tensors whose scales differ, those that differ most first.
func (c *Comparison) scales() {
	at := map[string]int{}
	for i, r := range c.Runs {
		m := r.Model
		add := func(tensor string, scale float64) {
			if _, known := at[tensor]; !known {
				at[tensor] = len(c.Scales)
				c.Scales = append(c.Scales, ScaleRow{Tensor: tensor, Scales: make([]float64, len(c.Runs))})
			}
			c.Scales[at[tensor]].Scales[i] = scale
		}
		add(m.Input.Name, float64(m.Input.Quant.Scale))
		for _, n := range m.Nodes {
			if w := n.Weights; w != nil && len(w.Scale) > 0 {
				add(n.Name+".weight", float64(slices.Max(w.Scale)))
			}
			if !n.Op.PassesThrough() {
				add(n.Name, float64(n.Output.Quant.Scale))
			}
		}
	}
	for i := range c.Scales {
		s := &c.Scales[i]
		known := slices.DeleteFunc(slices.Clone(s.Scales), func(v float64) bool { return v == 0 })
		if s.Ratio = 1; len(known) > 1 {
			s.Ratio = slices.Max(known) / slices.Min(known)
		}
	}
	c.Scales = slices.DeleteFunc(c.Scales, func(s ScaleRow) bool { return s.Ratio == 1 })
	slices.SortStableFunc(c.Scales, func(a, b ScaleRow) int { return cmp.Compare(b.Ratio, a.Ratio) })
}

// curves overlay what each run measured on its test split.
func (c *Comparison) curves() (all []Chart) {
	add := func(title, label string, logarithmic bool, of func(Measures) float64) {
		chart := Chart{Title: title, Kind: lineChart, XLabel: "epoch", YLabel: label, Whole: true}
		var axes, rows []Numbers
		for i, r := range c.Runs {
			a, records := r.epochs()
			var row Numbers
			for _, l := range records {
				row = append(row, of(l.Test))
			}
			if len(row) == 0 {
				continue
			}
			axes, rows = append(axes, a.x), append(rows, row)
			chart.Series = append(chart.Series, Series{Label: r.Name, Colour: i % palette, Dashed: i >= palette})
			chart.Note += fmt.Sprintf("%s ends at %.4g. ", r.Name, row[len(row)-1])
		}
		x, values := joined(axes, rows)
		chart.X = x
		for i := range chart.Series {
			chart.Series[i].Values = values[i]
		}
		chart.Log = logarithmic && positive(rows)
		if len(x) > 0 {
			all = append(all, chart)
		}
	}
	add("Loss on the test split", "loss", true, func(m Measures) float64 { return m.Loss })
	if !slices.ContainsFunc(c.Runs, func(r *Run) bool { return !r.classifies() }) {
		add("Accuracy on the test split", "accuracy, %", false, func(m Measures) float64 { return 100 * m.Accuracy })
		all = append(all, c.tradeOff())
	}
	return all
}

// tradeOff is accuracy against bytes, of what ships.
func (c *Comparison) tradeOff() Chart {
	chart := Chart{Title: "Accuracy against bytes", Kind: pointChart, XLabel: "bytes", YLabel: "accuracy, %"}
	order := slices.SortedStableFunc(slices.Values(c.Runs), func(a, b *Run) int {
		return cmp.Compare(a.Summary.Size.Quantized, b.Summary.Size.Quantized)
	})
	for _, r := range order {
		chart.X = append(chart.X, float64(r.Summary.Size.Quantized))
		chart.Names = append(chart.Names, r.Name)
		chart.Note += fmt.Sprintf("%s: %.2f %% in %s bytes. ", r.Name, 100*r.Summary.QAT.Accuracy,
			thousands(r.Summary.Size.Quantized))
	}
	for i, r := range c.Runs {
		values := slices.Repeat(Numbers{math.NaN()}, len(order))
		values[slices.Index(order, r)] = 100 * r.Summary.QAT.Accuracy
		chart.Series = append(chart.Series, Series{Label: r.Name, Colour: i % palette, Values: values})
	}
	return chart
}
