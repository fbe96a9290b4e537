package mil

// Result types of layers and shapes. Letters: N batch, C channels, O output
// channels, I inputs.

func inferSame(a *args) Type { return a.float("x") }

// inferAlpha is for functions of x and a constant.
func inferAlpha(a *args) Type {
	x := a.float("x")
	a.scalar("alpha", x.Data)
	return x
}

func inferGELU(a *args) Type {
	a.word("mode", "EXACT")
	return a.float("x")
}

func inferClip(a *args) Type {
	x := a.float("x")
	if low, high := a.scalar("alpha", x.Data), a.scalar("beta", x.Data); low > high {
		a.fail("clip from %v to %v: empty", low, high)
	}
	return x
}

func inferCast(a *args) Type {
	x := a.typ("x")
	if !x.IsTensor() {
		a.fail("x: %v: want a tensor", x)
	}
	switch a.word("dtype", "fp16", "fp32", "int32") {
	case "fp16":
		x.Data = Float16
	case "fp32":
		x.Data = Float32
	case "int32":
		x.Data = Int32
	}
	return x
}

// inferConv: [N, C, D…] with weights [O, C/groups, K…] is [N, O, E…],
// E = floor((D + begin + end − ((K−1)·dilation + 1)) / stride) + 1.
func inferConv(a *args) Type {
	x, w := a.float("x"), a.constant("weight")
	rank := len(x.Shape)
	if rank != 4 || len(w.Shape) != rank || w.Data != x.Data {
		a.fail("x %v and weight %v: want rank 4 and one type", x, w)
		return Type{}
	}
	spatial := rank - 2
	stride, pad, dilation := a.ints("strides", spatial), a.padding(spatial), a.ints("dilations", spatial)
	groups := int(a.scalar("groups", Int32))
	if a.err != nil {
		return Type{}
	}
	out := w.Shape[0]
	if groups < 1 || out%groups != 0 || w.Shape[1]*groups != x.Shape[1] {
		a.fail("x %v and weight %v do not fit %d groups", x, w, groups)
		return Type{}
	}
	if a.has("bias") {
		if b := a.constant("bias"); !b.Equal(TensorOf(x.Data, out)) {
			a.fail("bias %v: want %v", b, TensorOf(x.Data, out))
		}
	}
	y := TensorOf(x.Data, x.Shape[0], out)
	for i := range spatial {
		y.Shape = append(y.Shape, a.window(x.Shape[2+i], w.Shape[2+i], stride[i], dilation[i], pad[2*i:]))
	}
	return y
}

// padding is the begin and end padding of each spatial dimension.
func (a *args) padding(spatial int) []int {
	kind, pad := a.word("pad_type", "valid", "custom"), a.ints("pad", 2*spatial)
	for _, p := range pad {
		if p < 0 || (p > 0 && kind == "valid") {
			a.fail("pad %v: want numbers ≥ 0, and 0 for pad_type valid", pad)
		}
	}
	return pad
}

// window is the number of positions of a kernel over one dimension.
func (a *args) window(size, kernel, stride, dilation int, pad []int) int {
	if kernel < 1 || stride < 1 || dilation < 1 {
		a.fail("kernel %d, stride %d, dilation %d: want numbers ≥ 1", kernel, stride, dilation)
		return 0
	}
	room := size + pad[0] + pad[1] - ((kernel-1)*dilation + 1)
	if room < 0 {
		a.fail("kernel of %d with dilation %d does not fit %d with padding %v", kernel, dilation, size, pad[:2])
		return 0
	}
	return room/stride + 1
}

// inferPool is as inferConv, with padding smaller than the kernel: every
// window sees at least one element.
func inferPool(a *args) Type {
	x := a.float("x")
	rank := len(x.Shape)
	if rank != 4 {
		a.fail("x %v: want rank 4", x)
		return Type{}
	}
	spatial := rank - 2
	kernel, stride, pad := a.ints("kernel_sizes", spatial), a.ints("strides", spatial), a.padding(spatial)
	if a.scalar("ceil_mode", Bool) != 0 {
		a.fail("ceil_mode true is not supported")
	}
	if a.op.Type == "avg_pool" {
		a.scalar("exclude_padding_from_average", Bool)
	}
	if a.err != nil {
		return Type{}
	}
	y := TensorOf(x.Data, x.Shape[0], x.Shape[1])
	for i := range spatial {
		if pad[2*i] >= kernel[i] || pad[2*i+1] >= kernel[i] {
			a.fail("padding %v is not smaller than the kernel %v", pad, kernel)
		}
		y.Shape = append(y.Shape, a.window(x.Shape[2+i], kernel[i], stride[i], 1, pad[2*i:]))
	}
	return y
}

