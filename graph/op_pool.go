package graph

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/kernel"
	"petrify/internal/node"
)

// maxPool adds the maximum over windows; the gradient goes to the first
// maximum of each window.
func maxPool(name string, x *gorgonia.Node, p kernel.Pool) (*gorgonia.Node, error) {
	shape := tensor.Shape{p.N, p.OH(), p.OW(), p.C}
	arg := make([]uint8, shape.TotalSize())
	return node.Apply(node.Spec{
		Name:  name,
		Shape: shape,
		Run: func(y []float32, in [][]float32) error {
			kernel.MaxPool(y, arg, in[0], p)
			return nil
		},
		Grad: func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			dx, err := node.Apply(node.Spec{
				Name:  "d" + name,
				Shape: in[0].Shape(),
				Run: func(dx []float32, args [][]float32) error {
					kernel.MaxPoolGrad(dx, args[0], arg, p)
					return nil
				},
			}, dy, y) // y is there for the order: it makes arg
			return gorgonia.Nodes{dx}, err
		},
	}, x)
}

// avgPool adds the mean over windows, padding not counted.
func avgPool(name string, x *gorgonia.Node, p kernel.Pool) (*gorgonia.Node, error) {
	return node.Apply(node.Spec{
		Name:  name,
		Shape: tensor.Shape{p.N, p.OH(), p.OW(), p.C},
		Run: func(y []float32, in [][]float32) error {
			kernel.AvgPool(y, in[0], p)
			return nil
		},
		Grad: func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			dx, err := node.Apply(node.Spec{
				Name:  "d" + name,
				Shape: in[0].Shape(),
				Run: func(dx []float32, args [][]float32) error {
					kernel.AvgPoolGrad(dx, args[0], p)
					return nil
				},
			}, dy)
			return gorgonia.Nodes{dx}, err
		},
	}, x)
}
