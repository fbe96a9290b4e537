package train

import (
	"petrify/graph"
)

// average is the exponential moving average of the parameters over the steps of
// a stage. The average is evaluated, and the stage ends with it:
//
//	a = d·a + (1 − d)·w        d = min(decay, (1 + t)/(10 + t)) at step t = 1, 2, …
//
// The second term of d lets the average forget the start of a short stage.
//
// Source: B. Polyak, A. Juditsky, "Acceleration of Stochastic Approximation by
// Averaging", SIAM Journal on Control and Optimization 30(4), 1992, for the
// idea; the exponential form and d are TensorFlow's ExponentialMovingAverage
// with num_updates.
type average struct {
	decay  float64
	params []*graph.Param
	values [][]float32
}

func newAverage(decay float64, params []*graph.Param) *average {
	a := &average{decay: decay, params: params}
	for _, p := range params {
		a.values = append(a.values, append([]float32(nil), p.Value...))
	}
	return a
}

// update adds the parameters after step t to the average.
func (a *average) update(t int) {
	d := min(a.decay, float64(1+t)/float64(10+t))
	keep, take := float32(d), float32(1-d)
	for i, p := range a.params {
		v := a.values[i]
		for j, w := range p.Value {
			v[j] = float32(keep*v[j]) + float32(take*w)
		}
	}
}

// adopt sets the parameters to their averages.
func (a *average) adopt() {
	for i, p := range a.params {
		copy(p.Value, a.values[i])
	}
}

// save returns the average as tensors that share its memory.
func (a *average) save() []graph.State {
	var saved []graph.State
	for i, p := range a.params {
		saved = append(saved, graph.State{Name: "average/" + p.Name, Shape: p.Shape, F32: a.values[i]})
	}
	return saved
}
