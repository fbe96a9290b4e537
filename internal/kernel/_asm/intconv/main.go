// Command intconv generates the inner kernels of integer layers, kernel's
// intconv_amd64.s: tiles of a convolution and rows of a depthwise one, from
// bytes to exact 32-bit sums; requantization, from those to bytes; sums over
// pixels; the sum of two tensors of bytes.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	lowBytes = GLOBL("intLowBytes", RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(0x0C080400))
	}
	tileVNNI(2)
	tileVNNI(1)
	tileWords()
	for _, depth := range []int{1, 2, 4} {
		tilePairs(depth)
	}
	tileDot()
	depthVNNI()
	depthAVX2()
	depth64()
	depth32()
	requantAVX512()
	requantAVX2()
	reals()
	sumBytes()
	addBytes()
	widen()
	Generate()
}

func load(name string) GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}

// firstLanes sets k to the lanes below n, and the next to those from 16 on.
func firstLanes(n GPVirtual, masks ...OpmaskPhysical) {
	ones := GP64()
	MOVQ(I32(-1), ones)
	BZHIQ(n, ones, ones)
	for i, k := range masks {
		if i > 0 {
			SHRQ(U8(16), ones)
		}
		KMOVW(ones.As32(), k)
	}
}

// lowBytes is the order for VPSHUFB that puts the low bytes of four words
// first, in each half of a register.
var lowBytes Mem

// laneMasks is a table of sixteen words of ones, then as many of zeros.
var laneMasks Mem

// maskLanes loads the mask of the lanes below n, eight to a register.
func maskLanes(n GPVirtual, masks ...VecPhysical) {
	if laneMasks.Base == nil {
		laneMasks = GLOBL("intLanes", RODATA|NOPTR)
		for i := range 32 {
			ones := U32(0)
			if i < 16 {
				ones = ^U32(0)
			}
			DATA(4*i, ones)
		}
	}
	at, back := GP64(), GP64()
	LEAQ(laneMasks.Offset(64), at)
	MOVQ(n, back)
	NEGQ(back)
	LEAQ(Mem{Base: at}.Idx(back, 4), at)
	for i, m := range masks {
		VMOVDQU(Mem{Base: at}.Offset(32*i), m)
	}
}

var (
	ymm = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	zmm = []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
	}
)
