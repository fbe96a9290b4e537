package report

import (
	"fmt"
	"math"
	"slices"
)

// axis is that of the epochs of both stages, one after the other.
type axis struct {
	x        Numbers
	begin    float64 // of the QAT stage
	perEpoch float64 // steps of an epoch of the QAT stage
}

// epochs lays the records of float and QAT one after the other.
func (r *Run) epochs() (a axis, records []Record) {
	floats := 0
	for _, l := range r.Records {
		switch l.Stage {
		case "float":
			floats = l.Epoch
			a.x = append(a.x, float64(l.Epoch))
		case "qat":
			a.x = append(a.x, float64(floats+l.Epoch))
			a.perEpoch = float64(l.Step) / float64(l.Epoch)
		default: // PTQ has no epochs
			continue
		}
		records = append(records, l)
	}
	a.begin = float64(floats)
	return a, records
}

// training are the charts of the whole training.
func (r *Run) training() []Chart {
	a, records := r.epochs()
	if len(records) == 0 {
		return nil
	}
	column := func(of func(Record) float64) (all Numbers) {
		for _, l := range records {
			all = append(all, of(l))
		}
		return all
	}
	marks := append([]Mark{{a.begin, "PTQ, then QAT"}}, r.milestones(a)...)
	if a.begin == 0 || a.perEpoch == 0 {
		marks = r.milestones(a)
	}
	held := 0.0
	for _, l := range records {
		held += l.Validation.Loss
	}
	curves := func(title, label string, of func(Measures) float64) Chart {
		c := Chart{Title: title, Kind: lineChart, X: a.x, XLabel: "epoch", YLabel: label, Whole: true, Marks: marks}
		c.Series = append(c.Series,
			Series{Label: "training", Colour: orange, Dashed: true,
				Values: column(func(l Record) float64 { return of(l.Train) })},
			Series{Label: "test", Colour: blue, Values: column(func(l Record) float64 { return of(l.Test) })})
		if held > 0 {
			c.Series = append(c.Series, Series{Label: "validation", Colour: green,
				Values: column(func(l Record) float64 { return of(l.Validation) })})
		}
		last := c.Series[1].Values
		c.Note = fmt.Sprintf("%s on the test split goes from %.4g after the first epoch to %.4g after the last.", title,
			last[0], last[len(last)-1])
		return c
	}
	loss := curves("Loss", "loss", func(m Measures) float64 { return m.Loss })
	loss.Log = positive([]Numbers{loss.Series[0].Values, loss.Series[1].Values})
	charts := []Chart{loss}
	if r.classifies() {
		charts = append(charts, curves("Accuracy", "accuracy, %", func(m Measures) float64 { return 100 * m.Accuracy }))
	} else if of := r.Task().Headline(); of.Key != "loss" {
		c := curves(of.Name, of.Name, of.Of)
		c.Series = c.Series[1:] // what only evaluation measures
		charts = append(charts, c)
	}
	rate := Chart{Title: "Learning rate", Kind: lineChart, X: a.x, XLabel: "epoch", YLabel: "learning rate",
		Whole: true,
		From0: true, Marks: marks, Series: []Series{{Label: "learning rate", Colour: purple,
			Values: column(func(l Record) float64 { return l.LearningRate })}}}
	rate.Note = "The learning rate at the last step of each epoch."
	return append(charts, rate)
}

// positive reports whether a logarithmic axis can show all rows.
func positive(rows []Numbers) bool {
	return !slices.ContainsFunc(rows, func(row Numbers) bool {
		return slices.ContainsFunc(row, func(v float64) bool { return !(v > 0) })
	})
}

// said is what the milestones mean.
var said = map[string]string{
	"observe": "observers begin", "quantize": "rounding begins", "settle": "ranges rest",
	"freeze_batch_norm": "batch norm rests",
}

// milestones are marks on the axis of epochs. Those before the first step are the
// stage's beginning, and need none.
func (r *Run) milestones(a axis) (marks []Mark) {
	s := r.end("ptq")
	if s == nil || a.perEpoch == 0 {
		return nil
	}
	at := map[int]int{}
	for _, m := range s.Milestones {
		if m.Step == 0 {
			continue
		}
		i, ok := at[m.Step]
		if !ok {
			i = len(marks)
			at[m.Step] = i
			marks = append(marks, Mark{X: a.begin + float64(m.Step)/a.perEpoch, Label: said[m.What]})
			continue
		}
		if label := said[m.What]; label != marks[i].Label {
			marks[i].Label += ", " + label
		}
	}
	return marks
}

// decibels is the ratio of signal to noise; not a number where nothing is lost.
func decibels(noise float64) float64 {
	if noise <= 0 {
		return math.NaN()
	}
	return -10 * math.Log10(noise)
}
