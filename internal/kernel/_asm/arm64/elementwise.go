package main

import "strings"

// An elementwise kernel walks along slices of n elements, 16 at a time in four
// vectors; n is a positive multiple of 16. A slice of bytes is one vector, which
// before unpacks or after packs. At k are constants or, if any are kept, four
// vectors of each, which are stored when all is done.
//
// If it is wide, it computes in float64, 8 elements at a time; a slice of float32 is
// two vectors then. A line "next c.2d" of the code loads the next of more constants at k.
type elementwise struct {
	name, doc           string
	slices              []slice
	constants, keep     []string
	before, code, after string
	wide                bool
}

func (k elementwise) generate() *function {
	const vectors = 4
	elements, size, real := 16, 4, "float32"
	if k.wide {
		elements, size, real = 8, 8, "float64"
	}
	params := ""
	for _, s := range k.slices {
		params += s.parameter()
	}
	f := newFunction(k.name, k.doc, params+"n int, k *"+real)
	l, at := newLanes(f, vectors), map[string]string{}
	for _, s := range k.slices {
		at[s.name] = f.arg(s.name)
	}
	n, constants := f.arg("n"), f.arg("k")
	for _, name := range k.constants {
		f.broadcast(constants, l.share(name), size)
	}
	kept := func(visit func(reg, offset int)) {
		for i, name := range k.keep {
			for lane := range vectors {
				visit(l.at(name, lane), 64*i+16*lane)
			}
		}
	}
	kept(func(reg, offset int) { f.p("FMOVQ %d(%s), F%d", offset, constants, reg) })
	f.label("loop")
	for _, s := range k.slices {
		for i := 0; i < s.bytes()*elements/16 && s.in; i++ {
			f.p("FMOVQ %d(%s), F%d", 16*i, at[s.name], l.at(s.name, i))
		}
	}
	l.once(k.before)
	k.body(f, l, constants)
	l.once(k.after)
	for _, s := range k.slices {
		for i := 0; i < s.bytes()*elements/16 && s.out; i++ {
			f.p("FMOVQ F%d, %d(%s)", l.at(s.name, i), 16*i, at[s.name])
		}
		f.p("ADD $%d, %s", s.bytes()*elements, at[s.name])
	}
	f.p("SUBS $%d, %s", elements, n)
	f.p("BNE loop")
	kept(func(reg, offset int) { f.p("FMOVQ F%d, %d(%s)", reg, offset, constants) })
	return f
}

// body adds the code, with the constants that it loads on the way.
func (k elementwise) body(f *function, l *lanes, constants string) {
	parts := strings.Split(k.code, "next c.2d")
	if l.each(parts[0]); len(parts) == 1 {
		return
	}
	next, c := f.reg(), l.share("c")
	f.p("MOVD %s, %s", constants, next)
	for _, code := range parts[1:] {
		f.broadcast(next, c, 8)
		l.each(code)
	}
}

// steps is v = clip(x/s); NaN goes to lo.
const steps = `
	fdiv   v.4s, x.4s, s.4s
	fmaxnm v.4s, v.4s, lo.4s
	fminnm v.4s, v.4s, hi.4s
`

