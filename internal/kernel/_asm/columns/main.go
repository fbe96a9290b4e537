// Command columns generates the kernels on rows×c matrices with constants or
// sums for each column (channel), kernel's columns_amd64.s: the sums of batch
// normalisation, and its element-wise halves.
//
//	for panels of columns j:                  some vectors, or a part of one
//		p… = params[j]…, s… = 0
//		for r < rows:
//			out[r,j] = body(in[r,j]…; p…), s… += …
//		sums[j]… = s…
//
// The sums of a column are in chains, of which kernel's chains says how many: one
// for each of the rows taken at once, so that additions do not wait for each other.
//
// Register plan: with units = vectors of a panel × rows at once,
//
//	0 …             temporaries, the same for each unit: the processor renames them
//	31 or 15, down  zero; the constants of all columns; the constants of each
//	                vector of the panel; the sums of each unit
//	K7              the columns that exist, in the last panel
//	K1, K2          the elements that pass the ReLU and the quantizer
//
// The AVX-512 kernels take any c, those of AVX2 a multiple of 8.
package main

import (
	"fmt"
	"slices"

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

// A kernel is one loop over rows and columns.
type kernel struct {
	name, doc string
	streams   []string // rows×c, walked along
	params    []string // constants of each column
	uniforms  []string // constants of all columns
	sums      []sum    // results of each column
	body      func(v *vector)
}

// A sum is a result of each column. Rows taken at once have one each, merged at
// the end.
type sum struct {
	name    string
	merge   func(...Op)
	carried bool // it starts from the stored value, not from 0
}

// vector emits the instructions of one instruction set.
type vector struct {
	avx512 bool
	lanes  int
	zones  []zone
	regs   []VecPhysical

	k       kernel
	at      map[string]GPVirtual // where each stream is
	stride  GPVirtual            // bytes of a row
	stride3 GPVirtual
	offset  GPVirtual // bytes from a row's start to the panel
	columns GPVirtual // left
	zone              // whose panel is emitted
	rows    int       // at once
	masked  bool

	row, col int // the unit that body emits
}

// A zone is columns of equal chains, from where the zone before ends until no more
// than columns&rest are left.
type zone struct {
	width  int // vectors of a panel
	chains int
	rest   int
}

func newAVX512() *vector {
	return &vector{avx512: true, lanes: 16, zones: []zone{{4, 1, 63}, {2, 2, 31}, {1, 4, 15}}, regs: []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31}}
}

func newAVX2() *vector {
	return &vector{lanes: 8, zones: []zone{{2, 1, 63}, {1, 2, 31}, {1, 4, 0}}, regs: []VecPhysical{
		Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}}
}

func (v *vector) top(i int) VecPhysical { return v.regs[len(v.regs)-1-i] }

// zero is a register of zeros.
func (v *vector) zero() VecPhysical { return v.top(0) }

// uniform is constant i of all columns.
func (v *vector) uniform(i int) VecPhysical { return v.top(1 + i) }

// param is constant i of the current columns.
func (v *vector) param(i int) VecPhysical {
	return v.top(1 + len(v.k.uniforms) + i*v.width + v.col)
}

// sum is sum i of the current unit.
func (v *vector) sum(i int) VecPhysical { return v.sumOf(i, v.row) }

func (v *vector) sumOf(i, row int) VecPhysical {
	at := 1 + len(v.k.uniforms) + len(v.k.params)*v.width
	for _, sum := range v.k.sums[:i] {
		at += v.slots(sum) * v.width
	}
	return v.top(at + row%v.slots(v.k.sums[i])*v.width + v.col)
}

// slots is how many registers the chains of a column have for a sum: AVX2 has
// none to spare where their order does not matter.
func (v *vector) slots(s sum) int {
	if s.carried && !v.avx512 {
		return min(v.chains, 2)
	}
	return v.chains
}

func (v *vector) temp(i int) VecPhysical { return v.regs[i] }

// generate emits the function: its panels from wide to narrow.
func (v *vector) generate(k kernel) {
	v.k, v.at = k, map[string]GPVirtual{}
	suffix := "AVX2"
	if v.avx512 {
		suffix = "AVX512"
	}
	TEXT(k.name+suffix, NOSPLIT, v.signature())
	Pragma("noescape")
	Doc(k.name + suffix + " is " + k.doc + ".")
	v.columns, v.stride, v.stride3, v.offset = load("c"), GP64(), GP64(), GP64()
	MOVQ(v.columns, v.stride)
	SHLQ(U8(2), v.stride)
	LEAQ(Mem{Base: v.stride}.Idx(v.stride, 2), v.stride3)
	XORQ(v.offset, v.offset)
	for _, s := range k.streams {
		v.at[s] = GP64()
	}
	if v.avx512 {
		VPXORD(v.zero(), v.zero(), v.zero())
	} else {
		VPXOR(v.zero(), v.zero(), v.zero())
	}
	for i, name := range k.uniforms {
		VBROADCASTSS(Mem{Base: load(name)}, v.uniform(i))
	}
	for i := range v.zones {
		v.zone = v.zones[i]
		v.panels(fmt.Sprint("zone", i))
	}
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
	for _, sum := range v.k.sums {
		s += sum.name + ", "
	}
	for _, name := range slices.Concat(v.k.streams, v.k.params, v.k.uniforms) {
		s += name + ", "
	}
	return s[:len(s)-2] + " *float32, rows, c int)"
}

