package graph

import (
	"gorgonia.org/gorgonia"

	"petrify/internal/node"
)

// PReLU is x for x > 0, and below it x times a slope that is learned for each channel, ¼ at
// first (He et al., “Delving deep into rectifiers”, ICCV 2015). The slopes stay float32.
func PReLU() Layer { return Layer{Kind: KindPReLU} }

// firstSlope is that of PyTorch.
const firstSlope = 0.25

func newSlopes(l Layer, channels int) *Param {
	p := newParam(l.Name+".weight", RoleScale, channels)
	p.fill(firstSlope)
	return p
}

// trainPReLU adds y = max(x, 0) + a·min(x, 0); da = Σ dy·min(x, 0).
func trainPReLU(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	channels := u.out.C
	slope := func(x, a float32) float32 {
		if x > 0 {
			return 1
		}
		return a
	}
	return node.Apply(node.Spec{
		Name:  u.name(),
		Shape: in[0].Shape(),
		Run: func(y []float32, in [][]float32) error {
			inBlocks(len(y), func(from, to int) {
				for i := from; i < to; i++ {
					y[i] = in[0][i] * slope(in[0][i], in[1][i%channels])
				}
			})
			return nil
		},
		Grads: []node.Func{
			func(dx []float32, in [][]float32) error {
				inBlocks(len(dx), func(from, to int) {
					for i := from; i < to; i++ {
						dx[i] = in[0][i] * slope(in[2][i], in[3][i%channels])
					}
				})
				return nil
			},
			func(da []float32, in [][]float32) error {
				sums := make([]float64, channels)
				for i, dy := range in[0] {
					sums[i%channels] += float64(float64(dy) * float64(min(in[2][i], 0)))
				}
				for c, sum := range sums {
					da[c] = float32(sum)
				}
				return nil
			},
		},
	}, in[0], b.param(u.slopes))
}
