package fromonnx

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"petrify/graph"
)

// assemble makes the network of the layers that the result needs.
func (m *mapping) assemble() (*Model, error) {
	s := m.signals[m.tail.value]
	if s == nil {
		return nil, errors.New("its output is not computed from its input")
	}
	if s.apart != nil {
		for _, n := range m.graph.Nodes {
			if slices.Contains(n.Outputs, m.tail.value) {
				return nil, Refusals{{n.String(), n.Type(), fmt.Sprintf("its result of shape %v, an output, "+
					"mixes inputs of a batch", s.apart.shape), "an output has the batch first"}}
			}
		}
	}
	out, err := m.finish(s)
	if err != nil {
		return nil, fmt.Errorf("its output: %w", err)
	}
	if out.layer < 0 {
		return nil, errors.New("has no layers: its output is its input")
	}
	m.prune(out.layer)
	for _, l := range m.layers {
		if l.erf {
			return nil, Refusals{{l.nodes[0], "Erf", "an error function that is no part of GELU", ""}}
		}
	}
	last := len(m.layers) - 1
	read := make([]int, len(m.layers)) // how many read each layer from afar
	for i, l := range m.layers {
		for _, from := range l.from {
			if from >= 0 && (from != i-1 || len(l.from) > 1) {
				read[from]++
			}
		}
	}
	m.name(func(i int) bool {
		l := m.layers[i]
		return l.weighted() || l.gamma != nil || l.slopes != nil || read[i] > 0
	})
	model := &Model{Input: m.layout.shape, elements: m.elements / m.dims[0], moved: m.moved}
	if err := m.fill(model); err != nil {
		return nil, err
	}
	model.Facts.Output = End{Name: m.tail.value, Layout: layoutOf(out), Shape: m.shapes[m.tail.value][1:]}
	if sum := model.Network.Layers[last]; sum.Kind != graph.KindSoftmax && slices.Equal(out.shape, m.dims) {
		model.Network.Loss = graph.MeanSquare
		m.assumed = append(m.assumed, "the output has the input's shape, so that training reproduces the input "+
			"(loss: mean_square)")
	}
	if err := model.Network.Validate(model.Input); err != nil {
		return nil, err
	}
	m.describe(model)
	return model, nil
}

// finish makes the network's output of a signal: a layer's output in an order
// that has a name.
func (m *mapping) finish(s *signal) (*signal, error) {
	out := copied(s)
	if _, err := m.settled(out); err != nil {
		return nil, err
	}
	if len(out.shape) == 2 {
		if _, err := m.vector(out); err != nil {
			return nil, err
		}
	}
	if err := m.straighten(out); err != nil {
		return nil, err
	}
	shape, vector := m.source(out.layer)
	if out.order == nil || vector {
		if out.order != nil {
			return nil, refuse("", "its elements are transposed in a way that no layer can do")
		}
		return out, nil
	}
	last := permuted(nil, []int{shape.C, shape.H, shape.W}, []int{1, 2, 0})
	if !slices.Equal(out.order, last) {
		return nil, refuse("", "its elements are transposed in a way that no layer can do")
	}
	return out, nil
}

// layoutOf names the order of an output's elements.
func layoutOf(s *signal) string {
	switch rank := len(s.shape); {
	case rank == 2:
		return "NC"
	case rank == 3 && s.order != nil:
		return "NLC"
	case rank == 3:
		return "NCL"
	case s.order != nil:
		return "NHWC"
	}
	return "NCHW"
}

// prune leaves only the layers that the last one needs, which ends the list.
func (m *mapping) prune(last int) {
	needed := make([]bool, last+1)
	needed[last] = true
	for i := last; i >= 0; i-- {
		for _, from := range m.layers[i].from {
			if needed[i] && from >= 0 {
				needed[from] = true
			}
		}
	}
	place := map[int]int{-1: -1}
	var kept []*layer
	for i, l := range m.layers[:last+1] {
		if needed[i] {
			place[i] = len(kept)
			kept = append(kept, l)
		}
	}
	for _, l := range kept {
		for i, from := range l.from {
			l.from[i] = place[from]
		}
	}
	m.layers = kept
}

