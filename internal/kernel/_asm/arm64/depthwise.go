package main

import (
	"fmt"
	"strings"
)

// vectors is the operand of VLD1 and VST1 for some vectors.
func vectors(first, count int) string {
	var all []string
	for i := range count {
		all = append(all, fmt.Sprintf("V%d.S4", first+i))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// floatPanels emits panel for two vectors of n channels as often as they fit,
// then for one; j counts channels.
func floatPanels(f *function, prefix, n, j string, panel func(label string, vectors int)) {
	f.load("n", n)
	f.p("MOVD ZR, %s", j)
	for _, vectors := range []int{2, 1} {
		label := fmt.Sprint(prefix, "panel", vectors)
		f.label(label)
		f.p("CMP $%d, %s", 4*vectors, n)
		f.p("BLT %sDone", label)
		panel(label, vectors)
		f.p("ADD $%d, %s", 4*vectors, j)
		f.p("SUB $%d, %s", 4*vectors, n)
		f.p("B %s", label)
		f.label(label + "Done")
	}
}

// depthwise is a strip of m outputs of a depthwise convolution, n a multiple
// of 4:
//
//	c[i·ldc+j] = w[j] + Σ x[off[q]+i·rs+j] · w[(q+1)·ldw+j]
//
//	V0–V7    the sums of up to four pixels
//	V16–V17  the weights of a tap
//	V18–V25  the pixels
func depthwise() *function {
	f := newFunction("depthwiseNEON", "a strip", "c *float32, ldc int, x *float32, rs int, off *int, segments int, "+
		"w *float32, ldw int, m int, n int")
	ldc, rs, ldw := f.bytes("ldc"), f.bytes("rs"), f.bytes("ldw")
	n, j, m, c, off, segments, w, at := f.reg(), f.reg(), f.reg(), f.reg(), f.reg(), f.reg(), f.reg(), f.reg()
	row, pixel := []string{f.reg(), f.reg(), f.reg(), f.reg()}, f.reg()
	floatPanels(f, "", n, j, func(label string, count int) {
		f.load("m", m)
		f.load("x", row[0])
		f.p("ADD %s<<2, %s, %s", j, row[0], row[0])
		f.load("c", c)
		f.p("ADD %s<<2, %s, %s", j, c, c)
		pixelBlocks(f, label, m, rs, row, func(label string, row []string) {
			f.load("w", w)
			f.p("ADD %s<<2, %s, %s", j, w, w)
			for i := range row {
				f.p("VLD1 (%s), %s", w, vectors(2*i, count))
			}
			f.load("off", off)
			f.load("segments", segments)
			f.label(label + "Taps")
			f.p("ADD %s, %s", ldw, w)
			f.p("VLD1 (%s), %s", w, vectors(16, count))
			f.p("MOVD.P 8(%s), %s", off, at)
			for i, r := range row {
				f.p("ADD %s<<2, %s, %s", at, r, pixel)
				f.p("VLD1 (%s), %s", pixel, vectors(18+2*i, count))
			}
			for i := range row {
				for v := range count {
					f.p("fmla v%d.4s, v%d.4s, v%d.4s", 2*i+v, 18+2*i+v, 16+v)
				}
			}
			f.p("SUBS $1, %s", segments)
			f.p("BNE %sTaps", label)
			for i := range row {
				f.p("VST1.P %s, (%s)(%s)", vectors(2*i, count), c, ldc)
			}
		})
	})
	return f
}

// depthwiseGradient adds to taps of a window, n a multiple of 4:
//
//	c[i·ldc+j] += Σ x[off[q]+tap(i)+p·cs+j] · b[(q·k+p)·ldb+j]
//
// Up to seven taps are i·rs apart, nine are rows of three, gs apart.
//
//	V0–V17   the sums
//	V18–V19  b
//	V20–V31  x of the taps, in turn
func depthwiseGradient() *function {
	f := newFunction("depthwiseGradientNEON", "the gradient of taps of a window", "c *float32, ldc int, x *float32, "+
		"rs int, gs int, cs int, off *int, segments int, k int, b *float32, ldb int, m int, n int")
	g := gradient{function: f, ldc: f.bytes("ldc"), rs: f.bytes("rs"), gs: f.bytes("gs"), cs: f.bytes("cs"),
		ldb: f.bytes("ldb"), off: f.reg(), segments: f.reg(), k: f.reg(), b: f.reg(), c: f.reg(), n: f.reg(),
		j: f.reg(), at: f.reg()}
	for range 9 {
		g.row = append(g.row, f.reg())
	}
	cases := []int{1, 2, 3, 4, 5, 6, 7, 9}
	f.load("m", g.at)
	for _, taps := range cases[1:] {
		f.p("CMP $%d, %s", taps, g.at)
		f.p("BEQ taps%d", taps)
	}
	for i, taps := range cases {
		label := fmt.Sprint("taps", taps)
		f.label(label)
		floatPanels(f, label, g.n, g.j, func(label string, count int) { g.panel(label, taps, count) })
		if i < len(cases)-1 {
			f.p("RET")
		}
	}
	return f
}

// gradient is the registers of depthwiseGradient.
type gradient struct {
	*function
	ldc, rs, gs, cs, ldb             string
	off, segments, k, b, c, n, j, at string
	row                              []string
}

// panel emits the sums of some vectors of channels.
func (g gradient) panel(label string, taps, count int) {
	sums := func(instruction string, operands func(i int) string) {
		g.load("c", g.c)
		g.p("ADD %s<<2, %s, %s", g.j, g.c, g.c)
		for i := range taps {
			g.p("%s %s", instruction, operands(i))
		}
	}
	address := fmt.Sprintf("(%s)(%s)", g.c, g.ldc)
	sums("VLD1.P", func(i int) string { return address + ", " + vectors(2*i, count) })
	g.load("b", g.b)
	g.p("ADD %s<<2, %s, %s", g.j, g.b, g.b)
	g.load("off", g.off)
	g.load("segments", g.segments)
	g.label(label + "Segment")
	g.p("MOVD.P 8(%s), %s", g.off, g.at)
	g.p("ADD %s, %s", g.j, g.at)
	g.load("x", g.row[0])
	g.p("ADD %s<<2, %s, %s", g.at, g.row[0], g.row[0])
	for i := 1; i < taps; i++ {
		if taps == 9 && i%3 == 0 {
			g.p("ADD %s, %s, %s", g.gs, g.row[i-3], g.row[i])
			continue
		}
		g.p("ADD %s, %s, %s", g.rs, g.row[i-1], g.row[i])
	}
	g.load("k", g.k)
	g.label(label + "Step")
	g.p("VLD1.P (%s)(%s), %s", g.b, g.ldb, vectors(18, count))
	for i, row := range g.row[:taps] {
		x := 20 + 2*i%12
		g.p("VLD1.P (%s)(%s), %s", row, g.cs, vectors(x, count))
		for v := range count {
			g.p("fmla v%d.4s, v%d.4s, v%d.4s", 2*i+v, x+v, 18+v)
		}
	}
	g.p("SUBS $1, %s", g.k)
	g.p("BNE %sStep", label)
	g.p("SUBS $1, %s", g.segments)
	g.p("BNE %sSegment", label)
	sums("VST1.P", func(i int) string { return vectors(2*i, count) + ", " + address })
}
