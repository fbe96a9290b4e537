package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A depthwise row is the m pixels of a row of outputs times c channels, each
// with its own filter; taps come in pairs:
//
//	for panels of channels j, for p < m:
//		sum = bias[j]
//		for q < pairs:
//			sum += x[off[2q] + p·step + j]·w[q,j,0] + x[off[2q+1] + p·step + j]·w[q,j,1]
//		acc[p·c + j] = sum
//
// bias is padded to whole panels, and so is each row [q] of w, words in the
// order of channels.
const depthSignature = "func(acc *int32, bias *int32, x *uint8, step int, off *int, pairs int, w *int16, m, c int)"

// depth emits the loops for panels of lanes channels. Blocks of pixels get
// their sums in sums[0:4]; x and t are room for a pixel's taps.
type depth struct {
	lanes   int
	sums    []VecPhysical
	x, t    []VecPhysical
	bias    func(from Mem, to VecPhysical)
	load    func(from Mem, to VecPhysical) // a byte for each lane, widened
	pair    func(low, high, to VecPhysical)
	product func(w Mem, x, sum, t VecPhysical)
	store   func(from VecPhysical, to Mem)
	mask    func(left GPVirtual)
}

// pixelsAtOnce are 4: x, x+step, x+2·step, x+3·step.
const pixelsAtOnce = 4

func (d depth) generate() {
	c, step, step3, row := load("c"), load("step"), GP64(), GP64()
	LEAQ(Mem{Base: step}.Idx(step, 2), step3)
	left, j := load("c"), GP64()
	XORQ(j, j)

	Label("panel")
	d.mask(left)
	x, acc, m := load("x"), load("acc"), load("m")
	ADDQ(j, x)
	LEAQ(Mem{Base: acc}.Idx(j, 4), acc)
	for _, block := range []block{{"four", pixelsAtOnce}, {"one", 1}} {
		Label(block.label)
		CMPQ(m, U32(block.m))
		JLT(LabelRef(block.label + "Done"))
		d.taps(block, x, step, step3, c, j)
		MOVQ(c, row)
		SHLQ(U8(2), row)
		for i := range block.m {
			d.store(d.sums[i], Mem{Base: acc})
			ADDQ(row, acc)
			ADDQ(step, x)
		}
		SUBQ(U32(block.m), m)
		JMP(LabelRef(block.label))
		Label(block.label + "Done")
	}
	ADDQ(U32(d.lanes), j)
	SUBQ(U32(d.lanes), left)
	JG(LabelRef("panel"))
	VZEROUPPER()
	RET()
}

// block is m pixels whose sums are computed together.
type block struct {
	label string
	m     int
}

// taps emits the sum over the taps of a block.
func (d depth) taps(b block, x, step, step3, c, j GPVirtual) {
	bias, w, off, pairs := load("bias"), load("w"), load("off"), load("pairs")
	for i := range b.m {
		d.bias(Mem{Base: bias}.Idx(j, 4), d.sums[i])
	}
	LEAQ(Mem{Base: w}.Idx(j, 4), w)
	row := GP64()
	LEAQ(Mem{Base: c}.Offset(d.lanes-1), row)
	ANDQ(I32(-d.lanes), row)
	SHLQ(U8(2), row)
	low, high := GP64(), GP64()
	Label(b.label + "Taps")
	MOVQ(Mem{Base: off}, low)
	MOVQ(Mem{Base: off}.Offset(8), high)
	ADDQ(x, low)
	ADDQ(x, high)
	at := func(tap GPVirtual, i int) Mem {
		switch i {
		case 1, 2:
			return Mem{Base: tap}.Idx(step, uint8(i))
		case 3:
			return Mem{Base: tap}.Idx(step3, 1)
		}
		return Mem{Base: tap}
	}
	for i := range b.m {
		d.load(at(low, i), d.x[i])
		d.load(at(high, i), d.t[i])
		d.pair(d.x[i], d.t[i], d.x[i])
		d.product(Mem{Base: w}, d.x[i], d.sums[i], d.t[i])
	}
	ADDQ(Imm(16), off)
	ADDQ(row, w)
	DECQ(pairs)
	JNZ(LabelRef(b.label + "Taps"))
}

// depthVNNI generates the kernel of 16 channels at a time.
//
//	Z0–Z3    sums of four pixels
//	Z4–Z11   taps: the first of a pair in the low words, the second in the high
//	K1       which of the channels exist
func depthVNNI() {
	TEXT("intDepthVNNI", NOSPLIT, depthSignature)
	Pragma("noescape")
	Doc("intDepthVNNI is a row of a depthwise convolution of bytes, with VPDPWSSD.")
	depth{
		lanes: 16, sums: zmm[0:4], x: zmm[4:8], t: zmm[8:12],
		bias: func(from Mem, to VecPhysical) { VMOVDQU32(from, to) },
		load: func(from Mem, to VecPhysical) { VPMOVZXBD_Z(from, K1, to) },
		pair: func(low, high, to VecPhysical) {
			VPSLLD(U8(16), high, high)
			VPORD(high, low, to)
		},
		product: func(w Mem, x, sum, _ VecPhysical) { VPDPWSSD(w, x, sum) },
		store:   func(from VecPhysical, to Mem) { VMOVDQU32(from, K1, to) },
		mask:    func(left GPVirtual) { firstLanes(atMost(left, 16), K1) },
	}.generate()
}

// depthAVX2 generates the kernel of 8 channels at a time; c is a multiple of 8.
//
//	Y0–Y3    sums of four pixels
//	Y4–Y11   taps, as above, and products
func depthAVX2() {
	TEXT("intDepthAVX2", NOSPLIT, depthSignature)
	Pragma("noescape")
	Doc("intDepthAVX2 is a row of a depthwise convolution of bytes, with VPMADDWD.")
	depth{
		lanes: 8, sums: ymm[0:4], x: ymm[4:8], t: ymm[8:12],
		bias: func(from Mem, to VecPhysical) { VMOVDQU(from, to) },
		load: func(from Mem, to VecPhysical) { VPMOVZXBD(from, to) },
		pair: func(low, high, to VecPhysical) {
			VPSLLD(U8(16), high, high)
			VPOR(high, low, to)
		},
		product: func(w Mem, x, sum, t VecPhysical) {
			VPMADDWD(w, x, t)
			VPADDD(t, sum, sum)
		},
		store: func(from VecPhysical, to Mem) { VMOVDQU(from, to) },
		mask:  func(GPVirtual) {},
	}.generate()
}
