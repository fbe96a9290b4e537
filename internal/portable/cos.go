package portable

import "math"

// CosPi is cos(π·x) for 0 ≤ x ≤ 1, exact at the ends and in the middle.
func CosPi(x float64) float64 {
	switch {
	case x <= .25:
		return cos(float64(math.Pi * x))
	case x >= .75:
		return -cos(float64(math.Pi * (1 - x)))
	}
	return sin(float64(math.Pi * (.5 - x)))
}

// cos and sin are their series, for arguments of at most π/4.
func cos(x float64) float64 {
	square := float64(x * x)
	return 1 - float64(square*series(-square, cosine))
}

func sin(x float64) float64 {
	square := float64(x * x)
	return x - float64(float64(x*square)*series(-square, sine))
}

// cosine are 1/2!, 1/4!, …, 1/18!, and sine are 1/3!, 1/5!, …, 1/17!.
var (
	cosine = reciprocals(2, 18)
	sine   = reciprocals(3, 17)
)
