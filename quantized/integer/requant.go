package integer

import (
	"fmt"
	"math"

	"petrify/internal/kernel"
)

// rounding returns the function that converts sums of p, in rows of one per
// channel, to integers: with the multipliers of r, or with those in fixed point,
// which are computed in float64.
func (how Requantization) rounding(p *product, r kernel.Requant, out float32) func(y []uint8, acc []int32) {
	if !how.fixedPoint() {
		return func(y []uint8, acc []int32) { kernel.RequantizeU8(y, acc, r) }
	}
	multipliers := make([]Fixed, len(p.w))
	for o, w := range p.w {
		multipliers[o] = NewFixed(float64(p.in) * float64(w) / float64(out))
	}
	multiply := how.multiply()
	return func(y []uint8, acc []int32) {
		for i, a := range acc {
			q := int64(multiply(multipliers[i%len(multipliers)], a)) + int64(r.Zero)
			y[i] = uint8(min(max(q, int64(r.Min)), int64(r.Max)))
		}
	}
}

// multiply is the product in fixed point.
func (how Requantization) multiply() func(Fixed, int32) int32 {
	switch how {
	case Single:
		return Fixed.once
	case Gemmlowp:
		return Fixed.twice
	}
	panic(fmt.Sprintf("integer: %v multiplies in no fixed point", how))
}

// Fixed is a multiplier in fixed point, Q·2^(Shift−31) with Q in 2³⁰..2³¹−1
// (Jacob et al., equation 6); the zero value is 0.
type Fixed struct {
	Q     int32
	Shift int
}

// NewFixed is the nearest multiplier. Below 2⁻³² it is 0, since no sum reaches
// a half. Above 2³⁰ it is 2³⁰, which takes every sum but 0 out of any range.
func NewFixed(m float64) Fixed {
	f, shift := math.Frexp(m)
	q := int64(math.Round(f * (1 << 31)))
	if q == 1<<31 {
		q, shift = q/2, shift+1
	}
	switch {
	case shift < -31:
		return Fixed{}
	case shift > 30:
		return Fixed{math.MaxInt32, 30}
	}
	return Fixed{int32(q), shift}
}

// twice is gemmlowp's product: half of the sum's high bits rounded half up,
// then a shift rounded half away from zero.
//
//	h = ⌊(acc·2^l·q + 2³⁰)/2³¹⌋ towards zero, with −2³⁰ for negative products
//	y = rounded h/2^r        l = max(shift, 0), r = max(−shift, 0)
func (f Fixed) twice(acc int32) int32 {
	left := int64(acc) << max(f.Shift, 0)
	left = min(max(left, math.MinInt32), math.MaxInt32)
	product := left * int64(f.Q)
	nudge := int64(1 << 30)
	if product < 0 {
		nudge = 1 - nudge
	}
	high := (product + nudge) / (1 << 31)
	r := max(-f.Shift, 0)
	half := int64(1) << r >> 1
	if high < 0 {
		return int32(-((-high + half) >> r))
	}
	return int32((high + half) >> r)
}

// once is the product rounded once, half up: ⌊(acc·q + 2^(30−shift))/2^(31−shift)⌋.
func (f Fixed) once(acc int32) int32 {
	r := 31 - f.Shift
	v := (int64(acc)*int64(f.Q) + int64(1)<<(r-1)) >> r
	return int32(min(max(v, math.MinInt32), math.MaxInt32))
}
