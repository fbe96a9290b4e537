package fakequant

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/node"
)

// Node adds y = u.Forward(x) to the graph of x, for training. The caller begins
// each step ([Quantizer.Begin]) before it runs the graph. params are the input
// nodes of the quantizer's learned tensors, in the order of
// [Quantizer.Learned]; their values are the same slices, so every graph sees
// what the optimizer writes, and all uses in one graph have the same nodes.
// Their gradients are Gorgonia's, the sums over the uses: differentiate the
// cost with respect to them.
func Node(u *Use, x *gorgonia.Node) (y *gorgonia.Node, params gorgonia.Nodes, err error) {
	name, inputs := u.q.Name(), gorgonia.Nodes{x}
	for _, l := range u.q.Learned() {
		value := tensor.New(tensor.WithShape(len(l.Value)), tensor.WithBacking(l.Value))
		inputs = append(inputs, gorgonia.NewVector(x.Graph(), tensor.Float32,
			gorgonia.WithShape(len(l.Value)), gorgonia.WithName(l.Name), gorgonia.WithValue(value)))
	}
	y, err = node.Apply(node.Spec{
		Name:  name,
		Shape: x.Shape(),
		Run:   func(y []float32, in [][]float32) error { return u.Forward(y, in[0]) },
		Grads: gradients(u),
		Reads: append([][]int{{0, 2}}, slices.Repeat([][]int{{}}, len(inputs)-1)...),
	}, inputs...)
	if err != nil {
		return nil, nil, fmt.Errorf("fakequant: %s: %w", name, err)
	}
	return y, inputs[1:], nil
}

// gradients are those of u.Backward. One pass computes all of them: that of x
// keeps those of the learned tensors for the functions after it.
func gradients(u *Use) []node.Func {
	var dlearned [][]float32
	grads := []node.Func{func(dx []float32, in [][]float32) error {
		return u.Backward(dx, dlearned, in[0], in[2])
	}}
	for _, l := range u.q.Learned() {
		d := make([]float32, len(l.Value))
		dlearned = append(dlearned, d)
		grads = append(grads, func(out []float32, _ [][]float32) error { copy(out, d); return nil })
	}
	return grads
}

// FrozenNode adds y = q.Apply(x) to the graph of x, for evaluation: q does not
// move and there is no gradient.
func FrozenNode(q *Quantizer, x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := node.Apply(node.Spec{
		Name:  q.Name(),
		Shape: x.Shape(),
		Run:   func(y []float32, in [][]float32) error { return q.Apply(y, in[0]) },
	}, x)
	if err != nil {
		return nil, fmt.Errorf("fakequant: %s: %w", q.Name(), err)
	}
	return y, nil
}
