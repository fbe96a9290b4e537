package kernel

// ConvFloat is [ConvInt32] converted to real numbers:
//
//	y[n,oh,ow,o] = float32(acc[n,oh,ow,o])·m[o] + bias[o]
//
// with m[o] = s_x·s_w[o]. It is a convolution of fake-quantized tensors: the
// sum is exact, where float32 would round each addition. bias is [O] or nil.
func ConvFloat[X Byte](y []float32, x Images[X], m, bias []float32, p *PackedConv, s *Scratch) {
	checkLen("ConvFloat", "m", len(m), p.g.O)
	if bias != nil {
		checkLen("ConvFloat", "bias", len(bias), p.g.O)
	}
	c := intCall[X]{p: p, reals: y, m: m, shift: bias, x: x.Q}
	c.begin("ConvFloat", x.Zero, nil, len(y), s)
	c.run()
}

// ConvScaled is [ConvInt32] followed by [ScaleRows], without the 32-bit image in between:
//
//	y[n,oh,ow,o] = float32(acc[n,oh,ow,o])·m[o]
func ConvScaled[X Byte](y []float32, x Images[X], bias []int32, m []float32, p *PackedConv, s *Scratch) {
	checkLen("ConvScaled", "m", len(m), p.g.O)
	c := intCall[X]{p: p, reals: y, m: m, x: x.Q}
	c.begin("ConvScaled", x.Zero, bias, len(y), s)
	c.run()
}

// realsGeneric is the loop that every path of [ConvFloat] ends with. bias may
// be nil.
func realsGeneric(y []float32, acc []int32, m, bias []float32) {
	for i := 0; i < len(acc); i += len(m) {
		for o, a := range acc[i : i+len(m)] {
			v := float32(float32(a) * m[o])
			if bias != nil {
				v += bias[o]
			}
			y[i+o] = v
		}
	}
}

// ScaleRows converts sums to real numbers, in rows of one per channel:
//
//	y[r,o] = float32(acc[r,o])·m[o]
func ScaleRows(y []float32, acc []int32, m []float32) {
	c := len(m)
	checkLen("ScaleRows", "y", len(y), len(acc))
	if c == 0 || len(acc)%c != 0 {
		panic("kernel: ScaleRows: accumulators are not whole rows of channels")
	}
	rowBlocks(len(acc)/c, c, func(lo, hi int) { realRows(y[lo*c:hi*c], acc[lo*c:hi*c], m, nil) })
}
