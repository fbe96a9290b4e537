package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Predicates of VCMPPS. The quiet ones, O false and U true for NaN.
const (
	ordered        = U8(0x07)
	lessOQ         = U8(0x11)
	lessEqualOQ    = U8(0x12)
	notLessEqualUQ = U8(0x16)
	greaterEqualOQ = U8(0x1D)
	greaterOQ      = U8(0x1E)
)

var kernels = []kernel{
	{
		name: "minMax", doc: "minMaxGeneric of finite values; it leaves lanes of least, greatest and sum of x·0 in k",
		streams: floats("x"), unroll: 4, temps: 1,
		begin: beginRange,
		body: func(v *vector) {
			v.load("x", v.temp(0))
			v.observe(v.temp(0))
		},
		end: endRange,
	},
	{
		name: "minMaxFinite", doc: "minMaxGeneric; it leaves lanes of least, greatest and count of finite values in k",
		streams: floats("x"), unroll: 1, temps: 3,
		begin: beginFinite,
		body: func(v *vector) {
			v.load("x", v.temp(0))
			v.observeFinite(v.temp(0), v.temp(1), v.temp(2))
		},
		end: endFinite,
	},
	{
		name: "fakeQuant", doc: "fakeQuantGeneric",
		streams: floats("y", "x"), unroll: 4, temps: 2,
		begin: func(v *vector) { v.constants(4); v.zero(v.keep(4)) },
		body: func(v *vector) {
			x := v.temp(0)
			v.load("x", x)
			v.divide(x, v.temp(1))
			v.round(v.temp(1), x)
			VADDPS(v.keep(4), x, x) // −0 to +0
			VMULPS(v.keep(0), x, x)
			v.store(x, "y")
		},
	},
	{
		name: "fakeQuantGrad", doc: "fakeQuantGradGeneric; k is the limits",
		streams: floats("dx", "dy", "x"), unroll: 4, temps: 2,
		begin: func(v *vector) { v.constants(2) },
		body: func(v *vector) {
			v.load("x", v.temp(0))
			v.pass("dy", "dx", v.temp(0), bound{greaterEqualOQ, v.keep(0)}, bound{lessEqualOQ, v.keep(1)})
		},
	},
	{
		name: "quantize", doc: "quantizeGeneric, for both signs: a byte keeps the low bits",
		streams: []stream{{"q", 1}, {"x", 4}}, unroll: 4, temps: 2,
		begin: func(v *vector) { v.constants(5); v.bytesOrder() },
		body: func(v *vector) {
			x := v.temp(0)
			v.load("x", x)
			v.divide(x, v.temp(1))
			VCVTPS2DQ(v.temp(1), x)
			VPADDD(v.keep(4), x, x)
			v.storeBytes(x, "q")
		},
	},
	dequantize("dequantizeU8", VPMOVZXBD, VPMOVZXBD_Z),
	dequantize("dequantizeI8", VPMOVSXBD, VPMOVSXBD_Z),
	{
		name: "relu", doc: "reluGeneric; k is the ceiling",
		streams: floats("y", "x"), unroll: 4, temps: 2,
		begin: func(v *vector) { v.constants(1); v.zero(v.keep(1)) },
		body: func(v *vector) {
			v.load("x", v.temp(0))
			v.clip(v.temp(0))
			v.store(v.temp(0), "y")
		},
	},
	{
		name: "addReLU", doc: "addReLUGeneric; k is the ceiling",
		streams: floats("y", "a", "b"), unroll: 4, temps: 2,
		begin: func(v *vector) { v.constants(1); v.zero(v.keep(1)) },
		body: func(v *vector) {
			v.add("a", "b")
			v.clip(v.temp(0))
			v.store(v.temp(0), "y")
		},
	},
	{
		name: "add", doc: "addGeneric",
		streams: floats("y", "a", "b"), unroll: 4, temps: 2,
		begin: func(v *vector) {},
		body: func(v *vector) {
			v.add("a", "b")
			v.store(v.temp(0), "y")
		},
	},
	{
		name: "reluGrad", doc: "reluGradGeneric; k is the ceiling",
		streams: floats("dx", "dy", "x"), unroll: 4, temps: 2,
		begin: func(v *vector) { v.constants(1); v.zero(v.keep(1)) },
		body: func(v *vector) {
			v.load("x", v.temp(0))
			v.pass("dy", "dx", v.temp(0), bound{greaterOQ, v.keep(1)}, bound{lessOQ, v.keep(0)})
		},
	},
	{
		name: "adam", doc: "adamGeneric",
		streams: floats("w", "m", "v", "grad"), unroll: 2, temps: 5,
		begin: func(v *vector) { v.constants(8) },
		body:  adam,
	},
	{
		name: "sgd", doc: "sgdGeneric without nesterov",
		streams: floats("w", "m", "grad"), unroll: 4, temps: 4,
		begin: func(v *vector) { v.constants(3) },
		body:  func(v *vector) { v.sgd(false) },
	},
	{
		name: "nesterov", doc: "sgdGeneric with nesterov",
		streams: floats("w", "m", "grad"), unroll: 4, temps: 4,
		begin: func(v *vector) { v.constants(3) },
		body:  func(v *vector) { v.sgd(true) },
	},
}

