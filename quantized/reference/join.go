package reference

import (
	"math"
	"math/big"

	"petrify/quantized"
)

// concat joins channels. Integers are converted by way of real numbers, which
// is exact if the grids are the same.
func concat(l *layer) {
	for _, x := range l.x {
		for i := range x.Len() {
			l.y.putReal(x.Real(i))
		}
	}
}

// add is the sum of two activations; of real numbers, in float32.
func add(l *layer) {
	a, b := l.x[0], l.x[1]
	each := a.Len() / b.Len()
	if !l.integers {
		for i := range a.Len() {
			l.y.putReal(l.fused(a.Real(i) + b.Real(i/each)))
		}
		return
	}
	sum := l.rules.sum(a.Quant, b.Quant, l.y.Quant, 1)
	for i := range a.Q {
		l.y.put(sum(a.Q[i], b.Q[i/each]))
	}
}

// sub is the difference of two activations. ONNX Runtime has it of real numbers only,
// in float32.
func sub(l *layer) {
	a, b := l.x[0], l.x[1]
	each := a.Len() / b.Len()
	if !l.integers || l.rules.realDifference {
		for i := range a.Len() {
			r := a.Real(i) - b.Real(i/each)
			if !l.integers {
				r = l.fused(r)
			}
			l.y.putReal(r)
		}
		return
	}
	difference := l.rules.sum(a.Quant, b.Quant, l.y.Quant, -1)
	for i := range a.Q {
		l.y.put(difference(a.Q[i], b.Q[i/each]))
	}
}

// choose is the greater or the less of two real numbers.
func choose(l *layer) {
	a, b := l.x[0], l.x[1]
	each := a.Len() / b.Len()
	for i := range a.Len() {
		if l.Op == quantized.Max {
			l.y.putReal(max(a.Real(i), b.Real(i/each)))
		} else {
			l.y.putReal(min(a.Real(i), b.Real(i/each)))
		}
	}
}

// mul is the product of two activations, the second perhaps of one number for each
// channel; of real numbers, in float32.
func mul(l *layer) {
	a, b := l.x[0], l.x[1]
	each := a.Len() / b.Len()
	for i := range a.Len() {
		k := i / each
		if !l.integers {
			l.y.putReal(l.fused(a.Real(i) * b.Real(k)))
			continue
		}
		p := a.centred(i) * b.centred(k)
		if l.rules.product == nil {
			l.y.put(l.rules.rescale(p, a.Quant.Scale, b.Quant.Scale, l.y.Quant.Scale))
			continue
		}
		l.y.put(l.rules.product(p, a.Quant, b.Quant, l.y.Quant))
	}
}

// productShifted is ONNX Runtime's QLinearMul on x86-64, which adds the zero point of
// the file before it rounds:
//
//	rne(float32(float32(d_a·d_b·m) + z′_y)) − z′_y        m = float32(float32(s_a·s_b)/s_y)
func productShifted(file offset) productRule {
	return func(p int64, a, b, y quantized.Quant) float64 {
		m, z := float32(a.Scale*b.Scale)/y.Scale, float32(int64(y.Zero)+file(y))
		return rne(float32(float32(p)*m)+z) - float64(z)
	}
}

// sumFused is ONNX Runtime's QLinearAdd on x86-64, which folds the zero points
// into a constant and fuses multiplications with additions, so that each pair
// rounds once. Integers and zero points are the file's, u = q + offset:
//
//	rne(fma(u_a, r_a, fma(u_b, r_b, k))) − z′_y
//	r_a = float32(s_a/s_y)        k = float32(z′_y − float32(float32(r_a·z′_a) + float32(r_b·z′_b)))
func sumFused(file offset) sumRule {
	return func(a, b, y quantized.Quant, _ int64) func(qa, qb int64) float64 {
		zero := func(q quantized.Quant) float32 { return float32(int64(q.Zero) + file(q)) }
		ra, rb := a.Scale/y.Scale, b.Scale/y.Scale
		k := zero(y) - float32(float32(ra*zero(a))+float32(rb*zero(b)))
		return func(qa, qb int64) float64 {
			ua, ub := float32(qa+file(a)), float32(qb+file(b))
			return rne(fma(ua, ra, fma(ub, rb, k))) - float64(zero(y))
		}
	}
}

// fma is a·b + c, rounded once.
func fma(a, b, c float32) float32 {
	if d := b - c; d-d != 0 {
		return a*b + c // infinite, or not a number
	}
	exact := func(v float32) *big.Float { return new(big.Float).SetPrec(600).SetFloat64(float64(v)) }
	r, _ := exact(0).Add(exact(0).Mul(exact(a), exact(b)), exact(c)).Float32()
	return r
}

// sumXNNPACK is XNNPACK's qs8-vadd: the quotients of the scales are rounded to
// multiples of 2⁻ʰ, so that the greater has 21 bits, and the sum half up. The sign of
// a difference is −1.
//
//	⌊(d_a·m_a + sign·d_b·m_b)/2ʰ + ½⌋
//	m_a = rne(2ʰ·float32(s_a/s_y))        h = 20 − ⌊log₂ max(s_a, s_b)/s_y⌋, from 1 to 40
func sumXNNPACK(a, b, y quantized.Quant, sign int64) func(qa, qb int64) float64 {
	ra, rb := float64(a.Scale/y.Scale), float64(b.Scale/y.Scale)
	h := min(max(20-int(math.Floor(math.Log2(max(ra, rb)))), 1), 40)
	m := func(r float64) int64 { return int64(math.RoundToEven(math.Ldexp(r, h))) }
	return func(qa, qb int64) float64 {
		return float64(halfUp((qa-int64(a.Zero))*m(ra)+sign*(qb-int64(b.Zero))*m(rb), h))
	}
}

// sumFixed is TensorFlow Lite's reference kernel: both numbers are converted to
// the scale t/2²⁰, t = 2·max(s_a, s_b), added or subtracted, and converted to the
// output's scale.
func sumFixed(times func(fixed, int64) int64) sumRule {
	return func(a, b, y quantized.Quant, sign int64) func(qa, qb int64) float64 {
		t := 2 * max(float64(a.Scale), float64(b.Scale))
		ma, mb := fixedPoint(float64(a.Scale)/t), fixedPoint(float64(b.Scale)/t)
		out := fixedPoint(t / (1 << 20 * float64(y.Scale)))
		return func(qa, qb int64) float64 {
			da, db := qa-int64(a.Zero), qb-int64(b.Zero)
			return float64(times(out, times(ma, da<<20)+sign*times(mb, db<<20)))
		}
	}
}
