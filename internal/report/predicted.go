package report

import (
	"cmp"
	"fmt"
	"slices"

	"petrify/train"
)

// Prediction is how well float and what ships predict a target, and for numbers the
// samples' true values with what the two say of them.
type Prediction struct {
	Target                   string
	FloatScores, ShippedOnes train.Metrics
	True, Float, Shipped     []float64
}

// shownTargets is how many targets have a chart.
const shownTargets = 4

// predicted draws predictions against the truth, for each of the first targets.
func (r *Run) predicted() (all []Chart) {
	for _, p := range r.Predictions[:min(len(r.Predictions), shownTargets)] {
		if len(p.True) == 0 {
			continue
		}
		order := make([]int, len(p.True))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.True[a], p.True[b]) })
		c := Chart{Title: "Predicted against true: " + p.Target, Kind: pointChart, XLabel: p.Target + ", true",
			YLabel: p.Target + ", predicted", Series: []Series{{Label: "float", Colour: orange},
				{Label: r.Shipped(), Colour: blue}, {Label: "exact", Colour: green, Joined: true}}}
		for _, i := range order {
			c.X = append(c.X, p.True[i])
			for k, v := range []float64{p.Float[i], p.Shipped[i], p.True[i]} {
				c.Series[k].Values = append(c.Series[k].Values, v)
			}
		}
		c.Note = fmt.Sprintf("The mean error is %.4g in float and %.4g after quantization.", p.FloatScores.MAE,
			p.ShippedOnes.MAE)
		all = append(all, c)
	}
	return all
}

// targetRow is a target in the table of results by target.
type targetRow struct {
	Target string
	Scores []string // float and shipped for each metric
}

// targets are the rows of that table.
func (r *Run) targets() (rows []targetRow) {
	for _, p := range r.Predictions {
		row := targetRow{Target: p.Target}
		for _, of := range r.Task().Metrics() {
			row.Scores = append(row.Scores, of.Format(p.FloatScores), of.Format(p.ShippedOnes))
		}
		rows = append(rows, row)
	}
	return rows
}
