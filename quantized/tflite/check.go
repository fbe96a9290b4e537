package tflite

import (
	"errors"
	"fmt"
	"math"

	"petrify/quantized"
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
	if !integers(c.model, n) {
		return
	}
	switch {
	case n.Weights != nil:
		c.weights(n)
	case n.Op == quantized.AvgPool:
		c.sharing(n)
	case n.Op == quantized.Add || n.Op == quantized.Sub:
		c.quotients(n)
	case n.Op == quantized.Mul:
		c.product(n)
	case n.Op == quantized.GlobalAvgPool:
		c.mean(n)
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

// mean refuses means that no weights can compute.
func (c *checker) mean(n *quantized.Node) {
	x, _ := c.model.Activation(n.Inputs[0])
	pixels := elements(x.Shape[1:])
	if _, ok := meanOf(x.Quant, n.Output.Quant, pixels); !ok {
		c.addf(n.Name, "input's scale %v, output's %v: no weights of a convolution give the means of %d pixels",
			x.Quant.Scale, n.Output.Quant.Scale, pixels)
	}
}

// quotients refuses sums whose scales are too far apart for XNNPACK, which
// would leave the layer to other kernels that round differently.
func (c *checker) quotients(n *quantized.Node) {
	least, most := float32(1.0/1024), float32(256)
	for _, name := range n.Inputs {
		x, _ := c.model.Activation(name)
		if r := x.Quant.Scale / n.Output.Quant.Scale; r < least || r >= most {
			c.addf(n.Name, "input %q has %v times the output's scale: XNNPACK takes %v to %v", name, r, least, most)
		}
	}
}

// product refuses a product whose step XNNPACK does not take.
func (c *checker) product(n *quantized.Node) {
	least, most, step := float32(0x1p-16), float32(256), 1/n.Output.Quant.Scale
	for _, name := range n.Inputs {
		x, _ := c.model.Activation(name)
		step *= x.Quant.Scale
	}
	if step < least || step >= most {
		c.addf(n.Name, "a product of its inputs' steps is %v times the output's: XNNPACK takes %v to %v", step,
			least, most)
	}
}

// sharing refuses pools that change the quantizer.
func (c *checker) sharing(n *quantized.Node) {
	if x, _ := c.model.Activation(n.Inputs[0]); !same(x.Quant, n.Output.Quant) {
		c.addf(n.Name, "input is %v, output %v: TensorFlow Lite's %v needs them equal", x.Quant, n.Output.Quant, n.Op)
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
