package train

import (
	"math"

	"petrify/graph"
	"petrify/quantized"
)

// drift follows the integers of a layer's weights from one evaluation of the QAT stage to
// the next. It needs no look at the steps between, as [Oscillation.Watch] does.
type drift struct {
	tensor string
	// 3·q + d by weight: its integer q at the evaluation before, and the direction d of its
	// last change, −1, 0 (none until now) or 1. They are exact in float32, as checkpoints hold
	// them: integers have 16 bits at most.
	last []float32
}

// newDrifts begins with the integers of a model.
func newDrifts(m *quantized.Model) (all []*drift) {
	for i := range m.Nodes {
		w := m.Nodes[i].Weights
		if w == nil || w.Q == nil {
			continue
		}
		d := &drift{tensor: m.Nodes[i].Name + ".weight", last: make([]float32, len(w.Q))}
		for j := range d.last {
			d.last[j] = 3 * float32(w.Value(j))
		}
		all = append(all, d)
	}
	return all
}

// follow moves on to the integers of an evaluation. It returns the share of the weights
// that have others than before, and the share that went back: against their last change.
func (d *drift) follow(w *quantized.Weights) (moved, turned float64) {
	var changed, back int
	for i, last := range d.last {
		q := w.Value(i)
		difference := float32(3*float32(q)) - last // less than 2 where only the direction is in it
		if -2 < difference && difference < 2 {
			continue
		}
		changed++
		sign := float32(math.Copysign(1, float64(difference)))
		if before := last - float32(3*float32(math.Round(float64(last)/3))); before == -sign {
			back++
		}
		d.last[i] = float32(3*float32(q)) + sign
	}
	n := float64(len(d.last))
	moved, turned = float64(changed)/n, float64(back)/n
	return moved, turned
}

// drifted adds to the fits of an epoch how the integers moved.
func (r *run) drifted(fits []graph.Fit) {
	weights := map[string]*quantized.Weights{}
	for i := range r.frozen.Nodes {
		weights[r.frozen.Nodes[i].Name+".weight"] = r.frozen.Nodes[i].Weights
	}
	for _, d := range r.drifts {
		for i := range fits {
			if f := &fits[i]; f.Tensor == d.tensor {
				f.Moved, f.Turned = d.follow(weights[d.tensor])
			}
		}
	}
}

// driftStates are what a checkpoint holds of them.
func (r *run) driftStates() (states []graph.State) {
	for _, d := range r.drifts {
		states = append(states, graph.State{Name: "drift/" + d.tensor, Shape: []int{len(d.last)}, F32: d.last})
	}
	return states
}
