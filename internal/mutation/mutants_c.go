package main

import (
	"slices"
	"strings"

	"petrify/internal/kernel"
)

// exported are slips in the C that petrify exports, at least one in each form of each kernel,
// and in what chooses the forms. Those that tests of the module notice are in files.
func exported() []mutant {
	all := []mutant{
		// Sums that wrap, additions of zero points that may overflow, and grids that are not all bytes.
		{"quantized/carray/pack.go", "const most = 32768", "const most = 65536", "conformance:TestCSumsWrap"},
		{"quantized/carray/pack.go", "!l.left && !l.great", "!l.left", "conformance:TestCSumsNearInt32"},
		{"quantized/carray/pack.go", "v.grid.min > 0", "v.grid.min > 255", "conformance:TestCNarrowGrids"},
		{"quantized/carray/pack.go", "v.grid.max < math.MaxUint8", "v.grid.max < math.MinInt8", "conformance:TestCNarrowGrids"},
	}
	for _, m := range inKernels {
		if strings.Contains(m.old, "_mm512_") && !slices.Contains(kernel.Paths(), "avx512") {
			continue // it would not be compiled
		}
		m.file = "quantized/carray/kernels/" + m.file + ".c"
		all = append(all, m)
	}
	return all
}

var inKernels = []mutant{
	// One place at a time: 16-bit Thumb, and what all have.
	{"depthwise_at", "sum += (uint32_t)(x[2 * n] * w[2 * n]);", "sum += (uint32_t)(x[2 * n] * w[n]);", "mcu:m0plus"},
	{"spread", "top + (t.rows - 1) * at->dilation_height >= at->height",
		"top + (t.rows - 2) * at->dilation_height >= at->height", "mcu:m0plus"},
	{"add", "int32_t sum = a * l->a + b * l->b + l->constant;",
		"int32_t sum = a * l->a + b * l->a + l->constant;", "mcu:m0plus"},
	// Two places at a time, and windows that slide.
	{"convolve", "y += l->of.outputs;\n            continue;\n        }\n#endif\n        for",
		"y += 0;\n            continue;\n        }\n#endif\n        for", "mcu:m3"},
	{"weigh", "const uint32_t sum_z = total(z, l->inputs);", "const uint32_t sum_z = total(x, l->inputs);", "mcu:rv32imc"},
	{"dot", "d += z[0] * {{index .Last 1}};", "d += z[0] * {{index .Last 0}};", "mcu:rv32imc"},
	{"depthwise_3x3", "fill(scratch, height * width + 1, (uint8_t)l->zero);",
		"fill(scratch, height * width + 1, 0);", "conformance:TestCCompilers/cc_.*O2_-U__SSE2__"},
	{"slide", "below[1] * w[7]", "below[1] * w[6]", "mcu:rv32imc"},
	{"slide", "p.w_down = n;", "p.w_down = 3 * n;", "mcu:m3"},
	// SIMD instructions of Cortex-M4 and M7: four places at a time.
	{"dot", "sums[3] = cd[1];", "sums[3] = cd[0];", "mcu:m4"},
	{"dots_wide", `"add r12, r3, lr, lsl #4\n\t" /* where all end */`,
		`"add r12, r3, lr, lsl #3\n\t" /* where all end */`, "mcu:m4"},
	{"depthwise_four", "c = __smlatt(q_even, v_even, c);", "c = __smlatt(q_even, v_odd, c);", "mcu:m7"},
	{"convolve", "y -= (i - n + 4) * l->of.outputs;", "y -= (i - n + 3) * l->of.outputs;", "mcu:m4"},
	{"total", "sum = __usada8(word(x), 0, sum);", "sum = __usada8(word(x), 0, 0);", "mcu:m4"},
	{"slide", "inner[i] = w[3 * i + 1] & 0xffff;", "inner[i] = w[3 * i] & 0xffff;", "mcu:m4"},
	{"widen", "put_word(to + 8 * k, (uint32_t)l->zero * 0x10001u);", "put_word(to + 8 * k, (uint32_t)l->zero);",
		"conformance:TestCCompilers/arm-linux.*O2"},
	{"widen", "sum += (uint32_t)(l->zero * channels);", "sum += 0;", "conformance:TestCCompilers/arm-linux.*O2"},
	// Vectors of Cortex-M55.
	{"weigh_four", "const int32_t odd = n % 16;", "const int32_t odd = n % 8;", "mcu:m55"},
	{"dot_four", "vmladavaq_u8(d, in, vldrbq_gather_offset_z_u8(v, at[3], p))",
		"vmladavaq_u8(d, in, vldrbq_gather_offset_z_u8(v, at[2], p))", "mcu:m55"},
	{"dot_four", "sums[3] = vmladavaq_u8(sums[3], in, vreinterpretq_u8_u32(cd.val[1]));",
		"sums[3] = vmladavaq_u8(sums[3], in, vreinterpretq_u8_u32(cd.val[0]));", "mcu:m55"},
	{"depthwise_eight", "*odd = vaddq_s32(*odd, vmulltq_int_s16(in, by));",
		"*odd = vaddq_s32(*odd, vmullbq_int_s16(in, by));", "mcu:m55"},
	{"depthwise_eight", "add_tap(&even, &odd, x + 2 * at->right, w + 2 * n);",
		"add_tap(&even, &odd, x + 2 * at->right, w + n);", "mcu:m55"},
	{"multiply_four", "v = vqrdmulhq_s32(v, q);", "v = vqdmulhq_s32(v, q);", "mcu:m55"},
	{"dot", "sums[1] = vmladavaq_u16(sums[1], q, vshrq_n_u16(by, {{index .Shifts 2}}));",
		"sums[1] = vmladavaq_u16(sums[1], p, vshrq_n_u16(by, {{index .Shifts 2}}));", "mcu:m55"},
	{"add", "vshlq_r_s32(sum, -of.shift), vdupq_n_s32", "vshlq_r_s32(sum, -31), vdupq_n_s32", "mcu:m55"},
	{"add", "vreinterpretq_s32_u32(vldrbq_u32(b + i)), of.b)", "vreinterpretq_s32_u32(vldrbq_u32(b + i)), of.a)", "mcu:m55"},
	{"put_four", "vminq_s32(vmaxq_s32(q, vdupq_n_s32(g->low)), vdupq_n_s32(g->high))",
		"vminq_s32(q, vdupq_n_s32(g->high))", "mcu:m55"},
	{"requantize_four", "put_four(y, multiply_four(sums, by.val[0], by.val[1]), g);",
		"put_four(y, multiply_four(sums, by.val[1], by.val[0]), g);", "mcu:m55"},
	// Vectors of hosts, weights of few bits, and what is outside the picture.
	{"blocks", "sums[p][v] = zero + begin[p];", "sums[p][v] = zero + begin[0];", "conformance:TestCZoo/W8A8$"},
	{"blocks", "by[v] = *(const lanes_anywhere *)(w + 4 * LANES * v);",
		"by[v] = *(const lanes_anywhere *)(w + 4 * LANES);", "conformance:TestCZoo/W8A8$"},
	{"gather", "{{.Lower}} * total(from, l->inputs);", "{{.Lower}} * total(from, l->inputs - 1);",
		"conformance:TestCCompilers/cc_.*O2.*native"},
	{"convolve_blocks", "const int32_t place = n - first < PLACES ? n - PLACES : first;",
		"const int32_t place = first;", "conformance:TestCCompilers/cc_.*O2.*native"},
	{"convolve_blocks", "for (int32_t k = 0; k < few; k++) {\n                to[k]",
		"for (int32_t k = 1; k < few; k++) {\n                to[k]", "conformance:TestCZoo/W8A8$"},
	{"requantize_sixteen", "_mm512_set1_ps((float)g->high)",
		"_mm512_set1_ps(255.0f)", "conformance:TestCCompilers/cc_.*O2.*native"},
	{"requantize_sixteen", "requantized(sums + 8, bias + 8, m + 8, g)",
		"requantized(sums + 8, bias + 8, m, g)", "conformance:TestCCompilers/cc_.*O2_-mavx2$"},
	{"requantize_sixteen", "requantized(sums + k + 4, bias + k + 4, m + k + 4, g)",
		"requantized(sums + k + 4, bias + k, m + k + 4, g)", "conformance:TestCCompilers/aarch64.*O2"},
	{"taps_in_order", "for (int32_t o = 0; o < to->end; o += 8) {",
		"for (int32_t o = 0; o < to->end - 8; o += 8) {", "conformance:TestCZoo/W8A8$"},
	{"taps_in_order", "o + k] : (int16_t)0;", "o + k] : (int16_t)1;", "conformance:TestCZoo/W8A8$"},
	{"taps_in_order", "high = vmlal_s16(high, vget_high_s16(in), vget_high_s16(by));",
		"high = vmlal_s16(high, vget_high_s16(in), vget_low_s16(by));", "conformance:TestCCompilers/aarch64.*O2"},
	{"depthwise_sixteen", "sum_taps(sums + 8, x + 8, t, o + 8);",
		"sum_taps(sums + 8, x + 8, t, o);", "conformance:TestCZoo/W8A8$"},
	{"depthwise_sixteen", "y[k] = finish{{.Suffix}}(sums[k], l, o + k);",
		"y[k] = finish{{.Suffix}}(sums[k], l, o);", "conformance:TestCCompilers/cc_.*O2.*native"},
	{"finish_sixteen", "finish{{.Suffix}}(sums[k], l, o + k);", "finish{{.Suffix}}(sums[k], l, o);", "conformance:TestCZoo/W8A8$"},
	{"sum_at", "down -= columns * right; rows > 0", "down -= columns; rows > 0", "conformance:TestCIntegerMeans"},
	{"add", "return l->sums[first];", "return (uint8_t)(l->sums[first] ^ 1);", "conformance:TestCSums"},
	{"patch", "fill(copies, at->kernel_height * at->kernel_width * channels, (uint8_t)l->zero);",
		"fill(copies, at->kernel_height * at->kernel_width * channels, 0);", "conformance:TestCRandomNetworks/O2"},
	{"patch", "fill(to, channels, (uint8_t)l->zero);", "fill(to, channels, 0);", "conformance:TestCRandomNetworks/O2"},
	{"unpack", "(1 << (l->bits - 1))", "(1 << l->bits)", "conformance:TestCZoo/W4A4$"},
	// A linear layer's two outputs at once, in vectors of each host.
	{"wide", "_mm512_extracti64x4_epi64(sums, 1)", "_mm512_extracti64x4_epi64(sums, 0)",
		"conformance:TestCCompilers/cc_.*O2.*native"},
	{"wide", "0x50", "0x44", "conformance:TestCCompilers/cc_.*O2_-mavx2$"},
	{"wide", "(uint32_t)x[3] << 24", "(uint32_t)x[2] << 24", "conformance:TestCRandomNetworks/O2"},
	{"wide", "vzip2q_u32(x, x)", "vzip1q_u32(x, x)", "conformance:TestCCompilers/aarch64.*O2"},
	{"wide", "vget_lane_u32(two, 1)", "vget_lane_u32(two, 0)", "conformance:TestCCompilers/aarch64.*O2"},
	{"total", "_mm_extract_epi16(two, 4)", "_mm_extract_epi16(two, 0)", "conformance:TestCCompilers/cc_.*O2.*native"},
	{"total", "vaddlvq_u8", "vaddvq_u8", "conformance:TestCCompilers/aarch64.*O2"},
	{"copy", "x + n - 4, 4", "x + n - 3, 4", "conformance:TestCCompilers/cc_.*O2.*native"},
	// Fixed point: products of 16 bits, SMMULR, and both roundings.
	{"multiplier", "(first >> 16) + ", "", "mcu:m0plus"},
	{"multiplier", "half ? 1u << 14 : 0u", "half ? 1u << 13 : 0u", "mcu:m0plus"},
	{"multiplier", "smmulr", "smmul", "mcu:m4"},
	{"multiply_gemmlowp", "shifted(a - (a < 0), -m.shift)", "shifted(a, -m.shift)", "mcu:m0plus"},
	{"multiply_single", "shifted(a, -m.shift)", "shifted(a - (a < 0), -m.shift)",
		"conformance:TestCMultiplyInFixedPoint"},
	{"multiply_single", "m.shift == 0", "1", "conformance:TestCMultiplyInFixedPoint"},
	{"multiply_single", "(int64_t)1 << (30 - m.shift)", "(int64_t)1 << 30", "conformance:TestCMultiplyInFixedPoint"},
	{"multiply_gemmlowp", "v < INT32_MIN ? INT32_MIN : ", "", "conformance:TestCMultiplyInFixedPoint"},
	{"factor", "2 * rest == one && whole % 2 != 0", "2 * rest == one", "conformance:TestCMultiplyAsFloat"},
	// Sums in 16 bits, which two products of bytes exceed; weights of depthwise layers that have zero points; and
	// what else differs between forms.
	{"taps_in_order", "all = _mm256_add_epi32(all, ", "all = _mm256_adds_epi16(all, ",
		"conformance:TestCCompilers/cc_.*O2_-mavx2$"},
	{"taps_in_order", "ORDERED / (32 * to->pairs) * 16", "ORDERED / (32 * to->pairs) * 32",
		"conformance:TestCCompilers/cc_.*O2.*native"},
	{"depthwise_at", "{{if .WeightZeros}} - zero{{end}}));", "{{if .WeightZeros}} - zero / 2{{end}}));", "conformance:TestCDepthwise"},
	{"depthwise_3x3", "{{if .WeightZeros}} - zero{{end}};", "{{if .WeightZeros}} - zero / 2{{end}};", "conformance:TestCDepthwise"},
	{"depthwise_3x3", "copies + j * at->stride_width, weights", "copies + j, weights", "conformance:TestCDepthwise"},
	{"depthwise", "if (--left == 0) {", "if (left-- == 0) {", "conformance:TestCRandomNetworks/portable"},
	{"spread", "t.right = at->dilation_width * at->channels;", "t.right = at->channels;", "conformance:TestCDepthwise"},
	{"weigh", "o + 1 < last ? o + 1 : o;\n        uint32_t sums[2];", "o + 1;\n        uint32_t sums[2];",
		"conformance:TestCRandomNetworks/portable"},
	{"max_pool", "vmaxq_u8(", "vminq_u8(", "mcu:m55"},
	{"fill", "vdupq_n_u8(value)", "vdupq_n_u8(0)", "mcu:m55"},
	{"counted", "rows < l->kernel_height ? rows", "rows < l->kernel_height ? rows + 1",
		"conformance:TestCOperations/W8A8$"},
	{"join", "table ? table[q] : q", "table ? table[c] : q", "conformance:TestCRandomNetworks/portable"},
}
