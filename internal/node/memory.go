package node

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"

	"petrify/internal/arena"
)

// Memory is where the outputs of a graph's operators lie: two of which the one is not read any
// more when the other is computed may have the same place.
type Memory struct {
	length  int // of all, in floats
	all     []float32
	ops     []*op // that have a place in it, in their order
	apart   int64 // bytes of values that lie elsewhere
	live    []int64
	reached int // the step of the operator that has run last
}

// line is a cache line of floats.
const line = 16

// Share plans the memory of the graph's operators, for a machine that is yet to be made of it. The
// values of the kept nodes stay valid after a run, until the next. They have memory of their own,
// so that one of them does not hold all.
func Share(g *gorgonia.ExprGraph, kept ...*gorgonia.Node) (*Memory, error) {
	order, err := gorgonia.Sort(g)
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	slices.Reverse(order) // as the machine computes them
	last := lastReads(g, order, kept)
	m := &Memory{live: make([]int64, len(order))}
	var pieces []*arena.Piece
	for i, n := range order {
		first, end, bytes := 0, len(order), 4*int64(n.Shape().TotalSize())
		if o, ours := n.Op().(*op); ours && last[n.ID()] < len(order) && n.Shape().Dims() > 0 {
			first, end = i, last[n.ID()]+1
			o.memory, o.step = m, i
			if o.piece = o.takes(last); o.piece == nil {
				o.piece = &arena.Piece{Size: (n.Shape().TotalSize() + line - 1) / line * line, First: first}
				pieces = append(pieces, o.piece)
			} else {
				first++ // the place is counted there already
			}
			o.piece.Last, m.ops = end-1, append(m.ops, o)
		} else {
			m.apart += bytes
		}
		for step := first; step < end; step++ {
			m.live[step] += bytes
		}
	}
	m.length = arena.Plan(pieces)
	return m, nil
}

// takes returns the piece in which the operator's output takes the place of one of its inputs;
// nil: it needs a piece of its own.
func (o *op) takes(last map[int64]int) *arena.Piece {
	if o.over == nil || last[o.over.ID()] != o.step || o.over.Shape().TotalSize() != o.Shape.TotalSize() {
		return nil
	}
	if in, ours := o.over.Op().(*op); ours {
		return in.piece
	}
	return nil
}

// lastReads are the steps that read the nodes' values last, by the nodes' numbers; len(order) if
// they are kept. An operator of Gorgonia's may pass on an input as its output: what reads the one
// reads the other.
func lastReads(g *gorgonia.ExprGraph, order, kept gorgonia.Nodes) map[int64]int {
	last := map[int64]int{}
	for _, n := range kept {
		last[n.ID()] = len(order)
	}
	for i, n := range slices.Backward(order) {
		last[n.ID()] = max(last[n.ID()], i)
		read := func(in int64, until int) { last[in] = max(last[in], until) }
		o, ours := n.Op().(*op)
		if !ours {
			for from := g.From(n.ID()); from.Next(); {
				read(from.Node().ID(), last[n.ID()])
			}
			continue
		}
		for k, in := range o.inputs {
			if o.reads(k) {
				read(in.ID(), i)
			}
		}
		for _, in := range o.besides {
			read(in.ID(), i)
		}
	}
	return last
}

// floats is a piece of the memory, which is made when the first is taken.
func (m *Memory) floats(p *arena.Piece) []float32 {
	if m.all == nil {
		m.all = make([]float32, m.length)
	}
	return m.all[p.Offset:][:p.Size:p.Size]
}

// Live is the bytes of values that are needed at each step of the graph, those that do not lie in
// the memory among them.
func (m *Memory) Live() []int64 { return m.live }

// Bytes is what all values take.
func (m *Memory) Bytes() int64 { return m.apart + 4*int64(m.length) }

// Holds reports whether the node's value is still what it was computed to be in the last run,
// which may have ended with an error. If it has not been computed in that run, the answer is false.
func (m *Memory) Holds(n *gorgonia.Node) bool {
	o, ours := n.Op().(*op)
	if !ours || o.memory != m {
		return true
	}
	for _, other := range m.ops {
		if o.step < other.step && other.step <= m.reached && o.piece.Overlaps(other.piece) {
			return false
		}
	}
	return o.step <= m.reached
}
