package graph

import (
	"gorgonia.org/gorgonia"

	"petrify/internal/kernel"
)

func resizeShape(l Layer, ins []Shape, _ bool) (Shape, bool, error) {
	in := ins[0]
	return Shape{in.C, in.H * l.Factor[0], in.W * l.Factor[1]}, false, nil
}

// trainResize adds the repetition of rows and columns; an element's gradient is
// the sum of those of its copies.
func trainResize(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	from, to, factor := u.ins[0], u.out, u.layer.Factor
	each := func(f func(y, x int)) { // the places of the pixels, in the output and in the input
		kernel.Parallel(b.batch*from.H, func(row int) {
			for i := range factor[0] {
				for j := range to.W {
					f(((row*factor[0]+i)*to.W+j)*to.C, (row*from.W+j/factor[1])*to.C)
				}
			}
		})
	}
	return unary{
		name:  u.name(),
		shape: b.shape(to, false),
		run: func(y, x []float32) {
			each(func(at, of int) { copy(y[at:at+to.C], x[of:]) })
		},
		grad: func(dx, dy, _, _ []float32) {
			clear(dx)
			each(func(at, of int) {
				for c, d := range dy[at : at+to.C] {
					dx[of+c] += d
				}
			})
		},
	}.apply(in[0])
}
