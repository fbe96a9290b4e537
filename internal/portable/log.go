package portable

import "math"

// Log is the natural logarithm.
func Log(x float64) float64 {
	switch {
	case x < 0 || x != x:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	case x > math.MaxFloat64:
		return x
	}
	f, k := math.Frexp(x)
	if f < math.Sqrt2/2 {
		f, k = 2*f, k-1
	}
	// With d = f − 1 and s = d/(2+d), ln f = 2·artanh s, a series in s; its first
	// term, 2s, is d − s·d, and s·d is d²/2 − s·d²/2.
	d, n := f-1, float64(k)
	s := d / (2 + d)
	half := float64(float64(d*d) / 2)
	square := float64(s * s)
	rest := float64(square * series(square, artanh))
	low := float64(s*(half+rest)) + float64(n*ln2Low)
	return float64(n*ln2High) - ((half - low) - d)
}

// artanh are 2/3, 2/5, …, 2/25.
var artanh = func() (all []float64) {
	for n := 3.0; n <= 25; n += 2 {
		all = append(all, 2/n)
	}
	return all
}()

// Log1p is ln(1 + x), exact also near 0: the quotient ln(u)/(u−1) hardly changes
// where 1 + x is rounded to u (W. Kahan).
func Log1p(x float64) float64 {
	u := 1 + x
	if u == 1 || u > math.MaxFloat64 {
		return x
	}
	return float64(Log(u)*x) / (u - 1)
}

// Pow is xʸ for x ≥ 0.
func Pow(x, y float64) float64 {
	if x == 0 && y > 0 {
		return 0
	}
	return Exp(float64(y * Log(x)))
}

// Power is xⁿ for n ≥ 0, by squaring.
func Power(x float64, n int) float64 {
	p := 1.0
	for ; n > 0; n /= 2 {
		if n%2 == 1 {
			p = float64(p * x)
		}
		x = float64(x * x)
	}
	return p
}
