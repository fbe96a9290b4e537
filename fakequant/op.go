package fakequant

import (
	"fmt"

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
		Grad: func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			return gradient(u, in, dy)
		},
	}, inputs...)
	if err != nil {
		return nil, nil, fmt.Errorf("fakequant: %s: %w", name, err)
	}
	return y, inputs[1:], nil
}

// gradient adds the nodes of u.Backward. One pass gives all gradients: the
// node of dx keeps those of the learned tensors for the nodes after it.
func gradient(u *Use, in gorgonia.Nodes, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	dlearned := make([][]float32, len(in)-1)
	for i := range dlearned {
		dlearned[i] = make([]float32, in[i+1].Shape().TotalSize())
	}
	dx, err := node.Apply(node.Spec{
		Name:  "d" + u.q.Name(),
		Shape: in[0].Shape(),
		Run: func(dx []float32, in [][]float32) error {
			return u.Backward(dx, dlearned, in[0], in[1])
		},
	}, dy, in[0])
	if err != nil {
		return nil, err
	}
	grads := gorgonia.Nodes{dx}
	for i, d := range dlearned {
		n, err := node.Apply(node.Spec{
			Name:  "d" + in[i+1].Name(),
			Shape: in[i+1].Shape(),
			Run:   func(out []float32, _ [][]float32) error { copy(out, d); return nil },
		}, dx)
		if err != nil {
			return nil, err
		}
		grads = append(grads, n)
	}
	return grads, nil
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
