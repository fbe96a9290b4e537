package graph

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/kernel"
	"petrify/internal/node"
)

// conv2d adds y = x ∗ w + b: x is N H W C, w is O I KH KW, b is [O] or nil,
// y is N OH OW O. With constant set, no gradient flows to x. run computes y,
// see floatConv and builder.forward.
//
//	dx = dy ∗ wᵀ    dw = x ∗ dy    db = Σ dy over batch and image
func conv2d(name string, x, w, b *gorgonia.Node, c kernel.Conv, constant bool, run node.Func) (*gorgonia.Node, error) {
	spec := node.Spec{
		Name:  name,
		Shape: tensor.Shape{c.N, c.OH(), c.OW(), c.O},
		Run:   run,
		Grad: func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			return convGrads(name, in, dy, c, constant)
		},
	}
	if constant {
		spec.Const = []int{0}
	}
	return node.Apply(spec, present(x, w, b)...)
}

// floatConv is the convolution in float32.
func floatConv(c kernel.Conv) node.Func {
	var scratch kernel.Scratch
	return func(y []float32, in [][]float32) error {
		kernel.ConvForward(y, in[0], in[1], third(in), c, &scratch)
		return nil
	}
}

func convGrads(name string, in gorgonia.Nodes, dy *gorgonia.Node, c kernel.Conv, constant bool) (grads gorgonia.Nodes, err error) {
	grads = make(gorgonia.Nodes, len(in))
	if !constant {
		var scratch kernel.Scratch
		grads[0], err = node.Apply(node.Spec{
			Name:  "d" + name + "/dx",
			Shape: in[0].Shape(),
			Run: func(dx []float32, args [][]float32) error {
				kernel.ConvBackwardInput(dx, args[0], args[1], c, &scratch)
				return nil
			},
		}, dy, in[1])
		if err != nil {
			return nil, err
		}
	}
	var scratch kernel.Scratch
	grads[1], err = node.Apply(node.Spec{
		Name:  "d" + name + "/dw",
		Shape: in[1].Shape(),
		Run: func(dw []float32, args [][]float32) error {
			kernel.ConvBackwardWeights(dw, args[0], args[1], c, &scratch)
			return nil
		},
	}, in[0], dy)
	if err == nil && len(in) == 3 {
		grads[2], err = biasGrad(name, in[2], dy, c.N*c.OH()*c.OW())
	}
	return grads, err
}

// linear adds y = x·wᵀ + b: x is N F, w is O F, b is [O] or nil, y is N O.
// With constant set, no gradient flows to x. run computes y, see floatLinear
// and builder.forward.
//
//	dx = dy·w    dw = dyᵀ·x    db = Σ dy over the batch
func linear(name string, x, w, b *gorgonia.Node, constant bool, run node.Func) (*gorgonia.Node, error) {
	spec := node.Spec{
		Name:  name,
		Shape: tensor.Shape{x.Shape()[0], w.Shape()[0]},
		Run:   run,
		Grad: func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			return linearGrads(name, in, dy, constant)
		},
	}
	if constant {
		spec.Const = []int{0}
	}
	return node.Apply(spec, present(x, w, b)...)
}

// floatLinear is the linear layer in float32.
func floatLinear(n, f, o int) node.Func {
	var scratch kernel.Scratch
	return func(y []float32, in [][]float32) error {
		kernel.LinearForward(y, in[0], in[1], third(in), n, f, o, &scratch)
		return nil
	}
}

func linearGrads(name string, in gorgonia.Nodes, dy *gorgonia.Node, constant bool) (grads gorgonia.Nodes, err error) {
	n, f, o := in[0].Shape()[0], in[0].Shape()[1], in[1].Shape()[0]
	grads = make(gorgonia.Nodes, len(in))
	if !constant {
		var scratch kernel.Scratch
		grads[0], err = node.Apply(node.Spec{
			Name:  "d" + name + "/dx",
			Shape: in[0].Shape(),
			Run: func(dx []float32, args [][]float32) error {
				kernel.LinearBackwardInput(dx, args[0], args[1], n, f, o, &scratch)
				return nil
			},
		}, dy, in[1])
		if err != nil {
			return nil, err
		}
	}
	var scratch kernel.Scratch
	grads[1], err = node.Apply(node.Spec{
		Name:  "d" + name + "/dw",
		Shape: in[1].Shape(),
		Run: func(dw []float32, args [][]float32) error {
			kernel.LinearBackwardWeights(dw, args[0], args[1], n, f, o, &scratch)
			return nil
		},
	}, in[0], dy)
	if err == nil && len(in) == 3 {
		grads[2], err = biasGrad(name, in[2], dy, n)
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

// third is the optional third input.
func third(in [][]float32) []float32 {
	if len(in) < 3 {
		return nil
	}
	return in[2]
}

// present drops a nil last node.
func present(nodes ...*gorgonia.Node) gorgonia.Nodes {
	if nodes[len(nodes)-1] == nil {
		nodes = nodes[:len(nodes)-1]
	}
	return nodes
}
