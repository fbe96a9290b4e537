package kernel

// rowGeneric is the loop that every path of [ConvInt32] computes, for the
// row oh of outputs of one padded image x of unsigned bytes:
//
//	acc[ow,o] = bias[o] + Σ x[oh·SH+kh·DH, ow·SW+kw·DW, i]·w[o,kh,kw,i]
//
// bias has the zero point's part in it. acc may end before the row does.
func (p *PackedConv) rowGeneric(acc []int32, x []uint8, oh int, bias []int32) {
	g, wide := p.g, p.wide()
	for i := range acc {
		at := oh*g.StrideH*wide + i/g.O*g.StrideW*g.C
		acc[i] = bias[i%g.O] + p.windowGeneric(x[at:], wide, i%g.O)
	}
}

// windowGeneric is the product of the window at x[0] with the filter o.
func (p *PackedConv) windowGeneric(x []uint8, wide, o int) (sum int32) {
	g := p.g
	ci := g.C / g.Groups
	first := o / (g.O / g.Groups) * ci
	w := p.w[o*g.KH*g.KW*ci:]
	for kh := range g.KH {
		for kw := range g.KW {
			run := x[kh*g.DilationH*wide+kw*g.DilationW*g.C+first:][:ci]
			for i, v := range run {
				sum += int32(v) * int32(w[i])
			}
			w = w[ci:]
		}
	}
	return sum
}
