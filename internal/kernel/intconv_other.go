//go:build (!amd64 && !arm64) || noasm

package kernel

func packingFor(Conv) packing { return packedGo }

// hasPairs tells whether there is a kernel of [packedPairs].
const hasPairs = false

func depthLanes(c int) int { return c }

func (p *PackedConv) row(acc []int32, x []uint8, oh int, bias []int32) {
	p.rowGeneric(acc, x[oh*p.g.StrideH*p.wide():], bias)
}

func requantizeRows(y []uint8, acc []int32, r Requant) { requantizeGeneric(y, acc, r) }

func addBytesBlock(y, a, b []uint8, k Sum) { addBytesGeneric(y, a, b, k) }

func sumPixels(acc []int32, x []uint8) { sumPixelsGeneric(acc, x) }

func realRows(y []float32, acc []int32, m, bias []float32) { realsGeneric(y, acc, m, bias) }

func widenRow(dst, x []uint8, flip uint8) { widen(dst, x, flip) }
