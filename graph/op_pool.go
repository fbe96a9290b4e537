package graph

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/kernel"
)

func trainMaxPool(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	return maxPool(u.name(), in[0], u.pool(b.batch))
}

func trainAvgPool(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	return avgPool(u.name(), in[0], u.pool(b.batch))
}

// maxPool adds the maximum over windows; the gradient goes to the first
// maximum of each window.
func maxPool(name string, x *gorgonia.Node, p kernel.Pool) (*gorgonia.Node, error) {
	shape := tensor.Shape{p.N, p.OH(), p.OW(), p.C}
	arg := make([]uint8, shape.TotalSize())
	return unary{
		name:  name,
		shape: shape,
		run:   func(y, x []float32) { kernel.MaxPool(y, arg, x, p) },
		grad:  func(dx, dy, _, _ []float32) { kernel.MaxPoolGrad(dx, dy, arg, p) },
	}.apply(x)
}

// avgPool adds the mean over windows, padding not counted.
func avgPool(name string, x *gorgonia.Node, p kernel.Pool) (*gorgonia.Node, error) {
	return unary{
		name:  name,
		shape: tensor.Shape{p.N, p.OH(), p.OW(), p.C},
		run:   func(y, x []float32) { kernel.AvgPool(y, x, p) },
		grad:  func(dx, dy, _, _ []float32) { kernel.AvgPoolGrad(dx, dy, p) },
	}.apply(x)
}
