// Command tile generates the inner kernel of every float32 product,
// kernel's gemm_tile_amd64.s: a block of C held in registers while the sum
// runs.
//
//	for i < m, j < n:
//		sum = init[i·ldi+j]
//		for q < segments, p < k:
//			sum += a[off[q] + i·rs + p·cs] · b[(q·k+p)·ldb + j]
//		c[i·ldc+j] = sum
//
// A row of B is loaded into one or two registers, elements of A are
// broadcast. A needs no packing: its rows may lie at any distance, its
// columns too, and the runs of a sum may start anywhere.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	avx512(2)
	avx512(1)
	avx2()
	Generate()
}

const signature = "func(c *float32, ldc int, init *float32, ldi int, a *float32, rs, cs int, off *int, segments, k int, b *float32, ldb, m, n int)"

// rowsPerPointer is how many rows of A one pointer reaches: 0, 1, 2 and 4
// times rs by the address's scale, 3 by a second register.
const rowsPerPointer = 5

// pointers walk through A, B and C.
type pointers struct {
	a        []GPVirtual // rows 0, 5, 10 of A at the current k
	rs, rs3  GPVirtual   // distance of A's rows, and three times it, in bytes
	cs, ldb  GPVirtual   // distance of A's columns and of B's rows, in bytes
	b        GPVirtual   // the current row of B
	off, seg GPVirtual   // the current segment's offset, segments left
	p        GPVirtual   // k left
}

// row returns the address of A's element in row i at the current k.
func (at pointers) row(i int) Mem {
	m := Mem{Base: at.a[i/rowsPerPointer]}
	switch i % rowsPerPointer {
	case 1, 2, 4:
		return m.Idx(at.rs, uint8(i%rowsPerPointer))
	case 3:
		return m.Idx(at.rs3, 1)
	}
	return m
}

// bytes loads an argument that counts floats, and turns it into bytes.
func bytes(name string) GPVirtual {
	r := load(name)
	SHLQ(U8(2), r)
	return r
}

func load(name string) GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}

// sum emits the loops over segments and k of a block of rows rows; step
// emits the products of one k.
func sum(label string, rows int, step func(pointers)) {
	at := pointers{rs: bytes("rs"), cs: bytes("cs"), ldb: bytes("ldb"), b: load("b"), off: load("off"), seg: load("segments"), rs3: GP64()}
	LEAQ(Mem{Base: at.rs}.Idx(at.rs, 2), at.rs3)

	Label(label + "Segment")
	for i := range (rows + rowsPerPointer - 1) / rowsPerPointer {
		at.a = append(at.a, GP64())
		if i > 0 {
			LEAQ(Mem{Base: at.a[i-1]}.Idx(at.rs, 4), at.a[i])
			ADDQ(at.rs, at.a[i])
			continue
		}
		start := GP64()
		MOVQ(Mem{Base: at.off}, start)
		Load(Param("a"), at.a[0])
		LEAQ(Mem{Base: at.a[0]}.Idx(start, 4), at.a[0])
	}
	at.p = load("k")

	Label(label + "Step")
	step(at)
	for _, a := range at.a {
		ADDQ(at.cs, a)
	}
	ADDQ(at.ldb, at.b)
	DECQ(at.p)
	JNZ(LabelRef(label + "Step"))

	ADDQ(Imm(8), at.off)
	DECQ(at.seg)
	JNZ(LabelRef(label + "Segment"))
}

// rowsOf emits the jump to the block of as many rows as m says, and the
// blocks, from the largest down.
func rowsOf(largest int, block func(label string, rows int)) {
	m := load("m")
	name := func(rows int) string { return fmt.Sprint("rows", rows) }
	for rows := largest; rows > 1; rows-- {
		CMPQ(m, U32(rows))
		JEQ(LabelRef(name(rows)))
	}
	for rows := 1; rows <= largest; rows++ {
		Label(name(rows))
		block(name(rows), rows)
		RET()
	}
}

