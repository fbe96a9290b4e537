package graph

import (
	"fmt"
	"slices"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/quantized"
)

// Freeze sets the scales in stone: it returns the network with batch
// normalisation folded, weights and biases as integers, and the scale and zero
// point of every activation. The caller fills in what the model does not know:
// class names, origin, and the input's normalisation, which is none at first.
//
// Call [Model.Settle] first if observers were still on. Freeze fails if a
// quantizer has seen no data, or a sum could overflow int32.
func (m *Model) Freeze() (*quantized.Model, error) {
	defer m.rest()()
	f := &quantized.Model{Name: m.network.Name}
	f.Input.Activation = m.activation(m.source)
	f.Input.PixelScale, f.Input.Mean, f.Input.Std = 1, make([]float32, m.in.C), slices.Repeat([]float32{1}, m.in.C)
	if err := m.finite(); err != nil {
		return nil, err
	}
	names := map[*unit]string{m.source: InputName} // of the activations that the units make
	for _, u := range m.units {
		names[u] = u.name()
		if !u.layer.Kind.ships() {
			names[u] = names[u.inputs[0]]
			continue
		}
		var in []string
		for _, from := range u.inputs {
			in = append(in, names[from])
		}
		nodes, err := m.nodes(u, in)
		if err != nil {
			return nil, fmt.Errorf("graph: layer %s: %w", u.name(), err)
		}
		f.Nodes = append(f.Nodes, nodes...)
	}
	f.Output = names[m.units[len(m.units)-1]]
	if _, err := f.Accumulators(); err != nil {
		return nil, fmt.Errorf("graph: freeze: %w", err)
	}
	return f, nil
}

// nodes returns the unit's nodes, given the names of its input activations.
func (m *Model) nodes(u *unit, in []string) ([]quantized.Node, error) {
	grid := m.around(u)[0]
	n, err := m.freeze(u, grid)
	n.Inputs = in
	switch {
	case err != nil:
	case u.layer.Kind == KindConvTranspose:
		return u.stretched(n, quantOf(grid)), nil
	case u.alone && u.vector:
		return framed(n, grid), nil
	case n.Op.Pairs() && !u.vector && u.inputs[1].vector:
		return m.spread(u, n), nil
	}
	return []quantized.Node{n}, err
}

// around lists the quantizers of the unit's inputs; nil for a float one.
func (m *Model) around(u *unit) (all []*fakequant.Quantizer) {
	for _, in := range u.inputs {
		all = append(all, in.output)
	}
	return all
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

// origin describes where a quantizer's numbers come from.
func origin(q *fakequant.Quantizer) string {
	c := q.Config()
	return fmt.Sprintf("%v, %v, %v, %d observations", c.Method, c.Observer.Kind, c.Scheme, q.Observed())
}

// freeze makes the unit's node without its inputs' names; its first input
// lies on the grid of the quantizer in.
func (m *Model) freeze(u *unit, in *fakequant.Quantizer) (quantized.Node, error) {
	k := u.layer.Kind
	n := u.layer.function()
	n.Name, n.Op, n.Output = u.name(), rows[k].op, m.activation(u)
	if u.clip != 0 {
		n.Func = rows[u.clip].function
	}
	if k.takes("kernel") {
		n.Window = u.layer.window(u.ins[0])
	}
	if k == KindConvTranspose {
		n.Window = u.layer.stretched(u.ins[0]).ordinal
	}
	if k.takes("groups") {
		n.Groups = u.layer.groups(u.ins[0])
	}
	if k == KindSlice || k == KindPad {
		spans, p := u.layer.spans(u.ins[0]), u.layer.Padding
		begin := []int{spans[0][0], spans[1][0], spans[2][0]}
		if k == KindPad {
			begin = []int{u.layer.ExtraChannels[0], p.Top, p.Left}
		}
		n.Begin, n.Value = begin[:len(n.Output.Shape)], u.layer.Value
	}
	if u.slopes != nil {
		n.Slopes = slices.Clone(u.slopes.Value)
	}
	if k == KindAttentionScores {
		n.Heads, n.Factor = u.layer.Heads, u.layer.factor(u.ins[0])
	}
	if u.layerNorm != nil {
		n.Norm = u.layerNorm.frozen()
	}
	if !k.is(roleProduct) {
		return n, nil
	}
	return n, u.freezeWeights(&n, in)
}

// freezeWeights writes the unit's weights and bias into its node.
func (u *unit) freezeWeights(n *quantized.Node, in *fakequant.Quantizer) (err error) {
	w, b := make([]float32, len(u.weight.Value)), make([]float32, u.out.C)
	u.folded(w)
	u.foldedBias(b)
	n.Weights = &quantized.Weights{Shape: slices.Clone(u.weight.Shape), Axis: -1, Float: w}
	n.Bias = &quantized.Bias{Float: b}
	if u.weights == nil {
		return nil
	}
	c, p := u.weights.Config(), u.weights.Params()
	integers := make([]int32, len(w))
	if err := u.weights.Quantize(integers, w); err != nil {
		return err
	}
	n.Weights.Format, n.Weights.Origin = c.Format, origin(u.weights)
	n.Weights.Q, n.Weights.Float = make([]int8, len(w)), nil
	for i, q := range integers {
		n.Weights.Q[i] = int8(q)
	}
	n.Weights.Scale = p.Scale
	if g := c.Granularity; g.Kind != affine.PerTensor {
		n.Weights.Axis, n.Weights.Block = 0, g.Size
	}
	if slices.ContainsFunc(p.Zero, func(z int32) bool { return z != 0 }) {
		n.Weights.Zero = p.Zero
	}
	if !u.integral(in) {
		return nil
	}
	n.Weights.Refine(quantized.FinestStep(c.Format))
	n.Bias, err = integerBias(b, in.Params().Scale[0], n.Weights.Scale)
	return err
}
