//go:build amd64 && !noasm

package kernel

import "fmt"

//go:generate go -C _asm run ./intconv -pkg kernel -out ../intconv_amd64.s -stubs ../intconv_stubs_amd64.go

// packingFor chooses the kernel for a convolution on this path.
func packingFor(g Conv) packing {
	switch {
	case path == generic:
		return packedGo
	case g.depthwise() && vnni && (g.C%64 == 0 || 64%g.C == 0 && g.StrideW == 1):
		return packedQuads
	case g.depthwise() && (vnni || g.C%8 == 0):
		return packedDepth
	case g.Groups > 1:
		return packedGo
	case vnni:
		return packedBytes
	}
	return packedWords
}

// depthLanes is c padded to the vectors of the depthwise kernel.
func depthLanes(c int) int {
	if vnni {
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
	case p.packing == packedDepth && vnni:
		intDepthVNNI(&acc[0], &bias[0], &x[0], step, &p.off[0], len(p.off)/2, &p.taps[0], pixels, g.O)
	case p.packing == packedDepth:
		intDepthAVX2(&acc[0], &bias[0], &x[0], step, &p.off[0], len(p.off)/2, &p.taps[0], pixels, g.O)
	case p.packing == packedBytes || p.packing == packedWords:
		p.rowTiles(acc, x, step, pixels, bias)
	default:
		panic(fmt.Sprintf("kernel: no row of packing %d", p.packing))
	}
}

// rowQuads computes a row 64 channels at a time. If a pixel has fewer, and the
// windows of neighbouring pixels are adjacent, several pixels are treated as
// one.
func (p *PackedConv) rowQuads(acc []int32, x []uint8, step, pixels int, bias []int32) {
	c, tail := p.g.C, 64
	if c < 64 {
		values := pixels * c
		c, step, pixels = 64, 64, (values+63)/64
		tail = values - (pixels-1)*64
	}
	intDepth64VNNI(&acc[0], &bias[0], &x[0], step, &p.off[0], len(p.off)/4, &p.panels[0], pixels, c, tail)
}

// rowTiles covers a row with tiles of nearly equal numbers of pixels, panel
// by panel.
func (p *PackedConv) rowTiles(acc []int32, x []uint8, step, pixels int, bias []int32) {
	largest := 14
	if p.packing == packedWords {
		largest = 5
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
			a, b := &acc[from*lda+o], &x[from*step]
			from += m
			switch {
			case p.packing == packedWords:
				intTileAVX2(a, lda, &bias[o], b, step, &p.off[0], len(p.off), p.groups, &w[0], m, n)
			case width == 32:
				intTileVNNIx32(a, lda, &bias[o], b, step, &p.off[0], len(p.off), p.groups, &w[0], m, n)
			default:
				intTileVNNIx16(a, lda, &bias[o], b, step, &p.off[0], len(p.off), p.groups, &w[0], m, n)
			}
		}
		w = w[len(p.off)*p.groups*4*width:]
		o += width
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
