package kernel

// rowGeneric is the loop that every path of [ConvInt32] computes, for a row of
// outputs whose first window starts at x[0], in padded images of unsigned bytes:
//
//	acc[ow,o] = bias[o] + Σ x[kh·DH, ow·SW+kw·DW, i]·w[o,kh,kw,i]
//
// bias has the zero point's part in it.
func (p *PackedConv) rowGeneric(acc []int32, x []uint8, bias []int32) {
	g := p.g
	filters := g.O / g.Groups
	for i := 0; i < len(acc); i += g.O {
		window := x[i/g.O*g.StrideW*g.C:]
		if p.g.depthwise() {
			copy(acc[i:i+g.O], bias)
			p.depthGeneric(acc[i:i+g.O], window)
			continue
		}
		for first := 0; first < g.O; first += filters {
			out := acc[i+first : i+first+filters]
			copy(out, bias[first:])
			p.windowGeneric(out, window[first/filters*(g.C/g.Groups):], first)
		}
	}
}

// windowGeneric adds to acc the products of the window at x[0] with the filters
// starting at first, in fours.
func (p *PackedConv) windowGeneric(acc []int32, x []uint8, first int) {
	k := len(p.off) * p.length
	for run, off := range p.off {
		v := x[off : off+p.length]
		w := p.w[first*k+run*p.length:]
		o := 0
		for ; o+4 <= len(acc); o += 4 {
			dot4(acc[o:o+4], v, w[o*k:], k)
		}
		for ; o < len(acc); o++ {
			for i, b := range w[o*k : o*k+len(v)] {
				acc[o] += int32(v[i]) * int32(b)
			}
		}
	}
}

// depthGeneric adds to acc the products of the window at x[0] with each
// channel's own filter.
func (p *PackedConv) depthGeneric(acc []int32, x []uint8) {
	taps := len(p.off)
	for k, off := range p.off {
		for c, v := range x[off : off+len(acc)] {
			acc[c] += int32(v) * int32(p.w[c*taps+k])
		}
	}
}

// dot4 is acc[o] += Σ v[i]·w[o·k + i] for four o.
func dot4(acc []int32, v []uint8, w []int8, k int) {
	n := len(v)
	w0, w1, w2, w3 := w[:n], w[k:k+n], w[2*k:2*k+n], w[3*k:3*k+n]
	var s0, s1, s2, s3 int32
	for i, b := range v {
		x := int32(b)
		s0 += x * int32(w0[i])
		s1 += x * int32(w1[i])
		s2 += x * int32(w2[i])
		s3 += x * int32(w3[i])
	}
	acc[0] += s0
	acc[1] += s1
	acc[2] += s2
	acc[3] += s3
}
