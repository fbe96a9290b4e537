package kernel

// accumulateGeneric is the loop that every path of [ConvInt32] computes, for
// one padded image x of unsigned bytes with zero point z:
//
//	acc[oh,ow,o] = bias[o] − z·Σw[o] + Σ x[oh·SH+kh·DH, ow·SW+kw·DW, i]·w[o,kh,kw,i]
func (p *PackedConv) accumulateGeneric(acc []int32, x []uint8, z int32, bias []int32) {
	g := p.g
	wide, i := (g.W+g.PadLeft+g.PadRight)*g.C, 0
	for oh := range g.OH() {
		for ow := range g.OW() {
			at := oh*g.StrideH*wide + ow*g.StrideW*g.C
			for o := range g.O {
				acc[i] = p.windowGeneric(x[at:], wide, o) - z*p.sums[o]
				if bias != nil {
					acc[i] += bias[o]
				}
				i++
			}
		}
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
