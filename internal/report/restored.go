package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
)

// Restoration is how well a network restores its inputs, before and after quantization.
type Restoration struct {
	Float, Shipped []float64 // mean squared errors, by sample
	Shown          []Restored
}

// Restored is a sample with what the networks made of it.
type Restored struct {
	Sample                   string
	Input, Float, Shipped    template.URL
	FloatError, ShippedError float64
}

// errorBins is the number of intervals of the histogram of errors.
const errorBins = 32

// restoration compares the errors of float and of what ships.
func (r *Run) restoration() *Chart {
	s := r.Restoration
	if s == nil || len(s.Float) == 0 {
		return nil
	}
	greatest := max(slices.Max(s.Float), slices.Max(s.Shipped))
	c := Chart{Title: "Errors of the samples", Kind: lineChart, XLabel: "mean squared error of a sample",
		YLabel: "samples", From0: true, Series: []Series{{Label: "float", Colour: orange, Dashed: true},
			{Label: r.Shipped(), Colour: blue}}}
	width := greatest / errorBins
	counts := [2]Numbers{make(Numbers, errorBins), make(Numbers, errorBins)}
	for i, errors := range [][]float64{s.Float, s.Shipped} {
		for _, e := range errors {
			bin := 0
			if width > 0 {
				bin = min(int(e/width), errorBins-1)
			}
			counts[i][bin]++
		}
		c.Series[i].Values = counts[i]
	}
	for i := range errorBins {
		c.X = append(c.X, (float64(i)+0.5)*width)
	}
	worse := 0
	for i := range s.Float {
		if s.Shipped[i] > s.Float[i] {
			worse++
		}
	}
	c.Note = fmt.Sprintf("The median is %.4g in float and %.4g after quantization; %s of %s samples are restored less "+
		"well.", median(s.Float), median(s.Shipped), thousands(int64(worse)), thousands(int64(len(s.Float))))
	return &c
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
