package graph

import (
	"gorgonia.org/gorgonia"

	"petrify/internal/kernel"
)

// trainMaxPool adds the maximum over windows; the gradient goes to the first
// maximum of each window.
func trainMaxPool(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	p, shape := u.pool(b.batch), b.shape(u.out, u.vector)
	arg := make([]uint8, shape.TotalSize())
	return unary{
		name:  u.name(),
		shape: shape,
		run:   func(y, x []float32) { kernel.MaxPool(y, arg, x, p) },
		grad:  func(dx, dy, _, _ []float32) { kernel.MaxPoolGrad(dx, dy, arg, p) },
		moves: true,
	}.apply(in[0])
}

// trainAvgPool adds the mean over windows.
func trainAvgPool(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	p := u.pool(b.batch)
	return unary{
		name:  u.name(),
		shape: b.shape(u.out, u.vector),
		run:   func(y, x []float32) { kernel.AvgPool(y, x, p) },
		grad:  func(dx, dy, _, _ []float32) { kernel.AvgPoolGrad(dx, dy, p) },
		moves: true,
	}.apply(in[0])
}
