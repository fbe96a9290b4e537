package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// sumBytes generates the sums over pixels:
//
//	for panels of channels j: acc[j] = Σ over p < pixels of x[p·c + j]
//
//	vector 0  the sums
//	vector 1  a pixel
//	K1        in AVX-512, which of the channels exist
func sumBytes() {
	sumKernel("sumU8AVX512", 16, Z0,
		func(left GPVirtual) { firstLanes(atMost(left, 16), K1) },
		func(x Mem) { VPMOVZXBD_Z(x, K1, Z1); VPADDD(Z1, Z0, Z0) },
		func(acc Mem) { VMOVDQU32(Z0, K1, acc) })
	sumKernel("sumU8AVX2", 8, Y0,
		func(GPVirtual) {},
		func(x Mem) { VPMOVZXBD(x, Y1); VPADDD(Y1, Y0, Y0) },
		func(acc Mem) { VMOVDQU(Y0, acc) })
}

func sumKernel(name string, lanes int, sum VecPhysical, begin func(left GPVirtual), add, store func(Mem)) {
	TEXT(name, NOSPLIT, "func(acc *int32, x *uint8, pixels, c int)")
	Pragma("noescape")
	Doc(name + " is sumPixelsGeneric without the zero point.")
	c, left, j := load("c"), load("c"), GP64()
	XORQ(j, j)
	Label("panel")
	begin(left)
	acc, x, pixels := load("acc"), load("x"), load("pixels")
	ADDQ(j, x)
	VPXOR(sum.AsX(), sum.AsX(), sum.AsX())
	Label("pixel")
	add(Mem{Base: x})
	ADDQ(c, x)
	DECQ(pixels)
	JNZ(LabelRef("pixel"))
	store(Mem{Base: acc}.Idx(j, 4))
	ADDQ(U32(lanes), j)
	SUBQ(U32(lanes), left)
	JG(LabelRef("panel"))
	VZEROUPPER()
	RET()
}

// addBytes generates the sums of two tensors of bytes:
//
//	y[i] = low byte of rne(min(max(a[i]·ra + (b[i]·rb + fixed), lo), hi))
//
// both multiply-adds fused; k points to ra, rb, fixed, lo and hi.
//
//	vectors 0–1    a, b
//	vectors 11–15  ra, rb, fixed, lo, hi
//	X10            in AVX2, the order of the low bytes
//	K1             in AVX-512, which elements exist
//
// AVX2 takes a multiple of 8 elements.
func addBytes() {
	addKernel("addU8AVX512", 16, zmm, func(n GPVirtual) { firstLanes(atMost(n, 16), K1) },
		func(x, y Mem) { VPMOVZXBD_Z(x, K1, Z0); VPMOVZXBD_Z(y, K1, Z1) },
		func(y Mem) { VPMOVDB(Z1, X1); VMOVDQU8(X1, K1, y) })
	addKernel("addU8AVX2", 8, ymm, func(GPVirtual) {},
		func(x, y Mem) { VPMOVZXBD(x, Y0); VPMOVZXBD(y, Y1) },
		func(y Mem) {
			VPSHUFB(Y10, Y1, Y1)
			VMOVD(X1, y)
			VEXTRACTI128(U8(1), Y1, X1)
			VMOVD(X1, y.Offset(4))
		})
}

func addKernel(name string, lanes int, v []VecPhysical, begin func(n GPVirtual), read func(a, b Mem),
	store func(y Mem)) {
	TEXT(name, NOSPLIT, "func(y, a, b *uint8, k *float32, n int)")
	Pragma("noescape")
	Doc(name + " is addBytesGeneric.")
	y, a, b, k, n := load("y"), load("a"), load("b"), load("k"), load("n")
	for i := range 5 {
		VBROADCASTSS(Mem{Base: k}.Offset(4*i), v[11+i])
	}
	if lanes == 8 {
		VMOVDQU(lowBytes, Y10)
	}
	Label("step")
	begin(n)
	read(Mem{Base: a}, Mem{Base: b})
	VCVTDQ2PS(v[0], v[0])
	VCVTDQ2PS(v[1], v[1])
	VFMADD213PS(v[13], v[12], v[1])
	VFMADD231PS(v[0], v[11], v[1])
	VMAXPS(v[14], v[1], v[1])
	VMINPS(v[15], v[1], v[1])
	VCVTPS2DQ(v[1], v[1])
	store(Mem{Base: y})
	for _, p := range []GPVirtual{y, a, b} {
		ADDQ(U32(lanes), p)
	}
	SUBQ(U32(lanes), n)
	JG(LabelRef("step"))
	VZEROUPPER()
	RET()
}

// widen generates the way from bytes to words, sixteen at a time:
//
//	dst[i] = x[i] ^ flip
//
//	Y0  words
//	Y1  flip
func widen() {
	TEXT("widenAVX2", NOSPLIT, "func(dst, x *uint8, flip uint64, steps int)")
	Pragma("noescape")
	Doc("widenAVX2 is widen of sixteen bytes a step.")
	dst, x, flip, steps := load("dst"), load("x"), load("flip"), load("steps")
	VMOVQ(flip, X1)
	VPBROADCASTW(X1, Y1)
	Label("step")
	VPMOVZXBW(Mem{Base: x}, Y0)
	VPXOR(Y1, Y0, Y0)
	VMOVDQU(Y0, Mem{Base: dst})
	ADDQ(Imm(16), x)
	ADDQ(Imm(32), dst)
	DECQ(steps)
	JNZ(LabelRef("step"))
	VZEROUPPER()
	RET()
}
