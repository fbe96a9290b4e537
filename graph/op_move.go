package graph

import (
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/kernel"
	"petrify/internal/node"
)

// relu adds y = max(0, x); the gradient passes where x > 0.
func relu(name string, x *gorgonia.Node) (*gorgonia.Node, error) {
	ceiling := float32(math.Inf(1))
	return node.Apply(node.Spec{
		Name:  name,
		Shape: x.Shape(),
		Run: func(y []float32, in [][]float32) error {
			kernel.ReLU(y, in[0], ceiling)
			return nil
		},
		Grad: func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			dx, err := node.Apply(node.Spec{
				Name:  "d" + name,
				Shape: in[0].Shape(),
				Run: func(dx []float32, args [][]float32) error {
					kernel.ReLUGrad(dx, args[0], args[1], ceiling)
					return nil
				},
			}, dy, in[0])
			return gorgonia.Nodes{dx}, err
		},
	}, x)
}

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

// flatten adds the permutation from N H W C to N × C·H·W, PyTorch's order of
// a flattened image, such that linear weights mean the same here and there.
func flatten(name string, x *gorgonia.Node) (*gorgonia.Node, error) {
	s := x.Shape()
	if len(s) == 2 {
		return x, nil
	}
	n, pixels, c := s[0], s[1]*s[2], s[3]
	return node.Apply(node.Spec{
		Name:  name,
		Shape: tensor.Shape{n, pixels * c},
		Run: func(y []float32, in [][]float32) error {
			transpose(y, in[0], n, pixels, c)
			return nil
		},
		Grad: func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			dx, err := node.Apply(node.Spec{
				Name:  "d" + name,
				Shape: in[0].Shape(),
				Run: func(dx []float32, args [][]float32) error {
					transpose(dx, args[0], n, c, pixels)
					return nil
				},
			}, dy)
			return gorgonia.Nodes{dx}, err
		},
	}, x)
}

// transpose swaps the inner two axes: y is n × cols × rows, x n × rows × cols.
func transpose(y, x []float32, n, rows, cols int) {
	kernel.Parallel(n, func(i int) {
		y, x := y[i*rows*cols:(i+1)*rows*cols], x[i*rows*cols:(i+1)*rows*cols]
		for r := range rows {
			for c := range cols {
				y[c*rows+r] = x[r*cols+c]
			}
		}
	})
}
