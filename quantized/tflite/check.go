package tflite

import (
	"errors"
	"fmt"
	"math"

	"petrify/quantized"
	"petrify/quantized/tflite/schema"
)

// checker collects the reasons why a model cannot be written with the options.
type checker struct {
	Options
	model  *quantized.Model
	faults []error
	packs  bool // a layer's weights are two to a byte
}

// check returns every reason.
func (o Options) check(m *quantized.Model) error {
	if err := quantized.Refuse(m, "tflite", operations, functions); err != nil {
		return err
	}
	c := &checker{Options: o, model: m}
	for i := range m.Nodes {
		c.layer(&m.Nodes[i])
	}
	if o.Int4 && !c.packs {
		c.addf("model", "no linear layer or ordinary convolution that computes with integers has weights of 4 "+
			"bits or less: there is nothing to pack two to a byte")
	}
	return errors.Join(c.faults...)
}

func (c *checker) addf(name, format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("tflite: %s: %w", name, fmt.Errorf(format, args...)))
}

func (c *checker) layer(n *quantized.Node) {
	x, _ := c.model.Activation(n.Inputs[0])
	if n.Op == quantized.AvgPool && padding(n.Window, x.Shape) == explicit {
		c.addf(n.Name, "padding %v and %v: an average pool of TensorFlow Lite has none, or \"same\" padding",
			n.Window.PadBegin, n.Window.PadEnd)
	}
	if !integers(c.model, n) {
		return
	}
	switch {
	case n.Weights != nil:
		c.weights(n)
	case n.Op == quantized.AvgPool || n.Op == quantized.Concat:
		c.sharing(n)
	case n.Op == quantized.Activate:
		c.function(n)
	case n.Op == quantized.Add || n.Op == quantized.GlobalAvgPool:
		c.quotients(n)
	}
	c.six(n)
}

// weights refuses integers that the file cannot hold.
func (c *checker) weights(n *quantized.Node) {
	limit := int32(127)
	if c.Int4 && packs(n) {
		c.packs, limit = true, 7
	}
	for _, q := range centred(n.Weights) {
		if q < -limit || q > limit {
			c.addf(n.Name, "a weight is %d from its zero point: TensorFlow Lite's are −%d..%d around 0", q, limit,
				limit)
			return
		}
	}
	x, _ := c.model.Activation(n.Inputs[0])
	for _, s := range n.Weights.Scale {
		if m := x.Quant.Scale * s / n.Output.Quant.Scale; m >= 256 {
			c.addf(n.Name, "input's scale %v times weights' %v is %v times the output's %v: XNNPACK takes less "+
				"than 256", x.Quant.Scale, s, m, n.Output.Quant.Scale)
			return
		}
	}
}

// quotients refuses sums and means whose scales are too far apart for XNNPACK,
// which would leave the layer to other kernels, with other roundings.
func (c *checker) quotients(n *quantized.Node) {
	least, most := float32(1.0/1024), float32(256)
	if n.Op == quantized.GlobalAvgPool {
		least = 1.0 / 256
	}
	for _, name := range n.Inputs {
		x, _ := c.model.Activation(name)
		if r := x.Quant.Scale / n.Output.Quant.Scale; r < least || r >= most {
			c.addf(n.Name, "input %q has %v times the output's scale: XNNPACK takes %v to %v", name, r, least, most)
		}
	}
}

// sharing refuses pools and concatenations that change the quantizer.
func (c *checker) sharing(n *quantized.Node) {
	for _, name := range n.Inputs {
		if x, _ := c.model.Activation(name); !same(x.Quant, n.Output.Quant) {
			c.addf(n.Name, "input %q is %v, output %v: TensorFlow Lite's %v wants them equal", name, x.Quant,
				n.Output.Quant, n.Op)
		}
	}
}

// function refuses outputs other than the one that TensorFlow Lite has for a
// function with a fixed range.
func (c *checker) function(n *quantized.Node) {
	want := schema.Quant{Scale: []float32{1.0 / 256}, Zero: []int64{qmin}}
	switch n.Func {
	case quantized.Sigmoid, quantized.Softmax:
	case quantized.Tanh:
		want = schema.Quant{Scale: []float32{1.0 / 128}, Zero: []int64{0}}
	default:
		return
	}
	if got := quantOf(n.Output.Quant); got.Scale[0] != want.Scale[0] || got.Zero[0] != want.Zero[0] {
		c.addf(n.Name, "output is int8 scale %v zero %d: TensorFlow Lite's %v gives scale %v zero %d", got.Scale[0],
			got.Zero[0], n.Func, want.Scale[0], want.Zero[0])
	}
}

// six refuses a ReLU6 whose end runtimes round differently, or that is 0.
func (c *checker) six(n *quantized.Node) {
	q := n.Output.Quant
	end := float64(6 / q.Scale)
	switch {
	case n.Func != quantized.ReLU6 || float64(q.Zero)+end >= float64(q.Format.Max()):
	case math.RoundToEven(end) == 0:
		c.addf(n.Name, "6 is %v steps of %v, so that every output is 0: XNNPACK wants a range", end, q.Scale)
	case math.RoundToEven(end) != math.Round(end):
		c.addf(n.Name, "6 is %v steps of %v: runtimes disagree on where it rounds to", end, q.Scale)
	}
}