// panels emits the loop over the panels of a zone.
func (v *vector) panels(label string) {
	rest := load("c")
	ANDQ(U8(v.rest), rest)
	CMPQ(v.columns, rest)
	JE(LabelRef(label + "Done"))
	Label(label)
	v.panel(label)
	ADDQ(U32(4*v.width*v.lanes), v.offset)
	SUBQ(U32(v.width*v.lanes), v.columns)
	rest = load("c")
	ANDQ(U8(v.rest), rest)
	CMPQ(v.columns, rest)
	JNE(LabelRef(label))
	Label(label + "Done")
}

// part emits the last panel, of fewer columns than a vector has.
func (v *vector) part() {
	TESTQ(v.columns, v.columns)
	JZ(LabelRef("partDone"))
	ones := GP64()
	MOVQ(I32(-1), ones)
	BZHIQ(v.columns, ones, ones)
	KMOVW(ones.As32(), K7)
	v.masked = true
	v.panel("part")
	v.masked = false
	Label("partDone")
}

// panel emits the loops over the rows of a panel.
func (v *vector) panel(label string) {
	for i, name := range v.k.params {
		p := load(name)
		ADDQ(v.offset, p)
		for v.col = range v.width {
			v.loadFrom(Mem{Base: p}.Offset(4*v.lanes*v.col), v.param(i))
		}
	}
	for _, name := range v.k.streams {
		Load(Param(name), v.at[name])
		ADDQ(v.offset, v.at[name])
	}
	v.rows = v.chains
	for i, sum := range v.k.sums {
		v.startSum(i, sum)
	}
	left := load("rows")
	if v.rows > 1 {
		v.loop(label+"Rows", left)
	}
	v.rows = 1
	v.loop(label+"Row", left)
	v.storeSums()
}

// startSum sets a sum of all units.
func (v *vector) startSum(i int, sum sum) {
	if !sum.carried {
		v.eachUnit(func() { VMOVAPS(v.zero(), v.sum(i)) })
		return
	}
	p := load(sum.name)
	ADDQ(v.offset, p)
	v.eachUnit(func() {
		if v.row < v.slots(sum) {
			v.loadFrom(Mem{Base: p}.Offset(4*v.lanes*v.col), v.sum(i))
		}
	})
}

// eachUnit runs emit for the rows at once and the vectors of the panel.
func (v *vector) eachUnit(emit func()) {
	for v.row = range v.rows {
		for v.col = range v.width {
			emit()
		}
	}
	v.row, v.col = 0, 0
}

// loop emits steps of v.rows rows while as many are left.
func (v *vector) loop(label string, left GPVirtual) {
	CMPQ(left, U32(v.rows))
	JLT(LabelRef(label + "Done"))
	Label(label)
	v.eachUnit(func() { v.k.body(v) })
	for _, name := range v.k.streams {
		if v.rows == 4 {
			LEAQ(Mem{Base: v.at[name]}.Idx(v.stride, 4), v.at[name])
			continue
		}
		for range v.rows {
			ADDQ(v.stride, v.at[name])
		}
	}
	SUBQ(U32(v.rows), left)
	CMPQ(left, U32(v.rows))
	JGE(LabelRef(label))
	Label(label + "Done")
}

// storeSums merges the chains, in pairs, and stores.
func (v *vector) storeSums() {
	for i, sum := range v.k.sums {
		p := load(sum.name)
		ADDQ(v.offset, p)
		for v.col = range v.width {
			chains := v.slots(sum)
			for step := 1; step < chains; step *= 2 {
				for r := 0; r < chains; r += 2 * step {
					sum.merge(v.sumOf(i, r+step), v.sumOf(i, r), v.sumOf(i, r))
				}
			}
			v.storeTo(v.sumOf(i, 0), Mem{Base: p}.Offset(4*v.lanes*v.col))
		}
	}
	v.col = 0
}

// mem is the address of the current unit of a stream.
func (v *vector) mem(name string) Mem {
	m := Mem{Base: v.at[name]}.Offset(4 * v.lanes * v.col)
	switch v.row {
	case 1, 2:
		return m.Idx(v.stride, uint8(v.row))
	case 3:
		return m.Idx(v.stride3, 1)
	}
	return m
}

func (v *vector) load(name string, to VecPhysical)    { v.loadFrom(v.mem(name), to) }
func (v *vector) store(from VecPhysical, name string) { v.storeTo(from, v.mem(name)) }

// loadFrom reads a vector; columns that do not exist are 0.
func (v *vector) loadFrom(from Mem, to VecPhysical) {
	if v.masked {
		VMOVUPS_Z(from, K7, to)
		return
	}
	VMOVUPS(from, to)
}

func (v *vector) storeTo(from VecPhysical, to Mem) {
	if v.masked {
		VMOVUPS(from, K7, to)
		return
	}
	VMOVUPS(from, to)
}