// add leaves the sum of two streams in the first temporary.
func (v *vector) add(a, b string) {
	v.load(a, v.temp(0))
	v.load(b, v.temp(1))
	VADDPS(v.temp(1), v.temp(0), v.temp(0))
}

// clip is min(max(x, 0), k) with k and 0 in keep(0) and keep(1).
func (v *vector) clip(x VecPhysical) {
	// The second source wins where one is NaN: NaN stays.
	VMINPS(x, v.keep(0), x)
	if v.avx512 {
		VCMPPS(notLessEqualUQ, v.keep(1), x, K7, K1)
		VMOVAPS_Z(x, K1, x)
		return
	}
	VCMPPS(notLessEqualUQ, v.keep(1), x, v.temp(1))
	VANDPS(v.temp(1), x, x)
}

// dequantize is x = s·(q − z), with s and z in k.
func dequantize(name string, widen func(...Op), masked func(mx, k, xyz Op)) kernel {
	return kernel{
		name: name, doc: "dequantizeGeneric",
		streams: []stream{{"x", 4}, {"q", 1}}, unroll: 4, temps: 1,
		begin: func(v *vector) { v.constants(2) },
		body: func(v *vector) {
			x := v.temp(0)
			if v.partial {
				masked(v.mem("q"), K7, x)
			} else {
				widen(v.mem("q"), x)
			}
			VPSUBD(v.keep(1), x, x)
			VCVTDQ2PS(x, x)
			VMULPS(v.keep(0), x, x)
			v.store(x, "x")
		},
	}
}

// divide is quotient = min(max(x, lo), hi)/s, with the fields of division in keep(0) to
// keep(3); it leaves something else in x. VMAXPS returns its second source, lo, where x
// is NaN.
func (v *vector) divide(x, quotient VecPhysical) {
	s, inverse, lo, hi := v.keep(0), v.keep(1), v.keep(2), v.keep(3)
	VMAXPS(lo, x, x)
	VMINPS(hi, x, x)
	VMULPS(inverse, x, quotient)
	VFNMADD231PS(s, quotient, x) // what is left
	VFMADD231PS(inverse, x, quotient)
}

// bound is a comparison that a value has to pass.
type bound struct {
	predicate U8
	with      VecPhysical
}

// pass stores what it reads from one stream in another where x passes both
// bounds, and 0 elsewhere.
func (v *vector) pass(from, to string, x VecPhysical, lo, hi bound) {
	if v.avx512 {
		VCMPPS(lo.predicate, lo.with, x, K7, K1)
		VCMPPS(hi.predicate, hi.with, x, K1, K2)
		VMOVUPS_Z(v.mem(from), K2, x)
		v.store(x, to)
		return
	}
	VCMPPS(lo.predicate, lo.with, x, v.temp(1))
	VCMPPS(hi.predicate, hi.with, x, x)
	VANDPS(v.temp(1), x, x)
	VANDPS(v.mem(from), x, x)
	v.store(x, to)
}

// A range is three sums: least, greatest, and x·0 or a count. The unrolled
// steps have their own, so that they need not wait for each other.
func (v *vector) rangeSum(i int) VecPhysical { return v.keep(4 + 3*v.step + i) }

func (v *vector) loadRange() {
	k := GP64()
	Load(Param("k"), k)
	for i := range 3 {
		VMOVUPS(Mem{Base: k}.Offset(64*i), v.rangeSum(i))
	}
}

func (v *vector) storeRange() {
	k := GP64()
	Load(Param("k"), k)
	for i := range 3 {
		VMOVUPS(v.rangeSum(i), Mem{Base: k}.Offset(64*i))
	}
}

func beginRange(v *vector) {
	for v.step = range v.unroll() {
		v.loadRange()
	}
	v.step = 0
	v.zero(v.keep(3))
}

// endRange merges the steps into the first, and leaves it in k.
func endRange(v *vector) {
	first := []VecPhysical{v.rangeSum(0), v.rangeSum(1), v.rangeSum(2)}
	for v.step = 1; v.step < v.unroll(); v.step++ {
		VMINPS(v.rangeSum(0), first[0], first[0])
		VMAXPS(v.rangeSum(1), first[1], first[1])
		VADDPS(v.rangeSum(2), first[2], first[2])
	}
	v.step = 0
	v.storeRange()
}

