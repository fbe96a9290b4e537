package analysis

import (
	"petrify/quantized"
	"petrify/quantized/integer"
)

// trace computes all activations of a frozen model, node by node.
type trace struct {
	model *quantized.Model
	input *integer.Layer
	nodes []*integer.Layer
	acts  map[string]quantized.Activation
}

func newTrace(m *quantized.Model) (t *trace, err error) {
	t = &trace{model: m, acts: map[string]quantized.Activation{m.Input.Name: m.Input.Activation}}
	if t.input, err = integer.NewLayer(nil, []quantized.Activation{m.Input.Activation}, integer.Options{}); err != nil {
		return nil, err
	}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		var inputs []quantized.Activation
		for _, name := range n.Inputs {
			inputs = append(inputs, t.acts[name])
		}
		layer, err := integer.NewLayer(m.Nodes[i:i+1], inputs, integer.Options{})
		if err != nil {
			return nil, err
		}
		t.nodes, t.acts[n.Name] = append(t.nodes, layer), n.Output
	}
	return t, nil
}

// run computes the activations of n images x, by name; images are N H W C.
func (t *trace) run(x []float32, n int) (map[string][]float32, error) {
	of := map[string][]float32{}
	rounded := make([]float32, len(x))
	if err := t.input.Run(rounded, [][]float32{x}, n); err != nil {
		return nil, err
	}
	of[t.model.Input.Name] = rounded
	for i := range t.model.Nodes {
		node := &t.model.Nodes[i]
		var xs [][]float32
		for _, name := range node.Inputs {
			xs = append(xs, of[name])
		}
		y := make([]float32, n*t.nodes[i].OutputSize())
		if err := t.nodes[i].Run(y, xs, n); err != nil {
			return nil, err
		}
		of[node.Name] = y
	}
	return of, nil
}

// elements is the number of an image's activations.
func (t *trace) elements() (n int) {
	for _, a := range t.acts {
		n += size(a.Shape)
	}
	return n
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
