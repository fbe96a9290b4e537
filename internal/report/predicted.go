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
		if r.Task() == train.Anomaly {
			all = append(all, p.scores(r.Shipped()))
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

// scoreBins is how many intervals of scores are counted.
const scoreBins = 40

// scores draws how often normal and anomalous samples have which score, in float and as it
// ships. The last interval has the greatest hundredth of the scores as well.
func (p Prediction) scores(shipped string) Chart {
	sorted := slices.Concat(p.Float, p.Shipped)
	slices.Sort(sorted)
	least := sorted[0]
	step := (sorted[len(sorted)*99/100] - least) / scoreBins
	c := Chart{Title: "Scores of normal and anomalous samples", Kind: lineChart, XLabel: "mean squared error of a sample",
		YLabel: "samples", From0: true}
	for _, s := range []Series{{Label: "normal, float", Colour: orange, Dashed: true},
		{Label: "normal, " + shipped, Colour: orange},
		{Label: "anomalous, float", Colour: blue, Dashed: true}, {Label: "anomalous, " + shipped, Colour: blue}} {
		s.Values = make([]float64, scoreBins)
		c.Series = append(c.Series, s)
	}
	for bin := range scoreBins {
		c.X = append(c.X, least+(float64(bin)+0.5)*step)
	}
	for i, anomalous := range p.True {
		for k, score := range []float64{p.Float[i], p.Shipped[i]} {
			bin := scoreBins - 1
			if step > 0 {
				bin = int(min((score-least)/step, scoreBins-1))
			}
			c.Series[2*int(anomalous)+k].Values[bin]++
		}
	}
	c.Note = fmt.Sprintf("The area under the curve is %.4f in float and %.4f after quantization.", p.FloatScores.AUC,
		p.ShippedOnes.AUC)
	return c
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
