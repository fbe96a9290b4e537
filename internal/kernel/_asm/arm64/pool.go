package main

import (
	"fmt"
	"strings"
)

// The kernels of 2×2 max pooling with stride 2 do one row of outputs from, or
// to, two rows of an image. A window's pixels are those of registers x0a x0b x1a
// x1b, in the order of arg.
var window = [4]string{"0a", "0b", "1a", "1b"}

// first is best and arg, the first maximum of the window's values and its
// number, and top, x there. value is code that makes v of x.
func first(value string) string {
	code := ""
	for i, pixel := range window {
		x := "x" + pixel
		code += strings.ReplaceAll(value, "x.", x+".")
		if i == 0 {
			code += fmt.Sprintf(`
				mov best.16b, v.16b
				mov top.16b, %s.16b
				mov index.16b, k0.16b
			`, x)
			continue
		}
		code += fmt.Sprintf(`
			fcmgt m.4s, v.4s, best.4s
			bit   best.16b, v.16b, m.16b
			bit   top.16b, %s.16b, m.16b
			bit   index.16b, k%d.16b, m.16b
		`, x, i)
	}
	return code
}

// narrow is to, the low bytes of from.
func narrow(to, from string) string {
	return fmt.Sprintf(`
		uzp1 %[1]s.8h, %[2]s.8h, %[2]s.8h
		uzp1 %[1]s.16b, %[1]s.16b, %[1]s.16b
	`, to, from)
}

// scatter runs code with d, dy where arg is the pixel's number and 0 elsewhere,
// for each pixel. Adding zero turns −0 into +0, as the sum in Go does.
func scatter(code string) string {
	all := `
		uxtl index.8h, arg.8b
		uxtl index.4s, index.4h
	`
	for i, pixel := range window {
		all += fmt.Sprintf(`
			cmeq d.4s, index.4s, k%d.4s
			and  d.16b, d.16b, dy.16b
			fadd d.4s, d.4s, k0.4s
		`, i)
		all += strings.NewReplacer("dx.", "dx"+pixel+".", "x.", "x"+pixel+".").Replace(code)
	}
	return all
}

// quantized is v = rne(min(max(0, v)/s, most)); NaN becomes 0.
const quantized = affine + `
	fdiv   v.4s, v.4s, s.4s
	fmaxnm v.4s, v.4s, k0.4s
	fminnm v.4s, v.4s, most.4s
	frintn v.4s, v.4s
`

var poolKernels = outputs([]panels{
	{
		name: "maxPool2NEON", doc: "one row of maxPoolRowGeneric for windows of 2×2, stride 2, inside the image",
		slices: []slice{out("best"), out("arg").ofBytes(), in("x0").pairs(), in("x1").pairs()},
		code:   first("mov v.16b, x.16b\n") + narrow("arg", "index"),
	},
	{
		name:   "maxPool2GradNEON",
		doc:    "one row of maxPoolGradImageGeneric for windows of 2×2, stride 2, inside the image",
		slices: []slice{out("dx0").pairs(), out("dx1").pairs(), in("dy"), in("arg").ofBytes()},
		code:   scatter("mov dx.16b, d.16b\n"),
	},
	{
		name: "normPool2NEON", doc: "one row of normPoolRowGeneric for windows of 2×2, stride 2, inside the image",
		slices: []slice{out("best"), out("top"), out("arg").ofBytes(), in("x0").pairs(), in("x1").pairs()},
		params: []string{"mean", "scale", "shift"},
		code:   first(affine+"fmax v.4s, v.4s, k0.4s\n") + narrow("arg", "index"),
	},
	{
		name: "normPool2GradNEON",
		doc:  "one row of normPoolGradImageGeneric for windows of 2×2, stride 2, inside the image",
		slices: []slice{out("dx0").pairs(), out("dx1").pairs(), in("dy"), in("y"), in("arg").ofBytes(),
			in("x0").pairs(), in("x1").pairs()},
		params: []string{"mean", "scale", "offset", "slope"},
		code:   strings.ReplaceAll(masked, "zero", "k0") + "mov dy.16b, d.16b\n" + scatter(normGradient),
	},
	{
		name: "quantPool2NEON", doc: "one row of quantPoolRowGeneric for windows of 2×2, stride 2, inside the image",
		slices: []slice{out("y"), out("top"), out("q").ofBytes(), out("arg").ofBytes(), in("x0").pairs(),
			in("x1").pairs()},
		params: []string{"mean", "scale", "shift"}, uniforms: []slice{in("s"), in("most")},
		code: first(quantized) + narrow("arg", "index") + `
			fmul   y.4s, best.4s, s.4s
			fcvtns best.4s, best.4s
		` + narrow("q", "best"),
	},
	{
		name: "quantPool2GradNEON",
		doc:  "one row of quantPoolGradImageGeneric for windows of 2×2, stride 2, inside the image",
		slices: []slice{out("dx0").pairs(), out("dx1").pairs(), in("dy"), in("x"), in("arg").ofBytes(),
			in("x0").pairs(), in("x1").pairs()},
		params: []string{"mean", "scale", "shift", "offset", "slope"}, uniforms: []slice{in("limit")},
		code: strings.ReplaceAll(passed, "zero", "k0") + "mov dy.16b, d.16b\n" + scatter(normGradient),
	},
})

// outputs completes kernels: their loops count outputs, one vector wide.
func outputs(all []panels) []panels {
	for i := range all {
		all[i].count, all[i].vectors, all[i].numbered = "ow", []int{1}, true
	}
	return all
}

// maxBytes is the maximum over windows of bytes, 16 channels at a time:
//
//	y[i·c+j] = max over t of x[off[t] + i·step + j]
//
// for i < m and j < c, a multiple of 16.
func maxBytes() *function {
	f := newFunction("maxU8NEON", "the maximum over windows of bytes", "y *uint8, x *uint8, step int, off *int, "+
		"taps int, m int, c int")
	step, c := f.arg("step"), f.arg("c")
	j, m, x, y, off, taps, at := f.reg(), f.reg(), f.reg(), f.reg(), f.reg(), f.reg(), f.reg()
	f.p("MOVD ZR, %s", j)
	f.label("panel")
	f.load("m", m)
	f.load("x", x)
	f.load("y", y)
	f.p("ADD %s, %s", j, x)
	f.p("ADD %s, %s", j, y)
	f.label("pixel")
	f.load("off", off)
	f.load("taps", taps)
	f.p("eor v0.16b, v0.16b, v0.16b")
	f.label("tap")
	f.p("MOVD.P 8(%s), %s", off, at)
	f.p("ADD %s, %s", x, at)
	f.p("FMOVQ (%s), F1", at)
	f.p("umax v0.16b, v0.16b, v1.16b")
	f.p("SUBS $1, %s", taps)
	f.p("BNE tap")
	f.p("FMOVQ F0, (%s)", y)
	f.p("ADD %s, %s", step, x)
	f.p("ADD %s, %s", c, y)
	f.p("SUBS $1, %s", m)
	f.p("BNE pixel")
	f.p("ADD $16, %s", j)
	f.p("CMP %s, %s", c, j)
	f.p("BLT panel")
	return f
}
