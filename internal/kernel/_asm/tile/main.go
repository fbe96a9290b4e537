// Command tile generates the inner kernel of every float32 product,
// kernel's gemm_tile_amd64.s: a block of C held in registers while the sum
// runs.
//
//	for i < m, j < n:
//		sum = 0
//		for q < segments, p < k:
//			sum += a[off[q] + i·rs + p·cs] · b[(q·k+p)·ldb + j]
//		c[i·ldc+j] = sum + plus[i·ldp+j]
//
// Where plus is C, its rows are on their way to the first-level cache while the
// sum runs. A row of B is loaded into one or two registers, elements of A are
// broadcast. A needs no packing: its rows and its columns may be any distance
// apart, and the segments of a sum may start anywhere.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"petrify/internal/kernel/_asm/rows"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	avx512(2)
	avx512(1)
	avx2()
	Generate()
}

const signature = "func(c *float32, ldc int, plus *float32, ldp int, a *float32, rs, cs int, off *int, segments, " +
	"k int, b *float32, ldb, m, n int)"

// sum emits the loops over segments and k of a tile of m rows; step emits
// the products of one k, B's row being at b.
func sum(label string, m int, step func(a rows.Pointers, b GPVirtual)) {
	a := rows.NewPointers("rs")
	cs, ldb := rows.Bytes("cs"), rows.Bytes("ldb")
	b, off, segments := rows.Argument("b"), rows.Argument("off"), rows.Argument("segments")

	Label(label + "Segment")
	start := GP64()
	MOVQ(Mem{Base: off}, start)
	first := rows.Argument("a")
	LEAQ(Mem{Base: first}.Idx(start, 4), first)
	a.Point(first, m)
	k := rows.Argument("k")

	Label(label + "Step")
	step(a, b)
	a.Move(cs)
	ADDQ(ldb, b)
	DECQ(k)
	JNZ(LabelRef(label + "Step"))

	ADDQ(Imm(8), off)
	DECQ(segments)
	JNZ(LabelRef(label + "Segment"))
}

// fetch prefetches m rows of C, a few cache lines each, if they are added to
// the sum.
func fetch(label string, m, lines int) {
	c := rows.Argument("c")
	CMPQ(c, rows.Argument("plus"))
	JNE(LabelRef(label + "Sum"))
	rows.Walk(c, rows.Bytes("ldc"), m, func(i int, at Mem) {
		for j := range lines {
			PREFETCHT0(at.Offset(64 * j))
		}
	})
	Label(label + "Sum")
}

// zero clears registers.
func zero(all []VecPhysical) {
	for _, v := range all {
		VXORPS(v, v, v)
	}
}

// finish emits f for the m rows of plus and C.
func finish(m int, f func(i int, plus, c Mem)) {
	plus, c := rows.Argument("plus"), rows.Argument("c")
	ldp, ldc := rows.Bytes("ldp"), rows.Bytes("ldc")
	for i := range m {
		f(i, Mem{Base: plus}, Mem{Base: c})
		if i < m-1 {
			ADDQ(ldp, plus)
			ADDQ(ldc, c)
		}
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
	block := func(i, j int) VecPhysical { return rows.Z[width*i+j] }
	masks := []OpmaskPhysical{K1, K2}[:width]
	rows.Cases(rows.Down(14), func(label string, m int) {
		columns, ones := rows.Argument("n"), GP64()
		MOVQ(I32(-1), ones)
		BZHIQ(columns, ones, ones)
		for j, mask := range masks {
			if j > 0 {
				SHRQ(U8(16), ones)
			}
			KMOVW(ones.As32(), mask)
		}
		fetch(label, m, width)
		zero(rows.Z[:width*m])
		sum(label, m, func(a rows.Pointers, b GPVirtual) {
			for j := range width {
				VMOVUPS(Mem{Base: b}.Offset(64*j), rows.Z[28+j])
			}
			for i := range m {
				if width == 1 {
					VFMADD231PS_BCST(a.Row(i), rows.Z[28], block(i, 0))
					continue
				}
				element := rows.Z[30+i%2]
				VBROADCASTSS(a.Row(i), element)
				for j := range width {
					VFMADD231PS(element, rows.Z[28+j], block(i, j))
				}
			}
		})
		finish(m, func(i int, plus, c Mem) {
			for j, mask := range masks {
				VADDPS(plus.Offset(64*j), block(i, j), mask, block(i, j))
				VMOVUPS(block(i, j), mask, c.Offset(64*j))
			}
		})
	})
}

// avx2 generates the kernel of 16 columns and up to 6 rows.
//
//	Y0–Y11   the block: row i, columns 8·j in Y(2·i+j)
//	Y12–Y13  a row of B; after the sum, which columns exist
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
	block := func(i, j int) VecPhysical { return rows.Y[2*i+j] }
	masks := func() {
		table, n := GP64(), rows.Argument("n")
		LEAQ(mask.Offset(64), table)
		NEGQ(n)
		LEAQ(Mem{Base: table}.Idx(n, 4), table)
		VMOVDQU(Mem{Base: table}, Y12)
		VMOVDQU(Mem{Base: table}.Offset(32), Y13)
	}
	rows.Cases(rows.Down(6), func(label string, m int) {
		fetch(label, m, 1)
		zero(rows.Y[:2*m])
		sum(label, m, func(a rows.Pointers, b GPVirtual) {
			VMOVUPS(Mem{Base: b}, Y12)
			VMOVUPS(Mem{Base: b}.Offset(32), Y13)
			for i := range m {
				element := rows.Y[14+i%2]
				VBROADCASTSS(a.Row(i), element)
				VFMADD231PS(element, Y12, block(i, 0))
				VFMADD231PS(element, Y13, block(i, 1))
			}
		})
		CMPQ(rows.Argument("n"), Imm(16))
		JNE(LabelRef(label + "Narrow")) // masked stores are slow on some processors
		finish(m, func(i int, plus, c Mem) {
			for j := range 2 {
				VADDPS(plus.Offset(32*j), block(i, j), block(i, j))
				VMOVUPS(block(i, j), c.Offset(32*j))
			}
		})
		VZEROUPPER()
		RET()

		Label(label + "Narrow")
		masks()
		finish(m, func(i int, plus, c Mem) {
			for j, mask := range []VecPhysical{Y12, Y13} {
				VMASKMOVPS(plus.Offset(32*j), mask, Y14)
				VADDPS(Y14, block(i, j), block(i, j))
				VMASKMOVPS(block(i, j), mask, c.Offset(32*j))
			}
		})
	})
}
