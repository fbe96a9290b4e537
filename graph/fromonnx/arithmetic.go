package fromonnx

import (
	"errors"
	"math"
	"slices"

	"petrify/graph"
	"petrify/internal/onnxeval"
)

// scaled is a·x + b of a value, channel by channel. If nothing else reads a
// convolution or linear layer that computes it, that layer does it.
func (v *visit) scaled(s *signal, a, b []float64) *signal {
	y := v.view(s)
	if l := s.layer; s.sole && s.plain() && l >= 0 && v.layers[l].rescales(a, b) {
		v.layers[l].rescale(a, b)
		v.layers[l].also(v.String())
		return y
	}
	y.scale, y.shift = slices.Clone(a), slices.Clone(b)
	if s.affine() {
		for i := range a {
			y.scale[i] *= s.scale[i]
			y.shift[i] += float64(a[i] * s.shift[i])
		}
	}
	if nearly(y.scale, 1) && nearly(y.shift, 0) {
		y.scale, y.shift = nil, nil
	}
	return y
}

// nearly reports whether all numbers are v, up to the digits that exporters
// write of 1/6.
func nearly(list []float64, v float64) bool {
	return !slices.ContainsFunc(list, func(u float64) bool { return math.Abs(u-v) > 3e-5*math.Abs(v) })
}

// rescales reports whether a factor and a shift of each output are the layer's own.
func (l *layer) rescales(a, b []float64) bool {
	switch l.Kind {
	case graph.KindAttentionScores:
		differs := func(f float64) bool { return f != a[0] }
		return a[0] > 0 && !slices.ContainsFunc(a, differs) && nearly(b, 0)
	case graph.KindLayerNorm:
		return true
	}
	return l.weighted()
}

// also says that the layer comes from a node, too.
func (l *layer) also(node string) {
	if !slices.Contains(l.nodes, node) {
		l.nodes = append(l.nodes, node)
	}
}

// rescale takes a factor and a shift of each output into weights and bias.
func (l *layer) rescale(a, b []float64) {
	switch l.Kind {
	case graph.KindAttentionScores:
		l.scale *= a[0]
		return
	case graph.KindLayerNorm:
		for i := range a {
			l.gamma[i], l.beta[i] = l.gamma[i]*a[i], float64(l.beta[i]*a[i])+b[i]
		}
		return
	}
	if l.bias == nil {
		l.bias = make([]float64, len(a))
	}
	each := len(l.weight) / len(a)
	for i := range l.weight {
		l.weight[i] *= a[i/each]
	}
	for o := range l.bias {
		l.bias[o] = float64(l.bias[o]*a[o]) + b[o]
	}
}

// affine is a·x + b with a constant; combine says what a and b are for its
// numbers.
func (v *visit) affine(s *signal, c *onnxeval.Tensor, combine func(c float64) (a, b float64)) (*signal, error) {
	x := copied(s)
	if x.padded() {
		if _, err := v.settled(x); err != nil {
			return nil, err
		}
	}
	c = v.Aligned(x.shape, c)
	numbers, err := v.perChannel(x, c)
	_, positions := errors.AsType[perPosition](err)
	if err != nil && !positions {
		return nil, err
	}
	if !slices.Equal(x.shape, v.to) {
		return nil, refuse("", "it changes the shape from %v to %v", x.shape, v.to)
	}
	if positions {
		return v.each(x, c, combine)
	}
	a, b := make([]float64, len(numbers)), make([]float64, len(numbers))
	for i, c := range numbers {
		a[i], b[i] = combine(c)
	}
	return v.scaled(x, a, b), nil
}

// sum adds a constant, or makes a layer that adds two values.
func sum(v *visit) (*signal, error) {
	x, c, _ := v.operand()
	switch {
	case len(v.signals) == 1:
		return v.view(x), nil
	case len(v.signals) > 2:
		return v.summed()
	case c != nil:
		return v.affine(x, c, func(c float64) (a, b float64) { return 1, c })
	}
	return v.pair(graph.KindAdd)
}

// summed adds several values, one after the other.
func (v *visit) summed() (s *signal, err error) {
	pair := *v
	s = v.signals[0]
	for i := 1; i < len(v.signals) && err == nil; i++ {
		pair.signals = []*signal{s, v.signals[i]}
		s, err = pair.joined(graph.KindAdd)
	}
	return s, err
}

func difference(v *visit) (*signal, error) {
	x, c, swapped := v.operand()
	if c == nil {
		return v.pair(graph.KindSub)
	}
	return v.affine(x, c, func(c float64) (a, b float64) {
		if swapped {
			return -1, c
		}
		return 1, -c
	})
}

// times multiplies by a constant, or recognises x·f(x).
func times(v *visit) (*signal, error) {
	x, c, _ := v.operand()
	if c != nil {
		return v.affine(x, c, func(c float64) (a, b float64) { return c, 0 })
	}
	for i, gate := range v.signals {
		if y, err := v.gated(v.signals[1-i], gate); y != nil || err != nil {
			return y, err
		}
	}
	return v.pair(graph.KindMul)
}

// pair makes a layer of two values, of one shape or an image and one number for each of
// its channels.
func (v *visit) pair(kind graph.Kind) (*signal, error) {
	if y, err := v.channelwise(kind); y != nil || err != nil {
		return y, err
	}
	return v.joined(kind)
}

