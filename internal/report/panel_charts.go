package report

import (
	"fmt"
	"maps"
	"slices"

	"petrify/quantized"
)

// fewLevels is how many levels of a grid a chart shows.
const fewLevels = 16

// weightChart compares the weights before and after quantized training, with the
// grid over them.
func weightChart(before, after *Fit, w *quantized.Weights) Chart {
	c := Chart{Title: "Weights", Kind: lineChart, XLabel: "weight, batch norm folded in", YLabel: "density",
		From0: true}
	var axes, rows []Numbers
	add := func(f *Fit, label string, colour int) {
		if f == nil || f.Values == nil {
			return
		}
		if x, y := f.Values.density(); x != nil {
			axes, rows = append(axes, x), append(rows, y)
			c.Series = append(c.Series, Series{Label: label, Colour: colour})
		}
	}
	add(before, "float", orange)
	add(after, "quantized training", blue)
	x, values := joined(axes, rows)
	c.X = x
	for i := range c.Series {
		c.Series[i].Values = values[i]
	}
	c.Marks = []Mark{{after.Grid[0], "least"}, {after.Grid[1], "greatest"}}
	if steps(w.Format) <= fewLevels {
		order := slices.Sorted(slices.Values(w.Scale))
		s := float64(order[len(order)/2]) * float64(max(w.Step, 1))
		c.Marks = nil
		for q := w.Format.Min(); q <= w.Format.Max(); q++ {
			c.Marks = append(c.Marks, Mark{X: s * float64(q)})
		}
		c.Title = "Weights, and the grid of the channel in the middle"
	}
	c.Note = fmt.Sprintf("The weights lie between %.3g and %.3g; the widest grid goes from %.3g to %.3g.",
		after.Values.Least, after.Values.Greatest, after.Grid[0], after.Grid[1])
	return c
}

// levels counts the weights at each integer.
func levels(w *quantized.Weights) Chart {
	counts := map[int32]int{}
	for i := range w.Q {
		counts[w.Value(i)/max(w.Step, 1)]++
	}
	c := Chart{Title: "Weights at each integer", Kind: barChart, XLabel: "integer", YLabel: "weights", Whole: true,
		From0: true, Series: []Series{{Label: "weights", Colour: blue}}}
	for _, q := range slices.Sorted(maps.Keys(counts)) {
		c.X = append(c.X, float64(q))
		c.Series[0].Values = append(c.Series[0].Values, float64(counts[q]))
	}
	c.Note = fmt.Sprintf("%d integers occur among %s weights; %s weights are 0.", len(c.X),
		thousands(int64(len(w.Q))), thousands(int64(counts[0])))
	return c
}

// scaleChart shows the scale of each channel or block.
func scaleChart(w *quantized.Weights) Chart {
	c := Chart{Title: "Scale of each channel", Kind: barChart, XLabel: "channel", YLabel: "scale", Whole: true,
		From0:  true,
		Series: []Series{{Label: "scale", Colour: green}}}
	if w.Block > 0 {
		c.Title, c.XLabel = "Scale of each block", "block"
	}
	for i, s := range w.Scale {
		c.X = append(c.X, float64(i))
		c.Series[0].Values = append(c.Series[0].Values, float64(s))
	}
	c.Note = fmt.Sprintf("%d scales, from %.3g to %.3g.", len(w.Scale), slices.Min(w.Scale), slices.Max(w.Scale))
	return c
}

// activationChart shows what a layer computes, with the ends of its grid.
func activationChart(ptq, f *Fit, lo, hi float64) Chart {
	c := Chart{Title: "Output before rounding", Kind: lineChart, XLabel: "output", YLabel: "density", From0: true,
		Marks: []Mark{{lo, "least"}, {hi, "greatest"}}}
	var axes, rows []Numbers
	x, y := f.Values.density()
	if x != nil {
		axes, rows = append(axes, x), append(rows, y)
		c.Series = append(c.Series, Series{Label: "final", Colour: blue})
	}
	if ptq != nil && ptq != f && ptq.Values != nil {
		if x, y := ptq.Values.density(); x != nil {
			axes, rows = append(axes, x), append(rows, y)
			c.Series = append(c.Series, Series{Label: "after PTQ", Colour: orange, Dashed: true})
		}
	}
	x, values := joined(axes, rows)
	c.X = x
	for i := range c.Series {
		c.Series[i].Values = values[i]
	}
	c.Note = fmt.Sprintf("The outputs lie between %.3g and %.3g, the grid between %.3g and %.3g; %.2f %% are clipped.",
		f.Values.Least, f.Values.Greatest, lo, hi, 100*f.Clipped)
	return c
}

// overTime shows how a quantizer's grid, what it clips, and its noise change with
// the epochs of quantized training. Epoch 0 is PTQ.
func (r *Run) overTime(what, tensor string) []Chart {
	var x, least, greatest, clipped, noise Numbers
	for i := range r.Surveys {
		s := &r.Surveys[i]
		if s.Stage == "float" || s.Stage == "qat" && s.End {
			continue
		}
		if f := s.fit(tensor); f != nil {
			x = append(x, float64(s.Epoch))
			least, greatest = append(least, f.Grid[0]), append(greatest, f.Grid[1])
			clipped, noise = append(clipped, 100*f.Clipped), append(noise, decibels(f.Noise))
		}
	}
	if len(x) < 2 {
		return nil
	}
	chart := func(title, label, note string, series ...Series) Chart {
		return Chart{Title: title + " of the " + what + " over training", Kind: lineChart, X: x, Whole: true,
			XLabel: "epoch of QAT; 0 is PTQ", YLabel: label, Series: series, Note: note}
	}
	end := len(x) - 1
	grid := chart("Range", "range", fmt.Sprintf("From %.3g to %.3g after PTQ, from %.3g to %.3g after the last epoch.",
		least[0], greatest[0], least[end], greatest[end]),
		Series{Label: "least", Colour: sky, Values: least},
		Series{Label: "greatest", Colour: vermillion, Values: greatest})
	quality := chart("Signal to noise", "dB", fmt.Sprintf("%.1f dB after PTQ, %.1f dB after the last epoch.", noise[0],
		noise[end]), Series{Label: "signal to noise, dB", Colour: green, Values: noise})
	cut := chart("Clipped share", "%", fmt.Sprintf("%.2f %% after PTQ, %.2f %% after the last epoch.", clipped[0],
		clipped[end]), Series{Label: "clipped, %", Colour: vermillion, Values: clipped})
	cut.From0 = true
	return []Chart{grid, quality, cut}
}
