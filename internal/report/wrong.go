package report

import (
	"cmp"
	"fmt"
	"slices"
)

// matrixClasses is the most classes of a confusion matrix that is shown whole.
const matrixClasses = 20

// Matrix is a confusion matrix.
type Matrix struct {
	Name    string
	Classes []string
	Rows    []MatrixRow
}

// MatrixRow is that of a class.
type MatrixRow struct {
	Class string
	Cells []Cell
}

// Cell counts the samples of a class that were taken for another, or recognised.
type Cell struct {
	Count int
	Share int // percent of the class's samples
	Right bool
}

// Confused is a pair of classes, where a matrix would be too large.
type Confused struct {
	Class, As string
	Counts    []int // by network
}

// matrices are those of the networks, the first and the last of which matter.
func (r *Run) matrices() (all []Matrix) {
	j := r.Judgement
	if j == nil || len(r.Model.Classes) > matrixClasses {
		return nil
	}
	for _, n := range j.compared() {
		m := Matrix{Name: n.Name, Classes: r.Model.Classes}
		for c, counts := range n.Confusion {
			row := MatrixRow{Class: r.Model.Classes[c]}
			for as, count := range counts {
				row.Cells = append(row.Cells, Cell{count, 100 * count / max(1, n.ByClass[c].Samples), as == c})
			}
			m.Rows = append(m.Rows, row)
		}
		all = append(all, m)
	}
	return all
}

// compared are float and what ships.
func (j *Judgement) compared() []Judged {
	if len(j.Judged) < 2 {
		return j.Judged
	}
	return []Judged{j.Judged[0], j.Judged[len(j.Judged)-1]}
}

// confusions are the pairs that the shipped network confuses most, where there are
// too many classes for a matrix.
func (r *Run) confusions() (all []Confused) {
	j := r.Judgement
	if j == nil || len(r.Model.Classes) <= matrixClasses {
		return nil
	}
	networks := j.compared()
	shipped := networks[len(networks)-1]
	for c, counts := range shipped.Confusion {
		for as, n := range counts {
			if as == c || n == 0 {
				continue
			}
			p := Confused{Class: r.Model.Classes[c], As: r.Model.Classes[as]}
			for _, network := range networks {
				p.Counts = append(p.Counts, network.Confusion[c][as])
			}
			all = append(all, p)
		}
	}
	last := len(networks) - 1
	slices.SortStableFunc(all, func(a, b Confused) int { return cmp.Compare(b.Counts[last], a.Counts[last]) })
	return all[:min(len(all), matrixClasses)]
}

// ClassRow is the accuracy of a class in each network.
type ClassRow struct {
	Class    string
	Samples  int
	Accuracy []float64 // in percent
}

// classes are the rows of all classes that have samples.
func (r *Run) classes() (all []ClassRow) {
	if r.Judgement == nil {
		return nil
	}
	for i, c := range r.Judgement.Judged[0].ByClass {
		row := ClassRow{Class: c.Name, Samples: c.Samples}
		for _, n := range r.Judgement.Judged {
			row.Accuracy = append(row.Accuracy, 100*n.ByClass[i].Accuracy)
		}
		if c.Samples > 0 {
			all = append(all, row)
		}
	}
	return all
}

// calibration compares confidence with accuracy.
func (r *Run) calibration() *Chart {
	if r.Judgement == nil {
		return nil
	}
	c := Chart{Title: "Calibration", Kind: lineChart, XLabel: "confidence, %", YLabel: "accuracy, %"}
	var axes, rows []Numbers
	colours := map[string]int{"float": orange, "PTQ": green}
	for _, n := range r.Judgement.Judged {
		var x, y Numbers
		for _, b := range n.Bins {
			if b.Samples > 0 {
				x, y = append(x, 100*b.Confidence), append(y, 100*b.Accuracy)
			}
		}
		axes, rows = append(axes, x), append(rows, y)
		c.Series = append(c.Series, Series{Label: n.Name, Colour: colours[n.Name]})
		c.Note += fmt.Sprintf("The calibration error of %s is %.4f. ", n.Name, n.Calibration)
	}
	axes, rows = append(axes, Numbers{0, 100}), append(rows, Numbers{0, 100})
	c.Series = append(c.Series, Series{Label: "perfect", Colour: purple, Dashed: true})
	x, values := joined(axes, rows)
	c.X = x
	for i := range c.Series {
		c.Series[i].Values = values[i]
	}
	return &c
}
