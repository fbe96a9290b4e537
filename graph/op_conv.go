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
	dx, dw   node.Func    // from dy and w, and from x and dy
	constant bool         // no gradient flows to x
	rests    *bool        // while true, y and all gradients are 0; nil: never
}

// kernels is the product of the geometry g in float32.
func kernels[G any](g G, y func(y, x, w, b []float32, g G, s *kernel.Scratch),
	dx func(dx, dy, w []float32, g G, s *kernel.Scratch), dw func(dw, x, dy []float32, g G, s *kernel.Scratch)) product {
	var forward, input, weights kernel.Scratch
	return product{
		run: func(out []float32, in [][]float32) error {
			y(out, in[0], in[1], optional(in, 2), g, &forward)
			return nil
		},
		dx: func(d []float32, in [][]float32) error {
			dx(d, in[0], in[1], g, &input)
			return nil
		},
		dw: func(d []float32, in [][]float32) error {
			dw(d, in[0], in[1], g, &weights)
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
		Grad: func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			return p.grads(in, dy)
		},
	}
	if p.constant {
		spec.Const = []int{0}
	}
	return node.Apply(spec, present(x, w, b)...)
}

// awake is run, except while the product rests.
func (p product) awake(run node.Func) node.Func {
	if p.rests == nil {
		return run
	}
	return func(y []float32, in [][]float32) error {
		if *p.rests {
			clear(y)
			return nil
		}
		return run(y, in)
	}
}

// grads adds the nodes of dx, unless x is constant, dw, and db if there is a b.
func (p product) grads(in gorgonia.Nodes, dy *gorgonia.Node) (grads gorgonia.Nodes, err error) {
	grads = make(gorgonia.Nodes, len(in))
	if !p.constant {
		grads[0], err = node.Apply(node.Spec{Name: "d" + p.name + "/dx", Shape: in[0].Shape(), Run: p.awake(p.dx)},
			dy, in[1])
		if err != nil {
			return nil, err
		}
	}
	grads[1], err = node.Apply(node.Spec{Name: "d" + p.name + "/dw", Shape: in[1].Shape(), Run: p.awake(p.dw)},
		in[0], dy)
	if err == nil && len(in) == 3 {
		grads[2], err = p.biasGrad(in[2], dy)
	}
	return grads, err
}

// biasGrad adds db = Σ dy over rows.
func (p product) biasGrad(b, dy *gorgonia.Node) (*gorgonia.Node, error) {
	c := b.Shape()[0]
	rows := p.shape.TotalSize() / c
	return node.Apply(node.Spec{
		Name:  "d" + p.name + "/db",
		Shape: b.Shape(),
		Run: p.awake(func(db []float32, args [][]float32) error {
			kernel.SumRows(db, args[0], rows, c)
			return nil
		}),
	}, dy)
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
