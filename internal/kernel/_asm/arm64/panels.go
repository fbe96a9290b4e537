package main

import (
	"fmt"
	"strings"
)

// A panels kernel treats rows of c channels, c a positive multiple of 4, panel
// by panel:
//
//	for each panel of some vectors of channels:
//		load params, clear sums
//		for each of count rows:
//			code
//		store sums
//
// Sums that are kept are loaded, not cleared; others of floats have the chains that
// kernel's chains gives their columns. Uniforms are addresses of one
// number for all channels. With numbered, the registers k0 to k3 hold these numbers.
type panels struct {
	name, doc    string
	sums, slices []slice
	params       []string
	uniforms     []slice
	numbered     bool
	count, code  string
	vectors      []int // of a panel: as many as fit, then fewer
}

// walk is the general registers of a panels kernel.
type walk struct {
	c, pixel, j, left, count, at string // pixel is the bytes of c floats
	slices                       map[string][2]string
}

func (k panels) generate() *function {
	params := ""
	for _, s := range append(append([]slice{}, k.sums...), k.slices...) {
		params += s.parameter()
	}
	for _, name := range k.params {
		params += in(name).parameter()
	}
	for _, s := range k.uniforms {
		params += s.parameter()
	}
	f := newFunction(k.name, k.doc, params+k.count+" int, c int")
	w := walk{slices: map[string][2]string{}}
	w.c, w.pixel, w.j, w.left, w.count, w.at = f.arg("c"), f.reg(), f.reg(), f.reg(), f.reg(), f.reg()
	f.p("LSL $2, %s, %s", w.c, w.pixel)
	f.p("MOVD ZR, %s", w.j)
	f.p("MOVD %s, %s", w.c, w.left)
	for _, s := range k.slices {
		w.slices[s.name] = [2]string{f.reg()}
		if s.pair {
			w.slices[s.name] = [2]string{w.slices[s.name][0], f.reg()}
		}
	}
	k.constants(f, w, newLanes(f, 1))
	for i, z := range k.zones() {
		f.label(fmt.Sprint("zone", i))
		f.p("AND $%d, %s, %s", z.rest, w.c, w.at)
		f.p("CMP %s, %s", w.at, w.left)
		f.p("BEQ done%d", i)
		k.panel(f, w, z, i)
		f.p("ADD $%d, %s", 4*z.vectors, w.j)
		f.p("SUB $%d, %s", 4*z.vectors, w.left)
		f.p("B zone%d", i)
		f.label(fmt.Sprint("done", i))
	}
	return f
}

// A zone is channels of equal chains, in panels of some vectors, until no more than
// c&rest are left.
type zone struct{ vectors, chains, rest int }

func (k panels) zones() (all []zone) {
	for _, s := range k.sums {
		if s.chained() {
			return []zone{{2, 1, 63}, {2, 2, 31}, {2, 4, 7}, {1, 4, 3}}
		}
	}
	for _, vectors := range k.vectors {
		all = append(all, zone{vectors, 1, 4*vectors - 1})
	}
	return all
}

// constants loads what is the same for all panels.
func (k panels) constants(f *function, w walk, l *lanes) {
	k.share(l)
	if k.zero() {
		l.once("eor zero.16b, zero.16b, zero.16b")
	}
	for _, s := range k.uniforms {
		f.load(s.name, w.at)
		f.p("VLD1R (%s), [V%d.S4]", w.at, l.share(s.name))
	}
	for i := 0; i < 4 && k.numbered; i++ {
		f.p("MOVD $%d, %s", i, w.at)
		f.p("VDUP %s, V%d.S4", w.at, l.share(fmt.Sprint("k", i)))
	}
}

// share takes the registers of what is the same for all panels.
func (k panels) share(l *lanes) {
	if k.zero() {
		l.share("zero")
	}
	for _, s := range k.uniforms {
		l.share(s.name)
	}
	for i := 0; i < 4 && k.numbered; i++ {
		l.share(fmt.Sprint("k", i))
	}
}