// inferLinear: [N, I] with weights [O, I] is [N, O].
func inferLinear(a *args) Type {
	x, w, b := a.float("x"), a.constant("weight"), a.constant("bias")
	switch {
	case a.err != nil:
		return Type{}
	case len(x.Shape) != 2 || len(w.Shape) != 2 || w.Data != x.Data || w.Shape[1] != x.Shape[1]:
		a.fail("x %v and weight %v do not fit", x, w)
		return Type{}
	case !b.Equal(TensorOf(x.Data, w.Shape[0])):
		a.fail("bias %v: want %v", b, TensorOf(x.Data, w.Shape[0]))
	}
	return TensorOf(x.Data, x.Shape[0], w.Shape[0])
}

// inferBinary broadcasts: dimensions are equal, or one of them is 1 or absent.
func inferBinary(a *args) Type {
	x, y := a.float("x"), a.float("y")
	if x.Data != y.Data {
		a.fail("x %v and y %v: want one type", x, y)
		return Type{}
	}
	if len(y.Shape) > len(x.Shape) {
		x, y = y, x
	}
	out := TensorOf(x.Data, append([]int(nil), x.Shape...)...)
	lead := len(x.Shape) - len(y.Shape)
	for i, d := range y.Shape {
		switch {
		case out.Shape[lead+i] == 1:
			out.Shape[lead+i] = d
		case d != 1 && d != out.Shape[lead+i]:
			a.fail("x %v and y %v do not broadcast", x, y)
		}
	}
	return out
}

// inferMean keeps the averaged dimensions, as 1.
func inferMean(a *args) Type {
	x, axes := a.float("x"), a.typ("axes")
	if len(axes.Shape) != 1 {
		a.fail("axes %v: want a vector", axes)
		return Type{}
	}
	if a.scalar("keep_dims", Bool) != 1 {
		a.fail("keep_dims false is not supported")
	}
	y := TensorOf(x.Data, append([]int(nil), x.Shape...)...)
	for _, axis := range a.ints("axes", axes.Shape[0]) {
		if i := a.axis(axis, len(x.Shape)); a.err == nil {
			y.Shape[i] = 1
		}
	}
	return y
}

// axis resolves a negative axis.
func (a *args) axis(axis, rank int) int {
	if axis < -rank || axis >= rank {
		a.fail("axis %d out of range for rank %d", axis, rank)
		return 0
	}
	return (axis + rank) % rank
}

func inferReshape(a *args) Type {
	x, shape := a.typ("x"), a.typ("shape")
	if len(shape.Shape) != 1 {
		a.fail("shape %v: want a vector", shape)
		return Type{}
	}
	if x.Data != Float16 && x.Data != Float32 && (a.scope.version < 8 || x.Data != Int8 && x.Data != UInt8) {
		a.fail("x %v: want fp16 or fp32, or int8 or uint8 from specification 8", x)
	}
	y := TensorOf(x.Data, a.ints("shape", shape.Shape[0])...)
	if a.err == nil && (y.Size() != x.Size() || x.Size() < 0) {
		a.fail("x %v does not have the elements of %v", x, y)
	}
	return y
}

func inferSoftmax(a *args) Type {
	x := a.float("x")
	a.axis(int(a.scalar("axis", Int32)), len(x.Shape))
	return x
}

func inferConcat(a *args) Type {
	list := a.typs("values")
	if len(list) < 2 {
		a.fail("values: want two or more")
		return Type{}
	}
	if a.scalar("interleave", Bool) != 0 {
		a.fail("interleave true is not supported")
	}
	first := list[0]
	axis := a.axis(int(a.scalar("axis", Int32)), len(first.Shape))
	if a.err != nil {
		return Type{}
	}
	y := TensorOf(first.Data, append([]int(nil), first.Shape...)...)
	for _, t := range list[1:] {
		if len(t.Shape) != len(first.Shape) || t.Data != first.Data || !first.Data.IsFloat() {
			a.fail("values %v and %v: want one float type and rank", first, t)
			return Type{}
		}
		for i, d := range t.Shape {
			switch {
			case i == axis:
				y.Shape[i] += d
			case d != first.Shape[i]:
				a.fail("values %v and %v differ outside of axis %d", first, t, axis)
			}
		}
	}
	return y
}
