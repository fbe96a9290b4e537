package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"petrify/internal/sweep"
)

// Sweep is what the page of a sweep shows.
type Sweep struct {
	Name    string
	Plan    string // its file
	Results *sweep.Results
	Left    []Left // the trials that have not finished
}

// mostLeft is how many of these a page lists.
const mostLeft = 500

// Left is a trial that has not finished.
type Left struct {
	Index             int
	Name, State, Says string // its state, and why
}

// sweepPage adds what is worked out.
type sweepPage struct {
	*Sweep
	More   int // trials that have not finished, and are not listed
	Head   []string
	Rows   [][]string
	Axes   int // the first columns are labels
	Legend []string
	Front  figure
}

// WriteSweep writes the page of a sweep.
func WriteSweep(w io.Writer, s *Sweep) error {
	p := newPage("Sweep " + s.Name)
	cells := s.Results.Cells()
	listed := *s
	listed.Left = s.Left[:min(len(s.Left), mostLeft)]
	p.Sweep = &sweepPage{Sweep: &listed, More: len(s.Left) - len(listed.Left), Head: cells[0], Rows: cells[1:],
		Axes: len(s.Results.By), Legend: strings.Split(s.Results.Legend(), "\n"), Front: p.figure(s.front())}
	return p.write(w)
}

// Says is the result in a sentence.
func (s *sweepPage) Says() string {
	r := s.Results
	best := r.Rows[r.Best]
	return fmt.Sprintf("%d of %d trials have finished. The best is %s, with %s on the test split in %s bytes.",
		r.Finished, r.Trials, named(best, r.By), r.Value(), thousands(int64(best.Bytes)))
}

// named is such as "bits W4A4, method LSQ".
func named(row sweep.Row, by []string) string {
	parts := make([]string, len(by))
	for i, axis := range by {
		parts[i] = axis + " " + row.Labels[i]
	}
	return strings.Join(parts, ", ")
}

// front is the measure against bytes, with intervals, and a line through the rows that no
// other one beats in both.
func (s *Sweep) front() Chart {
	r := s.Results
	c := Chart{Title: heading(r) + " against bytes", Kind: pointChart, XLabel: "bytes", YLabel: "test " + r.Unit()}
	scale := r.Scale()
	rows := slices.DeleteFunc(slices.Clone(r.Rows), func(row sweep.Row) bool { return row.QAT.N == 0 })
	slices.SortStableFunc(rows, func(a, b sweep.Row) int { return cmp.Compare(a.Bytes, b.Bytes) })
	others := Series{Label: "others", Colour: blue}
	front := Series{Label: "frontier", Colour: green, Dashed: true, Joined: true}
	for _, row := range rows {
		c.X = append(c.X, row.Bytes)
		value, half, name := scale*row.QAT.Mean, scale*row.QAT.Half, ""
		on, off := &others, &front
		if row.Frontier {
			on, off, name = &front, &others, strings.Join(row.Labels, " ")
			c.Note += fmt.Sprintf("%s: %s in %s bytes. ", name, within(value, half), thousands(int64(row.Bytes)))
		}
		on.Values, on.Halves = append(on.Values, value), append(on.Halves, half)
		off.Values, off.Halves = append(off.Values, math.NaN()), append(off.Halves, math.NaN())
		c.Names = append(c.Names, name)
	}
	c.Note = "On the frontier, where no other row is as good and smaller: " + c.Note
	c.Series = []Series{front, others}
	return c
}

// heading is the name of the measure, with a capital unless it has its own.
func heading(r *sweep.Results) string {
	name, _, _ := strings.Cut(r.Unit(), ",")
	if name == strings.ToLower(name) {
		name = strings.ToUpper(name[:1]) + name[1:]
	}
	return name
}

// within is a value with half of its interval, which a single trial does not have.
func within(value, half float64) string {
	if half == 0 {
		return fmt.Sprintf("%.4g", value)
	}
	return fmt.Sprintf("%.4g ± %.2g", value, half)
}
