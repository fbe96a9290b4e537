//go:build arm64 && !noasm

package kernel

import "fmt"

// packingFor chooses the kernel for a convolution on this path.
func packingFor(g Conv) packing {
	switch {
	case path == generic:
		return packedGo
	case g.depthwise() && g.C%8 == 0:
		return packedDepth
	case g.Groups > 1:
		return packedGo
	case path == neon:
		return packedWords
	case path == dot:
		return packedSigned
	}
	return packedBytes
}

// hasPairs tells whether there is a kernel of [packedPairs].
const hasPairs = false

// depthLanes is c: the depthwise kernel takes whole vectors.
func depthLanes(c int) int { return c }

// row computes the row oh of outputs, len(acc)/O pixels, of one padded image;
// see rowGeneric.
func (p *PackedConv) row(acc []int32, x []uint8, oh int, bias []int32) {
	g := p.g
	step := g.StrideW * g.C * p.element
	x = x[oh*g.StrideH*p.wide()*p.element:]
	pixels := len(acc) / g.O
	switch p.packing {
	case packedGo:
		p.rowGeneric(acc, x, bias)
	case packedDepth:
		intDepthNEON(&acc[0], &bias[0], &x[0], step, &p.off[0], len(p.off)/2, &p.taps[0], pixels, g.O)
	case packedBytes, packedSigned, packedWords:
		p.rowTiles(acc, x, step, pixels, bias)
	default:
		panic(fmt.Sprintf("kernel: no row of packing %d", p.packing))
	}
}

// rowTiles covers a row with tiles of nearly equal numbers of pixels, panel
// by panel.
func (p *PackedConv) rowTiles(acc []int32, x []uint8, step, pixels int, bias []int32) {
	const largest, width = 6, 16
	tiles := (pixels + largest - 1) / largest
	w, lda := p.panels, p.g.O
	for o := 0; o < p.g.O; o += width {
		n := min(width, p.g.O-o)
		for t := range tiles {
			from, to := share(pixels, tiles, t)
			a, b := acc[from*lda+o:], &x[from*step]
			if n == width {
				p.tile(&a[0], lda, &bias[o], b, step, &w[0], to-from)
				continue
			}
			// The assembly stores whole panels only.
			var sums [largest * width]int32
			p.tile(&sums[0], width, &bias[o], b, step, &w[0], to-from)
			for i := range to - from {
				copy(a[i*lda:][:n], sums[i*width:])
			}
		}
		w = w[p.panelBytes(o):]
	}
}

// tile computes m pixels of a panel.
func (p *PackedConv) tile(acc *int32, lda int, bias *int32, x *uint8, step int, w *uint8, m int) {
	switch p.packing {
	case packedWords:
		intTileNEON(acc, lda, bias, x, step, &p.off[0], len(p.off), p.groups, w, m)
	case packedSigned:
		intTileDot(acc, lda, bias, x, step, &p.off[0], len(p.off), p.groups, w, m)
	default:
		intTileI8MM(acc, lda, bias, x, step, &p.off[0], len(p.off), p.groups, w, m)
	}
}

// requantizeRows requantizes rows of len(r.M) accumulators.
func requantizeRows(y []uint8, acc []int32, r Requant) {
	c := len(r.M)
	if !wholeVectors(len(acc), c) {
		requantizeGeneric(y, acc, r)
		return
	}
	lo, hi, z := float32(r.Min-r.Zero), float32(r.Max-r.Zero), r.Zero
	requantNEON(&y[0], &acc[0], &r.M[0], &lo, &hi, &z, len(acc)/c, c)
}

// realRows converts rows of len(m) accumulators to real numbers.
func realRows(y []float32, acc []int32, m, bias []float32) {
	c := len(m)
	switch {
	case !wholeVectors(len(acc), c):
		realsGeneric(y, acc, m, bias)
	case bias != nil:
		realBiasNEON(&y[0], &acc[0], &m[0], &bias[0], len(acc)/c, c)
	default:
		realNEON(&y[0], &acc[0], &m[0], len(acc)/c, c)
	}
}

func sumPixels(acc []int32, x []uint8) {
	c := len(acc)
	if !wholeVectors(len(x), c) {
		sumPixelsGeneric(acc, x)
		return
	}
	sumU8NEON(&acc[0], &x[0], len(x)/c, c)
}

func widenRow(dst, x []uint8, flip uint8) { widen(dst, x, flip) }
