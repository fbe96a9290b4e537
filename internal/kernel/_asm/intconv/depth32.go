package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// depth32 generates the depthwise kernel of 32 channels at a time: that of depth64 in
// vectors of 256 bits, where all channels of a pixel are stored. It comes twice, as
// tileDot.
//
//	Y0–Y3    the sums
//	Y4–Y7    four taps, then weights
//	Y8–Y15   the taps interleaved, by bytes, then by words
func depth32() {
	for _, k := range dots {
		TEXT(k.depth, NOSPLIT,
			"func(acc *int32, bias *int32, x *uint8, step int, off *int, quads int, w *uint8, m, c int)")
		Pragma("noescape")
		Doc(k.depth + " is a row of a depthwise convolution of " + k.doc + ", 32 channels at a time.")
		c, step, left, j, row := load("c"), load("step"), load("c"), GP64(), load("c")
		SHLQ(U8(2), row)
		XORQ(j, j)
		Label("panel")
		x, acc, m, bias := load("x"), load("acc"), load("m"), load("bias")
		ADDQ(j, x)
		LEAQ(Mem{Base: acc}.Idx(j, 4), acc)
		LEAQ(Mem{Base: bias}.Idx(j, 4), bias)
		Label("pixel")
		for _, y := range ymm[0:4] {
			VPXOR(y, y, y)
		}
		depthSum(x, j, c, ymm, func(at Op, y VecPhysical) { VMOVDQU(at, y) }, func(i int, w Op, x VecPhysical) {
			VMOVDQU(w, ymm[4+i])
			k.product(ymm[4+i], x, ymm[i])
		})
		for i, half := range []struct{ first, from uint8 }{{0, 0x20}, {2, 0x20}, {0, 0x31}, {2, 0x31}} {
			VPERM2I128(U8(half.from), ymm[half.first+1], ymm[half.first], ymm[4+i])
			VPADDD(Mem{Base: bias}.Offset(32*i), ymm[4+i], ymm[4+i])
			VMOVDQU(ymm[4+i], Mem{Base: acc}.Offset(32*i))
		}
		ADDQ(row, acc)
		ADDQ(step, x)
		DECQ(m)
		JNZ(LabelRef("pixel"))
		ADDQ(U32(32), j)
		SUBQ(U32(32), left)
		JNZ(LabelRef("panel"))
		VZEROUPPER()
		RET()
	}
}
