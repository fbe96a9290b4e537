package graph

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"

	"petrify/internal/node"
)

// spans are the channels, rows and columns that a slice of the given input takes, each
// from the first on and before the second.
func (l Layer) spans(in Shape) [3][2]int {
	all := [3][2]int{l.Channels, l.Rows, l.Columns}
	for i, size := range [3]int{in.C, in.H, in.W} {
		if all[i] == [2]int{} {
			all[i][1] = size
		}
	}
	return all
}

func sliceShape(l Layer, ins []Shape, vector bool) (Shape, bool, error) {
	in, spans := ins[0], l.spans(ins[0])
	out := [3]int{}
	for i, size := range [3]int{in.C, in.H, in.W} {
		from, to := spans[i][0], spans[i][1]
		if from < 0 || from >= to || to > size {
			return Shape{}, false, fmt.Errorf("%s %d to %d of %d: want some of them",
				[]string{"channels", "rows", "columns"}[i], from, to, size)
		}
		out[i] = to - from
	}
	s := Shape{out[0], out[1], out[2]}
	if s == in {
		return s, false, fmt.Errorf("takes all of %v: want a part", in)
	}
	return s, vector, nil
}

func padShape(l Layer, ins []Shape, vector bool) (Shape, bool, error) {
	p, c, out := l.Padding, l.ExtraChannels, ins[0]
	switch {
	case p.Same:
		return out, false, errors.New("padding same has no meaning without a kernel: want rows and columns")
	case vector && p != (Padding{}):
		return out, false, errors.New("padding of a vector: want extra_channels")
	case p == (Padding{}) && c == [2]int{}:
		return out, false, errors.New("adds nothing: want padding or extra_channels")
	case min(c[0], c[1]) < 0 || max(c[0], c[1]) > most:
		return out, false, fmt.Errorf("extra channels %v: want at least 0", c)
	}
	return Shape{out.C + c[0] + c[1], out.H + p.Top + p.Bottom, out.W + p.Left + p.Right}, vector, nil
}

// trainPad adds the value around the input.
func trainPad(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	x, y, l := u.ins[0], u.out, u.layer
	rows := func(f func(small, large int)) func(from, to int) { // of channels of one pixel, in all images
		return func(from, to int) {
			for row := from * x.H; row < to*x.H; row++ {
				for column := range x.W {
					at := (row/x.H*y.H+l.Padding.Top+row%x.H)*y.W + l.Padding.Left + column
					f((row*x.W+column)*x.C, at*y.C+l.ExtraChannels[0])
				}
			}
		}
	}
	return node.Apply(node.Spec{
		Name:  u.name(),
		Shape: b.shape(u.out, u.vector),
		Run: func(y []float32, in [][]float32) error {
			for i := range y {
				y[i] = l.Value
			}
			inBlocks(b.batch, rows(func(small, large int) { copy(y[large:], in[0][small:small+x.C]) }))
			return nil
		},
		Grads: []node.Func{func(dx []float32, in [][]float32) error {
			inBlocks(b.batch, rows(func(small, large int) { copy(dx[small:small+x.C], in[0][large:]) }))
			return nil
		}},
	}, in...)
}

func shuffleShape(l Layer, ins []Shape, vector bool) (Shape, bool, error) {
	if c := ins[0].C; l.Groups < 2 || c%l.Groups != 0 {
		return Shape{}, false, fmt.Errorf("shuffle of %d channels in %d groups: want 2 or more that divide them", c,
			l.Groups)
	}
	return ins[0], vector, nil
}

// trainMoves adds the choice of some elements, each at most once.
func trainMoves(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	from, image := u.moves(), u.ins[0].Size()
	return node.Apply(node.Spec{
		Name:  u.name(),
		Shape: b.shape(u.out, u.vector),
		Run: func(y []float32, in [][]float32) error {
			inBlocks(len(y)/len(from), func(first, end int) {
				for n := first; n < end; n++ {
					for i, at := range from {
						y[n*len(from)+i] = in[0][n*image+at]
					}
				}
			})
			return nil
		},
		Grads: []node.Func{func(dx []float32, in [][]float32) error {
			clear(dx)
			inBlocks(len(dx)/image, func(first, end int) {
				for n := first; n < end; n++ {
					for i, at := range from {
						dx[n*image+at] = in[0][n*len(from)+i]
					}
				}
			})
			return nil
		}},
	}, in...)
}

// moves are the elements of an input, H W C, that those of a slice's or a shuffle's
// output are.
func (u *unit) moves() (from []int) {
	in, spans := u.ins[0], u.layer.spans(u.ins[0])
	for row := spans[1][0]; row < spans[1][1]; row++ {
		for column := spans[2][0]; column < spans[2][1]; column++ {
			for c := spans[0][0]; c < spans[0][1]; c++ {
				k := c
				if g := u.layer.Groups; u.layer.Kind == KindShuffle {
					k = c%g*(in.C/g) + c/g
				}
				from = append(from, (row*in.W+column)*in.C+k)
			}
		}
	}
	return from
}
