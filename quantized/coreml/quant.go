package coreml

import (
	"petrify/quantized"
	"petrify/quantized/coreml/mil"
)

// quantizer is the 8-bit type and the zero point that represent a quantized
// activation. uint8 with zero point 128 is int8 without one.
func quantizer(q quantized.Quant) (mil.DataType, int32) {
	switch {
	case q.Format.Unsigned && q.Format.Bits == 8 && q.Zero == 128:
		return mil.Int8, 0
	case q.Format.Unsigned:
		return mil.UInt8, q.Zero
	}
	return mil.Int8, q.Zero
}

// quantize appends q = clip(rne(r/s) + z) and returns the integers' name. A
// range smaller than that of 8 bits is clipped first, in floats: the bounds
// s·(qmin − z) and s·(qmax − z) quantize to qmin and qmax.
func (b *builder) quantize(ident string, a *quantized.Activation, value string, s float64) string {
	q := a.Quant
	if !full(q.Format) {
		value = b.emit("clip", b.fresh(ident+"_clipped"), b.shape(b.float, a), param{"x", value},
			param{"alpha", b.scalar("least", s*float64(q.Format.Min()-q.Zero))},
			param{"beta", b.scalar("greatest", s*float64(q.Format.Max()-q.Zero))})
	}
	data, _ := quantizer(q)
	params := append([]param{{"input", value}}, b.scaleAndZero(a, s)...)
	params = append(params, param{"output_dtype", mil.StringValue(data.String())})
	return b.emit("quantize", b.fresh(ident+"_q"), b.shape(data, a), params...)
}

// scaleAndZero returns a quantizer's parameters; a zero point of 0 is left out.
func (b *builder) scaleAndZero(a *quantized.Activation, s float64) []param {
	own := float64(a.Quant.Scale)
	if err := b.representable(own, s/own, a.Quant.Format.Bits); err != nil {
		b.fail("activation, scale: %w", err)
	}
	params := []param{{"scale", b.scalar("activation, scale", s)}}
	if data, zero := quantizer(a.Quant); zero != 0 {
		params = append(params, param{"zero_point", b.store("activation, zero point", data, nil,
			[]float64{float64(zero)})})
	}
	return params
}

// read returns the floats of an activation, through a dequantize of the
// reader's own, with scale s, where it is quantized.
func (b *builder) read(name string, s float64) string {
	t := b.tensors[name]
	if !t.quantized() {
		return t.value
	}
	return b.dequantize(t, b.fresh(EncodeName(name)+"_r"), s)
}

func (b *builder) dequantize(t *tensor, name string, s float64) string {
	params := append([]param{{"input", t.value}}, b.scaleAndZero(t.Activation, s)...)
	return b.emit("dequantize", name, b.shape(b.float, t.Activation), params...)
}
