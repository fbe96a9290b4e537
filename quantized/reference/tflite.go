package reference

import (
	"math"

	"petrify/quantized"
)

// kernelTakes reports whether the kernel for a function takes the quotient of the
// scales r; where it does not, the file has a table of what training computed.
func kernelTakes(n *quantized.Node, r float32) bool {
	takes := func(r float64) bool { return r >= 1.0/256 && r < 128 }
	return takes(float64(r)) && (n.Func != quantized.LeakyReLU || takes(math.Abs(float64(r*n.Slope))))
}

// fixedFunctions are those that TensorFlow Lite and XNNPACK compute in fixed
// point from d = q_x − z_x.
var fixedFunctions = map[quantized.Func]fixedFunction{
	quantized.ReLU: func(_ *quantized.Node, d int64, sx, sy float32) float64 {
		return reluTFLite(d, sx, sy, math.Inf(1))
	},
	quantized.ReLU6: func(_ *quantized.Node, d int64, sx, sy float32) float64 {
		return reluTFLite(d, sx, sy, 6)
	},
	quantized.LeakyReLU: leakyXNNPACK,
	quantized.HardSwish: hardSwishTFLite,
}

// reluTFLite is d·float32(s_x/s_y) in fixed point, rounded twice, from 0 to
// float32(ceiling/s_y), whose halves round away from zero.
func reluTFLite(d int64, sx, sy float32, ceiling float64) float64 {
	v := float64(twice(fixedPoint(float64(sx/sy)), d))
	return min(max(v, 0), math.Round(float64(float32(ceiling)/sy)))
}

// leakyXNNPACK is XNNPACK's qs8-vlrelu, whose multipliers have 8 bits after the point:
//
//	⌊d·m/2⁸ + ½⌋        m = rne(2⁸·float32(s_x/s_y)), for d < 0 rne(2⁸·float32(float32(s_x/s_y)·slope))
func leakyXNNPACK(n *quantized.Node, d int64, sx, sy float32) float64 {
	m := sx / sy
	if d < 0 {
		m *= n.Slope
	}
	return float64(halfUp(d*int64(rne(256*m)), 8))
}

// hardSwishTFLite is TensorFlow Lite's hard swish, x·g, g = min(max(0, x+3), 6)/6,
// in numbers of 16 bits, of which 15 are after the point. Products of two are
// halfUp(a·b, 15); "sat" is saturate to 16 bits. With t = 2⁷·d, the input in steps of s_x/128,
//
//	u = t·out        out ≈ s_x/(128·s_y), apart from 2^e
//	g = (x/3 + 1)/2        x/3 = t·gate from −1 to 1, gate ≈ s_x/128·2¹⁵/3, with 2^e in two parts
//	v = g·u·2^e, the product rounded towards zero, the shift half away from it
func hardSwishTFLite(_ *quantized.Node, d int64, sx, sy float32) float64 {
	times := func(a, b int64) int64 { return saturate(halfUp(a*b, 15), 16) }
	t, step := d<<7, sx/128
	out, gate := fixed16(float64(step/sy)), fixed16(float64(step/(3.0/(1<<15))))
	g := t
	if gate.e > 0 {
		g = saturate(times(saturate(g<<(gate.e-1), 16), gate.m)<<1, 16)
	} else {
		g = halfAway(times(g, gate.m), -gate.e)
	}
	g = (g + 1<<15) >> 1
	return float64(halfAway(g*times(t, out.m)/(1<<15), max(-out.e, 0)))
}

// fixed16 is a multiplier M·2^(e−15), M of 16 bits: the high half of [fixedPoint].
func fixed16(m float64) fixed {
	f := fixedPoint(m)
	return fixed{min(halfUp(f.m, 16), math.MaxInt16), f.e}
}

// shareTFLite is TensorFlow Lite's softmax of integers, in float32, channel
// after channel, for inputs d steps below the greatest:
//
//	e[d] = float32(exp(float32(−s_x·d)))        k = float32(1/float32(Σ e/256))
//	p = min(float32(e[d]·k), 255), rounded half away from zero
//
// and rne(float32(float32(p/256)/s_y)), which is p on the operator's own grid.
func shareTFLite(d []float64, sx, sy float32) []float64 {
	e, sum := make([]float32, len(d)), float32(0)
	for c := range d {
		e[c] = float32(math.Exp(float64(-sx * float32(d[c]))))
		sum += e[c]
	}
	share, k := make([]float64, len(d)), 1/float32(sum/256)
	for c := range e {
		p := min(math.Round(float64(e[c]*k)), 255)
		share[c] = rne(float32(p/256) / sy)
	}
	return share
}
