// Command pool generates the kernels of 2×2 max pooling with stride 2, alone
// and fused with batch normalisation and ReLU, kernel's pool_amd64.s. Each
// does one row of outputs, from two rows of the image, x0 and x1:
//
//	for panels of channels j:               a vector, then a part of one
//		for i < ow:
//			v₀ v₁ = x0[2i,j] x0[2i+1,j]   v₂ v₃ = x1[2i,j] x1[2i+1,j]
//			y[i,j], arg[i,j] = the first maximum of v₀…v₃ and its index
//
// and the gradients go the other way.
//
// Register plan:
//
//	0–5                     temporaries
//	31 or 15, down          zero; the indices 1, 2, 3; the constants of each channel;
//	                        those of all channels
//	K7                      the channels that exist, in the last panel
//	K1, K2                  where a comparison holds
//
// The AVX-512 kernels take any c, those of AVX2 a multiple of 8.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	lowBytes := GLOBL("poolLowBytes", RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(0x0C080400))
	}
	for _, v := range []*vector{newAVX512(), newAVX2(lowBytes)} {
		for _, k := range kernels {
			v.generate(k)
		}
	}
	maxBytes()
	Generate()
}

// A kernel is one loop over the outputs of a row.
type kernel struct {
	name, doc string
	streams   []stream
	params    []string // constants of each channel
	uniforms  []string // constants of all channels
	body      func(v *vector)
}

// A stream is walked along, step pixels of c elements an output.
type stream struct {
	name        string
	bytes, step int
}

func image(name string) stream  { return stream{name, 4, 2} }
func output(name string) stream { return stream{name, 4, 1} }

func index(name string) stream { return stream{name, 1, 1} }

// vector emits the instructions of one instruction set.
type vector struct {
	avx512   bool
	lanes    int
	regs     []VecPhysical
	lowBytes Mem

	k             kernel
	at            map[string]GPVirtual
	pixel         GPVirtual // bytes of a pixel of float32
	offset, width GPVirtual // channels before the panel, channels left
	masked        bool
}

func newAVX512() *vector {
	return &vector{avx512: true, lanes: 16, regs: []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31}}
}

func newAVX2(lowBytes Mem) *vector {
	return &vector{lanes: 8, lowBytes: lowBytes,
		regs: []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}}
}

func (v *vector) top(i int) VecPhysical { return v.regs[len(v.regs)-1-i] }

// index is i in every lane; index(0) is all zeros.
func (v *vector) index(i int) VecPhysical   { return v.top(i) }
func (v *vector) param(i int) VecPhysical   { return v.top(4 + i) }
func (v *vector) uniform(i int) VecPhysical { return v.param(len(v.k.params) + i) }

// generate emits the function.
func (v *vector) generate(k kernel) {
	v.k, v.at = k, map[string]GPVirtual{}
	suffix := "AVX2"
	if v.avx512 {
		suffix = "AVX512"
	}
	TEXT(k.name+suffix, NOSPLIT, v.signature())
	Pragma("noescape")
	Doc(k.name + suffix + " is " + k.doc + ".")
	v.width, v.pixel, v.offset = load("c"), GP64(), GP64()
	MOVQ(v.width, v.pixel)
	SHLQ(U8(2), v.pixel)
	XORQ(v.offset, v.offset)
	for _, s := range k.streams {
		v.at[s.name] = GP64()
	}
	v.indices()

	Label("panel")
	CMPQ(v.width, U32(v.lanes))
	JLT(LabelRef("panelDone"))
	v.panel("outputs")
	ADDQ(U32(v.lanes), v.offset)
	SUBQ(U32(v.lanes), v.width)
	JMP(LabelRef("panel"))
	Label("panelDone")
	if v.avx512 {
		v.part()
	}
	VZEROUPPER()
	RET()
}

func load(name string) GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}

func (v *vector) signature() string {
	s := "func("
	for _, stream := range v.k.streams {
		s += stream.name + " *"
		if stream.bytes == 1 {
			s += "uint8, "
			continue
		}
		s += "float32, "
	}
	for _, p := range v.k.params {
		s += p + " *float32, "
	}
	for _, u := range v.k.uniforms {
		s += u + " *float32, "
	}
	return s + "ow, c int)"
}

// indices loads what is the same for all panels: the constants 0 to 3 and the uniforms, of
// which AVX2 has room for six less the params.
func (v *vector) indices() {
	r := GP32()
	for i := range 4 {
		MOVL(U32(i), r)
		if v.avx512 {
			VPBROADCASTD(r, v.index(i))
			continue
		}
		VMOVD(r, v.index(i).AsX())
		VPBROADCASTD(v.index(i).AsX(), v.index(i))
	}
	for i, name := range v.k.uniforms {
		VBROADCASTSS(Mem{Base: load(name)}, v.uniform(i))
	}
}

// part emits the last panel, of fewer channels than a vector has.
func (v *vector) part() {
	TESTQ(v.width, v.width)
	JZ(LabelRef("partDone"))
	ones := GP64()
	MOVQ(I32(-1), ones)
	BZHIQ(v.width, ones, ones)
	KMOVW(ones.As32(), K7)
	v.masked = true
	v.panel("part")
	v.masked = false
	Label("partDone")
}

// panel emits the loop over the outputs of the row.
func (v *vector) panel(label string) {
	for i, name := range v.k.params {
		p := load(name)
		v.loadFrom(Mem{Base: p}.Idx(v.offset, 4), v.param(i))
	}
	for _, s := range v.k.streams {
		Load(Param(s.name), v.at[s.name])
		LEAQ(Mem{Base: v.at[s.name]}.Idx(v.offset, uint8(s.bytes)), v.at[s.name])
	}
	left := load("ow")
	Label(label)
	v.k.body(v)
	for _, s := range v.k.streams {
		switch {
		case s.bytes == 1:
			c := load("c")
			ADDQ(c, v.at[s.name])
		case s.step == 2:
			LEAQ(Mem{Base: v.at[s.name]}.Idx(v.pixel, 2), v.at[s.name])
		default:
			ADDQ(v.pixel, v.at[s.name])
		}
	}
	DECQ(left)
	JNZ(LabelRef(label))
}

// mem is the address of the current output in a stream or, in an image's
// stream, of the pixel to its right.
func (v *vector) mem(name string, right bool) Mem {
	m := Mem{Base: v.at[name]}
	if right {
		return m.Idx(v.pixel, 1)
	}
	return m
}

// loadFrom reads a vector; channels that do not exist are 0.
func (v *vector) loadFrom(from Mem, to VecPhysical) {
	if v.masked {
		VMOVUPS_Z(from, K7, to)
		return
	}
	VMOVUPS(from, to)
}

func (v *vector) store(from VecPhysical, to Mem) {
	if v.masked {
		VMOVUPS(from, K7, to)
		return
	}
	VMOVUPS(from, to)
}

// storeIndex stores the low byte of each lane.
func (v *vector) storeIndex(x VecPhysical, name string) {
	at := v.mem(name, false)
	switch {
	case v.masked:
		VPMOVDB(x, K7, at)
	case v.avx512:
		VPMOVDB(x, at)
	default:
		VPSHUFB(v.lowBytes, x, x)
		VMOVD(x.AsX(), at)
		VEXTRACTI128(U8(1), x, x.AsX())
		VMOVD(x.AsX(), at.Offset(4))
	}
}

// loadIndex loads arg, a byte for each lane.
func (v *vector) loadIndex(to VecPhysical) {
	if v.masked {
		VPMOVZXBD_Z(v.mem("arg", false), K7, to)
		return
	}
	VPMOVZXBD(v.mem("arg", false), to)
}
