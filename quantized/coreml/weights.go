package coreml

import (
	"fmt"
	"math"
	"slices"

	"petrify/fakequant/affine"
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
	gain := b.units.per
	if x := b.tensors[n.Inputs[0]].Quant; !x.IsFloat() {
		gain *= float64(x.Scale) / b.units.in[0]
	}
	if b.units.sums {
		w, gain = integers(w), 1
	}
	if w.Q == nil {
		elements := make([]float64, len(w.Float))
		for i, r := range w.Float {
			elements[i] = float64(r) * gain
		}
		return b.constant(name, b.store("weights", b.float, w.Shape, elements))
	}
	c := b.encode(w, gain)
	name = b.fresh(name)
	if b.options.WeightsEncoding == Palette && w.Format.Bits <= paletteBits {
		b.palette(name, w, c)
	} else if w.Block > 0 || container(w.Format).Bits == 4 {
		b.blockwise(name, w, c)
	} else {
		b.affine(name, w, c)
	}
	return name
}

// integers are weights that are their integers less the zero points.
func integers(w *quantized.Weights) *quantized.Weights {
	whole := *w
	whole.Scale = slices.Repeat([]float32{1}, len(w.Scale))
	if w.Zero == nil {
		whole.Axis, whole.Scale = -1, whole.Scale[:1]
	}
	return &whole
}

// encode converts integers, scales times gain, and zero points to the types of
// the package.
func (b *builder) encode(w *quantized.Weights, gain float64) codes {
	store := container(w.Format)
	shift := int32(0) // from signed to unsigned
	if b.options.WeightsEncoding == Unsigned && !store.Unsigned {
		store.Unsigned, shift = true, 1<<(store.Bits-1)
	}
	groups, source := grouping(w)
	c := codes{data: storage(store.Bits, store.Unsigned), q: make([]float64, len(w.Q)),
		scale: make([]float64, len(source)), groups: groups}
	live := make([]bool, len(w.Scale)) // scales with a weight that is not 0
	for i := range w.Q {
		q, k := w.Value(i), w.ScaleIndex(i)
		c.q[i] = float64(q + shift)
		if q != zeroPoint(w, k) {
			live[k] = true
		}
	}
	for g, k := range source {
		s := float64(w.Scale[k]) * gain
		if err := b.representable(float64(w.Scale[k]), gain, w.Format.Bits); err != nil && live[k] {
			b.fail("weights, scale %d of %d: %w", k, len(w.Scale), err)
		} else if err != nil {
			s = 1 // all weights are 0: any scale will do
		}
		c.scale[g] = s
		if z := zeroPoint(w, k) + shift; z != 0 && c.zero == nil {
			c.zero = make([]float64, len(source))
		}
	}
	for g := range c.zero {
		c.zero[g] = float64(zeroPoint(w, source[g]) + shift)
	}
	return c
}

// grouping divides weights into the equal groups that Core ML requires: their
// number along each dimension, and for each group the index of its scale.
//
// Blocks that do not divide the inputs, where the last is shorter, become
// smaller groups that do: 72 inputs in blocks of 32, 32 and 8 become nine
// groups of 8, four with the first scale, four with the second, and one with
// the third.
func grouping(w *quantized.Weights) (groups, source []int) {
	groups = make([]int, len(w.Shape))
	for i := range groups {
		groups[i] = 1
	}
	if w.Axis == 0 {
		groups[0] = w.Shape[0]
	}
	size, stored := 1, 1 // of a group, and number of scales, both along the inputs
	if w.Block > 0 && w.Block < w.Shape[1] {
		size = gcd(w.Shape[1], w.Block)
		groups[1] = w.Shape[1] / size
		stored = len(w.Scale) / w.Shape[0]
	}
	source = make([]int, groups[0]*groups[1])
	for g := range source {
		source[g] = g / groups[1] * stored
		if groups[1] > 1 {
			source[g] += g % groups[1] * size / w.Block
		}
	}
	return groups, source
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
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

// representable returns an error if rounding the scale, gain·s in the layer's
// units, to the type of arithmetic moves the greatest of its integers, 2ᵇ⁻¹, by
// more than half a step. In float16 that is a product below about 8·10⁻⁶ for 8
// bits, or above 65504.
func (b *builder) representable(s, gain float64, bits int) error {
	stored := b.float.Round(s * gain)
	if off := math.Abs(stored - float64(s*gain)); !(off*math.Ldexp(1, bits-1) <= s*gain/2) {
		return fmt.Errorf("%v cannot be represented in float16, nearest is %v: want a larger scale, or float32 "+
			"precision", float32(s), float32(stored/gain))
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

// paletteBits is the most that an index has; more would take more than the integers.
const paletteBits = 2

// palette appends constexpr_lut_to_dense: each weight is an index into the real
// numbers of its group, in ascending order.
func (b *builder) palette(name string, w *quantized.Weights, c codes) {
	least, step := w.Format.Min()*max(w.Step, 1), max(w.Step, 1)
	if w.Format == affine.Binary {
		step *= 2
	}
	indices := make([]float64, len(c.q))
	for i, q := range c.q {
		indices[i] = (q - float64(least)) / float64(step)
	}
	store, entries := mil.UInt2, 1<<w.Format.Bits
	if w.Format.Bits == 1 {
		store = mil.UInt1
	}
	table := make([]float64, 0, entries*len(c.scale))
	for g, s := range c.scale {
		zero := 0.0
		if c.zero != nil {
			zero = c.zero[g]
		}
		for k := range int32(entries) {
			table = append(table, b.float.Round(s)*(float64(least+k*step)-zero))
		}
	}
	b.append(mil.Operation{
		Type: "constexpr_lut_to_dense",
		Inputs: []mil.Argument{
			literal("indices", b.store("weights", store, w.Shape, indices)),
			literal("lut", b.store("weights, table", b.float, append(slices.Clone(c.groups), entries, 1), table)),
		},
		Outputs:    []mil.Named{{Name: name, Type: mil.TensorOf(b.float, w.Shape...)}},
		Attributes: []mil.Attribute{{Name: "name", Value: mil.StringValue(name)}},
	})
}

func literal(name string, v mil.Value) mil.Argument {
	return mil.Argument{Name: name, Bindings: []mil.Binding{{Value: &v}}}
}

// bias is the layer's bias in floats of its units, s·q where it is integer. Its
// scales are as many as those of the weights: one per channel, or one.
func (b *builder) bias(n *quantized.Node) mil.Value {
	elements := make([]float64, n.Weights.Shape[0])
	for i := range elements {
		switch {
		case n.Bias == nil:
		case b.units.sums:
			elements[i] = float64(n.Bias.Q[i])
		case n.Bias.Q != nil:
			elements[i] = float64(n.Bias.Q[i]) * float64(n.Bias.Scale[min(i, len(n.Bias.Scale)-1)]) * b.units.per
		default:
			elements[i] = float64(n.Bias.Float[i]) * b.units.per
		}
	}
	return b.store("bias", b.float, []int{len(elements)}, elements)
}
