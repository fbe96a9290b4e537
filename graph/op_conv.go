package graph

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/kernel"
	"petrify/internal/node"
)

// product is a convolution or linear layer in a graph.
type product struct {
	name     string
	run      node.Func // computes y, see floatConv, floatLinear and builder.forward
	constant bool      // no gradient flows to x
	rests    *bool     // while true, y and all gradients are 0; nil: never
}

// apply adds the node of y.
func (p product) apply(shape tensor.Shape, grads func(in gorgonia.Nodes, dy *gorgonia.Node) (gorgonia.Nodes, error), in ...*gorgonia.Node) (*gorgonia.Node, error) {
	spec := node.Spec{
		Name:  p.name,
		Shape: shape,
		Run:   p.awake(p.run),
		Grad: func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			return grads(in, dy)
		},
	}
	if p.constant {
		spec.Const = []int{0}
	}
	return node.Apply(spec, present(in...)...)
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

// conv2d adds y = x ∗ w + b: x is N H W C, w is O I KH KW, b is [O] or nil,
// y is N OH OW O, or of another shape with as many elements.
//
//	dx = dy ∗ wᵀ    dw = x ∗ dy    db = Σ dy over batch and image
func (p product) conv2d(shape tensor.Shape, x, w, b *gorgonia.Node, c kernel.Conv) (*gorgonia.Node, error) {
	return p.apply(shape, func(in gorgonia.Nodes, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		return p.convGrads(in, dy, c)
	}, x, w, b)
}

// floatConv is the convolution in float32.
func floatConv(c kernel.Conv) node.Func {
	var scratch kernel.Scratch
	return func(y []float32, in [][]float32) error {
		kernel.ConvForward(y, in[0], in[1], optional(in, 2), c, &scratch)
		return nil
	}
}

func (p product) convGrads(in gorgonia.Nodes, dy *gorgonia.Node, c kernel.Conv) (grads gorgonia.Nodes, err error) {
	grads = make(gorgonia.Nodes, len(in))
	if !p.constant {
		var scratch kernel.Scratch
		grads[0], err = node.Apply(node.Spec{
			Name:  "d" + p.name + "/dx",
			Shape: in[0].Shape(),
			Run: p.awake(func(dx []float32, args [][]float32) error {
				kernel.ConvBackwardInput(dx, args[0], args[1], c, &scratch)
				return nil
			}),
		}, dy, in[1])
		if err != nil {
			return nil, err
		}
	}
	var scratch kernel.Scratch
	grads[1], err = node.Apply(node.Spec{
		Name:  "d" + p.name + "/dw",
		Shape: in[1].Shape(),
		Run: p.awake(func(dw []float32, args [][]float32) error {
			kernel.ConvBackwardWeights(dw, args[0], args[1], c, &scratch)
			return nil
		}),
	}, in[0], dy)
	if err == nil && len(in) == 3 {
		grads[2], err = biasGrad(p.name, in[2], dy, c.N*c.OH()*c.OW())
	}
	return grads, err
}

// linear adds y = x·wᵀ + b: x is N F, w is O F, b is [O] or nil, y is N O.
//
//	dx = dy·w    dw = dyᵀ·x    db = Σ dy over the batch
func (p product) linear(x, w, b *gorgonia.Node) (*gorgonia.Node, error) {
	return p.apply(tensor.Shape{x.Shape()[0], w.Shape()[0]}, p.linearGrads, x, w, b)
}

// floatLinear is the linear layer in float32.
func floatLinear(n, f, o int) node.Func {
	var scratch kernel.Scratch
	return func(y []float32, in [][]float32) error {
		kernel.LinearForward(y, in[0], in[1], optional(in, 2), n, f, o, &scratch)
		return nil
	}
}

func (p product) linearGrads(in gorgonia.Nodes, dy *gorgonia.Node) (grads gorgonia.Nodes, err error) {
	n, f, o := in[0].Shape()[0], in[0].Shape()[1], in[1].Shape()[0]
	grads = make(gorgonia.Nodes, len(in))
	if !p.constant {
		var scratch kernel.Scratch
		grads[0], err = node.Apply(node.Spec{
			Name:  "d" + p.name + "/dx",
			Shape: in[0].Shape(),
			Run: p.awake(func(dx []float32, args [][]float32) error {
				kernel.LinearBackwardInput(dx, args[0], args[1], n, f, o, &scratch)
				return nil
			}),
		}, dy, in[1])
		if err != nil {
			return nil, err
		}
	}
	var scratch kernel.Scratch
	grads[1], err = node.Apply(node.Spec{
		Name:  "d" + p.name + "/dw",
		Shape: in[1].Shape(),
		Run: p.awake(func(dw []float32, args [][]float32) error {
			kernel.LinearBackwardWeights(dw, args[0], args[1], n, f, o, &scratch)
			return nil
		}),
	}, in[0], dy)
	if err == nil && len(in) == 3 {
		grads[2], err = biasGrad(p.name, in[2], dy, n)
	}
	return grads, err
}

// biasGrad adds db = Σ dy over rows.
func biasGrad(name string, b, dy *gorgonia.Node, rows int) (*gorgonia.Node, error) {
	c := b.Shape()[0]
	return node.Apply(node.Spec{
		Name:  "d" + name + "/db",
		Shape: b.Shape(),
		Run: func(db []float32, args [][]float32) error {
			kernel.SumRows(db, args[0], rows, c)
			return nil
		},
	}, dy)
}

// optional is input i, nil where there are fewer.
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
