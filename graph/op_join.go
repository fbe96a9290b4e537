package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"petrify/internal/kernel"
	"petrify/internal/node"
)

// pairShape is that of an operation on two layers, the second perhaps of one number for
// each channel.
func pairShape(l Layer, ins []Shape, vector bool) (Shape, bool, error) {
	if len(ins) != 2 {
		return Shape{}, false, fmt.Errorf("%v takes 2 layers, got %d", l.Kind, len(ins))
	}
	if a, b := ins[0], ins[1]; a != b && b != (Shape{C: a.C, H: 1, W: 1}) {
		return Shape{}, false, mismatch(l, ins)
	}
	return ins[0], vector, nil
}

func concatShape(l Layer, ins []Shape, vector bool) (Shape, bool, error) {
	out := ins[0]
	for _, in := range ins[1:] {
		if in.H != out.H || in.W != out.W {
			return Shape{}, false, mismatch(l, ins)
		}
		out.C += in.C
	}
	return out, vector, nil
}

func mismatch(l Layer, ins []Shape) error {
	return fmt.Errorf("%v of shapes that do not match: %v", l.Kind, ins)
}

// trainAdd adds y = a + b, clipped; the gradient goes to both.
func trainAdd(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	if u.ins[0] != u.ins[1] {
		return sum.train(b, u, in)
	}
	spec := node.Spec{
		Name:  u.name(),
		Shape: in[0].Shape(),
		Run: func(y []float32, in [][]float32) error {
			kernel.Add(y, in[0], in[1])
			return nil
		},
		Sum: true,
	}
	if u.clip != 0 {
		ceiling := u.clip.ceiling()
		spec.Run = func(y []float32, in [][]float32) error {
			kernel.AddReLU(y, in[0], in[1], ceiling)
			return nil
		}
		spec.Grads = []node.Func{func(dx []float32, in [][]float32) error {
			kernel.ReLUGrad(dx, in[0], in[1], ceiling)
			return nil
		}}
		spec.Reads, spec.Over = [][]int{{0, 1}}, node.DY
	}
	return node.Apply(spec, in...)
}

// trainConcat adds the inputs channel after channel; the gradient is cut the
// same way.
func trainConcat(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	spec := node.Spec{
		Name:  u.name(),
		Shape: b.shape(u.out, u.vector),
		Run: func(y []float32, in [][]float32) error {
			offset := 0
			for i, x := range in {
				width := u.ins[i].C
				for r := range len(x) / width {
					copy(y[r*u.out.C+offset:][:width], x[r*width:])
				}
				offset += width
			}
			return nil
		},
	}
	offset := 0
	for _, x := range u.ins {
		from := offset
		spec.Grads = append(spec.Grads, func(dx []float32, in [][]float32) error {
			for r := range len(dx) / x.C {
				copy(dx[r*x.C:][:x.C], in[0][r*u.out.C+from:])
			}
			return nil
		})
		offset += x.C
	}
	return node.Apply(spec, in...)
}
