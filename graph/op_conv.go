package graph

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/kernel"
	"petrify/internal/node"
)

// product is a convolution or linear layer: y = x ∗ w + b with x N H W C,
// w O I KH KW, b [O] or nil and y N OH OW O, or y = x·wᵀ + b with x N F,
// w O F and y N O. The convolution of a vector has vectors of one pixel.
//
//	dx = dy ∗ wᵀ, dy·w        dw = x ∗ dy, dyᵀ·x        db = Σ dy over rows
type product struct {
	name     string
	shape    tensor.Shape // of y
	run      node.Func    // y from x, w, b
	dx, dw   node.Func    // from dy, y, x, w, b
	constant bool         // no gradient flows to x
	rests    *bool        // while true, y and all gradients are 0; nil: never
}

// kernels is the product of the geometry g in float32, computed in the given buffers.
func kernels[G any](b *kernel.Buffers, g G, y func(y, x, w, b []float32, g G, s *kernel.Scratch),
	dx func(dx, dy, w []float32, g G, s *kernel.Scratch),
	dw func(dw, x, dy []float32, g G, s *kernel.Scratch)) product {
	forward, input, weights := b.Scratch(), b.Scratch(), b.Scratch()
	return product{
		run: func(out []float32, in [][]float32) error {
			y(out, in[0], in[1], optional(in, 2), g, forward)
			return nil
		},
		dx: func(d []float32, in [][]float32) error {
			dx(d, in[0], in[3], g, input)
			return nil
		},
		dw: func(d []float32, in [][]float32) error {
			dw(d, in[2], in[0], g, weights)
			return nil
		},
	}
}

// apply adds the node of y.
func (p product) apply(x, w, b *gorgonia.Node) (*gorgonia.Node, error) {
	spec := node.Spec{
		Name:  p.name,
		Shape: p.shape,
		Run:   p.awake(p.run),
		Grads: []node.Func{p.awake(p.dx), p.awake(p.dw), p.awake(p.db)},
		Reads: [][]int{{0, 3}, {0, 2}, {0}},
	}
	if p.constant {
		spec.Grads[0] = nil
	}
	return node.Apply(spec, present(x, w, b)...)
}

// awake is run, except while the product rests.
func (p product) awake(run node.Func) node.Func {
	return func(y []float32, in [][]float32) error {
		if p.rests != nil && *p.rests {
			clear(y)
			return nil
		}
		return run(y, in)
	}
}

// db is Σ dy over rows.
func (p product) db(db []float32, in [][]float32) error {
	kernel.SumRows(db, in[0], len(in[0])/len(db), len(db))
	return nil
}

// optional is input i, or nil if there are fewer.
func optional(in [][]float32, i int) []float32 {
	if len(in) <= i {
		return nil
	}
	return in[i]
}

// present drops the nil nodes at the end.
func present(nodes ...*gorgonia.Node) gorgonia.Nodes {
	for nodes[len(nodes)-1] == nil {
		nodes = nodes[:len(nodes)-1]
	}
	return nodes
}
