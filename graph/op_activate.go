package graph

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/kernel"
	"petrify/internal/node"
)

// unary is an operation on one tensor.
type unary struct {
	name  string
	shape tensor.Shape                 // of y; nil: that of x
	run   func(y, x []float32)         // y = f(x)
	grad  func(dx, dy, x, y []float32) // dx = f'(x)·dy; runs after run
	moves bool                         // grad reads dy alone
}

// apply adds the node of y.
func (o unary) apply(x *gorgonia.Node) (*gorgonia.Node, error) {
	if o.shape == nil {
		o.shape = x.Shape()
	}
	var reads [][]int
	if o.moves {
		reads = [][]int{{0}}
	}
	return node.Apply(node.Spec{
		Name:  o.name,
		Shape: o.shape,
		Reads: reads,
		Run: func(y []float32, in [][]float32) error {
			o.run(y, in[0])
			return nil
		},
		Grads: []node.Func{func(dx []float32, in [][]float32) error {
			o.grad(dx, in[0], in[2], in[1])
			return nil
		}},
	}, x)
}

// clip adds a ReLU or ReLU6, by kind; 0 adds nothing. The gradient passes
// where 0 < x < ceiling.
func clip(name string, x *gorgonia.Node, kind Kind) (*gorgonia.Node, error) {
	if kind == 0 {
		return x, nil
	}
	ceiling := kind.ceiling()
	return unary{
		name: name,
		run:  func(y, x []float32) { kernel.ReLU(y, x, ceiling) },
		grad: func(dx, dy, x, _ []float32) { kernel.ReLUGrad(dx, dy, x, ceiling) },
	}.apply(x)
}

// ceiling is the greatest output of a ReLU.
func (k Kind) ceiling() float32 {
	_, hi, _ := rows[k].function.Range()
	return float32(hi)
}

func trainClip(_ *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	return clip(u.name(), in[0], u.layer.Kind)
}

// trainSoftmax adds y = eˣ/Σeˣ over the rows of N × F.
//
//	dx = y·(dy − Σ dy·y)
func trainSoftmax(_ *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	f := u.out.C
	return unary{
		name: u.name(),
		run:  func(y, x []float32) { kernel.SoftmaxRows(y, x, f) },
		grad: func(dx, dy, _, y []float32) {
			for r := 0; r < len(dx); r += f {
				sum := dot(dy[r:r+f], y[r:r+f])
				for i := r; i < r+f; i++ {
					dx[i] = y[i] * (dy[i] - sum)
				}
			}
		},
	}.apply(in[0])
}

// trainDropout adds a dropout, which evaluations do not have; each run draws
// the elements' factors, 0 or 1/(1 − rate).
func trainDropout(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	if b.evaluates {
		return in[0], nil
	}
	keep := make([]float32, in[0].Shape().TotalSize())
	b.masks[u] = keep
	scale := func(y, x []float32) {
		for i, k := range keep {
			y[i] = x[i] * k
		}
	}
	return unary{
		name: u.name(),
		run: func(y, x []float32) {
			u.mask(keep)
			scale(y, x)
		},
		grad: func(dx, dy, _, _ []float32) { scale(dx, dy) },
	}.apply(in[0])
}

// mask draws which elements the dropout keeps.
func (u *unit) mask(keep []float32) {
	scale := 1 / (1 - u.layer.Rate)
	threshold := uint64(float64(u.layer.Rate) * (1 << 32))
	for i := range keep {
		keep[i] = 0
		if u.drop.Uint64()>>32 >= threshold {
			keep[i] = scale
		}
	}
}

// inBlocks calls f for parts of 0..n in parallel.
func inBlocks(n int, f func(from, to int)) {
	const block = 1 << 14
	kernel.Parallel((n+block-1)/block, func(i int) {
		f(i*block, min((i+1)*block, n))
	})
}
