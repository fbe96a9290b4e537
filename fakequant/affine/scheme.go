package affine

import "fmt"

// Scheme says how a range becomes a scale and a zero point.
type Scheme uint8

const (
	// Symmetric puts the zero point at 0: r = s·q. A signed format covers
	// −m..m with m = max(−min, max); an unsigned one covers 0..max, for tensors
	// that are never negative.
	Symmetric Scheme = iota
	// Affine covers min..max, widened to contain 0, with a zero point.
	Affine
	// PowerOfTwo is Symmetric with the scale rounded up to a power of two, so
	// that nothing in the range is clipped and a shift replaces a
	// multiplication.
	PowerOfTwo
	// PowerOfTwoNearest is Symmetric with the scale rounded to the power of two
	// that is nearest in the logarithm: finer than PowerOfTwo for half of all
	// tensors, at the price of clipping by up to a factor of √2.
	PowerOfTwoNearest
)

var schemeNames = [...]string{"symmetric", "affine", "power_of_two", "power_of_two_nearest"}

// Valid reports whether s is one of the schemes.
func (s Scheme) Valid() bool { return int(s) < len(schemeNames) }

// Schemes returns all of them, in their order.
func Schemes() []Scheme {
	var all []Scheme
	for s := range schemeNames {
		all = append(all, Scheme(s))
	}
	return all
}

// String is the scheme's name in a configuration file.
func (s Scheme) String() string {
	if s.Valid() {
		return schemeNames[s]
	}
	return fmt.Sprintf("scheme(%d)", uint8(s))
}

// ParseScheme is the inverse of [Scheme.String].
func ParseScheme(text string) (Scheme, error) {
	return parse[Scheme]("scheme", text, schemeNames[:])
}

// MarshalText writes [Scheme.String].
func (s Scheme) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads [Scheme.String].
func (s *Scheme) UnmarshalText(text []byte) (err error) {
	*s, err = ParseScheme(string(text))
	return err
}

// parse finds text among the names of a small enumeration.
func parse[T ~uint8](what, text string, names []string) (T, error) {
	for i, name := range names {
		if name == text {
			return T(i), nil
		}
	}
	return 0, fmt.Errorf("affine: %s %q: want one of %q", what, text, names)
}
