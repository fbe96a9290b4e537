package main

import "fmt"

// Tiles are the inner kernels of products, of floats and of bytes: up to six
// rows of 16 columns in registers while the sum runs.
//
//	for q < segments, p < k:
//		for i < m, j < 16:
//			sum[i,j] += a[off[q] + i·rs + p·cs] · b[q·k+p, j]
//
// An element of a is a float, or a group of four bytes or two words, by which the
// vectors of a row of b are multiplied. Elements are loaded by fours where a row's
// are consecutive, side by side where a column's are, otherwise one by one:
//
//	V0–V5    a: of each row four elements, or in V0 and V1 those of six rows, or
//	         in V0–V3 one of each row, in turn
//	V6–V7 or V4–V7, a part or all of a row of b
//	V8–V31   the sums: row i, columns 4·j in V(8+4·i+j)
const (
	tileRows  = 6
	firstOfB  = 4
	firstSum  = 8
	perRow    = 4 // vectors
	tileWidth = 16
)

// block is the register of a row's sums.
func block(i, j int) int { return firstSum + perRow*i + j }

// A multiplication is a tile's instructions: loadB loads a row of b from a
// register, and multiply adds to row i its products with an element of V(a).
// single, if any, adds V(b)'s products with an element of V(a) to V(sum).
type multiplication struct {
	loadB    func(f *function, b string)
	multiply func(f *function, i, a, element int)
	single   string // of sum, b, a and element
}

// byElement multiplies rows of four vectors, lane by lane, with one
// instruction each.
func byElement(instruction string) multiplication {
	return multiplication{
		loadB: func(f *function, b string) {
			f.p("FLDPQ (%s), (F4, F5)", b)
			f.p("FLDPQ 32(%s), (F6, F7)", b)
		},
		multiply: func(f *function, i, a, element int) {
			for j := range perRow {
				f.p(instruction, block(i, j), firstOfB+j, a, element)
			}
		},
		single: instruction,
	}
}

// words multiplies pairs of words. LD2 leaves the first ones of eight columns in
// one vector, the second ones in the next.
var words = multiplication{
	loadB: func(f *function, b string) {
		f.p("VLD2.P 32(%s), [V4.H8, V5.H8]", b)
		f.p("VLD2 (%s), [V6.H8, V7.H8]", b)
		f.p("SUB $32, %s", b)
	},
	multiply: func(f *function, i, a, _ int) {
		for word := range 2 {
			for j := range perRow {
				b := firstOfB + j/2*2 + word
				if j%2 == 0 {
					f.p("smlal v%d.4s, v%d.4h, v%d.h[%d]", block(i, j), b, a, word)
				} else {
					f.p("smlal2 v%d.4s, v%d.8h, v%d.h[%d]", block(i, j), b, a, word)
				}
			}
		}
	},
}

// tile is what the loops of a tile need, in registers: addresses and distances
// in bytes.
type tile struct {
	*function
	multiplication
	a, rs, cs, off, segments, k, b, ldb string
	shift                               int    // from the unit of off to bytes
	kName                               string // the parameter that k counts down
	anyDistance                         bool   // whether rs and cs may be anything; otherwise cs is 4
	at                                  string // bytes from the rows' starts
	row                                 []string
}

// rows emits begin, the loops and end for each number of rows.
func (t *tile) rows(begin, end func(rows int)) {
	m := t.arg("m")
	t.at = t.reg()
	for range tileRows {
		t.row = append(t.row, t.reg())
	}
	for rows := tileRows; rows > 1; rows-- {
		t.p("CMP $%d, %s", rows, m)
		t.p("BEQ rows%d", rows)
	}
	for rows := 1; rows <= tileRows; rows++ {
		t.label(fmt.Sprint("rows", rows))
		begin(rows)
		t.label(fmt.Sprint("segment", rows))
		t.p("MOVD.P 8(%s), %s", t.off, t.at)
		t.p("ADD %s<<%d, %s, %s", t.at, t.shift, t.a, t.row[0])
		for i := 1; i < rows; i++ {
			t.p("ADD %s, %s, %s", t.rs, t.row[i-1], t.row[i])
		}
		t.p("MOVD ZR, %s", t.at)
		t.load(t.kName, t.k)
		t.loops(rows)
		t.p("SUBS $1, %s", t.segments)
		t.p("BNE segment%d", rows)
		end(rows)
		if rows < tileRows {
			t.p("RET")
		}
	}
}

