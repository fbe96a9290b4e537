package graph

import (
	"gorgonia.org/gorgonia"

	"petrify/internal/node"
)

// pairing is an operation on two numbers, with its derivatives.
type pairing struct {
	run    func(a, b float32) float32
	da, db func(a, b float32) float32
}

func one(_, _ float32) float32 { return 1 }

func first(a, _ float32) float32 { return a }

func second(_, b float32) float32 { return b }

// above is 1 where a is the greater, and ½ where both are equal.
func above(a, b float32) float32 {
	switch {
	case a > b:
		return 1
	case a == b:
		return 0.5
	}
	return 0
}

func below(a, b float32) float32 { return above(b, a) }

var (
	sum        = pairing{func(a, b float32) float32 { return a + b }, one, one}
	difference = pairing{func(a, b float32) float32 { return a - b }, one, func(_, _ float32) float32 { return -1 }}
	times      = pairing{func(a, b float32) float32 { return a * b }, second, first}
	greater    = pairing{func(a, b float32) float32 { return max(a, b) }, above, below}
	less       = pairing{func(a, b float32) float32 { return min(a, b) }, below, above}
)

// train adds y = f(a, b), clipped, where b may be one number for each channel of an
// image: its gradient is then the sum over the pixels.
func (p pairing) train(_ *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	image, channels := u.ins[0].Size(), u.ins[1].Size()
	y, err := node.Apply(node.Spec{
		Name:  u.name(),
		Shape: in[0].Shape(),
		Run: func(y []float32, in [][]float32) error {
			a, b := in[0], in[1]
			inBlocks(len(y)/image, func(from, to int) {
				for i := from * image; i < to*image; i++ {
					y[i] = p.run(a[i], b[i/image*channels+i%channels])
				}
			})
			return nil
		},
		Grads: []node.Func{
			func(da []float32, in [][]float32) error {
				dy, a, b := in[0], in[2], in[3]
				inBlocks(len(da)/image, func(from, to int) {
					for i := from * image; i < to*image; i++ {
						da[i] = dy[i] * p.da(a[i], b[i/image*channels+i%channels])
					}
				})
				return nil
			},
			func(db []float32, in [][]float32) error {
				dy, a, b := in[0], in[2], in[3]
				inBlocks(len(db)/channels, func(from, to int) {
					clear(db[from*channels : to*channels])
					for i := from * image; i < to*image; i++ {
						k := i/image*channels + i%channels
						db[k] += float32(dy[i] * p.db(a[i], b[k]))
					}
				})
				return nil
			},
		},
	}, in...)
	if err != nil {
		return nil, err
	}
	return clip(u.name()+"/clip", y, u.clip)
}
