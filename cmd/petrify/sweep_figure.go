package main

import (
	"io"
	"math"
	"slices"
	"strings"

	"petrify/internal/figure"
	"petrify/internal/sweep"
)

// measureAgainstBytes draws the rows of a sweep's table with their intervals, and the
// frontier: those than which no other is as good and smaller.
func measureAgainstBytes(r *sweep.Results, w io.Writer) error {
	c := figure.Chart{Title: "Quantized model against its size", XLabel: "KiB", YLabel: "after QAT: test " + r.Unit(),
		Bottom: math.Inf(-1)}
	scale := r.Scale()
	var best []sweep.Row
	for _, row := range r.Rows {
		if row.QAT.N == 0 {
			continue
		}
		color := figure.Blue
		if row.Frontier {
			color, best = figure.Green, append(best, row)
		}
		c.Lines = append(c.Lines, figure.Line{Name: strings.Join(row.Labels, " "), Color: color,
			X: []float64{row.Bytes / 1024}, Y: []float64{scale * row.QAT.Mean}, Bars: []float64{scale * row.QAT.Half}})
	}
	slices.SortFunc(best, func(a, b sweep.Row) int { return int(a.Bytes - b.Bytes) })
	frontier := figure.Line{Color: figure.Green, Dashed: true}
	for _, row := range best {
		frontier.X, frontier.Y = append(frontier.X, row.Bytes/1024), append(frontier.Y, scale*row.QAT.Mean)
	}
	c.Lines = append(c.Lines, frontier)
	return c.SVG(w)
}
