//go:build amd64 && !noasm

package kernel

import "fmt"

//go:generate go -C _asm run ./intconv -pkg kernel -out ../intconv_amd64.s -stubs ../intconv_stubs_amd64.go

// packingFor chooses the kernel for a convolution on this path; without
// VPDPBUSD, small weights may have a better one (see [PackedConv.adapt]).
func packingFor(g Conv) packing {
	wide := vnni && path == avx512
	switch {
	case path == generic:
		return packedGo
	case g.depthwise() && vnni && (g.C%quadLanes() == 0 || quadLanes()%g.C == 0 && g.StrideW == 1):
		return packedQuads
	case g.depthwise() && (wide || g.C%8 == 0):
		return packedDepth
	case g.Groups > 1:
		return packedGo
	case vnni:
		return packedBytes
	}
	return packedWords
}

// hasPairs tells whether there is a kernel of [packedPairs].
const hasPairs = true

// depthLanes is c padded to the vectors of the depthwise kernel.
func depthLanes(c int) int {
	if vnni && path == avx512 {
		return (c + 15) &^ 15
	}
	return c
}

// row computes the row oh of outputs, len(acc)/O pixels, of one padded image;
// see rowGeneric.
func (p *PackedConv) row(acc []int32, x []uint8, oh int, bias []int32) {
	g := p.g
	step := g.StrideW * g.C * p.element
	x = x[oh*g.StrideH*p.wide()*p.element:]
	pixels := len(acc) / g.O
	switch {
	case p.packing == packedGo:
		p.rowGeneric(acc, x, bias)
	case p.packing == packedQuads:
		p.rowQuads(acc, x, step, pixels, bias)
	case p.packing == packedDepth && vnni && path == avx512:
		intDepthVNNI(&acc[0], &bias[0], &x[0], step, &p.off[0], len(p.off)/2, &p.taps[0], pixels, g.O)
	case p.packing == packedDepth:
		intDepthAVX2(&acc[0], &bias[0], &x[0], step, &p.off[0], len(p.off)/2, &p.taps[0], pixels, g.O)
	case p.panelled():
		p.rowTiles(acc, x, step, pixels, bias)
	default:
		panic(fmt.Sprintf("kernel: no row of packing %d", p.packing))
	}
}

// rowQuads computes a row [quadLanes] channels at a time. If a pixel has fewer, and
// the windows of neighbouring pixels are adjacent, several pixels are treated as
// one.
func (p *PackedConv) rowQuads(acc []int32, x []uint8, step, pixels int, bias []int32) {
	c, lanes, tail := p.g.C, quadLanes(), quadLanes()
	if c < lanes {
		values := pixels * c
		c, step, pixels = lanes, lanes, (values+lanes-1)/lanes
		tail = values - (pixels-1)*lanes
	}
	off, quads, w := &p.off[0], len(p.off)/4, &p.panels[0]
	if path == avx512 {
		intDepth64VNNI(&acc[0], &bias[0], &x[0], step, off, quads, w, pixels, c, tail)
		return
	}
	if tail < lanes {
		pixels--
	}
	if pixels > 0 {
		intDepth32(&acc[0], &bias[0], &x[0], step, off, quads, w, pixels, c)
	}
	if tail < lanes {
		var last [32]int32
		intDepth32(&last[0], &bias[0], &x[pixels*step], step, off, quads, w, 1, c)
		copy(acc[pixels*lanes:], last[:tail])
	}
}

// intDepth32 is a row on the path avxvnni.
func intDepth32(acc, bias *int32, x *uint8, step int, off *int, quads int, w *uint8, m, c int) {
	if evex {
		intDepthVNNI256(acc, bias, x, step, off, quads, w, m, c)
		return
	}
	intDepthAVXVNNI(acc, bias, x, step, off, quads, w, m, c)
}