// channelwise is an operation on an image and one number for each channel, as in a
// squeeze and excitation; nil if the values are not such.
func (v *visit) channelwise(kind graph.Kind) (*signal, error) {
	image, factor := copied(v.signals[0]), copied(v.signals[1])
	_, flat := v.source(image.layer)
	swapped := image.size() < factor.size() || image.size() == factor.size() && flat
	if swapped {
		image, factor = factor, image
	}
	var out graph.Shape
	out, flat = v.source(image.layer)
	one, vector := v.source(factor.layer)
	if len(image.shape) != len(factor.shape) || flat || one != (graph.Shape{C: out.C, H: 1, W: 1}) ||
		one == out && !vector {
		return nil, nil
	}
	if swapped && kind == graph.KindSub {
		return nil, refuse("the image first, such as a negated sum, is imported", "numbers of channels minus an image")
	}
	for _, s := range []*signal{image, factor} {
		if _, err := v.settled(s); err != nil {
			return nil, err
		}
	}
	stride, steps := 1, make([]int, len(image.shape)) // of the factor's elements; 0 where it is repeated
	for axis := len(steps) - 1; axis > 0; axis-- {
		if n := factor.shape[axis]; n == image.shape[axis] && n > 1 {
			steps[axis], stride = stride, stride*n
		} else if n != 1 {
			return nil, nil
		}
	}
	for i := range image.size() {
		at, rest := 0, i
		for axis := len(steps) - 1; axis > 0; axis-- {
			at, rest = at+rest%image.shape[axis]*steps[axis], rest/image.shape[axis]
		}
		if stride != out.C || factor.at(at) != image.at(i)/(out.H*out.W) {
			return nil, refuse("", "values of shapes %v and %v, which are not an image and its channels",
				image.shape, factor.shape)
		}
	}
	l := &layer{Layer: graph.Layer{Kind: kind}, out: out}
	return v.add(l, image.order, image.layer, factor.layer), nil
}

// gated recognises x·f(x) as hard_swish, silu or gelu; nil if it is none.
func (v *visit) gated(x, gate *signal) (*signal, error) {
	if gate.layer < 0 || gate.padded() || !slices.Equal(gate.order, x.order) || !slices.Equal(gate.shape, x.shape) {
		return nil, nil
	}
	l := v.layers[gate.layer]
	if l.erf {
		return v.gelu(x, gate, l.given)
	}
	products := map[graph.Kind]graph.Layer{graph.KindHardSigmoid: graph.HardSwish(), graph.KindSigmoid: graph.SiLU()}
	whole, ok := products[l.Kind]
	if !ok || gate.shifted() || !same(l.given, x) {
		return nil, nil
	}
	y, err := v.activation(x, whole)
	if err == nil && gate.affine() {
		y.scale, y.shift = gate.scale, gate.shift
	}
	return y, err
}

// erf is imported as a part of GELU, x/2·(1 + erf(x/√2)): the layer that stands
// for it must not be left over.
func erf(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	if x.padded() || !x.affine() || x.shifted() || !nearly(x.scale, math.Sqrt2/2) {
		return nil, refuse(advice(v.Node), "an error function of anything but x/√2")
	}
	out, vector := v.source(x.layer)
	return v.add(&layer{Layer: graph.Sigmoid(), erf: true, given: x, out: out, vector: vector}, x.order, x.layer), nil
}

// gelu is the product of b·x and a·(1 + erf(x/√2)): 2ab times GELU.
func (v *visit) gelu(x, gate, given *signal) (*signal, error) {
	if !gate.affine() || !uniform(gate, gate.scale[0], gate.scale[0]) || x.padded() || x.shifted() ||
		x.layer != given.layer || x.affine() && !uniform(x, x.scale[0], 0) {
		return nil, nil
	}
	factor := 2 * gate.scale[0]
	if x.affine() {
		factor *= x.scale[0]
	}
	plain := copied(x)
	plain.scale, plain.shift = nil, nil
	y, err := v.activation(plain, graph.GELU())
	if err != nil {
		return nil, err
	}
	out, _ := v.source(y.layer)
	return v.scaled(y, constants(out.C, factor), constants(out.C, 0)), nil
}

// power is a square or a cube, as in GELU's approximation by a tanh: products of the value with itself.
func power(v *visit) (*signal, error) {
	x, c, swapped := v.operand()
	if c == nil || swapped || c.S != nil || c.Size() != 1 || !slices.Contains([]float64{1, 2, 3}, c.Numbers()[0]) {
		return nil, refuse("the powers 1, 2 and 3 are imported", "a power that is none of these")
	}
	y := x
	for range int(c.Numbers()[0]) - 1 {
		pair := *v
		pair.signals = []*signal{y, x}
		var err error
		if y, err = pair.joined(graph.KindMul); err != nil {
			return nil, err
		}
	}
	return v.view(y), nil
}

func quotient(v *visit) (*signal, error) {
	x, c, swapped := v.operand()
	if c == nil || swapped {
		return nil, refuse("softmax, sigmoid, SiLU and layer norm are imported", "it divides by a computed value")
	}
	return v.affine(x, c, func(c float64) (a, b float64) { return 1 / c, 0 })
}

func negative(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	out, _ := v.source(x.layer)
	return v.scaled(x, constants(out.C, -1), constants(out.C, 0)), nil
}

// scaler is (x − offset)·scale with a number for each feature.
func scaler(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	for _, step := range []struct {
		attribute string
		combine   func(c float64) (a, b float64)
	}{
		{"offset", func(c float64) (a, b float64) { return 1, -c }},
		{"scale", func(c float64) (a, b float64) { return c, 0 }},
	} {
		list, _ := v.Attribute(step.attribute)
		c := onnxeval.Floats([]int{len(list.Floats)}, nil)
		for _, f := range list.Floats {
			c.F = append(c.F, float64(f))
		}
		if x, err = v.affine(x, c, step.combine); err != nil {
			return nil, err
		}
	}
	return x, nil
}
