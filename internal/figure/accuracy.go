package figure

import (
	"fmt"
	"math"
)

// Share is the chart of a run: a result such as test accuracy, 0 to 1, after each epoch in
// float, right after quantization, and after each epoch of training on.
func Share(title, label string, plain []float64, ptq float64, qat []float64) Chart {
	plain, qat, ptq = percent(plain), percent(qat), 100*ptq
	c := stages("%s %.2f %%", plain, ptq, qat)
	c.Title, c.YLabel = title, label+", %"
	// The first epochs would press everything else together.
	low, high := spanOf(append(append([]float64{ptq}, qat...), plain[len(plain)/4:]...))
	c.Bottom = low - max((high-low)/5, 0.2)
	return c
}

// Loss is the same chart of a loss or an error.
func Loss(title, label string, plain []float64, ptq float64, qat []float64) Chart {
	c := stages("%s %.4f", plain, ptq, qat)
	c.Title, c.YLabel, c.Bottom = title, label, math.Inf(-1)
	return c
}

// stages draws the three stages; the format is of a line's name and value.
func stages(format string, plain []float64, ptq float64, qat []float64) Chart {
	c := Chart{XLabel: "epochs"}
	start := float64(len(plain))
	stop := max(start+1, start+float64(len(qat)))
	if len(plain) > 0 {
		last := plain[len(plain)-1]
		c.Lines = append(c.Lines, Line{X: count(1, len(plain)), Y: plain, Color: Blue},
			level(fmt.Sprintf(format, "float", last), last, start, stop, Blue))
	}
	c.Lines = append(c.Lines, level(fmt.Sprintf(format, "PTQ", ptq), ptq, start, stop, Vermilion))
	if len(qat) > 0 {
		c.Lines = append(c.Lines, Line{
			Name: fmt.Sprintf(format, "QAT", qat[len(qat)-1]), Color: Green,
			X: count(start, len(qat)+1), Y: append([]float64{ptq}, qat...),
		})
	}
	return c
}

// count is n numbers from the first on.
func count(first float64, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = first + float64(i)
	}
	return x
}

func percent(fractions []float64) []float64 {
	p := make([]float64, len(fractions))
	for i, f := range fractions {
		p[i] = 100 * f
	}
	return p
}
