package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tile256 is a kernel of 16 channels and up to pixels pixels, in vectors of 256
// bits. Sums are in the first registers, pixel i, channels 8·j in Y(2·i+j); Y12 to
// Y15 are free for body, which emits some groups: step bytes of a pixel.
type tile256 struct {
	name, doc string
	pixels    int
	step      int
	begin     func()
	body      func(at walk, m int)
}

func (t tile256) generate() {
	TEXT(t.name, NOSPLIT, tileSignature)
	Pragma("noescape")
	Doc(t.name + " is a tile of up to " + fmt.Sprint(t.pixels) + " pixels and 16 channels of " + t.doc + ".")
	eachCount(t.pixels, func(label string, m int) {
		bias := load("bias")
		for i := range m {
			VMOVDQU(Mem{Base: bias}, ymm[2*i])
			VMOVDQU(Mem{Base: bias}.Offset(32), ymm[2*i+1])
		}
		if t.begin != nil {
			t.begin()
		}
		sum(label, m, t.step, 16*t.step, func(at walk) { t.body(at, m) })
		storeTile(label, m)
	})
}

// storeTile emits the stores of a tile, and the return.
func storeTile(label string, m int) {
	n, acc, lda := load("n"), load("acc"), load("lda")
	CMPQ(n, U32(16))
	JLT(LabelRef(label + "Part"))
	for i := range m {
		VMOVDQU(ymm[2*i], Mem{Base: acc})
		VMOVDQU(ymm[2*i+1], Mem{Base: acc}.Offset(32))
		LEAQ(Mem{Base: acc}.Idx(lda, 4), acc)
	}
	VZEROUPPER()
	RET()
	// Masked stores are slow on some processors.
	Label(label + "Part")
	maskLanes(n, Y12, Y13)
	for i := range m {
		VPMASKMOVD(ymm[2*i], Y12, Mem{Base: acc})
		VPMASKMOVD(ymm[2*i+1], Y13, Mem{Base: acc}.Offset(32))
		LEAQ(Mem{Base: acc}.Idx(lda, 4), acc)
	}
}

// tileWords generates the kernel of words, whose products are exact.
//
//	Y12–Y13  a group of weights
//	Y14      a group of a pixel
//	Y15      products
func tileWords() {
	tile256{
		name: "intTileAVX2", doc: "words, with VPMADDWD", pixels: 6, step: 4,
		body: func(at walk, m int) {
			VMOVDQU(Mem{Base: at.w}, Y12)
			VMOVDQU(Mem{Base: at.w}.Offset(32), Y13)
			for i := range m {
				VPBROADCASTD(at.pixel(i), Y14)
				for j := range 2 {
					VPMADDWD(ymm[12+j], Y14, Y15)
					VPADDD(Y15, ymm[2*i+j], ymm[2*i+j])
				}
			}
		},
	}.generate()
}

// tilePairs generates the kernel of bytes whose weights are so small that the
// products of depth groups, two of each, fit a word.
//
//	Y10      a group of a pixel
//	Y11–Y12  sums of words
//	Y13      products
//	Y15      ones
func tilePairs(depth int) {
	tile256{
		name: fmt.Sprint("intTilePairs", depth), pixels: 5, step: 4 * depth,
		doc: fmt.Sprint("bytes, with VPMADDUBSW, ", 2*depth, " products to a word"),
		begin: func() {
			VPCMPEQW(Y15, Y15, Y15)
			VPSRLW(U8(15), Y15, Y15)
		},
		body: func(at walk, m int) {
			for i := range m {
				for g := range depth {
					VPBROADCASTD(at.pixel(i).Offset(4*g), Y10)
					for j := range 2 {
						w := Mem{Base: at.w}.Offset(64*g + 32*j)
						if g == 0 {
							VPMADDUBSW(w, Y10, ymm[11+j])
							continue
						}
						VPMADDUBSW(w, Y10, Y13)
						VPADDW(Y13, ymm[11+j], ymm[11+j])
					}
				}
				for j := range 2 {
					VPMADDWD(Y15, ymm[11+j], ymm[11+j])
					VPADDD(ymm[11+j], ymm[2*i+j], ymm[2*i+j])
				}
			}
		},
	}.generate()
}

// dots are the encodings of VPDPBUSD: that of AVX-VNNI and, for tests on processors
// that lack it, that of AVX-512.
var dots = []struct {
	tile, depth, doc string
	product          func(w, x, sum VecPhysical)
}{
	{"intTileAVXVNNI", "intDepthAVXVNNI", "bytes, with VPDPBUSD", dotVEX},
	{"intTileVNNI256", "intDepthVNNI256", "bytes, with the VPDPBUSD of AVX-512",
		func(w, x, sum VecPhysical) { VPDPBUSD(w, x, sum) }},
}

// tileDot generates the kernel of bytes with VPDPBUSD, in each encoding.
//
//	Y12–Y13  a group of weights
//	Y14–Y15  a group of a pixel, in turn
func tileDot() {
	for _, k := range dots {
		tile256{
			name: k.tile, doc: k.doc, pixels: 6, step: 4,
			body: func(at walk, m int) {
				VMOVDQU(Mem{Base: at.w}, Y12)
				VMOVDQU(Mem{Base: at.w}.Offset(32), Y13)
				for i := range m {
					x := ymm[14+i%2]
					VPBROADCASTD(at.pixel(i), x)
					for j := range 2 {
						k.product(ymm[12+j], x, ymm[2*i+j])
					}
				}
			},
		}.generate()
	}
}

// dotVEX emits VPDPBUSD with VEX, which Go's assembler lacks: sum += x·w.
func dotVEX(w, x, sum VecPhysical) {
	code := vexDot(int(sum.PhysicalIndex()), int(x.PhysicalIndex()), int(w.PhysicalIndex()))
	Comment(fmt.Sprintf("VPDPBUSD Y%d, Y%d, Y%d", w.PhysicalIndex(), x.PhysicalIndex(), sum.PhysicalIndex()))
	for _, b := range code {
		Instruction(&ir.Instruction{Opcode: "BYTE", Operands: []Op{U8(b)}})
	}
}

// vexDot encodes VPDPBUSD sum, x, w on registers of 256 bits: Intel's manual,
// volume 2, "VEX.256.66.0F38.W0 50 /r".
func vexDot(sum, x, w int) []byte {
	const (
		vex3    = 0xC4
		map0F38 = 2
		wide    = 1 << 2 // 256 bits
		prefix  = 1      // 66
		opcode  = 0x50
	)
	high := byte(^sum>>3&1)<<7 | 1<<6 | byte(^w>>3&1)<<5 // inverted, as is x
	return []byte{vex3, high | map0F38, byte(^x&15)<<3 | wide | prefix, opcode, 0xC0 | byte(sum&7)<<3 | byte(w&7)}
}
