package mil

// inferAffine: the data's shape in the scale's type. Scale and zero point are
// scalars or vectors along axis.
func inferAffine(a *args) Type {
	q, z, s := a.typ("quantized_data"), a.typ("zero_point"), a.float("scale")
	if q.Data != Int8 && q.Data != UInt8 {
		a.fail("quantized_data %v: want int8 or uint8", q)
	}
	if z.Data != q.Data {
		a.fail("zero_point %v: want the type of the data, %v", z, q.Data)
	}
	axis := a.axis(int(a.scalar("axis", Int32)), len(q.Shape))
	for _, t := range []Type{s, z} {
		if a.err == nil && len(t.Shape) > 0 && (len(t.Shape) > 1 || t.Shape[0] != q.Shape[axis]) {
			a.fail("scale or zero_point %v: want a scalar or %d elements, for axis %d of %v", t, q.Shape[axis], axis, q)
		}
	}
	a.positive("scale")
	a.stored("quantized_data", "zero_point")
	return TensorOf(s.Data, q.Shape...)
}

// stored fails if a literal's bytes are not those of its type.
func (a *args) stored(names ...string) {
	for _, name := range names {
		a.numbers(name)
	}
}

// inferBlockwise: the data's shape in the scale's type; every dimension of the
// scale divides the data's.
func inferBlockwise(a *args) Type {
	q, s := a.typ("data"), a.float("scale")
	switch q.Data {
	case Int4, UInt4, Int8, UInt8:
	default:
		a.fail("data %v: want int4, uint4, int8 or uint8", q)
	}
	if len(q.Shape) != len(s.Shape) || len(q.Shape) == 0 {
		a.fail("data %v and scale %v: want one rank, 1 or more", q, s)
		return Type{}
	}
	a.divides("scale", s.Shape, "data", q)
	if a.has("offset") {
		if z := a.typ("offset"); !z.Equal(TensorOf(q.Data, s.Shape...)) {
			a.fail("offset %v: want %v", z, TensorOf(q.Data, s.Shape...))
		}
		a.stored("offset")
	}
	a.positive("scale")
	a.stored("data")
	return TensorOf(s.Data, q.Shape...)
}

// inferLookup: the shape of the indices in the type of the tables, which have two
// dimensions more: a number for each index, and 1.
func inferLookup(a *args) Type {
	k, t := a.typ("indices"), a.float("lut")
	if k.Data != UInt1 && k.Data != UInt2 {
		a.fail("indices %v: want uint1 or uint2", k)
		return Type{}
	}
	rank := len(k.Shape)
	if rank == 0 || len(t.Shape) != rank+2 || t.Shape[rank] != 1<<k.Data.Bits() || t.Shape[rank+1] != 1 {
		a.fail("indices %v and lut %v: want two dimensions more, %d and 1", k, t, 1<<k.Data.Bits())
		return Type{}
	}
	a.divides("lut", t.Shape[:rank], "indices", k)
	a.stored("indices", "lut")
	return TensorOf(t.Data, k.Shape...)
}

// divides fails unless the dimensions of what has a value for each group of elements
// divide those of the elements.
func (a *args) divides(name string, groups []int, of string, elements Type) {
	for i, d := range groups {
		if d < 1 || elements.Shape[i]%d != 0 {
			a.fail("%s %v does not divide %s %v", name, a.typ(name), of, elements)
			return
		}
	}
}

func inferQuantize(a *args) Type {
	x := a.float("input")
	if len(x.Shape) == 0 {
		a.fail("input %v: want rank 1 or more", x)
	}
	if s := a.typ("scale"); s.Data != x.Data {
		a.fail("scale %v: want the type of the input, %v", s, x.Data)
	}
	y := TensorOf(Int8, x.Shape...)
	if a.word("output_dtype", "int8", "uint8") == "uint8" {
		y.Data = UInt8
	}
	a.quantizer(y)
	return y
}

func inferDequantize(a *args) Type {
	q, s := a.typ("input"), a.float("scale")
	if q.Data != Int8 && q.Data != UInt8 || len(q.Shape) == 0 {
		a.fail("input %v: want int8 or uint8 of rank 1 or more", q)
	}
	a.quantizer(q)
	return TensorOf(s.Data, q.Shape...)
}

// quantizer checks scale and zero point of a tensor quantized as q. Only one
// scale per tensor is supported: axis is legal in the format, but never written
// here.
func (a *args) quantizer(q Type) {
	if s := a.typ("scale"); len(s.Shape) != 0 || a.has("axis") {
		a.fail("scale %v: one scale for the tensor is supported, without axis", s)
	}
	a.positive("scale")
	if !a.has("zero_point") {
		return
	}
	if z := a.typ("zero_point"); !z.Equal(TensorOf(q.Data)) {
		a.fail("zero_point %v: want %v", z, q.Data)
	}
	a.stored("zero_point")
}
