package portable

import "math"

// Erfc is 1 − erf x = 2/√π ∫ e^(−t²) dt from x to ∞, by the quotients of W. J.
// Cody, "Rational Chebyshev Approximations for the Error Function", Mathematics of
// Computation 23, 1969: of erf near 0, of e^(x²)·erfc x to 4, and beyond.
func Erfc(x float64) float64 {
	a := math.Abs(x)
	switch {
	case x != x:
		return x
	case a <= 0.46875:
		square := float64(x * x)
		return 1 - float64(x*series(square, near[0]))/series(square, near[1])
	case a > 27:
		return 1 - math.Copysign(1, x)
	}
	var y float64
	if a <= 4 {
		y = series(a, middle[0]) / series(a, middle[1])
	} else {
		z := 1 / float64(a*a)
		y = (1/sqrtPi - float64(z*series(z, far[0]))/series(z, far[1])) / a
	}
	// e^(−a²) in two parts, the first of which has an exact exponent.
	whole := float64(math.Trunc(float64(a*16)) / 16)
	rest := float64((a - whole) * (a + whole))
	y = float64(float64(y*Exp(-float64(whole*whole))) * Exp(-rest))
	if x < 0 {
		return 2 - y
	}
	return y
}

const sqrtPi = 1.77245385090551602729816748334114518

// Numerators and denominators, from the constant up.
var (
	near = [2][]float64{
		{3.20937758913846947e03, 3.77485237685302021e02, 1.13864154151050156e02, 3.16112374387056560e00,
			1.85777706184603153e-1},
		{2.84423683343917062e03, 1.28261652607737228e03, 2.44024637934444173e02, 2.36012909523441209e01, 1},
	}
	middle = [2][]float64{
		{1.23033935479799725e03, 2.05107837782607147e03, 1.71204761263407058e03, 8.81952221241769090e02,
			2.98635138197400131e02, 6.61191906371416295e01, 8.88314979438837594e00, 5.64188496988670089e-1,
			2.15311535474403846e-8},
		{1.23033935480374942e03, 3.43936767414372164e03, 4.36261909014324716e03, 3.29079923573345963e03,
			1.62138957456669019e03, 5.37181101862009858e02, 1.17693950891312499e02, 1.57449261107098347e01, 1},
	}
	far = [2][]float64{
		{6.58749161529837803e-4, 1.60837851487422766e-2, 1.25781726111229246e-1, 3.60344899949804439e-1,
			3.05326634961232344e-1, 1.63153871373020978e-2},
		{2.33520497626869185e-3, 6.05183413124413191e-2, 5.27905102951428412e-1, 1.87295284992346725e00,
			2.56852019228982242e00, 1},
	}
)
