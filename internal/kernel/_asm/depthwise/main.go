// Command depthwise generates kernel's depthwise_amd64.s: the products of a
// depthwise convolution, where each channel meets its own weights alone and
// the registers hold channels side by side.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"petrify/internal/kernel/_asm/rows"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	for _, p := range []path{
		{name: "AVX512", z: rows.Z, channels: 16, pixels: 14},
		{name: "AVX2", z: rows.Y, channels: 8, pixels: 12},
	} {
		p.sum()
		p.gradient()
	}
	Generate()
}

// A path is an instruction set: its registers, how many channels one holds,
// and how many pixels a sum takes at once.
type path struct {
	name             string
	z                []VecPhysical
	channels, pixels int
}

// mask sets K1 to the channels that exist of those left. AVX2 has no masked
// arithmetic: its caller passes whole vectors.
func (p path) mask(left GPVirtual) {
	if p.name == "AVX2" {
		return
	}
	count, ones := GP64(), GP64()
	MOVQ(U32(p.channels), count)
	CMPQ(left, count)
	CMOVQLT(left, count)
	MOVQ(I32(-1), ones)
	BZHIQ(count, ones, ones)
	KMOVW(ones.As32(), K1)
}

func (p path) load(at Mem, v VecPhysical) {
	if p.name == "AVX2" {
		VMOVUPS(at, v)
		return
	}
	VMOVUPS_Z(at, K1, v)
}

func (p path) store(v VecPhysical, at Mem) {
	if p.name == "AVX2" {
		VMOVUPS(v, at)
		return
	}
	VMOVUPS(v, K1, at)
}

// multiplyAdd adds the product of v and a memory operand to sum.
func (p path) multiplyAdd(at Mem, v, sum VecPhysical) {
	if p.name == "AVX2" {
		VFMADD231PS(at, v, sum)
		return
	}
	VFMADD231PS(at, v, K1, sum)
}

// eachVector emits the loop over the channels, a vector of them at a time;
// body gets their distance from the first one in bytes.
func (p path) eachVector(label string, body func(j GPVirtual)) {
	j, left := GP64(), rows.Argument("n")
	XORQ(j, j)
	Label(label + "Channels")
	p.mask(left)
	body(j)
	ADDQ(U8(4*p.channels), j)
	SUBQ(U8(p.channels), left)
	JG(LabelRef(label + "Channels"))
}

// after loads a pointer argument and advances it.
func after(name string, by Register) GPVirtual {
	r := rows.Argument(name)
	ADDQ(by, r)
	return r
}

// sum generates the sum over the window of up to 14 (12) pixels.
//
//	for i < m, j < n:
//		c[i·ldc+j] = w[j] + Σ_{q<segments} x[off[q]+i·rs+j] · w[(q+1)·ldw+j]
//
//	Z0–Z13 (Y0–Y11)  the pixels' sums
//	Z15 (Y15)        a tap's weights
func (p path) sum() {
	TEXT("depthwise"+p.name, NOSPLIT,
		"func(c *float32, ldc int, x *float32, rs int, off *int, segments int, w *float32, ldw, m, n int)")
	Pragma("noescape")
	Doc("depthwise" + p.name + " computes a strip.")
	rows.Cases(rows.Down(p.pixels), func(label string, m int) {
		x, ldw, weight := rows.NewPointers("rs"), rows.Bytes("ldw"), p.z[15]
		p.eachVector(label, func(j GPVirtual) {
			w, off, segments := after("w", j), rows.Argument("off"), rows.Argument("segments")
			VMOVUPS(Mem{Base: w}, p.z[0])
			for i := 1; i < m; i++ {
				VMOVAPS(p.z[0], p.z[i])
			}

			Label(label + "Tap")
			ADDQ(ldw, w)
			first := GP64()
			MOVQ(Mem{Base: off}, first)
			SHLQ(U8(2), first)
			ADDQ(j, first)
			ADDQ(NewParamAddr("x", 16), first)
			x.Point(first, m)
			VMOVUPS(Mem{Base: w}, weight)
			for i := range m {
				p.multiplyAdd(x.Row(i), weight, p.z[i])
			}
			ADDQ(Imm(8), off)
			DECQ(segments)
			JNZ(LabelRef(label + "Tap"))

			rows.Walk(after("c", j), rows.Bytes("ldc"), m, func(i int, at Mem) { p.store(p.z[i], at) })
		})
	})
}

// gradient generates the sum over pixels that is the weights' gradient, for
// up to 7 taps side by side, or for the 9 of a 3×3 window.
//
//	for i < m, j < n:
//		c[i·ldc+j] += Σ_{q<segments, p<k} x[off[q]+tap(i)+p·cs+j] · b[(q·k+p)·ldb+j]
//
// where tap(i) is i·rs, or for 9 taps (i/3)·gs + (i mod 3)·rs: nine sums are
// enough to hide a multiply-add's latency, three are not.
//
//	Z0–Z8 (Y0–Y8)  the taps' sums
//	Z15 (Y15)      a pixel of b
func (p path) gradient() {
	TEXT("depthwiseGradient"+p.name, NOSPLIT,
		"func(c *float32, ldc int, x *float32, rs, gs, cs int, off *int, segments, k int, b *float32, ldb, m, n int)")
	Pragma("noescape")
	Doc("depthwiseGradient" + p.name + " adds to taps of a window.")
	rows.Cases(append([]int{9}, rows.Down(7)...), func(label string, m int) {
		x, cs, ldb, pixel := rows.NewPointers("rs"), rows.Bytes("cs"), rows.Bytes("ldb"), p.z[15]
		p.eachVector(label, func(j GPVirtual) {
			rows.Walk(after("c", j), rows.Bytes("ldc"), m, func(i int, at Mem) { p.load(at, p.z[i]) })
			b, off, segments := after("b", j), rows.Argument("off"), rows.Argument("segments")

			Label(label + "Segment")
			first := GP64()
			MOVQ(Mem{Base: off}, first)
			SHLQ(U8(2), first)
			ADDQ(j, first)
			ADDQ(NewParamAddr("x", 16), first)
			row := window(&x, first, m)
			k := rows.Argument("k")

			Label(label + "Pixel")
			p.load(Mem{Base: b}, pixel)
			for i := range m {
				p.multiplyAdd(row(i), pixel, p.z[i])
			}
			x.Move(cs)
			ADDQ(ldb, b)
			DECQ(k)
			JNZ(LabelRef(label + "Pixel"))

			ADDQ(Imm(8), off)
			DECQ(segments)
			JNZ(LabelRef(label + "Segment"))
			rows.Walk(after("c", j), rows.Bytes("ldc"), m, func(i int, at Mem) { p.store(p.z[i], at) })
		})
	})
}

// window sets the pointers to m taps, from the first one given, and returns
// the address of each.
func window(x *rows.Pointers, first GPVirtual, m int) func(i int) Mem {
	if m != 9 {
		x.Point(first, m)
		return x.Row
	}
	x.Each = []GPVirtual{first}
	distance := rows.Bytes("gs")
	for i := range 2 {
		next := GP64()
		LEAQ(Mem{Base: x.Each[i]}.Idx(distance, 1), next)
		x.Each = append(x.Each, next)
	}
	return func(i int) Mem {
		if i%3 == 0 {
			return Mem{Base: x.Each[i/3]}
		}
		return Mem{Base: x.Each[i/3]}.Idx(x.Distance, uint8(i%3))
	}
}
