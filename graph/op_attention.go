package graph

import (
	"cmp"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"petrify/internal/kernel"
	"petrify/internal/node"
)

// AttentionScores are the products of the positions of two signals, queries and keys, in
// each of some heads, which share out the channels (Vaswani et al., “Attention is all you
// need”, NIPS 2017, equation 1):
//
//	y[k, head, q] = scale·Σ queries[c, q]·keys[c, k]        over the channels c of the head
//
// The scale is 1/√channels of a head, unless the layer has another. A softmax over the
// channels, which are the keys, makes them shares.
func AttentionScores(heads int, queries, keys string) Layer {
	return Layer{Kind: KindAttentionScores, Heads: heads, From: []string{queries, keys}}
}

// AttentionValues are the values of positions in the shares that a softmax of scores has
// given them:
//
//	y[c, q] = Σ shares[k, head of c, q]·values[c, k]        over the positions k
func AttentionValues(shares, values string) Layer {
	return Layer{Kind: KindAttentionValues, From: []string{shares, values}}
}

func scoresShape(l Layer, ins []Shape, _ bool) (Shape, bool, error) {
	if len(ins) != 2 {
		return Shape{}, false, fmt.Errorf("%v takes 2 layers, queries and keys, got %d", l.Kind, len(ins))
	}
	q, k := ins[0], ins[1]
	if q.H != 1 || k.H != 1 || q.C != k.C || l.Heads < 1 || q.C%l.Heads != 0 {
		return Shape{}, false,
			fmt.Errorf("%v of shapes %v and %v with %d heads: want signals of height 1 with the same "+
				"channels, and heads that divide them", l.Kind, q, k, l.Heads)
	}
	return Shape{C: k.W, H: l.Heads, W: q.W}, false, nil
}

func valuesShape(l Layer, ins []Shape, _ bool) (Shape, bool, error) {
	if len(ins) != 2 {
		return Shape{}, false, fmt.Errorf("%v takes 2 layers, shares and values, got %d", l.Kind, len(ins))
	}
	p, v := ins[0], ins[1]
	if v.H != 1 || p.C != v.W || v.C%p.H != 0 {
		return Shape{}, false,
			fmt.Errorf("%v of shapes %v and %v: want keys × heads × queries, and a signal of height 1 "+
				"with as many positions as keys and with channels that the heads divide", l.Kind, p, v)
	}
	return Shape{C: v.C, H: 1, W: p.W}, false, nil
}

// heads are the products of the unit, and their factor.
func (u *unit) heads() (kernel.Heads, float32) {
	a, b := u.ins[0], u.ins[1]
	if u.layer.Kind == KindAttentionScores {
		return kernel.Scores(u.layer.Heads, a.W, b.W, a.C), u.layer.factor(a)
	}
	return kernel.Values(a.H, a.W, b.W, b.C), 1
}

// factor is what attention scores are multiplied by, for queries of the given shape.
func (l Layer) factor(queries Shape) float32 {
	return cmp.Or(l.Scale, float32(1/math.Sqrt(float64(queries.C/max(l.Heads, 1)))))
}

// trainAttention adds the products of either kind, clipped:
//
//	dA = factor·dY·Bᵀ        dB = factor·Aᵀ·dY
func trainAttention(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	p, factor := u.heads()
	y, err := node.Apply(node.Spec{
		Name:  u.name(),
		Shape: b.shape(u.out, false),
		Run: func(y []float32, in [][]float32) error {
			p.Reals(y, in[0], in[1], factor, b.batch)
			return nil
		},
		Grads: []node.Func{
			func(da []float32, in [][]float32) error {
				p.ForA().Reals(da, in[0], in[3], factor, b.batch)
				return nil
			},
			func(db []float32, in [][]float32) error {
				p.ForB().Reals(db, in[2], in[0], factor, b.batch)
				return nil
			},
		},
	}, in...)
	if err != nil {
		return nil, err
	}
	return clip(u.name()+"/clip", y, u.clip)
}
