package integer

import "math"

// hardSwishFixed is TensorFlow Lite's hard swish of integers, x·min(max(0, x+3),
// 6)/6, in numbers of 16 bits. With h = 2⁷·(q_x − z_x), the input in steps of
// s_x/128,
//
//	u = h·s_x/(128·s_y), before a shift to the right by r
//	g = ((h·s_x/128)/3 in 15 bits, saturated to ±1, + 1)/2        so that g = min(max(0, x+3), 6)/6
//	q_y = clip(g·u/2^r + z_y)
func hardSwishFixed(x, y grid) *table {
	const relu = float32(3) / (1 << 15)
	fine := x.scale / 128
	out, gate := newShort(float64(fine/y.scale)), newShort(float64(fine/relu))
	return newTable(func(q int32) uint8 {
		h := (q - x.zero) << 7
		u := highRounded(h, out.q)
		v := out.down(int32(int64(gate.part(h)) * int64(u) / (1 << 15)))
		return clip(float64(v)+float64(y.zero), y)
	})
}

// short is a multiplier in fixed point of 16 bits, q·2^(shift−15).
type short struct {
	q     int32
	shift int
}

func newShort(m float64) short {
	f := NewFixed(m)
	q := (int64(f.Q) + 1<<15) >> 16
	return short{int32(min(q, math.MaxInt16)), f.Shift}
}

// part is (a + 1)/2 for a, the product of h with the multiplier, from −1 to 1 in
// 15 bits.
func (s short) part(h int32) int32 {
	if s.shift > 0 {
		h = saturated(int64(h) << (s.shift - 1))
	}
	a := highRounded(h, s.q)
	if s.shift > 0 {
		a = saturated(int64(a) << 1)
	}
	return (s.down(a) + 1<<15) >> 1
}

// down shifts to the right where the multiplier is small, half away from zero.
func (s short) down(a int32) int32 {
	r := min(max(-s.shift, 0), 30)
	half := int32(1) << r >> 1
	if a < 0 {
		return -((-a + half) >> r)
	}
	return (a + half) >> r
}

// highRounded is a·b/2¹⁵ of numbers of 16 bits, rounded half up.
func highRounded(a, b int32) int32 {
	product, nudge := int64(a)*int64(b), int64(1<<14)
	if product < 0 {
		nudge = 1 - nudge
	}
	return saturated((product + nudge) / (1 << 15))
}

func saturated(a int64) int32 { return int32(min(max(a, math.MinInt16), math.MaxInt16)) }