// loops emits the loops over k: elements by fours and what they leave over, one
// by one, side by side.
func (t *tile) loops(rows int) {
	if t.anyDistance {
		t.p("CMP $4, %s", t.rs)
		t.p("BEQ column%d", rows)
		t.p("CMP $4, %s", t.cs)
		t.p("BNE step%d", rows)
	}
	if t.single != "" {
		t.p("SUBS $4, %s", t.k)
		t.p("BLT rest%d", rows)
		t.label(fmt.Sprint("four", rows))
		t.four(rows)
		t.p("SUBS $4, %s", t.k)
		t.p("BGE four%d", rows)
		t.label(fmt.Sprint("rest", rows))
		t.p("ADDS $4, %s", t.k)
		t.p("BEQ next%d", rows)
	}
	t.label(fmt.Sprint("step", rows))
	t.step(rows)
	t.p("SUBS $1, %s", t.k)
	t.p("BNE step%d", rows)
	if t.anyDistance {
		t.p("B next%d", rows)
		t.label(fmt.Sprint("column", rows))
		t.column(rows)
		t.p("SUBS $1, %s", t.k)
		t.p("BNE column%d", rows)
	}
	t.label(fmt.Sprint("next", rows))
}

// four emits the products of four k, a half of a row of b at a time.
func (t *tile) four(rows int) {
	const half = 6 // register
	for i, row := range t.row[:rows] {
		t.p("FMOVQ.P 16(%s), F%d", row, i)
	}
	for k := range 4 {
		for j := 0; j < perRow; j += 2 {
			t.p("FLDPQ %d(%s), (F%d, F%d)", 16*j, t.b, half, half+1)
			if j > 0 {
				t.p("ADD %s, %s", t.ldb, t.b)
			}
			for i := range rows {
				t.p(t.single, block(i, j), half, i, k)
				t.p(t.single, block(i, j+1), half+1, i, k)
			}
		}
	}
}

// step emits the products of one k. The first elements of a are loaded ahead of
// all products, each other one ahead of the products of some rows before it.
func (t *tile) step(rows int) {
	const ahead = 3
	load := func(i int) {
		if i < rows {
			t.p("FMOVS (%s)(%s), F%d", t.row[i], t.at, i%firstOfB)
		}
	}
	t.loadB(t.function, t.b)
	for i := range ahead {
		load(i)
	}
	for i := range rows {
		load(i + ahead)
		if i == rows-1 {
			t.p("ADD %s, %s", t.cs, t.at)
			t.p("ADD %s, %s", t.ldb, t.b)
		}
		t.multiply(t.function, i, i%firstOfB, 0)
	}
}

// column emits the products of one k, whose elements are side by side.
func (t *tile) column(rows int) {
	for i := 0; i < rows; i += 4 {
		switch rows - i {
		case 1:
			t.p("FMOVS %d(%s), F%d", 4*i, t.row[0], i/4)
		case 2:
			t.p("FMOVD %d(%s), F%d", 4*i, t.row[0], i/4)
		case 3:
			t.p("FMOVD %d(%s), F%d", 4*i, t.row[0], i/4)
			t.p("FMOVS %d(%s), F%d", 4*i+8, t.row[0], i/4+1)
		default:
			t.p("FMOVQ %d(%s), F%d", 4*i, t.row[0], i/4)
		}
	}
	t.loadB(t.function, t.b)
	t.p("ADD %s, %s", t.cs, t.row[0])
	t.p("ADD %s, %s", t.ldb, t.b)
	for i := range rows {
		if rows == 3 && i == 2 {
			t.multiply(t.function, i, 1, 0)
			continue
		}
		t.multiply(t.function, i, i/4, i%4)
	}
}

