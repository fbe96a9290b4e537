package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Predicates of VCMPPS, quiet.
const (
	notLessEqualUQ = U8(0x16) // true for NaN
	greaterOQ      = U8(0x1E) // false for NaN
)

var kernels = []kernel{
	{
		name: "maxPool2", doc: "one row of maxPoolRowGeneric for windows of 2×2, stride 2, inside the image",
		streams: []stream{output("y"), arg, image("x0"), image("x1")},
		body:    func(v *vector) { v.forward(false) },
	},
	{
		name: "maxPool2Grad", doc: "one row of maxPoolGradImageGeneric for windows of 2×2, stride 2, inside the image",
		streams: []stream{image("dx0"), image("dx1"), output("dy"), arg},
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
		streams: []stream{output("y"), output("top"), arg, image("x0"), image("x1")},
		params:  []string{"mean", "scale", "shift"},
		body:    func(v *vector) { v.forward(true) },
	},
	{
		name: "normPool2Grad", doc: "one row of normPoolGradImageGeneric for windows of 2×2, stride 2, inside the image",
		streams: []stream{image("dx0"), image("dx1"), output("dy"), output("y"), arg, image("x0"), image("x1")},
		params:  []string{"mean", "scale", "k0", "k1"},
		body:    func(v *vector) { v.normGrad() },
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
	v.storeIndex(index)
}

// normalise is to = max(0, (x − mean)·scale + shift); a NaN passes.
func (v *vector) normalise(x, to, mask VecPhysical) {
	VSUBPS(v.param(0), x, to)
	VMULPS(v.param(1), to, to)
	VADDPS(v.param(2), to, to)
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

// normGrad: at the maximum d = dy if y > 0, elsewhere d = 0;
// dx = scale·((d − k0) − (x − mean)·k1).
func (v *vector) normGrad() {
	d, index, t, x := v.regs[0], v.regs[1], v.regs[2], v.regs[3]
	v.loadFrom(v.mem("y", false), t)
	if v.avx512 {
		VCMPPS(greaterOQ, v.index(0), t, K1)
		VMOVUPS_Z(v.mem("dy", false), K1, d)
	} else {
		VCMPPS(greaterOQ, v.index(0), t, t)
		VANDPS(v.mem("dy", false), t, d)
	}
	v.loadIndex(index)
	dx, image := v.window("dx0", "dx1"), v.window("x0", "x1")
	for k := range dx {
		v.loadFrom(image[k], x)
		VSUBPS(v.param(0), x, x)
		VMULPS(v.param(3), x, x)
		v.where(k, index, d, t)
		VSUBPS(v.param(2), t, t)
		VSUBPS(x, t, t)
		VMULPS(v.param(1), t, t)
		v.store(t, dx[k])
	}
}
