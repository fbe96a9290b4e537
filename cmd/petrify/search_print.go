package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"petrify/internal/analysis"
	"petrify/internal/figure"
)

// Write writes search.json.
func (r *found) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// print prints the front, uniform bits, and what is chosen.
func (r *found) print(w io.Writer, file string) error {
	is := r.terms()
	fmt.Fprintf(w, "%s on %s, %s samples of the %s split; float: loss %.4f%s\n\n", r.Network, r.Dataset,
		thousands(int64(r.Images.Count)), r.Images.Split, r.Float.Loss, is.said(", ", r.Float))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	clocked := slices.Index(r.Respects, latency)
	fmt.Fprintf(t, "\t%s\t", strings.Join(r.Respects, "\t"))
	if clocked >= 0 {
		fmt.Fprint(t, "predicted latency\t")
	}
	fmt.Fprint(t, "predicted loss\tmeasured\t", is.column(is.head()))
	if r.Epochs > 0 {
		fmt.Fprint(t, "after QAT\t", is.column(is.head()))
	}
	fmt.Fprintln(t)
	row := func(name string, c candidate) {
		fmt.Fprintf(t, "%s\t", name)
		for i, n := range c.Costs {
			fmt.Fprintf(t, "%s\t", respect{name: r.Respects[i]}.text(n))
		}
		if clocked >= 0 {
			fmt.Fprintf(t, "%s\t", respect{name: latency}.text(c.Foreseen[clocked]))
		}
		fmt.Fprintf(t, "%.4f\t%.4f\t%s", c.Predicted, c.Measured.Loss, is.column(is.cell(*c.Measured)))
		switch {
		case c.Trained != nil:
			fmt.Fprintf(t, "%.4f\t%s", c.Trained.Loss, is.column(is.cell(c.Trained.Measure)))
		case r.Epochs > 0:
			fmt.Fprint(t, "\t", is.column(""))
		}
		fmt.Fprintln(t)
	}
	for _, c := range r.Front {
		name := ""
		if c.point.Loss == r.Chosen.point.Loss && c.Costs[0] == r.Chosen.Costs[0] {
			name = "chosen"
		}
		row(name, c)
	}
	for _, c := range r.Uniform {
		row(fmt.Sprintf("%d bits everywhere", c.uniform()), c)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if clocked >= 0 {
		fmt.Fprintf(w, "\nlatency is of this machine, while it was measured: %s, one processor\n", r.Machine)
	}
	fmt.Fprintf(w, "\nchosen: %s\n", r.chosenBits())
	fmt.Fprintf(w, "loss %.4f predicted, %.4f measured, %.4f as petrify quantize repairs it%s", r.Chosen.Predicted,
		r.Chosen.Measured.Loss, r.Repaired.Loss, is.said(", with ", r.Repaired.Measure))
	if t := r.Chosen.Trained; t != nil {
		fmt.Fprintf(w, ", %.4f after QAT%s", t.Loss, is.said(", with ", t.Measure))
	}
	fmt.Fprintln(w)
	_, err := fmt.Fprintf(w, "train with these bits: petrify train --config %s\n", file)
	return err
}

func (r *found) terms() terms { return termsOf(r.Metric, r.Float, r.Images.Count) }

// uniform is the bits of all items.
func (c candidate) uniform() (bits int) {
	for _, bits = range c.Bits {
		break
	}
	return bits
}

// chosenBits lists the layers with their bits, in the order of the network.
func (r *found) chosenBits() string {
	var said []string
	for _, item := range r.items {
		said = append(said, fmt.Sprintf("%s %d", item, r.Chosen.Bits[item]))
	}
	return strings.Join(said, ", ")
}

// A chart reaches as far beyond the float network's value: in points of a share, or in times
// of a loss, since the rest would be pressed together.
const pointsShown, timesShown = 5, 2

// chart is what is measured against the first cost.
func (r *found) chart() figure.Chart {
	is := r.terms()
	c := figure.Chart{Title: fmt.Sprintf("%s on %s", r.Network, r.Dataset), XLabel: r.Respects[0] + ", KiB",
		YLabel: is.metric.Name + " on held-out samples", Bottom: math.Inf(-1)}
	value := func(m *analysis.Measure) float64 { return is.value(*m) }
	if is.metric.Share {
		c.YLabel += ", %"
		value = func(m *analysis.Measure) float64 { return 100 * is.value(*m) }
	}
	chosen := r.Chosen.Measured
	if t := r.Chosen.Trained; t != nil {
		chosen = &t.Measure
	}
	if at := value(chosen); is.metric.Lower {
		c.Top = max(timesShown*value(&r.Float), 1.25*at)
	} else {
		c.Bottom = min(value(&r.Float)-pointsShown, at-1)
	}
	line := func(name string, color figure.Color, all []candidate, of func(candidate) *analysis.Measure) {
		l := figure.Line{Name: name, Color: color}
		for _, one := range all {
			if m := of(one); m != nil {
				l.X, l.Y = append(l.X, float64(one.Costs[0])/1024), append(l.Y, value(m))
			}
		}
		if len(l.X) > 0 {
			c.Lines = append(c.Lines, l)
		}
	}
	measured := func(c candidate) *analysis.Measure { return c.Measured }
	line("found", figure.Green, r.Front, measured)
	same := slices.Clone(r.Uniform)
	slices.Reverse(same)
	line("same bits", figure.Vermilion, same, measured)
	trained := func(c candidate) *analysis.Measure {
		if c.Trained == nil {
			return nil
		}
		return &c.Trained.Measure
	}
	line("after QAT", figure.Purple, r.Front, trained)
	line("same bits, after QAT", figure.Orange, same, trained)
	c.Lines = append(c.Lines, figure.Line{Name: "chosen", Color: figure.Blue,
		X: []float64{float64(r.Chosen.Costs[0]) / 1024}, Y: []float64{value(chosen)}})
	return c
}
