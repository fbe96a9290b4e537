package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/kernel"
)

func flattenShape(_ Layer, ins []Shape, _ bool) (Shape, bool, error) {
	return Shape{ins[0].Size(), 1, 1}, true, nil
}

func reshapeShape(l Layer, ins []Shape, _ bool) (Shape, bool, error) {
	in := ins[0]
	if l.Shape.Size() != in.Size() {
		return Shape{}, false, fmt.Errorf("shape %v has %d elements, the input %v has %d", l.Shape, l.Shape.Size(),
			in, in.Size())
	}
	return l.Shape, false, nil
}

func trainFlatten(_ *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	return flatten(u.name(), in[0])
}

// trainReshape adds the reading of the elements, in the order C H W, as another
// shape.
func trainReshape(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	y, err := flatten(u.name()+"/flatten", in[0])
	if err != nil || u.vector {
		return y, err
	}
	return reorder(u.name(), y, b.shape(u.out, false), b.batch, u.out.C, u.out.H*u.out.W)
}

func trainIdentity(_ *builder, _ *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	return in[0], nil
}

// reorder adds y, x with its n matrices of rows × cols transposed.
func reorder(name string, x *gorgonia.Node, shape tensor.Shape, n, rows, cols int) (*gorgonia.Node, error) {
	return unary{
		name:  name,
		shape: shape,
		run:   func(y, x []float32) { transpose(y, x, n, rows, cols) },
		grad:  func(dx, dy, _, _ []float32) { transpose(dx, dy, n, cols, rows) },
		moves: true,
	}.apply(x)
}

// flatten adds the permutation from N H W C to N × C·H·W, PyTorch's order of a
// flattened image, so that linear weights mean the same as there.
func flatten(name string, x *gorgonia.Node) (*gorgonia.Node, error) {
	s := x.Shape()
	if len(s) == 2 {
		return x, nil
	}
	return reorder(name, x, tensor.Shape{s[0], s[1] * s[2] * s[3]}, s[0], s[1]*s[2], s[3])
}

// transpose swaps the inner two axes: y is n × cols × rows, x n × rows × cols.
func transpose(y, x []float32, n, rows, cols int) {
	kernel.Each(n, rows*cols, func(i int) {
		y, x := y[i*rows*cols:(i+1)*rows*cols], x[i*rows*cols:(i+1)*rows*cols]
		for r := range rows {
			for c := range cols {
				y[c*rows+r] = x[r*cols+c]
			}
		}
	})
}
