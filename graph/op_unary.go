package graph

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/node"
)

// unary is an operation on one tensor.
type unary struct {
	name  string
	shape tensor.Shape                 // of y; nil: that of x
	run   func(y, x []float32)         // y = f(x)
	grad  func(dx, dy, x, y []float32) // dx = f'(x)·dy; runs after run
}

// apply adds the node of y.
func (o unary) apply(x *gorgonia.Node) (*gorgonia.Node, error) {
	if o.shape == nil {
		o.shape = x.Shape()
	}
	return node.Apply(node.Spec{
		Name:  o.name,
		Shape: o.shape,
		Run: func(y []float32, in [][]float32) error {
			o.run(y, in[0])
			return nil
		},
		Grad: func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			dx, err := node.Apply(node.Spec{
				Name:  "d" + o.name,
				Shape: in[0].Shape(),
				Run: func(dx []float32, args [][]float32) error {
					o.grad(dx, args[0], args[1], args[2])
					return nil
				},
			}, dy, in[0], y)
			return gorgonia.Nodes{dx}, err
		},
	}, x)
}
