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
		name: "sumTile", doc: "sumTileGeneric",
		streams: []string{"x"}, sums: added("sum"),
		body: func(v *vector) {
			v.load("x", v.temp(0))
			VADDPS(v.temp(0), v.sum(0), v.sum(0))
		},
	},
	{
		name: "momentTile", doc: "momentTileGeneric",
		streams: []string{"x"}, params: []string{"pivot"}, sums: added("sum", "square"),
		body: func(v *vector) {
			d := v.temp(0)
			v.load("x", d)
			VSUBPS(v.param(0), d, d)
			VADDPS(d, v.sum(0), v.sum(0))
			VFMADD231PS(d, d, v.sum(1))
		},
	},
	{
		name: "momentRangeTile", doc: "momentTile and rangeTileGeneric",
		streams: []string{"x"}, params: []string{"pivot"},
		sums: append(added("sum", "square"), sum{"least", VMINPS, true}, sum{"greatest", VMAXPS, true}),
		body: func(v *vector) {
			d := v.temp(0)
			v.load("x", d)
			// The range, the second source, wins where x is NaN.
			VMINPS(v.sum(2), d, v.sum(2))
			VMAXPS(v.sum(3), d, v.sum(3))
			VSUBPS(v.param(0), d, d)
			VADDPS(d, v.sum(0), v.sum(0))
			VFMADD231PS(d, d, v.sum(1))
		},
	},
	{
		name: "gradTile", doc: "gradTileGeneric without a mask,",
		streams: []string{"dy", "x"}, params: []string{"mean"}, sums: added("sum", "dot"),
		body: func(v *vector) { v.gradSums(false) },
	},
	{
		name: "gradMaskTile", doc: "gradTileGeneric",
		streams: []string{"dy", "y", "x"}, params: []string{"mean"}, sums: added("sum", "dot"),
		body: func(v *vector) { v.gradSums(true) },
	},
	{
		name: "gradQuantTile", doc: "gradQuantTileGeneric",
		streams: []string{"dy", "x"}, params: []string{"mean", "scale", "shift"}, uniforms: []string{"limit"},
		sums: added("sum", "dot"),
		body: func(v *vector) {
			x, d := v.temp(0), v.temp(1)
			v.gradientWithin(x, d, v.temp(2))
			VADDPS(d, v.sum(0), v.sum(0))
			VFMADD231PS(x, d, v.sum(1))
		},
	},
	{
		name: "normGradQuantTile", doc: "normGradQuantTileGeneric",
		streams: []string{"dx", "dy", "x"}, params: []string{"mean", "scale", "shift", "k0", "k1"},
		uniforms: []string{"limit"},
		body: func(v *vector) {
			x, d := v.temp(0), v.temp(1)
			v.gradientWithin(x, d, v.temp(2))
			VMULPS(v.param(4), x, x)
			VSUBPS(v.param(3), d, d)
			VSUBPS(x, d, d)
			VMULPS(v.param(1), d, d)
			v.store(d, "dx")
		},
	},
	{
		name: "affineTile", doc: "affineTileGeneric",
		streams: []string{"y", "x"}, params: []string{"mean", "scale", "shift"},
		body: func(v *vector) { v.affine(false) },
	},
	{
		name: "affineReLUTile", doc: "affineTileGeneric with relu",
		streams: []string{"y", "x"}, params: []string{"mean", "scale", "shift"},
		body: func(v *vector) { v.affine(true) },
	},
	{
		name: "normGradTile", doc: "normGradTileGeneric without a mask",
		streams: []string{"dx", "dy", "x"}, params: []string{"mean", "scale", "k0", "k1"},
		body: func(v *vector) { v.normGrad(false) },
	},
	{
		name: "normGradMaskTile", doc: "normGradTileGeneric",
		streams: []string{"dx", "dy", "y", "x"}, params: []string{"mean", "scale", "k0", "k1"},
		body: func(v *vector) { v.normGrad(true) },
	},
	{
		name: "scaleGradTile", doc: "scaleGradTileGeneric without a mask",
		streams: []string{"dx", "dy"}, params: []string{"scale"},
		body: func(v *vector) { v.scaleGrad(false) },
	},
	{
		name: "scaleGradMaskTile", doc: "scaleGradTileGeneric",
		streams: []string{"dx", "dy", "y"}, params: []string{"scale"},
		body: func(v *vector) { v.scaleGrad(true) },
	},
}

