package datasets

import (
	"fmt"
	"math"
	"slices"
)

// askForClocks asks about channels that rise evenly, as time and numbers of rows do: where no
// column is the time, one of them is; others get a warning.
func (t *table) askForClocks(w Windows) error {
	k := -1
	for c, feature := range t.feature {
		if feature {
			k++
		}
		if !feature || t.chosen[c] || t.cols == 1 {
			continue
		}
		step := t.evenStep(k)
		switch {
		case step == 0:
		case t.time < 0 && w.Time != "none":
			return fmt.Errorf("%s rises by %.4g from row to row, like time or the number of a row: data.windows.time: %s "+
				"takes it for the time; data.windows.time: none, that no column is", t.name(c), step, t.selector(c))
		default:
			t.warnings = append(t.warnings, fmt.Sprintf("%s is a channel and rises by %.4g from row to row, like the number "+
				"of a row; data.columns: [\"!%s\"] leaves it out", t.name(c), step, t.selector(c)))
		}
	}
	return nil
}

// evenStep is by how much feature k rises from row to row, if nine of ten steps are as large to
// a tenth; 0 if not, or in few rows.
func (t *table) evenStep(k int) float64 {
	const least = 20
	var steps []float64
	for row := 1; row < t.rows(); row++ {
		steps = append(steps, float64(t.values[row*t.cols+k])-float64(t.values[(row-1)*t.cols+k]))
	}
	if len(steps) < least {
		return 0
	}
	slices.Sort(steps)
	step, even := steps[len(steps)/2], 0
	for _, d := range steps {
		if math.Abs(d-step) <= step/10 {
			even++
		}
	}
	if !(step > 0) || 10*even < 9*len(steps) {
		return 0
	}
	return step
}
