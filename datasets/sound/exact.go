package sound

import "math"

// The functions of this file give the same bits on every processor: package math's
// own may use instructions that round once where others round twice.

// cosPi is cos πx.
func cosPi(x float64) float64 { return sinPi(x + 0.5) }

// sinPi is sin πx. It is reduced to an eighth of the circle, where the series of
// sine and cosine end after eleven terms: (π/4)²²/22! < 2⁻⁷⁷.
func sinPi(x float64) float64 {
	x -= 2 * math.RoundToEven(x/2) // −1 to 1
	sign := 1.0
	if x < 0 {
		x, sign = -x, -1
	}
	x = min(x, 1-x)
	odd := 1 // the series of the sine has odd powers
	if x > 0.25 {
		odd, x = 0, 0.5-x
	}
	x *= math.Pi
	square, sum := x*x, 1.0
	for n := 20 + odd; n > 1+odd; n -= 2 {
		sum = 1 - float64(float64(square*sum)/float64(n*(n-1)))
	}
	if odd == 1 {
		sum *= x
	}
	return sign * sum
}

// ln is the natural logarithm of a normal x > 0: with x = m·2ᵉ, m from √½ to √2 and
// z = (m − 1)/(m + 1), it is 2(z + z³/3 + z⁵/5 …) + e·ln 2.
func ln(x float64) float64 {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	z := (m - 1) / (m + 1)
	square, sum := z*z, 0.0
	for n := 23; n > 0; n -= 2 {
		sum = 1/float64(n) + float64(square*sum)
	}
	return float64(2*z*sum) + float64(float64(e)*math.Ln2)
}

// LogarithmTerms are the coefficients that follow 1 in z + z³/3 + z⁵/5 …, the last
// first, in the logarithm of float32.
var LogarithmTerms = [4]float32{1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3}

// Logarithm is ln in float32, as C computes it.
func Logarithm(x float32) float32 {
	fraction, e := math.Frexp(float64(x))
	m := float32(fraction)
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	z := (m - 1) / (m + 1)
	square := z * z
	sum := LogarithmTerms[0]
	for _, c := range LogarithmTerms[1:] {
		sum = float32(square*sum) + c
	}
	sum = float32(square * sum)
	return 2*(z+float32(z*sum)) + float32(float32(e)*math.Ln2)
}
