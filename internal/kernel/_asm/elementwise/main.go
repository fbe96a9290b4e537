// Command elementwise generates the kernels that walk once over vectors of
// float32, kernel's elementwise_amd64.s: minimum and maximum, fake-quant and
// its gradient, quantize, ReLU and its gradient, Adam and SGD. Each is
//
//	for i < n: out[i], … = body(in[i], …; constants)
//
// and is written once, for AVX-512 and for AVX2; only masks differ. The
// bodies round after each operation, as the Go loops do, and roots are true ones, so
// that all paths agree exactly. Divisions are, too, or round to the same integer.
//
// Register plan, the same for all:
//
//	vectors 0, 1, 2 …       temporaries of the first unrolled step, then the next
//	vectors 31 or 15, down  constants and sums
//	K7                      the elements that exist: all, but in the last step
//	K1–K3                   what a body compares
//
// The AVX-512 kernels take any n. Those of AVX2 take a multiple of 8: the Go
// loop does the rest.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	for _, v := range []*vector{newAVX512(), newAVX2()} {
		for _, k := range kernels {
			v.generate(k)
		}
	}
	Generate()
}

// A kernel is one loop. Its signature is its streams, n, and k, the first
// field of a struct of constants.
type kernel struct {
	name, doc string
	streams   []stream
	constants string          // the Go type that k points to, "" for none
	unroll    int             // in AVX-512; AVX2 has half the registers and half of that
	temps     int             // registers of a step
	begin     func(v *vector) // loads constants, clears sums
	body      func(v *vector) // one step
	end       func(v *vector) // stores sums
}

// A stream is a slice that the loop walks along.
type stream struct {
	name  string
	bytes int // an element
}

// floats are streams of float32.
func floats(names ...string) (s []stream) {
	for _, name := range names {
		s = append(s, stream{name, 4})
	}
	return s
}

// vector emits the instructions of one instruction set.
type vector struct {
	avx512 bool
	lanes  int
	regs   []VecPhysical

	k       kernel
	at      map[string]GPVirtual // where each stream is
	step    int                  // in the unrolled loop
	partial bool                 // the last, masked step
}

func newAVX512() *vector {
	return &vector{avx512: true, lanes: 16, regs: []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31}}
}

func newAVX2() *vector {
	return &vector{lanes: 8, regs: []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}}
}

// temp is register i of the current step.
func (v *vector) temp(i int) VecPhysical { return v.regs[v.step*v.k.temps+i] }

// keep is constant or sum i.
func (v *vector) keep(i int) VecPhysical { return v.regs[len(v.regs)-1-i] }

// generate emits the function: the unrolled loop, the single steps, and in
// AVX-512 the masked rest.
func (v *vector) generate(k kernel) {
	v.k, v.at = k, map[string]GPVirtual{}
	suffix, unroll := "AVX2", v.unroll()
	if v.avx512 {
		suffix = "AVX512"
	}
	TEXT(k.name+suffix, NOSPLIT, v.signature())
	Pragma("noescape")
	Doc(k.name + suffix + " is " + k.doc + ".")
	n := GP64()
	for _, s := range k.streams {
		v.at[s.name] = GP64()
		Load(Param(s.name), v.at[s.name])
	}
	Load(Param("n"), n)
	if v.avx512 {
		KXNORW(K7, K7, K7)
	}
	k.begin(v)
	if unroll > 1 {
		v.loop("unrolled", n, unroll)
	}
	v.loop("single", n, 1)
	if v.avx512 {
		v.rest(n)
	}
	if k.end != nil {
		k.end(v)
	}
	VZEROUPPER()
	RET()
}

// unroll is how many steps the unrolled loop takes at once.
func (v *vector) unroll() int {
	if v.avx512 {
		return v.k.unroll
	}
	return max(1, v.k.unroll/2)
}

func (v *vector) signature() string {
	s := "func("
	for _, stream := range v.k.streams {
		t := "*float32"
		if stream.bytes == 1 {
			t = "*uint8"
		}
		s += stream.name + " " + t + ", "
	}
	return s + "n int, k *float32)"
}

// loop emits steps of unroll vectors while that many elements are left.
func (v *vector) loop(label string, n GPVirtual, unroll int) {
	count := unroll * v.lanes
	CMPQ(n, U32(count))
	JLT(LabelRef(label + "Done"))
	Label(label)
	for v.step = range unroll {
		v.k.body(v)
	}
	v.step = 0
	for _, s := range v.k.streams {
		ADDQ(U32(count*s.bytes), v.at[s.name])
	}
	SUBQ(U32(count), n)
	CMPQ(n, U32(count))
	JGE(LabelRef(label))
	Label(label + "Done")
}

// rest emits the last step, of fewer elements than a vector has.
func (v *vector) rest(n GPVirtual) {
	TESTQ(n, n)
	JZ(LabelRef("restDone"))
	ones := GP64()
	MOVQ(I32(-1), ones)
	BZHIQ(n, ones, ones)
	KMOVW(ones.As32(), K7)
	v.partial = true
	v.k.body(v)
	v.partial = false
	Label("restDone")
}

// mem is the address of the current step of a stream.
func (v *vector) mem(name string) Mem {
	for _, s := range v.k.streams {
		if s.name == name {
			return Mem{Base: v.at[name]}.Offset(v.step * v.lanes * s.bytes)
		}
	}
	panic("no stream " + name)
}

// load reads the current step of a stream; elements that do not exist are 0.
func (v *vector) load(name string, to VecPhysical) {
	if v.partial {
		VMOVUPS_Z(v.mem(name), K7, to)
		return
	}
	VMOVUPS(v.mem(name), to)
}

// store writes the current step of a stream.
func (v *vector) store(from VecPhysical, name string) {
	if v.partial {
		VMOVUPS(from, K7, v.mem(name))
		return
	}
	VMOVUPS(from, v.mem(name))
}

// constant loads constant i of *k into every lane of keep(i).
func (v *vector) constants(count int) {
	k := GP64()
	Load(Param("k"), k)
	for i := range count {
		VBROADCASTSS(Mem{Base: k}.Offset(4*i), v.keep(i))
	}
}

// zero clears a register.
func (v *vector) zero(r VecPhysical) {
	if v.avx512 {
		VPXORD(r, r, r)
		return
	}
	VPXOR(r, r, r)
}

// round is to = rne(from).
func (v *vector) round(from, to VecPhysical) {
	if v.avx512 {
		VRNDSCALEPS(U8(8), from, to)
		return
	}
	VROUNDPS(U8(8), from, to)
}
