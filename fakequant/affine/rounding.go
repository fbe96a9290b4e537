package affine

import (
	"fmt"
	"math"
)

// Rounding names a way to round a real number to a whole one.
type Rounding uint8

// The roundings. HalfEven is the default, ONNX's and PyTorch's; HalfAway is
// C's round, QKeras's and TensorFlow Lite's; HalfUp is TensorFlow's in
// training. Rounding at random is [QuantizeStochastic].
const (
	HalfEven   Rounding = iota // to the nearest, ties to even: −2.5 → −2, 2.5 → 2
	HalfAway                   // to the nearest, ties away from zero: −2.5 → −3, 2.5 → 3
	HalfUp                     // to the nearest, ties up: −2.5 → −2, 2.5 → 3
	Floor                      // down: −2.5 → −3
	Ceil                       // up: −2.5 → −2
	TowardZero                 // −2.5 → −2, 2.5 → 2
)

var roundingNames = [...]string{"half_even", "half_away", "half_up", "floor", "ceil", "toward_zero"}

// Round rounds v.
func (r Rounding) Round(v float32) float32 {
	x := float64(v)
	switch r {
	case HalfEven:
		return float32(math.RoundToEven(x))
	case HalfAway:
		return float32(math.Round(x))
	case HalfUp:
		// Exact: x + ½ has no more bits than a float64 holds.
		return float32(math.Floor(x + 0.5))
	case Floor:
		return float32(math.Floor(x))
	case Ceil:
		return float32(math.Ceil(x))
	case TowardZero:
		return float32(math.Trunc(x))
	}
	panic(fmt.Sprintf("affine: no rounding %v", r))
}

// Valid reports whether r is one of the roundings.
func (r Rounding) Valid() bool { return int(r) < len(roundingNames) }

// Roundings returns all of them, in their order.
func Roundings() []Rounding {
	var all []Rounding
	for r := range roundingNames {
		all = append(all, Rounding(r))
	}
	return all
}

// String is the rounding's name in a configuration file.
func (r Rounding) String() string {
	if r.Valid() {
		return roundingNames[r]
	}
	return fmt.Sprintf("rounding(%d)", uint8(r))
}

// ParseRounding is the inverse of [Rounding.String].
func ParseRounding(text string) (Rounding, error) {
	return parse[Rounding]("rounding", text, roundingNames[:])
}

// MarshalText writes [Rounding.String].
func (r Rounding) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads [Rounding.String].
func (r *Rounding) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRounding(string(text))
	return err
}
