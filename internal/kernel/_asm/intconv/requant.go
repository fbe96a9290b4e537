package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Requantization of rows×c accumulators to bytes of either sign:
//
//	y[r,j] = low byte of int32(rne(min(max(float32(acc[r,j])·m[j], lo), hi))) + z
//
// k points to lo, hi and z.
const requantSignature = "func(y *uint8, acc *int32, m *float32, k *float32, rows, c int)"

// requantAVX512 generates the kernel of 16 channels at a time.
//
//	Z0       values of one row
//	Z28      m
//	Z29–Z31  lo, hi, z
//	K1       which of the channels exist
func requantAVX512() {
	TEXT("requantAVX512", NOSPLIT, requantSignature)
	Pragma("noescape")
	Doc("requantAVX512 is requantizeGeneric.")
	k := load("k")
	VBROADCASTSS(Mem{Base: k}, Z29)
	VBROADCASTSS(Mem{Base: k}.Offset(4), Z30)
	VPBROADCASTD(Mem{Base: k}.Offset(8), Z31)
	requantPanels(16, func(left GPVirtual, m Mem) {
		firstLanes(atMost(left, 16), K1)
		VMOVUPS_Z(m, K1, Z28)
	}, func(acc, y Mem) {
		VCVTDQ2PS(acc, Z0)
		scale512()
		VMOVDQU(X0, y)
	}, func(acc, y Mem) {
		VMOVDQU32_Z(acc, K1, Z0)
		VCVTDQ2PS(Z0, Z0)
		scale512()
		VMOVDQU8(X0, K1, y)
	})
}

// scale512 takes the values in Z0 to bytes in X0.
func scale512() {
	VMULPS(Z28, Z0, Z0)
	VMAXPS(Z29, Z0, Z0)
	VMINPS(Z30, Z0, Z0)
	VCVTPS2DQ(Z0, Z0)
	VPADDD(Z31, Z0, Z0)
	VPMOVDB(Z0, X0)
}

// atMost is the lesser of n and limit.
func atMost(n GPVirtual, limit int) GPVirtual {
	least, most := GP64(), GP64()
	MOVQ(n, least)
	MOVQ(U32(limit), most)
	CMPQ(least, most)
	CMOVQGT(most, least)
	return least
}

// requantAVX2 generates the kernel of 8 channels at a time; c is a multiple of 8.
//
//	Y0       values of one row
//	Y11      the order of the low bytes
//	Y12      m
//	Y13–Y15  lo, hi, z
func requantAVX2() {
	TEXT("requantAVX2", NOSPLIT, requantSignature)
	Pragma("noescape")
	Doc("requantAVX2 is requantizeGeneric.")
	k := load("k")
	VMOVDQU(lowBytes, Y11)
	VBROADCASTSS(Mem{Base: k}, Y13)
	VBROADCASTSS(Mem{Base: k}.Offset(4), Y14)
	VPBROADCASTD(Mem{Base: k}.Offset(8), Y15)
	requantPanels(8, func(_ GPVirtual, m Mem) { VMOVUPS(m, Y12) }, func(acc, y Mem) {
		VCVTDQ2PS(acc, Y0)
		VMULPS(Y12, Y0, Y0)
		VMAXPS(Y13, Y0, Y0)
		VMINPS(Y14, Y0, Y0)
		VCVTPS2DQ(Y0, Y0)
		VPADDD(Y15, Y0, Y0)
		VPSHUFB(Y11, Y0, Y0)
		VMOVD(X0, y)
		VEXTRACTI128(U8(1), Y0, X0)
		VMOVD(X0, y.Offset(4))
	}, nil)
}

// requantPanels emits the loops over panels and rows, with part for a panel of
// fewer channels than lanes.
func requantPanels(lanes int, begin func(left GPVirtual, m Mem), body, part func(acc, y Mem)) {
	c, left, j, row := load("c"), load("c"), GP64(), GP64()
	MOVQ(c, row)
	SHLQ(U8(2), row)
	XORQ(j, j)
	Label("panel")
	m, acc, y, rows := load("m"), load("acc"), load("y"), load("rows")
	begin(left, Mem{Base: m}.Idx(j, 4))
	LEAQ(Mem{Base: acc}.Idx(j, 4), acc)
	ADDQ(j, y)
	loop := func(label string, body func(acc, y Mem)) {
		Label(label)
		body(Mem{Base: acc}, Mem{Base: y})
		ADDQ(row, acc)
		ADDQ(c, y)
		DECQ(rows)
		JNZ(LabelRef(label))
	}
	if part != nil {
		CMPQ(left, U32(lanes))
		JLT(LabelRef("part"))
	}
	loop("row", body)
	ADDQ(U32(lanes), j)
	SUBQ(U32(lanes), left)
	JG(LabelRef("panel"))
	VZEROUPPER()
	RET()
	if part != nil {
		loop("part", part)
		VZEROUPPER()
		RET()
	}
}
