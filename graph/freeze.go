package graph

import (
	"fmt"
	"slices"

	"petrify/fakequant"
	"petrify/quantized"
)

// Freeze sets the scales in stone: it returns the network with batch
// normalisation folded, weights and biases as integers, and the scale and
// zero point of every activation. What the model does not know (class names,
// normalisation, origin) is for the caller to fill in.
//
// Call [Model.Settle] first, where training still observed. Freeze fails
// where a quantizer has seen no data, or a sum could overflow int32.
func (m *Model) Freeze() (*quantized.Model, error) {
	defer m.enable()()
	f := &quantized.Model{Name: m.network.Name}
	f.Input.Activation = quantized.Activation{Name: "input", Shape: m.in.dims()}
	f.Input.Quant = quantOf(m.input)
	last, scale := f.Input.Activation, m.input
	for _, u := range m.units {
		n, err := u.freeze(scale, last)
		if err != nil {
			return nil, fmt.Errorf("graph: layer %s: %w", u.name(), err)
		}
		f.Nodes = append(f.Nodes, n)
		last = n.Output
		if !u.keeps() {
			scale = u.output
		}
	}
	f.Output = last.Name
	if _, err := f.Accumulators(); err != nil {
		return nil, fmt.Errorf("graph: freeze: %w", err)
	}
	return f, nil
}

// dims is the shape as the frozen model writes it.
func (s Shape) dims() []int {
	if s.H == 1 && s.W == 1 {
		return []int{s.C}
	}
	return []int{s.C, s.H, s.W}
}

// quantOf is the frozen quantizer of an activation.
func quantOf(q *fakequant.Quantizer) quantized.Quant {
	if q == nil {
		return quantized.Quant{}
	}
	p, c := q.Params(), q.Config()
	return quantized.Quant{
		Format: c.Format, Scale: p.Scale[0], Zero: p.Zero[0],
		Origin: origin(q),
	}
}

// origin says in words where a quantizer's numbers come from.
func origin(q *fakequant.Quantizer) string {
	c := q.Config()
	return fmt.Sprintf("%v, %v, %v, %d observations", c.Method, c.Observer.Kind, c.Scheme, q.Observed())
}

// freeze makes the unit's node; its input is the activation x, on the grid of
// the quantizer in.
func (u *unit) freeze(in *fakequant.Quantizer, x quantized.Activation) (quantized.Node, error) {
	n := quantized.Node{
		Name: u.name(), Inputs: []string{x.Name}, Groups: 0,
		Output: quantized.Activation{Name: u.name(), Shape: u.out.dims(), Quant: quantOf(u.output)},
	}
	if u.keeps() {
		n.Output.Quant = x.Quant
	}
	if u.relu {
		n.Func = quantized.ReLU
	}
	switch u.layer.Kind {
	case KindConv2D:
		n.Op, n.Groups = quantized.Conv2D, 1
		n.Window = u.window()
	case KindLinear:
		n.Op = quantized.Linear
	case KindReLU:
		n.Op = quantized.Activate
	case KindMaxPool:
		n.Op = quantized.MaxPool
		n.Window = u.window()
	case KindFlatten:
		n.Op = quantized.Flatten
	}
	if !u.layer.weighted() {
		return n, nil
	}
	return n, u.freezeWeights(&n, in)
}

// freezeWeights writes the unit's weights and bias into its node.
func (u *unit) freezeWeights(n *quantized.Node, in *fakequant.Quantizer) error {
	w, b := make([]float32, len(u.weight.Value)), make([]float32, u.out.C)
	u.folded(w, b)
	n.Weights = &quantized.Weights{Shape: slices.Clone(u.weight.Shape), Axis: -1, Float: w}
	n.Bias = &quantized.Bias{Float: b}
	if u.weights == nil {
		return nil
	}
	c, p := u.weights.Config(), u.weights.Params()
	if err := u.weights.Apply(w, w); err != nil {
		return err
	}
	n.Weights.Format, n.Weights.Origin = c.Format, origin(u.weights)
	n.Weights.Q, n.Weights.Float = make([]int8, len(w)), nil
	codes(n.Weights.Q, w, p, c.Format)
	n.Weights.Scale = p.Scale
	if len(p.Scale) > 1 {
		n.Weights.Axis = 0
	}
	if slices.ContainsFunc(p.Zero, func(z int32) bool { return z != 0 }) {
		n.Weights.Zero = p.Zero
	}
	if !u.integral(in) {
		return nil
	}
	r, err := newRequant(b, in.Params().Scale[0], p.Scale, 1)
	if err != nil {
		return err
	}
	n.Bias = &quantized.Bias{Q: r.bias, Scale: r.biasScale}
	return nil
}

// window is the geometry of a convolution or pool, padding spelled out.
func (u *unit) window() quantized.Window {
	v := u.layer.resolve(u.in.H, u.in.W)
	return quantized.Window{
		Kernel: v.kernel, Stride: v.stride, Dilation: [2]int{1, 1},
		PadBegin: [2]int{v.top, v.left}, PadEnd: [2]int{v.bottom, v.right},
	}
}
