package graph

import (
	"cmp"
	"slices"

	"gorgonia.org/gorgonia"

	"petrify/internal/kernel"
	"petrify/internal/node"
	"petrify/quantized"
)

// LayerNorm makes the mean of the channels of each pixel, or of a vector's features, 0
// and their variance 1, and then multiplies each channel by a factor and adds a shift
// (Ba et al., “Layer normalization”, 2016).
func LayerNorm() Layer { return Layer{Kind: KindLayerNorm} }

// layerNorm is the state of a layer normalisation.
type layerNorm struct {
	gamma, beta *Param
	epsilon     float32
}

func newLayerNorm(l Layer, channels int) *layerNorm {
	n := &layerNorm{
		gamma:   newParam(l.Name+".weight", RoleScale, channels),
		beta:    newParam(l.Name+".bias", RoleShift, channels),
		epsilon: float32(cmp.Or(l.Epsilon, normEpsilon)),
	}
	n.gamma.fill(1)
	return n
}

// frozen is the normalisation in a frozen model.
func (n *layerNorm) frozen() *quantized.Norm {
	return &quantized.Norm{Epsilon: n.epsilon, Gamma: slices.Clone(n.gamma.Value), Beta: slices.Clone(n.beta.Value)}
}

// trainLayerNorm adds a layer normalisation. Its γ and β stay float32.
func trainLayerNorm(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	dgamma, dbeta := make([]float32, u.out.C), make([]float32, u.out.C)
	of := func(gamma, beta []float32) kernel.LayerNorm {
		return kernel.LayerNorm{Gamma: gamma, Beta: beta, Epsilon: float64(u.layerNorm.epsilon)}
	}
	give := func(sum []float32) node.Func {
		return func(d []float32, _ [][]float32) error { copy(d, sum); return nil }
	}
	return node.Apply(node.Spec{
		Name:  u.name(),
		Shape: in[0].Shape(),
		Run: func(y []float32, in [][]float32) error {
			k := of(in[1], in[2])
			inBlocks(len(y)/u.out.C, func(from, to int) {
				k.Forward(y[from*u.out.C:to*u.out.C], in[0][from*u.out.C:to*u.out.C])
			})
			return nil
		},
		Grads: []node.Func{
			func(dx []float32, in [][]float32) error {
				of(in[3], in[4]).Backward(dx, dgamma, dbeta, in[0], in[2])
				return nil
			},
			give(dgamma), give(dbeta),
		},
	}, in[0], b.param(u.layerNorm.gamma), b.param(u.layerNorm.beta))
}
