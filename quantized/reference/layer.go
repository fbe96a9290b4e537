package reference

import (
	"fmt"

	"petrify/quantized"
)

// Run computes a model for the input x, real numbers C H W, and returns the
// model's input and the output of each layer by name.
func Run(m *quantized.Model, mode Mode, x []float32) (map[string]*Tensor, error) {
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	if err := checkLen(m.Input.Activation, x); err != nil {
		return nil, err
	}
	in, err := input(m, mode, x)
	if err != nil {
		return nil, err
	}
	values := map[string]*Tensor{m.Input.Name: in}
	for i := range m.Nodes {
		y, err := Layer(&m.Nodes[i], mode, values)
		if err != nil {
			return nil, err
		}
		values[y.Name] = y
	}
	return values, nil
}

// input is the model's input, quantized if the model's is.
func input(m *quantized.Model, mode Mode, x []float32) (*Tensor, error) {
	if err := mode.check(); err != nil {
		return nil, err
	}
	p := modes[mode].program
	if p == nil {
		return Of(m.Input.Activation, x), nil
	}
	t := newTensor(m.Input.Activation, quantized.Identity)
	for _, r := range x {
		p.put(t, p(float64(r)), float64(t.Quant.Scale))
	}
	return t, nil
}

func checkLen(a quantized.Activation, r []float32) error {
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	if len(r) != n {
		return fmt.Errorf("reference: %s: %d numbers, want %d for shape %v", a.Name, len(r), n, a.Shape)
	}
	return nil
}

// layer is a node with its inputs and its output.
type layer struct {
	*quantized.Node
	rules    *rules
	x        []*Tensor
	y        *Tensor
	integers bool // all of them are quantized
	units    units
}

// operations is the definition of each operation.
var operations = map[quantized.Op]func(*layer){
	quantized.Conv2D: weighted, quantized.Linear: weighted,
	quantized.MaxPool: maxPool, quantized.AvgPool: avgPool, quantized.GlobalAvgPool: avgPool,
	quantized.Flatten: reshape, quantized.Reshape: reshape, quantized.ResizeNearest: move, quantized.Stretch: move,
	quantized.Slice: move, quantized.Pad: move, quantized.Shuffle: move,
	quantized.Add: add, quantized.Sub: sub, quantized.Mul: mul,
	quantized.Concat: concat, quantized.Max: choose, quantized.Min: choose,
	quantized.Activate: activate, quantized.PReLU: prelu, quantized.LayerNorm: layerNorm,
	quantized.AttentionScores: attentionScores, quantized.AttentionValues: attentionValues,
}

// Layer computes one layer of a valid model from the activations that it reads.
func Layer(n *quantized.Node, mode Mode, values map[string]*Tensor) (*Tensor, error) {
	operation := operations[n.Op]
	switch {
	case operation == nil:
		return nil, fmt.Errorf("reference: %s: %v has no definition", n.Name, n.Op)
	case functions[n.Func] == nil && n.Func != quantized.Softmax:
		return nil, fmt.Errorf("reference: %s: %v has no definition", n.Name, n.Func)
	}
	if err := mode.check(); err != nil {
		return nil, err
	}
	rules, fused := &modes[mode], n.Func
	if n.Op == quantized.Activate || rules.program != nil {
		fused = quantized.Identity
	}
	l := &layer{Node: n, rules: rules, y: newTensor(n.Output, fused), integers: !n.Output.Quant.IsFloat()}
	for _, name := range n.Inputs {
		x := values[name]
		if x == nil {
			return nil, fmt.Errorf("reference: %s reads %q, which is not there", n.Name, name)
		}
		l.x = append(l.x, x)
		l.integers = l.integers && !x.Quant.IsFloat()
	}
	if rules.program != nil {
		if operation = programs[n.Op]; operation == nil {
			return nil, fmt.Errorf("reference: %s: %v has no definition in mode %v", n.Name, n.Op, mode)
		}
		l.setUnits()
	}
	operation(l)
	return l.y, nil
}

// reshape keeps the numbers in their order, C H W.
func reshape(l *layer) { l.y.Q, l.y.R = l.x[0].Q, l.x[0].R }
