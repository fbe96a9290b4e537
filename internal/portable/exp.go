// Package portable has the functions that training and tables need of package
// math and that differ there from processor to processor, by assembly or by
// multiply-adds that the compiler fuses. Here every operation is rounded by
// itself, so that all processors give the same bits.
//
// Results are within 2 units in the last place of the exact ones (Erfc and Pow
// within a few more), which the tests measure.
package portable

import "math"

// The natural logarithm of 2 in two parts; multiples of the first one by less than
// 2¹¹ are exact.
const (
	ln2High = 0x1.62e42feep-1
	ln2Low  = 0x1.a39ef35793c76p-33
)

// Exp is eˣ.
func Exp(x float64) float64 {
	switch {
	case x > 710:
		return math.Inf(1)
	case x < -746:
		return 0
	case x != x:
		return x
	}
	k, m := exp(x)
	return ldexp(1+m, k)
}

// ldexp is x·2ᵏ of an x around 1: by a product where that is exact, which is all the time
// that counts, since [math.Ldexp] takes as long as the exponential itself.
func ldexp(x float64, k int) float64 {
	if k < -1000 || k > 1000 {
		return math.Ldexp(x, k)
	}
	return x * math.Float64frombits(uint64(1023+k)<<52)
}

// Expm1 is eˣ − 1, exact also near 0.
func Expm1(x float64) float64 {
	switch {
	case x > 40:
		return Exp(x) - 1
	case x < -40:
		return -1
	case x == 0 || x != x:
		return x
	}
	k, m := exp(x)
	scale := ldexp(1, k)
	return float64(scale*m) + (scale - 1)
}

// exp returns k and m with eˣ = 2ᵏ·(1 + m): with r = x − k·ln 2, at most half of
// ln 2, m is the series r + r²/2! + r³/3! + ….
func exp(x float64) (k int, m float64) {
	n := math.RoundToEven(float64(x * math.Log2E))
	high, low := x-float64(n*ln2High), float64(n*ln2Low)
	r := high - low
	rest := (high - r) - low
	square := float64(r * r)
	sum := series(square, evens) + float64(r*series(square, odds))
	return int(n), r + (float64(square*sum) + rest)
}

// evens are 1/2!, 1/4!, …, 1/14!, and odds are 1/3!, 1/5!, …, 1/13!.
var (
	evens = reciprocals(2, 14)
	odds  = reciprocals(3, 13)
)

// ExpTerms are the constants of [Exp] for vectors that compute the same by its steps: log₂ e,
// the two parts of ln 2, 1/14!, 1/13!, …, 1/2!, 1, and 1023, which is the exponent of 2⁰.
func ExpTerms() []float64 {
	terms := []float64{math.Log2E, ln2High, ln2Low, evens[6]}
	for i := 5; i >= 0; i-- {
		terms = append(terms, odds[i], evens[i])
	}
	return append(terms, 1, 1023)
}

// reciprocals are 1/n! for every other n from first to last.
func reciprocals(first, last int) (all []float64) {
	factorial := 1.0
	for n := 2; n <= last; n++ {
		if factorial *= float64(n); n%2 == first%2 {
			all = append(all, 1/factorial)
		}
	}
	return all
}

// series is c[0] + c[1]·x + c[2]·x² + ….
func series(x float64, c []float64) float64 {
	sum := 0.0
	for i := len(c) - 1; i >= 0; i-- {
		sum = float64(sum*x) + c[i]
	}
	return sum
}

// Tanh is the hyperbolic tangent.
func Tanh(x float64) float64 {
	t := Expm1(2 * math.Abs(x))
	if t > 0x1p60 {
		return math.Copysign(1, x)
	}
	return math.Copysign(t/(t+2), x)
}
