package coreml

import (
	"fmt"
	"math"

	"petrify/quantized"
	"petrify/quantized/coreml/mil"
)

// codes are a layer's integers as the package stores them.
type codes struct {
	data   mil.DataType
	q      []float64
	scale  []float64 // one per group
	zero   []float64 // one per group, or nil where all are 0
	groups []int     // shape of scale and zero, of the weights' rank
}

// weights appends the layer's weights and returns their value's name.
func (b *builder) weights(n *quantized.Node) string {
	name, w := EncodeName(n.Name)+"_weight", n.Weights
	if w.Q == nil {
		elements := make([]float64, len(w.Float))
		for i, r := range w.Float {
			elements[i] = float64(r)
		}
		return b.constant(name, b.store("weights", b.float, w.Shape, elements))
	}
	c := b.encode(w)
	name = b.fresh(name)
	if w.Block > 0 || container(w.Format).Bits == 4 {
		b.blockwise(name, w, c)
	} else {
		b.affine(name, w, c)
	}
	return name
}

// encode puts integers, scales and zero points into the types of the package.
func (b *builder) encode(w *quantized.Weights) codes {
	store := container(w.Format)
	shift := int32(0) // from signed to unsigned
	if b.options.WeightsEncoding == Unsigned && !store.Unsigned {
		store.Unsigned, shift = true, 1<<(store.Bits-1)
	}
	c := codes{data: storage(store.Bits, store.Unsigned), q: make([]float64, len(w.Q)), scale: make([]float64, len(w.Scale)), groups: scaleShape(w)}
	live := make([]bool, len(w.Scale)) // groups with a weight that is not 0
	for i := range w.Q {
		q, k := w.Value(i), w.ScaleIndex(i)
		c.q[i] = float64(q + shift)
		if q != zeroPoint(w, k) {
			live[k] = true
		}
	}
	for k, s := range w.Scale {
		c.scale[k] = float64(s)
		if err := b.representable(float64(s), w.Format.Bits); err != nil && live[k] {
			b.fail("weights, scale %d of %d: %w", k, len(w.Scale), err)
		} else if err != nil {
			c.scale[k] = 1 // all weights are 0: any scale will do
		}
		if z := zeroPoint(w, k) + shift; z != 0 && c.zero == nil {
			c.zero = make([]float64, len(w.Scale))
		}
	}
	for k := range c.zero {
		c.zero[k] = float64(zeroPoint(w, k) + shift)
	}
	return c
}

func zeroPoint(w *quantized.Weights, k int) int32 {
	if w.Zero == nil {
		return 0
	}
	return w.Zero[k]
}

// storage is the data type of integers with 4 or 8 bits.
func storage(bits int, unsigned bool) mil.DataType {
	switch {
	case bits == 4 && unsigned:
		return mil.UInt4
	case bits == 4:
		return mil.Int4
	case unsigned:
		return mil.UInt8
	}
	return mil.Int8
}

// representable returns an error if rounding the scale to the type of
// arithmetic moves the greatest of its integers, 2ᵇ⁻¹, by more than half a
// step: |fp16(s) − s|·2ᵇ⁻¹ > s/2. In float16 that is a scale below about 8·10⁻⁶
// for 8 bits, or above 65504.
func (b *builder) representable(s float64, bits int) error {
	if off := math.Abs(b.float.Round(s) - s); !(off*math.Ldexp(1, bits-1) <= s/2) {
		return fmt.Errorf("%v cannot be represented in float16, nearest is %v: want a larger scale, or float32 precision",
			float32(s), float32(b.float.Round(s)))
	}
	return nil
}

// affine appends constexpr_affine_dequantize: scalars or vectors along one
// axis, all parameters attributes. Records go to the weight file in the order
// that Core ML Tools writes them: data, zero points, scales.
func (b *builder) affine(name string, w *quantized.Weights, c codes) {
	axis, shape := max(w.Axis, 0), []int{len(c.scale)}
	if w.Axis < 0 {
		shape = nil
	}
	data := b.store("weights", c.data, w.Shape, c.q)
	zero := b.store("weights, zero point", c.data, nil, []float64{0})
	switch {
	case c.zero == nil:
	case same(c.zero):
		zero = b.store("weights, zero point", c.data, nil, c.zero[:1])
	default:
		zero = b.store("weights, zero points", c.data, shape, c.zero)
	}
	b.append(mil.Operation{
		Type:    "constexpr_affine_dequantize",
		Outputs: []mil.Named{{Name: name, Type: mil.TensorOf(b.float, w.Shape...)}},
		Attributes: []mil.Attribute{
			{Name: "name", Value: mil.StringValue(name)},
			{Name: "quantized_data", Value: data},
			{Name: "scale", Value: b.store("weights, scales", b.float, shape, c.scale)},
			{Name: "zero_point", Value: zero},
			{Name: "axis", Value: mil.IntValue(axis)},
		},
	})
}

func same(list []float64) bool {
	for _, r := range list {
		if r != list[0] {
			return false
		}
	}
	return true
}

// blockwise appends constexpr_blockwise_shift_scale: scales of the weights'
// rank, all parameters literal inputs.
func (b *builder) blockwise(name string, w *quantized.Weights, c codes) {
	literal := func(name string, v mil.Value) mil.Argument {
		return mil.Argument{Name: name, Bindings: []mil.Binding{{Value: &v}}}
	}
	inputs := []mil.Argument{
		literal("data", b.store("weights", c.data, w.Shape, c.q)),
		literal("scale", b.store("weights, scales", b.float, c.groups, c.scale)),
	}
	if c.zero != nil {
		inputs = append(inputs, literal("offset", b.store("weights, zero points", c.data, c.groups, c.zero)))
	}
	b.append(mil.Operation{
		Type:       "constexpr_blockwise_shift_scale",
		Inputs:     inputs,
		Outputs:    []mil.Named{{Name: name, Type: mil.TensorOf(b.float, w.Shape...)}},
		Attributes: []mil.Attribute{{Name: "name", Value: mil.StringValue(name)}},
	})
}

// bias is the layer's bias in floats, s·q where it is integer. Its scales are
// as many as those of the weights: one a channel, or one.
func (b *builder) bias(n *quantized.Node) mil.Value {
	elements := make([]float64, n.Weights.Shape[0])
	for i := range elements {
		switch {
		case n.Bias == nil:
		case n.Bias.Q != nil:
			elements[i] = float64(n.Bias.Q[i]) * float64(n.Bias.Scale[min(i, len(n.Bias.Scale)-1)])
		default:
			elements[i] = float64(n.Bias.Float[i])
		}
	}
	return b.store("bias", b.float, []int{len(elements)}, elements)
}
