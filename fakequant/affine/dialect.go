package affine

import "fmt"

// Dialect names a rule from ranges to scales and zero points. Tools disagree
// on it, in the third digit of the scale; a dialect reproduces one of them.
type Dialect uint8

const (
	// Default is petrify's rule, legal on every export target. With the range
	// widened to contain 0:
	//
	//	symmetric, signed     s = max(−min, max)/qmax    z = 0
	//	symmetric, unsigned   s = max/qmax               z = 0
	//	affine                s = (max − min)/(qmax − qmin)
	//	                      z = clip(qmin − rne(min/s), qmin, qmax)
	//
	// and s at least [MinScale]. For int8, s = max|x|/127 both with the full
	// and the narrow range, so that +max|x| is never clipped.
	Default Dialect = iota
)

var dialectNames = [...]string{"default"}

// Choose returns the scale and zero point of format f for values in min..max,
// both finite.
func (d Dialect) Choose(min, max float32, f Format, scheme Scheme) (s float32, z int32) {
	return choose(min, max, f, scheme)
}

// String is the dialect's name in a configuration file.
func (d Dialect) String() string {
	if int(d) < len(dialectNames) {
		return dialectNames[d]
	}
	return fmt.Sprintf("dialect(%d)", uint8(d))
}

// ParseDialect is the inverse of [Dialect.String].
func ParseDialect(text string) (Dialect, error) {
	return parse[Dialect]("dialect", text, dialectNames[:])
}

// MarshalText writes [Dialect.String].
func (d Dialect) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads [Dialect.String].
func (d *Dialect) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDialect(string(text))
	return err
}
