package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A byte kernel takes the maximum over windows inside an image of bytes:
//
//	for panels of channels j, for i < m:
//		y[i·c + j] = max over q < taps of x[i·step + off[q] + j]
//
//	vector 0  the maximum
//	K1        in AVX-512, which of the channels exist
const bytesSignature = "func(y, x *uint8, step int, off *int, taps, m, c int)"

// maxBytes generates the kernels, 64 channels at a time in AVX-512, 16 in AVX2,
// where c is a multiple of 16.
func maxBytes() {
	bytesKernel("maxU8AVX512", 64, func(left GPVirtual) {
		ones, most, n := GP64(), GP64(), GP64()
		MOVQ(left, n)
		MOVQ(U32(64), most)
		CMPQ(n, most)
		CMOVQGT(most, n)
		// 64 ones less those above n: the count of a shift is taken
		// modulo 64, and n is at least 1.
		MOVQ(I32(-1), ones)
		NEGQ(n)
		shift := RCX
		MOVQ(n, shift)
		SHRQ(CL, ones)
		KMOVQ(ones, K1)
	}, func(first bool, x Mem) {
		if first {
			VMOVDQU8_Z(x, K1, Z0)
			return
		}
		VMOVDQU8_Z(x, K1, Z1)
		VPMAXUB(Z1, Z0, Z0)
	}, func(y Mem) { VMOVDQU8(Z0, K1, y) })
	bytesKernel("maxU8AVX2", 16, func(GPVirtual) {}, func(first bool, x Mem) {
		if first {
			VMOVDQU(x, X0)
			return
		}
		VPMAXUB(x, X0, X0)
	}, func(y Mem) { VMOVDQU(X0, y) })
}

func bytesKernel(name string, lanes int, begin func(left GPVirtual), take func(first bool, x Mem), store func(y Mem)) {
	TEXT(name, NOSPLIT, bytesSignature)
	Pragma("noescape")
	Doc(name + " is the maximum over windows of bytes.")
	c, left, j, step := load("c"), load("c"), GP64(), load("step")
	XORQ(j, j)
	Label("panel")
	begin(left)
	y, x, m := load("y"), load("x"), load("m")
	ADDQ(j, y)
	ADDQ(j, x)
	Label("pixel")
	off, taps, at := load("off"), load("taps"), GP64()
	MOVQ(Mem{Base: off}, at)
	take(true, Mem{Base: x}.Idx(at, 1))
	JMP(LabelRef("next"))
	Label("tap")
	MOVQ(Mem{Base: off}, at)
	take(false, Mem{Base: x}.Idx(at, 1))
	Label("next")
	ADDQ(Imm(8), off)
	DECQ(taps)
	JNZ(LabelRef("tap"))
	store(Mem{Base: y})
	ADDQ(c, y)
	ADDQ(step, x)
	DECQ(m)
	JNZ(LabelRef("pixel"))
	ADDQ(U32(lanes), j)
	SUBQ(U32(lanes), left)
	JG(LabelRef("panel"))
	VZEROUPPER()
	RET()
}