func added(names ...string) (sums []sum) {
	for _, name := range names {
		sums = append(sums, sum{name: name, merge: VADDPS})
	}
	return sums
}

// gradientWithin loads x − mean, and d: dy or 0 where (x − mean)·scale + shift
// is not in (0, limit].
func (v *vector) gradientWithin(x, d, t VecPhysical) {
	v.load("x", x)
	VSUBPS(v.param(0), x, x)
	VMULPS(v.param(1), x, t)
	VADDPS(v.param(2), t, t)
	if v.avx512 {
		VCMPPS(greaterOQ, v.zero(), t, K1)
		VCMPPS(lessEqualOQ, v.uniform(0), t, K1, K2)
		VMOVUPS_Z(v.mem("dy"), K2, d)
		return
	}
	VCMPPS(greaterOQ, v.zero(), t, d)
	VCMPPS(lessEqualOQ, v.uniform(0), t, t)
	VANDPS(d, t, t)
	VANDPS(v.mem("dy"), t, d)
}

// gradient loads d, dy or 0 where the ReLU's output y is not positive.
func (v *vector) gradient(d, t VecPhysical, mask bool) {
	switch {
	case !mask:
		v.load("dy", d)
	case v.avx512:
		v.load("y", t)
		VCMPPS(greaterOQ, v.zero(), t, K1)
		VMOVUPS_Z(v.mem("dy"), K1, d)
	default:
		v.load("y", t)
		VCMPPS(greaterOQ, v.zero(), t, t)
		VANDPS(v.mem("dy"), t, d)
	}
}

// gradSums: sum += d, dot += d·(x − mean).
func (v *vector) gradSums(mask bool) {
	x, d, t := v.temp(0), v.temp(1), v.temp(2)
	v.gradient(d, t, mask)
	v.load("x", x)
	VSUBPS(v.param(0), x, x)
	VADDPS(d, v.sum(0), v.sum(0))
	VFMADD231PS(x, d, v.sum(1))
}

// affine: y = (x − mean)·scale + shift, rectified; a NaN passes.
func (v *vector) affine(relu bool) {
	x := v.temp(0)
	v.load("x", x)
	VSUBPS(v.param(0), x, x)
	VMULPS(v.param(1), x, x)
	VADDPS(v.param(2), x, x)
	if relu {
		v.rectify(x, v.temp(1))
	}
	v.store(x, "y")
}

// rectify is x where x is positive or NaN, +0 elsewhere.
func (v *vector) rectify(x, t VecPhysical) {
	if v.avx512 {
		VCMPPS(notLessEqualUQ, v.zero(), x, K1)
		VMOVAPS_Z(x, K1, x)
		return
	}
	VCMPPS(notLessEqualUQ, v.zero(), x, t)
	VANDPS(t, x, x)
}

// normGrad: dx = scale·((d − k0) − (x − mean)·k1).
func (v *vector) normGrad(mask bool) {
	x, d, t := v.temp(0), v.temp(1), v.temp(2)
	v.gradient(d, t, mask)
	v.load("x", x)
	VSUBPS(v.param(0), x, x)
	VMULPS(v.param(3), x, x)
	VSUBPS(v.param(2), d, d)
	VSUBPS(x, d, d)
	VMULPS(v.param(1), d, d)
	v.store(d, "dx")
}

// scaleGrad: dx = d·scale.
func (v *vector) scaleGrad(mask bool) {
	d := v.temp(0)
	v.gradient(d, v.temp(1), mask)
	VMULPS(v.param(0), d, d)
	v.store(d, "dx")
}