// zero reports whether the code needs a register of zeros.
func (k panels) zero() bool { return strings.Contains(k.code, "zero.") }

// panel emits the loop over the rows of one panel of zone i.
func (k panels) panel(f *function, w walk, z zone, i int) {
	l := newLanes(f, z.vectors)
	k.share(l)
	address := func(name string) {
		f.load(name, w.at)
		f.p("ADD %s<<2, %s, %s", w.j, w.at, w.at)
	}
	for _, name := range k.params {
		address(name)
		l.load(name, w.at, 4)
	}
	for _, s := range k.sums {
		if s.in {
			address(s.name)
			l.load(s.name, w.at, 4)
			continue
		}
		for chain := range z.chains {
			l.each(fmt.Sprintf("eor %[1]s.16b, %[1]s.16b, %[1]s.16b", link(s.name, chain)))
		}
	}
	for _, s := range k.slices {
		at := w.slices[s.name]
		f.load(s.name, at[0])
		f.p("ADD %s<<%d, %s, %s", w.j, s.bytes()/2, at[0], at[0])
		if s.pair {
			f.p("ADD %s, %s, %s", w.pixel, at[0], at[1])
		}
	}
	k.rows(f, w, l, z, i)
	for _, s := range k.sums {
		for step := 1; step < z.chains && s.chained(); step *= 2 {
			for chain := 0; chain < z.chains; chain += 2 * step {
				l.each(fmt.Sprintf("fadd %[1]s.4s, %[1]s.4s, %[2]s.4s", link(s.name, chain),
					link(s.name, chain+step)))
			}
		}
		address(s.name)
		l.store(s.name, w.at, 4)
	}
}

// link is the name of a sum's chain.
func link(sum string, chain int) string {
	if chain == 0 {
		return sum
	}
	return fmt.Sprint(sum, chain)
}

// rows emits the loops over the rows of a panel: one row a chain, then those left.
func (k panels) rows(f *function, w walk, l *lanes, z zone, i int) {
	f.load(k.count, w.count)
	if z.chains > 1 {
		f.p("SUBS $%d, %s", z.chains, w.count)
		f.p("BLT rest%d", i)
		f.label(fmt.Sprint("rows", i))
		for chain := range z.chains {
			k.row(f, w, l, chain)
		}
		f.p("SUBS $%d, %s", z.chains, w.count)
		f.p("BGE rows%d", i)
		f.label(fmt.Sprint("rest", i))
		f.p("ADDS $%d, %s", z.chains, w.count)
		f.p("BEQ end%d", i)
	}
	f.label(fmt.Sprint("row", i))
	k.row(f, w, l, 0)
	f.p("SUBS $1, %s", w.count)
	f.p("BNE row%d", i)
	f.label(fmt.Sprint("end", i))
}

// row emits the code of one row, and moves on.
func (k panels) row(f *function, w walk, l *lanes, chain int) {
	for _, s := range k.slices {
		if at := w.slices[s.name]; s.in && s.pair {
			l.load(s.name+"a", at[0], s.bytes())
			l.load(s.name+"b", at[1], s.bytes())
		} else if s.in {
			l.load(s.name, at[0], s.bytes())
		}
	}
	code := k.code
	for _, s := range k.sums {
		if s.chained() {
			code = strings.ReplaceAll(code, s.name+".", link(s.name, chain)+".")
		}
	}
	l.each(code)
	for _, s := range k.slices {
		at := w.slices[s.name]
		if s.out && s.pair {
			l.store(s.name+"a", at[0], s.bytes())
			l.store(s.name+"b", at[1], s.bytes())
		} else if s.out {
			l.store(s.name, at[0], s.bytes())
		}
		switch {
		case s.pair:
			f.p("ADD %s<<1, %s", w.pixel, at[0])
			f.p("ADD %s<<1, %s", w.pixel, at[1])
		case s.bytes() == 1:
			f.p("ADD %s, %s", w.c, at[0])
		default:
			f.p("ADD %s, %s", w.pixel, at[0])
		}
	}
}
