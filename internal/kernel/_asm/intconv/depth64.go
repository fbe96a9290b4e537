package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// depth64 generates the depthwise kernel of 64 channels at a time, taps in
// fours:
//
//	for panels of channels j, for p < m:
//		sum = 0
//		for q < quads:
//			sum += Σ over t < 4 of x[off[4q+t] + p·step + j]·w[q,j,t]
//		acc[p·c + j] = sum + bias[j]
//
// c is a multiple of 64; of the last pixel only tail channels are stored.
// Four taps of 64 channels are interleaved to groups of four bytes:
// within each quarter L of a register, VPUNPCK leaves in vector k the
// channels 16L + 4k to 16L + 4k+3. The weights come in that order; the sums
// are brought back to the order of channels by a transposition of quarters.
//
//	Z0–Z3    the sums
//	Z4–Z7    four taps
//	Z8–Z15   the taps interleaved, by bytes, then by words
//	K1–K4    which channels are stored
func depth64() {
	TEXT("intDepth64VNNI", NOSPLIT,
		"func(acc *int32, bias *int32, x *uint8, step int, off *int, quads int, w *uint8, m, c, tail int)")
	Pragma("noescape")
	Doc("intDepth64VNNI is a row of a depthwise convolution of bytes, 64 channels at a time, with VPDPBUSD.")
	c, step, left, j, row := load("c"), load("step"), load("c"), GP64(), load("c")
	SHLQ(U8(2), row)
	XORQ(j, j)
	Label("panel")
	for _, k := range []OpmaskPhysical{K1, K2, K3, K4} {
		KXNORW(k, k, k)
	}
	x, acc, m, bias := load("x"), load("acc"), load("m"), load("bias")
	ADDQ(j, x)
	LEAQ(Mem{Base: acc}.Idx(j, 4), acc)
	LEAQ(Mem{Base: bias}.Idx(j, 4), bias)
	Label("pixel")
	for _, z := range zmm[0:4] {
		VPXORD(z, z, z)
	}
	depthSum(x, j, c, zmm, func(at Op, z VecPhysical) { VMOVDQU32(at, z) }, func(i int, w Op, x VecPhysical) {
		VPDPBUSD(w, x, zmm[i])
	})
	depth64Transpose()
	CMPQ(m, U32(1))
	JNE(LabelRef("store"))
	firstLanes(load("tail"), K1, K2, K3, K4)
	Label("store")
	for i, k := range []OpmaskPhysical{K1, K2, K3, K4} {
		VPADDD(Mem{Base: bias}.Offset(64*i), zmm[i], zmm[i])
		VMOVDQU32(zmm[i], k, Mem{Base: acc}.Offset(64*i))
	}
	ADDQ(row, acc)
	ADDQ(step, x)
	DECQ(m)
	JNZ(LabelRef("pixel"))
	ADDQ(U32(64), j)
	SUBQ(U32(64), left)
	JNZ(LabelRef("panel"))
	VZEROUPPER()
	RET()
}

// depthSum emits the loop over the taps of one pixel, with the first sixteen of regs as in depth64.
// add adds products of bytes x, interleaved, and of the weights at w to sum i.
func depthSum(x, j, c GPVirtual, regs []VecPhysical, move func(at Op, to VecPhysical),
	add func(i int, w Op, x VecPhysical)) {
	off, quads, w, next := load("off"), load("quads"), load("w"), GP64()
	LEAQ(Mem{Base: w}.Idx(j, 4), w)
	MOVQ(c, next)
	SHLQ(U8(2), next)
	Label("quad")
	taps, low, high := regs[4:8], regs[8:12], regs[12:16]
	for t, tap := range taps {
		at := GP64()
		MOVQ(Mem{Base: off}.Offset(8*t), at)
		move(Mem{Base: x}.Idx(at, 1), tap)
	}
	VPUNPCKLBW(taps[1], taps[0], low[0])
	VPUNPCKLBW(taps[3], taps[2], low[1])
	VPUNPCKHBW(taps[1], taps[0], low[2])
	VPUNPCKHBW(taps[3], taps[2], low[3])
	VPUNPCKLWD(low[1], low[0], high[0])
	VPUNPCKHWD(low[1], low[0], high[1])
	VPUNPCKLWD(low[3], low[2], high[2])
	VPUNPCKHWD(low[3], low[2], high[3])
	for k := range 4 {
		add(k, Mem{Base: w}.Offset(int(regs[0].Size())*k), high[k])
	}
	ADDQ(Imm(32), off)
	ADDQ(next, w)
	DECQ(quads)
	JNZ(LabelRef("quad"))
}

// depth64Transpose takes quarter L of vector k to quarter k of vector L.
func depth64Transpose() {
	t := zmm[4:8]
	VSHUFI32X4(U8(0x44), Z1, Z0, t[0])
	VSHUFI32X4(U8(0x44), Z3, Z2, t[1])
	VSHUFI32X4(U8(0xEE), Z1, Z0, t[2])
	VSHUFI32X4(U8(0xEE), Z3, Z2, t[3])
	VSHUFI32X4(U8(0x88), t[1], t[0], Z0)
	VSHUFI32X4(U8(0xDD), t[1], t[0], Z1)
	VSHUFI32X4(U8(0x88), t[3], t[2], Z2)
	VSHUFI32X4(U8(0xDD), t[3], t[2], Z3)
}