// observe extends the range to x. VMINPS and VMAXPS return their second source,
// the sum, where x is NaN; x·0 is NaN where x is not finite.
func (v *vector) observe(x VecPhysical) {
	least, greatest, times0 := v.rangeSum(0), v.rangeSum(1), v.rangeSum(2)
	if v.avx512 {
		VMINPS(least, x, K7, least)
		VMAXPS(greatest, x, K7, greatest)
	} else {
		VMINPS(least, x, least)
		VMAXPS(greatest, x, greatest)
	}
	VFMADD231PS(x, v.keep(3), times0)
}

func beginFinite(v *vector) {
	v.loadRange()
	if v.avx512 {
		one := GP32()
		MOVL(U32(1), one)
		VPBROADCASTD(one, v.keep(0))
	}
}

func endFinite(v *vector) { v.storeRange() }

// observeFinite extends the range to x if it is finite, that is if x − x is not
// NaN, and counts it.
func (v *vector) observeFinite(x, t, u VecPhysical) {
	least, greatest, finite := v.rangeSum(0), v.rangeSum(1), v.rangeSum(2)
	VSUBPS(x, x, t)
	if v.avx512 {
		VCMPPS(ordered, t, t, K7, K1)
		VMINPS(x, least, K1, least)
		VMAXPS(x, greatest, K1, greatest)
		VPADDD(v.keep(0), finite, K1, finite)
		return
	}
	VCMPPS(ordered, t, t, t)
	VPSUBD(t, finite, finite)
	VBLENDVPS(t, x, least, u)
	VMINPS(u, least, least)
	VBLENDVPS(t, x, greatest, u)
	VMAXPS(u, greatest, greatest)
}

// bytesOrder loads, for AVX2, the order of the bytes.
func (v *vector) bytesOrder() {
	if v.avx512 {
		return
	}
	order := GLOBL("lowBytes", RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(0x0C080400))
	}
	VMOVDQU(order, v.keep(5))
}

// storeBytes stores the low byte of each lane.
func (v *vector) storeBytes(x VecPhysical, name string) {
	if v.avx512 {
		if v.partial {
			VPMOVDB(x, K7, v.mem(name))
			return
		}
		VPMOVDB(x, v.mem(name))
		return
	}
	VPSHUFB(v.keep(5), x, x)
	at := v.mem(name)
	VMOVD(x.AsX(), at)
	VEXTRACTI128(U8(1), x, x.AsX())
	VMOVD(x.AsX(), at.Offset(4))
}

// adam, with the fields of adamStep in keep(0) to keep(7).
func adam(v *vector) {
	w, m, s, d, t := v.temp(0), v.temp(1), v.temp(2), v.temp(3), v.temp(4)
	step, beta1, beta2, eps, decay, rest1, rest2, inv2 :=
		v.keep(0), v.keep(1), v.keep(2), v.keep(3), v.keep(4), v.keep(5), v.keep(6), v.keep(7)
	v.load("w", w)
	v.load("m", m)
	v.load("v", s)
	v.load("grad", d)
	VMULPS(decay, w, t)
	VADDPS(t, d, d)
	VMULPS(beta1, m, m)
	VMULPS(rest1, d, t)
	VADDPS(t, m, m)
	v.store(m, "m")
	VMULPS(beta2, s, s)
	VMULPS(d, d, t)
	VMULPS(rest2, t, t)
	VADDPS(t, s, s)
	v.store(s, "v")
	VMULPS(inv2, s, s)
	VSQRTPS(s, s)
	VADDPS(eps, s, s)
	VMULPS(step, m, m)
	VDIVPS(s, m, m)
	VSUBPS(m, w, w)
	v.store(w, "w")
}

// sgd, with lr, momentum and decay in keep(0) to keep(2).
func (v *vector) sgd(nesterov bool) {
	w, m, d, t := v.temp(0), v.temp(1), v.temp(2), v.temp(3)
	v.load("w", w)
	v.load("m", m)
	v.load("grad", d)
	VMULPS(v.keep(2), w, t)
	VADDPS(t, d, d)
	VMULPS(v.keep(1), m, m)
	VADDPS(d, m, m)
	v.store(m, "m")
	if nesterov {
		VMULPS(v.keep(1), m, m)
		VADDPS(m, d, m)
	}
	VMULPS(v.keep(0), m, m)
	VSUBPS(m, w, w)
	v.store(w, "w")
}
