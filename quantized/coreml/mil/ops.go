package mil

// definition is what an operation means: its parameters, the type of its
// result, and how the result is computed.
type definition struct {
	params   []string // all must be bound
	optional []string // may be left out, the ones that the format's own tools leave out
	since    int32    // first specification version that has it
	infer    func(*args) Type
	build    func(c *call, y []float64) func()
}

// define returns the definition of an ordinary operation with one result.
// const and classify are not ordinary: see checker.operation.
func define(op string) (definition, bool) {
	pool := []string{"x", "kernel_sizes", "strides", "pad_type", "pad", "ceil_mode"}
	unary := func(f func(float64) float64) definition {
		return definition{params: []string{"x"}, infer: inferSame, build: buildMap(f)}
	}
	switch op {
	case "constexpr_affine_dequantize":
		return definition{params: []string{"quantized_data", "zero_point", "scale", "axis"}, since: 7,
			infer: inferAffine, build: buildAffine}, true
	case "constexpr_blockwise_shift_scale":
		return definition{params: []string{"data", "scale"}, optional: []string{"offset"}, since: 9,
			infer: inferBlockwise, build: buildBlockwise}, true
	case "constexpr_lut_to_dense":
		return definition{params: []string{"indices", "lut"}, since: 9, infer: inferLookup, build: buildLookup}, true
	case "quantize":
		return definition{params: []string{"input", "scale", "output_dtype"},
			optional: []string{"zero_point", "axis"}, since: 8,
			infer: inferQuantize, build: buildQuantize}, true
	case "dequantize":
		return definition{params: []string{"input", "scale"}, optional: []string{"zero_point", "axis"}, since: 8,
			infer: inferDequantize, build: buildDequantize}, true
	case "conv":
		return definition{params: []string{"x", "weight", "strides", "pad_type", "pad", "dilations", "groups"},
			optional: []string{"bias"},
			infer:    inferConv, build: buildConv}, true
	case "linear":
		return definition{params: []string{"x", "weight", "bias"}, infer: inferLinear, build: buildLinear}, true
	case "relu":
		return unary(relu), true
	case "relu6":
		return unary(relu6), true
	case "sigmoid":
		return unary(sigmoid), true
	case "tanh":
		return unary(tanh), true
	case "silu":
		return unary(silu), true
	case "softplus":
		return unary(softplus), true
	case "gelu":
		return definition{params: []string{"x", "mode"}, infer: inferGELU, build: buildMap(gelu)}, true
	case "elu":
		return definition{params: []string{"x", "alpha"}, infer: inferAlpha, build: buildELU}, true
	case "leaky_relu":
		return definition{params: []string{"x", "alpha"}, infer: inferAlpha, build: buildLeaky}, true
	case "clip":
		return definition{params: []string{"x", "alpha", "beta"}, infer: inferClip, build: buildClip}, true
	case "add", "sub", "mul", "maximum", "minimum":
		return definition{params: []string{"x", "y"}, infer: inferBinary, build: buildBinary}, true
	case "max_pool":
		return definition{params: pool, infer: inferPool, build: buildPool}, true
	case "avg_pool":
		return definition{params: append(pool, "exclude_padding_from_average"), infer: inferPool, build: buildPool},
			true
	case "reduce_mean":
		return definition{params: []string{"x", "axes", "keep_dims"}, infer: inferMean, build: buildMean}, true
	case "reshape":
		return definition{params: []string{"x", "shape"}, infer: inferReshape, build: buildCopy("x")}, true
	case "upsample_nearest_neighbor":
		return definition{params: []string{"x", "scale_factor_height", "scale_factor_width"}, infer: inferUpsample,
			build: buildUpsample}, true
	case "transpose":
		return definition{params: []string{"x", "perm"}, infer: inferTranspose, build: buildTranspose}, true
	case "pad":
		return definition{params: []string{"x", "pad", "mode", "constant_val"}, infer: inferPad, build: buildPad}, true
	case "slice_by_size":
		return definition{params: []string{"x", "begin", "size"}, infer: inferSlice, build: buildSlice}, true
	case "softmax":
		return definition{params: []string{"x", "axis"}, infer: inferSoftmax, build: buildSoftmax}, true
	case "concat":
		return definition{params: []string{"values", "axis", "interleave"}, infer: inferConcat, build: buildConcat},
			true
	case "cast":
		return definition{params: []string{"x", "dtype"}, infer: inferCast, build: buildCopy("x")}, true
	}
	return definition{}, false
}
