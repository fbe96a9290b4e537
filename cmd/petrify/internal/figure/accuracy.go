package figure

import "fmt"

// Accuracy is the chart of a run: test accuracy, 0 to 1, after each epoch in
// float, right after quantization, and after each epoch of training on.
func Accuracy(title string, float []float64, ptq float64, qat []float64) Chart {
	start := float64(len(float))
	c := Chart{Title: title, XLabel: "epochs", YLabel: "test accuracy, %"}
	stop := max(start+1, start+float64(len(qat)))
	if len(float) > 0 {
		last := float[len(float)-1]
		c.Lines = append(c.Lines, Line{X: count(1, len(float)), Y: percent(float), Color: Blue},
			level(label("float", last), 100*last, start, stop, Blue))
	}
	c.Lines = append(c.Lines, level(label("PTQ", ptq), 100*ptq, start, stop, Vermilion))
	if len(qat) > 0 {
		x, y := count(start, len(qat)+1), append([]float64{ptq}, qat...)
		c.Lines = append(c.Lines, Line{Name: label("QAT", qat[len(qat)-1]), X: x, Y: percent(y), Color: Green})
	}
	// The first epochs would press everything else together.
	low, high := spanOf(percent(append(append([]float64{ptq}, qat...), float[len(float)/4:]...)))
	c.Bottom = low - max((high-low)/5, 0.2)
	return c
}

func label(name string, accuracy float64) string {
	return fmt.Sprintf("%s %.2f %%", name, 100*accuracy)
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