// fill writes the layers and the weights.
func (m *mapping) fill(model *Model) error {
	for i, l := range m.layers {
		described := l.Layer
		if l.Kind == graph.KindAttentionScores {
			described.Scale = m.scoreScale(l)
		}
		if len(l.from) > 1 || l.from[0] != i-1 {
			for _, from := range l.from {
				name := graph.InputName
				if from >= 0 {
					name = m.layers[from].Name
				}
				described.From = append(described.From, name)
			}
		}
		model.Network.Layers = append(model.Network.Layers, described)
		report := Layer{Layer: l.called, Kind: l.Kind.String(), Nodes: l.nodes, Shape: l.out}
		for _, p := range l.parameters() {
			state := graph.State{Name: l.called + "." + p.name, Shape: p.shape, F32: make([]float32, len(p.values))}
			for k, v := range p.values {
				state.F32[k] = float32(v)
				if f := float64(state.F32[k]); math.IsNaN(f) || math.IsInf(f, 0) {
					return fmt.Errorf("%s, of nodes %q: element %d is %v in float32", state.Name, l.nodes, k, v)
				}
			}
			report.Parameters += len(p.values)
			model.Weights = append(model.Weights, state)
		}
		l.weight = nil // which may be most of the memory
		model.Layers = append(model.Layers, report)
	}
	return nil
}

// parameter is one of a layer's tensors.
type parameter struct {
	name   string
	shape  []int
	values []float64
}

// parameters lists the layer's tensors by PyTorch's names.
func (l *layer) parameters() (all []parameter) {
	if l.weighted() {
		weight := parameter{"weight", l.size, l.weight}
		if l.transposed > 0 {
			weight.shape = []int{l.size[1] * l.transposed, l.size[0] / l.transposed, l.size[2], l.size[3]}
			weight.values = make([]float64, len(l.weight))
			l.eachTap(func(own, torch int) { weight.values[torch] = l.weight[own] }, l.size[2]*l.size[3])
		}
		all = append(all, weight)
		if l.bias != nil {
			all = append(all, parameter{"bias", []int{len(l.bias)}, l.bias})
		}
	}
	if l.slopes != nil {
		all = append(all, parameter{"weight", []int{len(l.slopes)}, l.slopes})
	}
	if l.gamma != nil {
		one := []int{len(l.gamma)}
		all = append(all, parameter{"weight", one, l.gamma}, parameter{"bias", one, l.beta})
		if l.mean != nil {
			all = append(all, parameter{"running_mean", one, l.mean}, parameter{"running_var", one, l.variance})
		}
	}
	return all
}

// describe fills in what is known about the file and the ends.
func (m *mapping) describe(model *Model) {
	model.Facts.Input = End{Name: m.input.Name, Layout: m.layout.name, Shape: m.dims[1:], Batch: m.fixed}
	model.Cut = m.tail.cut
	model.Result = model.Facts.Output
	model.Result.Name = m.tail.result
	if shape := m.shapes[m.tail.result]; shape != nil {
		model.Result.Shape = shape[1:]
	}
	for _, f := range []struct {
		n         int
		one, many string
	}{
		{m.folded, "1 node that computes a constant", "%d nodes that compute constants"},
		{m.absorbed, "1 transposition", "%d transpositions"},
		{m.dropped, "1 node that changes nothing", "%d nodes that change nothing"},
	} {
		if f.n == 1 {
			model.Folded = append(model.Folded, f.one)
		} else if f.n > 1 {
			model.Folded = append(model.Folded, fmt.Sprintf(f.many, f.n))
		}
	}
	if len(m.tail.others) > 0 {
		model.Folded = append(model.Folded, fmt.Sprintf("outputs that follow from %q: %s", m.tail.result,
			strings.Join(m.tail.others, ", ")))
	}
	model.Assumed = m.assumed
}
