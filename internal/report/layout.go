package report

import (
	"slices"

	"petrify/quantized"
)

// place is a cell of the drawing: a row for each step from the input, a lane for
// what lies side by side.
type place struct{ row, lane int }

// layout places the activations of a model, and the edges between them, so that no
// edge passes through a box: an edge that skips rows has a place in each of them.
type layout struct {
	at    map[string]place // of the input and the layers
	edges []edge
	rows  int
	lanes int
	taken map[place]bool
}

// edge is the way from one activation to a layer that reads it.
type edge struct {
	from, to string
	way      []place // first and last are those of from and to
}

func layOut(m *quantized.Model) *layout {
	l := &layout{at: map[string]place{}, taken: map[place]bool{}}
	row := map[string]int{m.Input.Name: 0}
	for _, n := range m.Nodes {
		for _, in := range n.Inputs {
			row[n.Name] = max(row[n.Name], row[in]+1)
		}
		l.rows = max(l.rows, row[n.Name])
	}
	l.rows++
	l.put(m.Input.Name, place{})
	for _, n := range m.Nodes {
		// The longest edge keeps its lane, and a layer comes below its first input.
		inputs := slices.Clone(n.Inputs)
		slices.SortStableFunc(inputs, func(a, b string) int { return row[a] - row[b] })
		own := place{row[n.Name], l.at[n.Inputs[0]].lane}
		if direct := l.at[inputs[len(inputs)-1]]; direct.row == own.row-1 {
			own.lane = direct.lane
		}
		l.put(n.Name, l.free(own))
		for _, in := range inputs {
			l.edges = append(l.edges, l.route(in, n.Name))
		}
	}
	return l
}

func (l *layout) put(name string, p place) {
	l.at[name], l.taken[p] = p, true
	l.lanes = max(l.lanes, p.lane+1)
}

// free is the place or, if it is taken, the next lane that is not.
func (l *layout) free(p place) place {
	for l.taken[p] {
		p.lane++
	}
	return p
}

// route finds the way of an edge: a lane that is free in all rows between.
func (l *layout) route(from, to string) edge {
	a, b := l.at[from], l.at[to]
	e := edge{from: from, to: to, way: []place{a}}
	lane := max(a.lane, b.lane)
	clear := func(lane int) bool {
		for row := a.row + 1; row < b.row; row++ {
			if l.taken[place{row, lane}] {
				return false
			}
		}
		return true
	}
	for b.row > a.row+1 && !clear(lane) {
		lane++
	}
	for row := a.row + 1; row < b.row; row++ {
		p := place{row, lane}
		l.taken[p] = true
		l.lanes = max(l.lanes, lane+1)
		e.way = append(e.way, p)
	}
	e.way = append(e.way, b)
	return e
}
