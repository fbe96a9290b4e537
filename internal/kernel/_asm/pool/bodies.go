package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Predicates of VCMPPS, quiet.
const (
	lessEqualOQ    = U8(0x12) // false for NaN
	notLessEqualUQ = U8(0x16) // true for NaN
	greaterOQ      = U8(0x1E) // false for NaN
)

var kernels = []kernel{
	{
		name: "maxPool2", doc: "one row of maxPoolRowGeneric for windows of 2×2, stride 2, inside the image",
		streams: []stream{output("y"), index("arg"), image("x0"), image("x1")},
		body:    func(v *vector) { v.forward(false) },
	},
	{
		name: "maxPool2Grad", doc: "one row of maxPoolGradImageGeneric for windows of 2×2, stride 2, inside the image",
		streams: []stream{image("dx0"), image("dx1"), output("dy"), index("arg")},
		body: func(v *vector) {
			dy, index := v.regs[0], v.regs[1]
			v.loadFrom(v.mem("dy", false), dy)
			v.loadIndex(index)
			for k, at := range v.window("dx0", "dx1") {
				v.where(k, index, dy, v.regs[2])
				// 0 + dy turns −0 into +0, as the sum in Go does.
				VADDPS(v.index(0), v.regs[2], v.regs[2])
				v.store(v.regs[2], at)
			}
		},
	},
	{
		name: "normPool2", doc: "one row of normPoolRowGeneric for windows of 2×2, stride 2, inside the image",
		streams: []stream{output("y"), output("top"), index("arg"), image("x0"), image("x1")},
		params:  []string{"mean", "scale", "shift"},
		body:    func(v *vector) { v.forward(true) },
	},
	{
		name: "normPool2Grad",
		doc:  "one row of normPoolGradImageGeneric for windows of 2×2, stride 2, inside the image",
		streams: []stream{image("dx0"), image("dx1"), output("dy"), output("y"), index("arg"), image("x0"),
			image("x1")},
		params: []string{"mean", "scale", "k0", "k1"},
		body: func(v *vector) {
			d, t := v.regs[0], v.regs[2]
			v.loadFrom(v.mem("y", false), t)
			if v.avx512 {
				VCMPPS(greaterOQ, v.index(0), t, K1)
				VMOVUPS_Z(v.mem("dy", false), K1, d)
			} else {
				VCMPPS(greaterOQ, v.index(0), t, t)
				VANDPS(v.mem("dy", false), t, d)
			}
			v.normGrad(d, v.param(1), v.param(2), v.param(3))
		},
	},
	{
		name: "quantPool2", doc: "one row of quantPoolRowGeneric for windows of 2×2, stride 2, inside the image",
		streams: []stream{output("y"), output("top"), index("q"), index("arg"), image("x0"), image("x1")},
		params:  []string{"mean", "scale", "shift"}, uniforms: []string{"s", "inverse", "most"},
		body: func(v *vector) { v.quantForward() },
	},
	{
		name: "quantPool2Grad",
		doc:  "one row of quantPoolGradImageGeneric for windows of 2×2, stride 2, inside the image",
		streams: []stream{image("dx0"), image("dx1"), output("dy"), output("top"), index("arg"), image("x0"),
			image("x1")},
		params: []string{"mean", "scale", "shift", "k0", "k1"}, uniforms: []string{"limit"},
		body: func(v *vector) {
			d, t := v.regs[0], v.regs[2]
			v.loadFrom(v.mem("top", false), t)
			v.affine(t, t)
			if v.avx512 {
				VCMPPS(greaterOQ, v.index(0), t, K1)
				VCMPPS(lessEqualOQ, v.uniform(0), t, K1, K2)
				VMOVUPS_Z(v.mem("dy", false), K2, d)
			} else {
				VCMPPS(greaterOQ, v.index(0), t, d)
				VCMPPS(lessEqualOQ, v.uniform(0), t, t)
				VANDPS(d, t, t)
				VANDPS(v.mem("dy", false), t, d)
			}
			v.normGrad(d, v.param(1), v.param(3), v.param(4))
		},
	},
}

// window is the places of a window's four pixels, in the order of arg.
func (v *vector) window(row0, row1 string) [4]Mem {
	return [4]Mem{v.mem(row0, false), v.mem(row0, true), v.mem(row1, false), v.mem(row1, true)}
}

