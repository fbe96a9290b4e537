package datasets

import (
	"fmt"
	"math"
	"slices"
)

// normalise replaces the means and deviations that were measured by those of the
// options, each a number for all channels or one for each.
func (s *Set) normalise(o Options) error {
	for _, given := range []struct {
		name   string
		values []float32
		to     *[]float32
		least  float32 // more than this
	}{
		{"mean", o.Mean, &s.Mean, float32(math.Inf(-1))},
		{"standard deviation", o.Std, &s.Std, 0},
	} {
		values := given.values
		switch {
		case values == nil:
			continue
		case len(values) == 1:
			values = slices.Repeat(values, s.Shape[0])
		case len(values) != s.Shape[0]:
			return fmt.Errorf("datasets: %s: a %s for %d channels, want one for each of %d, or one for all", s.Name,
				given.name, len(values), s.Shape[0])
		}
		for _, v := range values {
			if !(v > given.least) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("datasets: %s: a %s of %v", s.Name, given.name, v)
			}
		}
		*given.to = slices.Clone(values)
		s.Account.Normalised = normalisation(s, true)
	}
	return nil
}
