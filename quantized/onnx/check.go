package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"petrify/quantized"
)

// checker collects the reasons why a model cannot be written with the options.
type checker struct {
	Options
	model  *quantized.Model
	faults []error
}

// check returns every reason.
func (o Options) check(m *quantized.Model) error {
	if err := quantized.Refuse(m, "onnx", operations, functions); err != nil {
		return err
	}
	c := &checker{Options: o, model: m}
	for i := range m.Nodes {
		c.layer(&m.Nodes[i])
	}
	if o.NBits && !slices.ContainsFunc(m.Nodes, hasBlocks) {
		c.addf("model", "no linear layer has a scale a block of 16 weights or more, a power of two: there is "+
			"nothing to pack in blocks")
	}
	if len(m.Input.Shape) != 3 && o.Image {
		c.addf(m.Input.Name, "shape %v is no image, want C H W", m.Input.Shape)
	}
	if err := m.Input.CheckImage(); err != nil && o.Image {
		c.addf(m.Input.Name, "%w", err)
	}
	if err := o.InputLayout.Suits(&m.Input); err != nil {
		c.addf(m.Input.Name, "%w", err)
	}
	if out, _ := m.Activation(m.Output); len(out.Shape) != 1 && o.Result != Logits {
		c.addf(m.Output, "shape %v: probabilities and classes are of vectors", out.Shape)
	}
	return errors.Join(c.faults...)
}

func (c *checker) addf(name, format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("onnx: %s: %w", name, fmt.Errorf(format, args...)))
}

func (c *checker) layer(n *quantized.Node) {
	if n.Weights != nil && n.Weights.Block > 0 && c.Opset < 21 {
		c.addf(n.Name, "weights with a scale a block need opset 21")
	}
	if n.Func == quantized.Softmax {
		c.softmax(n)
	}
	if w := greatestWeight(c.model, n); c.Target == X64AVX2 && w > 0 && !depthwise(n) {
		if limit := c.pairLimit(n); w > limit {
			c.addf(n.Name, "a weight of magnitude %d: x64-avx2 adds pairs of products in 16 bits, which holds "+
				"weights up to %d: train with 7-bit weights", w, limit)
		}
	}
}

// softmax refuses what ONNX Runtime's kernel for integers gets wrong. It uses
// ⌊1/s⌋ for 1/s, which [quantized.SoftmaxSteps] bounds; and with int8 activations,
// a sum with the zero point that exceeds 127 becomes negative.
func (c *checker) softmax(n *quantized.Node) {
	x, _ := c.model.Activation(n.Inputs[0])
	q := n.Output.Quant
	if x.Quant.IsFloat() || q.IsFloat() {
		return
	}
	levels := math.Floor(float64(1 / q.Scale))
	switch greatest := levels + float64(q.Zero+c.container(q).shift); {
	case q.Scale != float32(1/float32(levels)):
		c.addf(n.Name, "scale %v: ONNX Runtime's softmax rounds 1/scale to an integer, so that the scale must be "+
			"1/n, such as 1/256", q.Scale)
	case levels > quantized.SoftmaxSteps*float64(n.Output.Shape[0]):
		c.addf(n.Name, "width %d at scale 1/%v: ONNX Runtime's softmax overflows: want a width of %v or more",
			n.Output.Shape[0], levels, math.Ceil(levels/quantized.SoftmaxSteps))
	case c.Signed && greatest > 127:
		c.addf(n.Name, "a probability of 1 at scale 1/%v is the integer %v, which ONNX Runtime's int8 softmax "+
			"makes %v: activations must be uint8", levels, greatest, greatest-256)
	}
}

// pairLimit is the greatest magnitude of weights for which the sum of two
// products with the layer's unsigned inputs fits 16 bits: 64 for inputs up to
// 255.
func (c *checker) pairLimit(n *quantized.Node) int32 {
	x, _ := c.model.Activation(n.Inputs[0])
	greatest := x.Quant.Format.Max()
	if !x.Quant.Format.Unsigned {
		greatest += 128
	}
	return math.MaxInt16 / (2 * greatest)
}

// greatestWeight is max|q_w| of a layer that computes with integers, and 0 for
// others. Unsigned weights reach the kernel reduced by 128.
func greatestWeight(m *quantized.Model, n *quantized.Node) int32 {
	if n.Weights == nil || n.Weights.Q == nil || n.Weights.Block > 0 {
		return 0
	}
	if x, _ := m.Activation(n.Inputs[0]); x.Quant.IsFloat() {
		return 0
	}
	var greatest int32
	for i := range n.Weights.Q {
		q := n.Weights.Value(i)
		if n.Weights.Format.Unsigned {
			q -= 128
		}
		greatest = max(greatest, q, -q)
	}
	return greatest
}

// depthwise reports whether n is a convolution that runtimes compute channel by
// channel, without pairs of products.
func depthwise(n *quantized.Node) bool {
	return n.Op == quantized.Conv2D && n.Weights.Shape[1] == 1 && n.Weights.Shape[0] == n.Groups
}

// hasBlocks reports whether n is a linear layer whose blocks the MatMulNBits
// kernel accepts.
func hasBlocks(n quantized.Node) bool {
	return n.Op == quantized.Linear && n.Weights.Block >= 16 && n.Weights.Block&(n.Weights.Block-1) == 0
}