// rowTiles covers a row with tiles of nearly equal numbers of pixels, panel
// by panel.
func (p *PackedConv) rowTiles(acc []int32, x []uint8, step, pixels int, bias []int32) {
	largest := 6
	switch {
	case p.packing == packedPairs:
		largest = 5
	case path == avx512 && p.packing == packedBytes:
		largest = 14
	}
	tiles := (pixels + largest - 1) / largest
	least, longer := pixels/tiles, pixels%tiles
	w, lda := p.panels, p.g.O
	for o := 0; o < p.g.O; {
		width := p.panelWidth(o)
		n := min(width, p.g.O-o)
		from := 0
		for t := range tiles {
			m := least
			if t < longer {
				m++
			}
			p.tile(&acc[from*lda+o], lda, &bias[o], &x[from*step], step, &w[0], m, n, width)
			from += m
		}
		w = w[p.panelBytes(o):]
		o += width
	}
}

// tile computes m pixels and n channels of a panel of width.
func (p *PackedConv) tile(acc *int32, lda int, bias *int32, x *uint8, step int, w *uint8, m, n, width int) {
	off, segments := &p.off[0], len(p.off)
	switch {
	case p.packing == packedWords:
		intTileAVX2(acc, lda, bias, x, step, off, segments, p.groups, w, m, n)
	case p.packing == packedPairs && p.depth == 4:
		intTilePairs4(acc, lda, bias, x, step, off, segments, p.groups/4, w, m, n)
	case p.packing == packedPairs && p.depth == 2:
		intTilePairs2(acc, lda, bias, x, step, off, segments, p.groups/2, w, m, n)
	case p.packing == packedPairs:
		intTilePairs1(acc, lda, bias, x, step, off, segments, p.groups, w, m, n)
	case path == avx2 && evex:
		intTileVNNI256(acc, lda, bias, x, step, off, segments, p.groups, w, m, n)
	case path == avx2:
		intTileAVXVNNI(acc, lda, bias, x, step, off, segments, p.groups, w, m, n)
	case width == 32:
		intTileVNNIx32(acc, lda, bias, x, step, off, segments, p.groups, w, m, n)
	default:
		intTileVNNIx16(acc, lda, bias, x, step, off, segments, p.groups, w, m, n)
	}
}

// requantizeRows requantizes rows of len(r.M) accumulators.
func requantizeRows(y []uint8, acc []int32, r Requant) {
	c := len(r.M)
	set := columnPath(len(acc), c)
	if set == generic {
		requantizeGeneric(y, acc, r)
		return
	}
	k := struct {
		lo, hi float32
		z      int32
	}{float32(r.Min - r.Zero), float32(r.Max - r.Zero), r.Zero}
	if set == avx512 {
		requantAVX512(&y[0], &acc[0], &r.M[0], &k.lo, len(acc)/c, c)
		return
	}
	requantAVX2(&y[0], &acc[0], &r.M[0], &k.lo, len(acc)/c, c)
}

// realRows converts rows of len(m) accumulators to real numbers.
func realRows(y []float32, acc []int32, m, bias []float32) {
	c := len(m)
	switch set := columnPath(len(acc), c); {
	case set == avx512 && bias != nil:
		realBiasAVX512(&y[0], &acc[0], &m[0], &bias[0], len(acc)/c, c)
	case set == avx512:
		realAVX512(&y[0], &acc[0], &m[0], &m[0], len(acc)/c, c)
	case set == avx2 && bias != nil:
		realBiasAVX2(&y[0], &acc[0], &m[0], &bias[0], len(acc)/c, c)
	case set == avx2:
		realAVX2(&y[0], &acc[0], &m[0], &m[0], len(acc)/c, c)
	default:
		realsGeneric(y, acc, m, bias)
	}
}

// widenRow is widen.
func widenRow(dst, x []uint8, flip uint8) {
	if steps := len(x) / 16; steps > 0 {
		widenAVX2(&dst[0], &x[0], uint64(flip), steps)
		dst, x = dst[32*steps:], x[16*steps:]
	}
	widen(dst, x, flip)
}
