package main

import "fmt"

// lowBytes is q, the low bytes of v, in its first element.
const lowBytes = `
	uzp1 q.8h, v.8h, v.8h
	uzp1 q.16b, q.16b, q.16b
`

// rowKernels end an integer convolution, or stand for one.
var rowKernels = []panels{
	{
		name: "requantNEON", doc: "requantizeGeneric",
		slices: []slice{out("q").ofBytes(), in("acc").of("int32")}, params: []string{"m"},
		uniforms: []slice{in("lo"), in("hi"), in("z").of("int32")}, count: "rows", vectors: []int{2, 1},
		code: `
			scvtf  v.4s, acc.4s
			fmul   v.4s, v.4s, m.4s
			fmax   v.4s, v.4s, lo.4s
			fmin   v.4s, v.4s, hi.4s
			fcvtns v.4s, v.4s
			add    v.4s, v.4s, z.4s` + lowBytes,
	},
	{
		name: "realNEON", doc: "realsGeneric without a bias",
		slices: []slice{out("y"), in("acc").of("int32")}, params: []string{"m"}, count: "rows", vectors: []int{2, 1},
		code: `
			scvtf y.4s, acc.4s
			fmul  y.4s, y.4s, m.4s`,
	},
	{
		name: "realBiasNEON", doc: "realsGeneric",
		slices: []slice{out("y"), in("acc").of("int32")}, params: []string{"m", "bias"}, count: "rows",
		vectors: []int{2, 1},
		code: `
			scvtf y.4s, acc.4s
			fmul  y.4s, y.4s, m.4s
			fadd  y.4s, y.4s, bias.4s`,
	},
	{
		name: "sumU8NEON", doc: "sumPixelsGeneric",
		sums: []slice{out("acc").of("int32")}, slices: []slice{in("x").ofBytes()}, count: "pixels",
		vectors: []int{4, 1},
		code: `
			uxtl  x.8h, x.8b
			uaddw acc.4s, acc.4s, x.4h`,
	},
}

// pixelBlocks emits block for four pixels as often as they fit, then for one.
// row are the addresses of a block's pixels, step apart; the first moves on.
func pixelBlocks(f *function, prefix, m, step string, row []string, block func(label string, row []string)) {
	for _, pixels := range []int{4, 1} {
		label := fmt.Sprint(prefix, "pixels", pixels)
		f.label(label)
		f.p("CMP $%d, %s", pixels, m)
		f.p("BLT %sDone", label)
		for i := 1; i < pixels; i++ {
			f.p("ADD %s, %s, %s", step, row[i-1], row[i])
		}
		block(label, row[:pixels])
		f.p("ADD %s, %s, %s", step, row[pixels-1], row[0])
		f.p("SUB $%d, %s", pixels, m)
		f.p("B %s", label)
		f.label(label + "Done")
	}
}

// intDepth is a row of a depthwise convolution of bytes, eight channels at a
// time, taps in pairs of words:
//
//	acc[p·c+j] = bias[j] + Σ x[off[t] + p·step + j] · w[t/2, j, t%2]
//
//	V0–V7    the sums of up to four pixels
//	V16–V17  the weights of two taps
//	V18–V25  the pixels' bytes
func intDepth() *function {
	f := newFunction("intDepthNEON", "a row of a depthwise convolution of bytes", "acc *int32, bias *int32, x *uint8, "+
		"step int, off *int, pairs int, w *int16, m int, c int")
	step, c, bias := f.arg("step"), f.arg("c"), f.arg("bias")
	j, m, acc, off, pairs, w, pixel, tap := f.reg(), f.reg(), f.reg(), f.reg(), f.reg(), f.reg(), f.reg(), f.reg()
	row := []string{f.reg(), f.reg(), f.reg(), f.reg()}
	f.p("LSL $2, %s, %s", c, pixel)
	f.p("MOVD ZR, %s", j)
	f.label("panel")
	f.load("m", m)
	f.load("x", row[0])
	f.p("ADD %s, %s", j, row[0])
	f.load("acc", acc)
	f.p("ADD %s<<2, %s, %s", j, acc, acc)
	pixelBlocks(f, "", m, step, row, func(label string, row []string) {
		for i := range row {
			f.p("FLDPQ (%s), (F%d, F%d)", bias, 2*i, 2*i+1)
		}
		f.load("off", off)
		f.load("pairs", pairs)
		f.load("w", w)
		f.p("ADD %s<<2, %s, %s", j, w, w)
		f.label(label + "Taps")
		f.p("VLD2 (%s), [V16.H8, V17.H8]", w)
		f.p("ADD %s, %s", pixel, w)
		for t := range 2 {
			f.p("MOVD.P 8(%s), %s", off, tap)
			for i, r := range row {
				f.p("FMOVD (%s)(%s), F%d", r, tap, 18+2*i+t)
			}
			for i := range row {
				f.p("uxtl v%[1]d.8h, v%[1]d.8b", 18+2*i+t)
			}
			for i := range row {
				f.p("smlal v%d.4s, v%d.4h, v%d.4h", 2*i, 18+2*i+t, 16+t)
				f.p("smlal2 v%d.4s, v%d.8h, v%d.8h", 2*i+1, 18+2*i+t, 16+t)
			}
		}
		f.p("SUBS $1, %s", pairs)
		f.p("BNE %sTaps", label)
		for i := range row {
			f.p("FSTPQ (F%d, F%d), (%s)", 2*i, 2*i+1, acc)
			f.p("ADD %s, %s", pixel, acc)
		}
	})
	f.p("ADD $32, %s", bias)
	f.p("ADD $8, %s", j)
	f.p("CMP %s, %s", c, j)
	f.p("BLT panel")
	return f
}