var elementwiseKernels = []elementwise{
	{
		name: "minMaxNEON", doc: "minMaxGeneric; it leaves lanes of least, greatest and count of finite values in k",
		slices: []slice{in("x")}, keep: []string{"lo", "hi", "count"},
		// t is 0 or NaN, and then so is x + t.
		code: `
			fsub   t.4s, x.4s, x.4s
			fadd   x.4s, x.4s, t.4s
			fcmeq  t.4s, t.4s, t.4s
			sub    count.4s, count.4s, t.4s
			fminnm lo.4s, lo.4s, x.4s
			fmaxnm hi.4s, hi.4s, x.4s`,
	},
	{
		name: "fakeQuantNEON", doc: "fakeQuantGeneric",
		slices: []slice{out("v"), in("x")}, constants: []string{"s", "lo", "hi"},
		before: "eor zero.16b, zero.16b, zero.16b",
		code: steps + `
			frintn v.4s, v.4s
			fadd   v.4s, v.4s, zero.4s
			fmul   v.4s, v.4s, s.4s`,
	},
	{
		name: "fakeQuantGradNEON", doc: "fakeQuantGradGeneric; k is the limits",
		slices: []slice{out("v"), in("dy"), in("x")}, constants: []string{"least", "most"},
		code: `
			fcmge v.4s, most.4s, x.4s
			fcmge x.4s, x.4s, least.4s
			and   v.16b, v.16b, x.16b
			and   v.16b, v.16b, dy.16b`,
	},
	{
		name: "quantizeNEON", doc: "quantizeGeneric, for both signs: a byte keeps the low bits",
		slices: []slice{out("q").ofBytes(), in("x")}, constants: []string{"s", "lo", "hi", "z"},
		code: steps + `
			fcvtns v.4s, v.4s
			add    v.4s, v.4s, z.4s`,
		after: packBytes,
	},
	dequantize("dequantizeU8NEON", "uxtl"),
	dequantize("dequantizeI8NEON", "sxtl"),
	{
		name: "reluNEON", doc: "reluGeneric; k is the ceiling",
		slices: []slice{out("y"), in("x")}, constants: []string{"ceiling"},
		before: "eor zero.16b, zero.16b, zero.16b",
		code: `
			fmax y.4s, x.4s, zero.4s
			fmin y.4s, y.4s, ceiling.4s`,
	},
	{
		name: "addReLUNEON", doc: "addReLUGeneric; k is the ceiling",
		slices: []slice{out("y"), in("a"), in("b")}, constants: []string{"ceiling"},
		before: "eor zero.16b, zero.16b, zero.16b",
		code: `
			fadd y.4s, a.4s, b.4s
			fmax y.4s, y.4s, zero.4s
			fmin y.4s, y.4s, ceiling.4s`,
	},
	{
		name: "addNEON", doc: "addGeneric",
		slices: []slice{out("y"), in("a"), in("b")},
		code:   "fadd y.4s, a.4s, b.4s",
	},
	{
		name: "reluGradNEON", doc: "reluGradGeneric; k is the ceiling",
		slices: []slice{out("dx"), in("dy"), in("x")}, constants: []string{"ceiling"},
		before: "eor zero.16b, zero.16b, zero.16b",
		code: `
			fcmgt dx.4s, x.4s, zero.4s
			fcmgt x.4s, ceiling.4s, x.4s
			and   dx.16b, dx.16b, x.16b
			and   dx.16b, dx.16b, dy.16b`,
	},
	{
		name: "adamNEON", doc: "adamGeneric",
		slices:    []slice{update("w"), update("m"), update("v"), in("grad")},
		constants: []string{"step", "beta1", "beta2", "eps", "decay", "rest1", "rest2", "inv2"},
		code: decayed + `
			fmul  m.4s, m.4s, beta1.4s
			fmul  t.4s, grad.4s, rest1.4s
			fadd  m.4s, m.4s, t.4s
			fmul  v.4s, v.4s, beta2.4s
			fmul  grad.4s, grad.4s, grad.4s
			fmul  t.4s, grad.4s, rest2.4s
			fadd  v.4s, v.4s, t.4s
			fmul  t.4s, v.4s, inv2.4s
			fsqrt t.4s, t.4s
			fadd  t.4s, t.4s, eps.4s
			fmul  grad.4s, m.4s, step.4s
			fdiv  grad.4s, grad.4s, t.4s
			fsub  w.4s, w.4s, grad.4s`,
	},
	{
		name: "sgdNEON", doc: "sgdGeneric without nesterov",
		slices: []slice{update("w"), update("m"), in("grad")}, constants: []string{"lr", "momentum", "decay"},
		code: decayed + velocity + `
			fmul t.4s, m.4s, lr.4s
			fsub w.4s, w.4s, t.4s`,
	},
	{
		name: "nesterovNEON", doc: "sgdGeneric with nesterov",
		slices: []slice{update("w"), update("m"), in("grad")}, constants: []string{"lr", "momentum", "decay"},
		code: decayed + velocity + `
			fmul t.4s, m.4s, momentum.4s
			fadd t.4s, t.4s, grad.4s
			fmul t.4s, t.4s, lr.4s
			fsub w.4s, w.4s, t.4s`,
	},
	{
		name: "addU8NEON", doc: "addBytesGeneric",
		slices:    []slice{out("y").ofBytes(), in("a").ofBytes(), in("b").ofBytes()},
		constants: []string{"scaleA", "scaleB", "fixed", "lo", "hi"},
		before:    unpackBytes("uxtl", "a", "x") + unpackBytes("uxtl", "b", "v"),
		code: `
			ucvtf  x.4s, x.4s
			ucvtf  v.4s, v.4s
			mov    t.16b, fixed.16b
			fmla   t.4s, v.4s, scaleB.4s
			fmla   t.4s, x.4s, scaleA.4s
			fmax   t.4s, t.4s, lo.4s
			fmin   t.4s, t.4s, hi.4s
			fcvtns v.4s, t.4s`,
		after: strings.ReplaceAll(packBytes, "q@", "y@"),
	},
}

// decayed is g' = g + weightDecay·w.
const decayed = `
	fmul t.4s, w.4s, decay.4s
	fadd grad.4s, grad.4s, t.4s
`

// velocity is m ← momentum·m + g'.
const velocity = `
	fmul m.4s, m.4s, momentum.4s
	fadd m.4s, m.4s, grad.4s
`

func dequantize(name, widen string) elementwise {
	return elementwise{
		name: name, doc: "dequantizeGeneric",
		slices: []slice{out("x"), in("q").ofBytes()}, constants: []string{"s", "z"},
		before: unpackBytes(widen, "q", "x"),
		code: `
			sub   x.4s, x.4s, z.4s
			scvtf x.4s, x.4s
			fmul  x.4s, x.4s, s.4s`,
	}
}

// packBytes is q, the low bytes of v's lanes.
const packBytes = `
	uzp1 low.8h, v@0.8h, v@1.8h
	uzp1 high.8h, v@2.8h, v@3.8h
	uzp1 q@0.16b, low.16b, high.16b
`

// unpackBytes is the lanes of to, from's bytes.
func unpackBytes(widen, from, to string) string {
	return strings.NewReplacer("xtl", widen, "from", from, "to", to).Replace(`
		xtl  low.8h, from@0.8b
		xtl2 high.8h, from@0.16b
		xtl  to@0.4s, low.4h
		xtl2 to@1.4s, low.8h
		xtl  to@2.4s, high.4h
		xtl2 to@3.4s, high.8h
	`)
}
