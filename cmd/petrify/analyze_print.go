package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"

	"petrify/internal/analysis"
	"petrify/internal/figure"
)

// printAnalysis prints the tensors, the worst at some bits first.
func printAnalysis(w io.Writer, r *analysis.Result, bits int) error {
	is := termsOf(r.Metric, r.Float, r.Images.Count)
	fmt.Fprintf(w, "%s on %s, %s samples of the %s split\n\n", r.Network, r.Dataset, thousands(int64(r.Images.Count)),
		r.Images.Split)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "increase of the loss\t")
	for _, b := range analysis.Bits() {
		fmt.Fprintf(t, "%d bits\t", b)
	}
	fmt.Fprintf(t, "at %d bits: %sSQNR\tlevels\tclipped\tmiddle 99.8 %%\t\n", bits, is.column(is.changes()))
	for _, tensor := range r.Worst(bits) {
		fmt.Fprintf(t, "%s\t", tensor.Tensor)
		for _, b := range tensor.Bits {
			fmt.Fprintf(t, "%+.4f\t", b.LossIncrease)
		}
		at := tensor.At(bits)
		fmt.Fprintf(t, "%s%s\t%d\t%.2f %%\t%s\t\n", is.column(is.change(at.ErrorIncrease, at.MetricIncrease)),
			decibels(at.SQNR), at.Levels, 100*at.Clipped, middle(tensor))
	}
	fmt.Fprint(t, "all of them, against float\t")
	for _, u := range r.Uniform {
		fmt.Fprintf(t, "%+.4f\t", u.Loss-r.Float.Loss)
	}
	at := slices.IndexFunc(r.Uniform, func(u analysis.Uniform) bool { return u.Bits == bits })
	fmt.Fprintf(t, "%s\t\t\t\t\n", is.column(is.change(analysis.Increase(r.Uniform[at].Measure, r.Float))))
	return t.Flush()
}

// middle says how much of a tensor's range 99.8 % of its numbers take.
func middle(t analysis.Tensor) string {
	span := t.Range[1] - t.Range[0]
	if span == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f %% of range", 100*(t.Percentiles["99.9"]-t.Percentiles["0.1"])/span)
}

func decibels(r *float64) string {
	if r == nil {
		return "exact"
	}
	return fmt.Sprintf("%.1f dB", *r)
}

// sensitivity is a picture of how much the loss increases, by tensor and bits.
func sensitivity(r *analysis.Result) figure.Heat {
	h := figure.Heat{Title: fmt.Sprintf("%s on %s", r.Network, r.Dataset),
		Note: "increase of the loss, by the bits of one tensor; every other one has 8"}
	for _, b := range analysis.Bits() {
		h.Columns = append(h.Columns, fmt.Sprint(b))
	}
	for _, t := range r.Tensors {
		row := figure.HeatRow{Name: t.Tensor}
		for _, b := range t.Bits {
			row.Values = append(row.Values, b.LossIncrease)
		}
		h.Rows = append(h.Rows, row)
	}
	return h
}

// noiseAlong is a picture of the signal-to-noise ratio along the network, with all
// tensors at as many bits.
func noiseAlong(r *analysis.Result) figure.Chart {
	c := figure.Chart{Title: fmt.Sprintf("Signal to noise along %s", r.Network), YLabel: "SQNR of outputs, dB",
		Bottom: math.Inf(-1)}
	for i, b := range analysis.Bits() {
		line := figure.Line{Name: fmt.Sprintf("%d bits", b), Color: figure.Palette()[i]}
		c.XNames = nil
		for _, t := range r.Tensors {
			if t.Kind != analysis.Activations {
				continue
			}
			if dB := t.Bits[i].Cumulative; dB != nil {
				line.X, line.Y = append(line.X, float64(len(c.XNames))), append(line.Y, *dB)
			}
			c.XNames = append(c.XNames, t.Tensor)
		}
		if len(line.X) > 0 {
			c.Lines = append(c.Lines, line)
		}
	}
	return c
}