// forward takes the first maximum of a window, with norm of its normalised and
// rectified values; top is then the input at the maximum.
func (v *vector) forward(norm bool) {
	best, index, top, value, x, mask := v.regs[0], v.regs[1], v.regs[2], v.regs[3], v.regs[4], v.regs[5]
	for k, at := range v.window("x0", "x1") {
		v.loadFrom(at, x)
		to := value
		if k == 0 {
			to = best
		}
		if norm {
			v.normalise(x, to, mask)
		} else {
			VMOVAPS(x, to)
		}
		if k == 0 {
			VMOVAPS(x, top)
			VMOVAPS(v.index(0), index)
			continue
		}
		v.choose(k, value, best, index, mask)
		if norm {
			v.take(x, top, mask)
		}
	}
	v.store(best, v.mem("y", false))
	if norm {
		v.store(top, v.mem("top", false))
	}
	v.storeIndex(index, "arg")
}

// quantForward takes the first maximum of a window's integers, and the value of
// x there.
func (v *vector) quantForward() {
	best, arg, top, value, x, mask := v.regs[0], v.regs[1], v.regs[2], v.regs[3], v.regs[4], v.regs[5]
	for k, at := range v.window("x0", "x1") {
		v.loadFrom(at, x)
		if k == 0 {
			v.steps(x, best, mask)
			VMOVAPS(x, top)
			VMOVAPS(v.index(0), arg)
			continue
		}
		v.steps(x, value, mask)
		v.choose(k, value, best, arg, mask)
		v.take(x, top, mask)
	}
	v.store(top, v.mem("top", false))
	v.storeIndex(arg, "arg")
	VMULPS(v.uniform(0), best, value)
	v.store(value, v.mem("y", false))
	VCVTPS2DQ(best, best)
	v.storeIndex(best, "q")
}

// steps is to = rne(min(max(0, (x − mean)·scale + shift), most)/s). VMAXPS returns its
// second source, 0, where the value is NaN or −0.
func (v *vector) steps(x, to, value VecPhysical) {
	s, inverse, most := v.uniform(0), v.uniform(1), v.uniform(2)
	v.affine(x, value)
	VMAXPS(v.index(0), value, value)
	VMINPS(most, value, value)
	VMULPS(inverse, value, to)
	VFNMADD231PS(s, to, value) // what is left
	VFMADD231PS(inverse, value, to)
	if v.avx512 {
		VRNDSCALEPS(U8(0), to, to)
		return
	}
	VROUNDPS(U8(0), to, to)
}

// affine is to = (x − mean)·scale + shift.
func (v *vector) affine(x, to VecPhysical) {
	VSUBPS(v.param(0), x, to)
	VMULPS(v.param(1), to, to)
	VADDPS(v.param(2), to, to)
}

// normalise is to = max(0, (x − mean)·scale + shift); a NaN passes.
func (v *vector) normalise(x, to, mask VecPhysical) {
	v.affine(x, to)
	if v.avx512 {
		VCMPPS(notLessEqualUQ, v.index(0), to, K1)
		VMOVAPS_Z(to, K1, to)
		return
	}
	VCMPPS(notLessEqualUQ, v.index(0), to, mask)
	VANDPS(mask, to, to)
}

// choose replaces best by value, and index by k, where value is greater. The
// mask stays in K1 or in mask.
func (v *vector) choose(k int, value, best, index, mask VecPhysical) {
	if v.avx512 {
		VCMPPS(greaterOQ, best, value, K1)
	} else {
		VCMPPS(greaterOQ, best, value, mask)
	}
	v.take(value, best, mask)
	v.take(v.index(k), index, mask)
}

// take is to = from where the last comparison holds.
func (v *vector) take(from, to, mask VecPhysical) {
	if v.avx512 {
		VMOVAPS(from, K1, to)
		return
	}
	VBLENDVPS(mask, from, to, to)
}

// where is to = d where index is k, and 0 elsewhere.
func (v *vector) where(k int, index, d, to VecPhysical) {
	if v.avx512 {
		VPCMPEQD(v.index(k), index, K1)
		VMOVAPS_Z(d, K1, to)
		return
	}
	VPCMPEQD(v.index(k), index, to)
	VANDPS(d, to, to)
}

// normGrad: at the maximum d, elsewhere d = 0;
// dx = scale·((d − k0) − (x − mean)·k1).
func (v *vector) normGrad(d, scale, k0, k1 VecPhysical) {
	index, t, x := v.regs[1], v.regs[2], v.regs[3]
	v.loadIndex(index)
	dx, image := v.window("dx0", "dx1"), v.window("x0", "x1")
	for k := range dx {
		v.loadFrom(image[k], x)
		VSUBPS(v.param(0), x, x)
		VMULPS(k1, x, x)
		v.where(k, index, d, t)
		VADDPS(v.index(0), t, t) // −0 to +0, as the sum in Go
		VSUBPS(k0, t, t)
		VSUBPS(x, t, t)
		VMULPS(scale, t, t)
		v.store(t, dx[k])
	}
}
