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
		Grads: []node.Func{func(dx []float32, in [][]float32) error {
			o.grad(dx, in[0], in[2], in[1])
			return nil
		}},
	}, x)
}
