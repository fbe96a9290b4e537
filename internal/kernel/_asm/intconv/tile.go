package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A tile is m pixels of a row times a panel of output channels:
//
//	for p < m, j < n:
//		sum = bias[j]
//		for q < segments, g < groups:
//			sum += Σ of x[off[q] + p·step + 4g : +4] · w[q·groups+g, j]
//		acc[p·lda + j] = sum
//
// A group is four bytes of the image: four unsigned bytes against four signed
// bytes of w (VPDPBUSD), or two words against two words (VPMADDWD). It is
// broadcast; a group of the weights for all channels of the panel is loaded.
const tileSignature = "func(acc *int32, lda int, bias *int32, x *uint8, step int, off *int, segments, groups int, " +
	"w *uint8, m, n int)"

// pixelsPerPointer is how many pixels one pointer reaches: 0, 1, 2 and 4 times
// step by the address's scale, 3 by a second register.
const pixelsPerPointer = 5

// walk is the pointers into the image and the weights.
type walk struct {
	x           []GPVirtual // pixels 0, 5, 10 at the current group
	step, step3 GPVirtual
	w           GPVirtual
}

// pixel is the address of pixel i's current group.
func (at walk) pixel(i int) Mem {
	m := Mem{Base: at.x[i/pixelsPerPointer]}
	switch i % pixelsPerPointer {
	case 1, 2, 4:
		return m.Idx(at.step, uint8(i%pixelsPerPointer))
	case 3:
		return m.Idx(at.step3, 1)
	}
	return m
}

// sum emits the loops over segments and groups for m pixels; body emits some
// groups, which are step bytes of a pixel and panel bytes of weights.
func sum(label string, m, step, panel int, body func(walk)) {
	at := walk{step: load("step"), step3: GP64(), w: load("w")}
	off, segments := load("off"), load("segments")
	LEAQ(Mem{Base: at.step}.Idx(at.step, 2), at.step3)
	for range (m + pixelsPerPointer - 1) / pixelsPerPointer {
		at.x = append(at.x, GP64())
	}
	Label(label + "Segment")
	Load(Param("x"), at.x[0])
	ADDQ(Mem{Base: off}, at.x[0])
	for i := 1; i < len(at.x); i++ {
		LEAQ(Mem{Base: at.x[i-1]}.Idx(at.step, 4), at.x[i])
		ADDQ(at.step, at.x[i])
	}
	groups := load("groups")
	Label(label + "Group")
	body(at)
	for _, x := range at.x {
		ADDQ(Imm(uint64(step)), x)
	}
	ADDQ(U32(panel), at.w)
	DECQ(groups)
	JNZ(LabelRef(label + "Group"))
	ADDQ(Imm(8), off)
	DECQ(segments)
	JNZ(LabelRef(label + "Segment"))
}

// eachCount emits the jump to the block for as many pixels as m says, and the
// blocks.
func eachCount(largest int, block func(label string, m int)) {
	m := load("m")
	name := func(m int) string { return fmt.Sprint("pixels", m) }
	for i := largest; i > 1; i-- {
		CMPQ(m, U32(i))
		JEQ(LabelRef(name(i)))
	}
	for i := 1; i <= largest; i++ {
		Label(name(i))
		block(name(i), i)
		VZEROUPPER()
		RET()
	}
}

// tileVNNI generates the kernel of width·16 channels and up to 14 pixels.
//
//	Z0–Z27   the sums: pixel i, channels 16·j in Z(width·i+j)
//	Z28–Z29  a group of weights
//	Z30–Z31  a group of a pixel, in turn
//	K1–K2    which of the channels exist
//
// Two channel vectors and 14 pixels are 28 products on 16 loads: the
// multipliers, two a cycle, are the limit.
func tileVNNI(width int) {
	name := fmt.Sprint("intTileVNNIx", 16*width)
	TEXT(name, NOSPLIT, tileSignature)
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is a tile of up to 14 pixels and %d channels of bytes, with VPDPBUSD.", name, 16*width))
	masks := []OpmaskPhysical{K1, K2}[:width]
	eachCount(14, func(label string, m int) {
		firstLanes(load("n"), masks...)
		bias := load("bias")
		for i := range m {
			for j := range width {
				VMOVDQU32(Mem{Base: bias}.Offset(64*j), zmm[width*i+j])
			}
		}
		sum(label, m, 4, 64*width, func(at walk) {
			for j := range width {
				VMOVDQU32(Mem{Base: at.w}.Offset(64*j), zmm[28+j])
			}
			for i := range m {
				x := zmm[30+i%2]
				VPBROADCASTD(at.pixel(i), x)
				for j := range width {
					VPDPBUSD(zmm[28+j], x, zmm[width*i+j])
				}
			}
		})
		acc, lda := load("acc"), load("lda")
		for i := range m {
			for j, k := range masks {
				VMOVDQU32(zmm[width*i+j], k, Mem{Base: acc}.Offset(64*j))
			}
			LEAQ(Mem{Base: acc}.Idx(lda, 4), acc)
		}
	})
}