// avx512 generates the kernel of width·16 columns and up to 14 rows.
//
//	Z0–Z27   the block: row i, columns 16·j in Z(width·i+j)
//	Z28–Z29  a row of B
//	Z30–Z31  an element of A, in turn (two columns; one column folds the
//	         broadcast into the multiplication)
//	K1–K2    which of the columns exist
//
// With two columns a step of 14 rows is 28 multiply-adds on 16 loads, so
// the multipliers, two a cycle, are the limit.
func avx512(width int) {
	name := fmt.Sprint("tileAVX512x", 16*width)
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is a tile of up to 14 rows and %d columns, in AVX-512.", name, 16*width))
	block := func(i, j int) VecPhysical { return zmm[width*i+j] }
	masks := []OpmaskPhysical{K1, K2}[:width]
	rowsOf(14, func(label string, rows int) {
		columns, ones := load("n"), GP64()
		MOVQ(I32(-1), ones)
		BZHIQ(columns, ones, ones)
		for j, mask := range masks {
			if j > 0 {
				SHRQ(U8(16), ones)
			}
			KMOVW(ones.As32(), mask)
		}
		eachRow("init", "ldi", rows, func(i int, at Mem) {
			for j, mask := range masks {
				VMOVUPS_Z(at.Offset(64*j), mask, block(i, j))
			}
		})
		sum(label, rows, func(at pointers) {
			for j := range width {
				VMOVUPS(Mem{Base: at.b}.Offset(64*j), zmm[28+j])
			}
			for i := range rows {
				if width == 1 {
					VFMADD231PS_BCST(at.row(i), zmm[28], block(i, 0))
					continue
				}
				element := zmm[30+i%2]
				VBROADCASTSS(at.row(i), element)
				for j := range width {
					VFMADD231PS(element, zmm[28+j], block(i, j))
				}
			}
		})
		eachRow("c", "ldc", rows, func(i int, at Mem) {
			for j, mask := range masks {
				VMOVUPS(block(i, j), mask, at.Offset(64*j))
			}
		})
		VZEROUPPER()
	})
}

// eachRow emits f for the rows of the matrix named, from the first on.
func eachRow(name, distance string, rows int, f func(i int, at Mem)) {
	at, ld := load(name), bytes(distance)
	for i := range rows {
		f(i, Mem{Base: at})
		if i < rows-1 {
			ADDQ(ld, at)
		}
	}
}

// avx2 generates the kernel of 16 columns and up to 6 rows.
//
//	Y0–Y11   the block: row i, columns 8·j in Y(2·i+j)
//	Y12–Y13  a row of B; before and after the sum, which columns exist
//	Y14–Y15  an element of A, in turn
func avx2() {
	mask := GLOBL("columns", RODATA|NOPTR)
	for i := range 32 {
		v := U32(0)
		if i < 16 {
			v = ^U32(0)
		}
		DATA(4*i, v)
	}
	TEXT("tileAVX2", NOSPLIT, signature)
	Pragma("noescape")
	Doc("tileAVX2 is a tile of up to 6 rows and 16 columns, in AVX2 and FMA.")
	block := func(i, j int) VecPhysical { return ymm[2*i+j] }
	masks := func() {
		table, n := GP64(), load("n")
		LEAQ(mask.Offset(64), table)
		NEGQ(n)
		LEAQ(Mem{Base: table}.Idx(n, 4), table)
		VMOVDQU(Mem{Base: table}, Y12)
		VMOVDQU(Mem{Base: table}.Offset(32), Y13)
	}
	rowsOf(6, func(label string, rows int) {
		masks()
		eachRow("init", "ldi", rows, func(i int, at Mem) {
			VMASKMOVPS(at, Y12, block(i, 0))
			VMASKMOVPS(at.Offset(32), Y13, block(i, 1))
		})
		sum(label, rows, func(at pointers) {
			VMOVUPS(Mem{Base: at.b}, Y12)
			VMOVUPS(Mem{Base: at.b}.Offset(32), Y13)
			for i := range rows {
				element := ymm[14+i%2]
				VBROADCASTSS(at.row(i), element)
				VFMADD231PS(element, Y12, block(i, 0))
				VFMADD231PS(element, Y13, block(i, 1))
			}
		})
		masks()
		eachRow("c", "ldc", rows, func(i int, at Mem) {
			VMASKMOVPS(block(i, 0), Y12, at)
			VMASKMOVPS(block(i, 1), Y13, at.Offset(32))
		})
		VZEROUPPER()
	})
}

var (
	ymm = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	zmm = []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
	}
)
