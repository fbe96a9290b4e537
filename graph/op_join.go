package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/node"
)

func addShape(l Layer, ins []Shape, vector bool) (Shape, bool, error) {
	if len(ins) != 2 {
		return Shape{}, false, fmt.Errorf("add takes 2 layers, got %d", len(ins))
	}
	if ins[0] != ins[1] {
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

func trainAdd(_ *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	y, err := add(u.name(), in[0], in[1])
	if err != nil {
		return nil, err
	}
	return clip(u.name()+"/clip", y, u.clip)
}

func trainConcat(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	return concat(u.name(), in, b.shape(u.out, u.vector))
}

// add adds y = a + b; the gradient goes to both.
func add(name string, a, b *gorgonia.Node) (*gorgonia.Node, error) {
	return node.Apply(node.Spec{
		Name:  name,
		Shape: a.Shape(),
		Run: func(y []float32, in [][]float32) error {
			b := in[1]
			inBlocks(len(y), func(from, to int) {
				for i := from; i < to; i++ {
					y[i] = in[0][i] + b[i]
				}
			})
			return nil
		},
		Grad: func(_ gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{dy, dy}, nil
		},
	}, a, b)
}

// concat adds the inputs channel after channel; the gradient
// is cut the same way.
func concat(name string, xs []*gorgonia.Node, shape tensor.Shape) (*gorgonia.Node, error) {
	channels := shape[len(shape)-1]
	rows := shape.TotalSize() / channels
	var widths []int
	for _, x := range xs {
		widths = append(widths, x.Shape()[len(shape)-1])
	}
	return node.Apply(node.Spec{
		Name:  name,
		Shape: shape,
		Run: func(y []float32, in [][]float32) error {
			offset := 0
			for i, width := range widths {
				for r := range rows {
					copy(y[r*channels+offset:][:width], in[i][r*width:])
				}
				offset += width
			}
			return nil
		},
		Grad: func(in gorgonia.Nodes, _, dy *gorgonia.Node) (grads gorgonia.Nodes, err error) {
			offset := 0
			for i, width := range widths {
				dx, err := slice("d"+name, dy, in[i].Shape(), offset)
				if err != nil {
					return nil, err
				}
				grads = append(grads, dx)
				offset += width
			}
			return grads, nil
		},
	}, xs...)
}

// slice adds the channels of dy from offset, as many as the shape has.
func slice(name string, dy *gorgonia.Node, shape tensor.Shape, offset int) (*gorgonia.Node, error) {
	width, channels := shape[len(shape)-1], dy.Shape()[dy.Dims()-1]
	rows := shape.TotalSize() / width
	return node.Apply(node.Spec{
		Name:  name,
		Shape: shape,
		Run: func(dx []float32, in [][]float32) error {
			for r := range rows {
				copy(dx[r*width:(r+1)*width], in[0][r*channels+offset:])
			}
			return nil
		},
	}, dy)
}
