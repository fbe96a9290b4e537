package graph

import (
	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/quantized"
)

// standAlone makes u a batch normalisation that follows no convolution or
// linear layer, or one that another layer reads too: at the network's input,
// after a sum, before a convolution as in pre-activation networks (He et al.,
// “Identity Mappings in Deep Residual Networks”, ECCV 2016, section 4).
//
// Runtimes have no integer operator for it, but they have convolutions. So the
// unit is a depthwise convolution of 1×1 pixels into which the batch norm is
// folded. Its weights are ones, which are neither trained nor stored:
//
//	y = norm(1·x)        w' = 1·γ/√(σ² + ε)        b' = β − μ·w'
//
// A vector counts as an image of one pixel.
func (u *unit) standAlone() {
	u.alone = true
	u.layer.Kind, u.layer.Groups, u.layer.Kernel = KindConv2D, Depthwise, [2]int{1, 1}
	u.norm = newBatchNorm(u.layer, u.out.C)
}

// kind is that of the layer that the unit is named for.
func (u *unit) kind() Kind {
	if u.alone {
		return KindBatchNorm
	}
	return u.layer.Kind
}

// ones are the weights of a batch norm that is a unit of its own.
func ones(name string, channels int) *Param {
	p := newParam(name+".weight", RoleWeight, channels, 1, 1, 1)
	p.constant = true
	p.fill(1)
	return p
}

// aloneWeights is the configuration of the weights of a batch norm that is a
// unit of its own, where c is the scheme's. Whatever the scheme's bits,
// granularity and method, they are int8 with one scale per channel, s =
// |w'|/127: a channel has one weight, so its integer is ±127 and nothing is
// rounded, and an int32 of scale s_in·s represents the bias to 1/254 of an
// input's step. Scales that are powers of two remain so, for processors that
// need them.
func aloneWeights(c fakequant.Config) fakequant.Config {
	if c.Format.IsFloat() {
		return c
	}
	w := fakequant.Int8().Weights
	if c.Scheme == affine.PowerOfTwo {
		w.Scheme = c.Scheme
	}
	return w
}

// followAlone switches on the observers of such weights: with the range at
// rest, the first change of γ would be clipped.
func (m *Model) followAlone() {
	for _, u := range m.units {
		if u.alone && u.weights != nil {
			u.weights.SetObserving(true)
		}
	}
}

// spread puts a reshape before an operation on an image and a vector with a number for
// each channel.
func (m *Model) spread(u *unit, n quantized.Node) []quantized.Node {
	factor := m.activation(u.inputs[1])
	image := quantized.Node{Name: n.Name + ".image", Op: quantized.Reshape, Inputs: n.Inputs[1:]}
	image.Output = quantized.Activation{Name: image.Name, Shape: []int{factor.Shape[0], 1, 1}, Quant: factor.Quant}
	n.Inputs = []string{n.Inputs[0], image.Name}
	return []quantized.Node{image, n}
}

// framed puts a node that works on images between one that turns its vector
// into an image and one that turns the image back; in is the vector's
// quantizer.
func framed(n quantized.Node, in *fakequant.Quantizer) []quantized.Node {
	features := n.Output.Shape[0]
	before := quantized.Node{Name: n.Name + ".image", Op: quantized.Reshape}
	before.Output = quantized.Activation{Name: before.Name, Shape: []int{features, 1, 1}, Quant: quantOf(in)}
	after := quantized.Node{Name: n.Name, Op: quantized.Flatten, Output: n.Output}
	n.Name += ".norm"
	n.Output.Name, n.Output.Shape = n.Name, []int{features, 1, 1}
	before.Inputs, n.Inputs, after.Inputs = n.Inputs, []string{before.Name}, []string{n.Name}
	return []quantized.Node{before, n, after}
}