// floatTile is the kernel of every float32 product. c may be plus.
func floatTile() *function {
	f := newFunction("tileNEON", "a tile of up to 6 rows and 16 columns", "c *float32, ldc int, plus *float32, "+
		"ldp int, a *float32, rs int, cs int, off *int, segments int, k int, b *float32, ldb int, m int")
	t := &tile{function: f, multiplication: byElement("fmla v%d.4s, v%d.4s, v%d.s[%d]"), shift: 2, kName: "k",
		anyDistance: true}
	t.a, t.rs, t.cs, t.off = f.arg("a"), f.bytes("rs"), f.bytes("cs"), f.arg("off")
	t.segments, t.k, t.b, t.ldb = f.arg("segments"), f.reg(), f.arg("b"), f.bytes("ldb")
	c, plus, ldc, ldp := f.arg("c"), f.arg("plus"), f.bytes("ldc"), f.bytes("ldp")
	t.rows(func(rows int) {
		for i := range perRow * rows {
			f.p("eor v%[1]d.16b, v%[1]d.16b, v%[1]d.16b", firstSum+i)
		}
	}, func(rows int) {
		for i := range rows {
			for j := range perRow {
				f.p("FMOVQ %d(%s), F%d", 16*j, plus, j)
			}
			for j := range perRow {
				f.p("fadd v%[1]d.4s, v%[1]d.4s, v%[2]d.4s", block(i, j), j)
				f.p("FMOVQ F%d, %d(%s)", block(i, j), 16*j, c)
			}
			f.p("ADD %s, %s", ldp, plus)
			f.p("ADD %s, %s", ldc, c)
		}
	})
	return f
}

// intTile is the kernel of an integer convolution: m pixels, step bytes apart,
// times a panel of 16 channels, in groups of four bytes.
//
//	acc[i·lda+j] = bias[j] + Σ x[off[q] + i·step + 4·p : +4] · w[q·groups+p, j]
func intTile(name, doc string, by multiplication) *function {
	f := newFunction(name, doc, "acc *int32, lda int, bias *int32, x *uint8, step int, off *int, segments int, "+
		"groups int, w *uint8, m int")
	t := &tile{function: f, multiplication: by, kName: "groups"}
	t.a, t.rs, t.off, t.segments = f.arg("x"), f.arg("step"), f.arg("off"), f.arg("segments")
	t.k, t.b, t.cs, t.ldb = f.reg(), f.arg("w"), "$4", "$64"
	acc, lda, bias := f.arg("acc"), f.bytes("lda"), f.arg("bias")
	t.rows(func(rows int) {
		for i := range rows {
			for j := range perRow {
				f.p("FMOVQ %d(%s), F%d", 16*j, bias, block(i, j))
			}
		}
	}, func(rows int) {
		for i := range rows {
			for j := range perRow {
				f.p("FMOVQ F%d, %d(%s)", block(i, j), 16*j, acc)
			}
			f.p("ADD %s, %s", lda, acc)
		}
	})
	return f
}

// transpose writes rows of 16 columns, four at a time, from 16 rows of four:
//
//	for i < rows, j < 16:
//		dst[i·width+j] = src[j·ld+i]
//
// rows must be a positive multiple of 4.
func transpose() *function {
	f := newFunction("transposeNEON", "a transposition of 16 columns", "dst *float32, src *float32, rows int, ld int, "+
		"width int")
	dst, src, rows, ld, width := f.arg("dst"), f.arg("src"), f.arg("rows"), f.bytes("ld"), f.bytes("width")
	from, to := f.reg(), f.reg()
	f.label("rows")
	f.p("MOVD %s, %s", src, from)
	for j := 0; j < tileWidth; j += 4 {
		for i := range 4 {
			f.p("FMOVQ (%s), F%d", from, i)
			f.p("ADD %s, %s", ld, from)
		}
		for i, pair := range [][2]int{{0, 1}, {0, 1}, {2, 3}, {2, 3}} {
			f.p("zip%d v%d.4s, v%d.4s, v%d.4s", i%2+1, 4+i, pair[0], pair[1])
		}
		f.p("MOVD %s, %s", dst, to)
		for i := range 4 {
			f.p("zip%d v%d.2d, v%d.2d, v%d.2d", i%2+1, i, 4+i/2, 6+i/2)
			f.p("FMOVQ F%d, %d(%s)", i, 4*j, to)
			f.p("ADD %s, %s", width, to)
		}
	}
	f.p("MOVD %s, %s", to, dst)
	f.p("ADD $16, %s", src)
	f.p("SUBS $4, %s", rows)
	f.p("BNE rows")
	return f
}
