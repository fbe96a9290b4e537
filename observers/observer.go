package observers

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"petrify/fakequant/affine"
)

// Observer estimates the range of a tensor from its successive values.
type Observer interface {
	// Observe adds x to the estimate and returns how many of its values are not
	// finite; those are left out.
	Observe(x []float32) (nonFinite int, err error)
	// Range writes the range of each group. It reports false and writes nothing
	// until a finite value has been seen.
	Range(min, max []float32) bool
	// State returns the observer's memory. The slices are its own: copy what
	// must outlast the next Observe.
	State() []State
	// Restore replaces the memory with one that State returned.
	Restore([]State) error
}

// Target is what a range is for: the tensor's grouping, and the integers it
// will become. Observers that search for the best range need to know.
type Target struct {
	Layout  affine.Layout
	Format  affine.Format
	Scheme  affine.Scheme
	Dialect affine.Dialect
}

// twoSided reports whether both ends of the range are free, or only the largest
// magnitude counts.
func (t Target) twoSided() bool { return t.Scheme == affine.Affine || t.Format.Unsigned }

// Config describes an observer. A zero constant stands for the kind's default;
// one that the kind does not use is an error.
type Config struct {
	Kind Kind
	// Constant is c of the averages; 0 means that of [Kind.Default].
	Constant float32
	// Percentile of Percentile and StreamingPercentile; likewise.
	Percentile float64
	// Sigmas is k of MeanSigma; likewise.
	Sigmas float64
	// Min and Max are Fixed's range; they have no default.
	Min, Max float32
}

// Validate returns an error that names every fault.
func (c Config) Validate() error {
	if int(c.Kind) >= len(kinds) {
		return errors.Join(fmt.Errorf("observers: %v: want one of %q", c.Kind, kindNames()))
	}
	var faults []error
	check := func(name string, value float64, uses, ok bool, want string) {
		switch {
		case !uses && value != 0:
			faults = append(faults, fmt.Errorf("observers: %s %v has no effect on %v", name, value, c.Kind))
		case uses && !ok:
			faults = append(faults, fmt.Errorf("observers: %s %v: want %s", name, value, want))
		}
	}
	takes := c.Kind.Default()
	check("averaging constant", float64(c.Constant), takes.Constant != 0, c.Constant >= 0 && c.Constant <= 1,
		"0 < c ≤ 1, or 0 for the default")
	check("percentile", c.Percentile, takes.Percentile != 0,
		c.Percentile == 0 || c.Percentile > 50 && c.Percentile <= 100, "50 < p ≤ 100, or 0 for the default")
	check("sigmas", c.Sigmas, takes.Sigmas != 0, c.Sigmas >= 0 && !math.IsInf(c.Sigmas, 1),
		"k > 0, or 0 for the default")
	finite := c.Max-c.Max == 0 && c.Min-c.Min == 0
	check("minimum", float64(c.Min), c.Kind == Fixed, finite && c.Min <= 0 && c.Min < c.Max,
		"a finite min ≤ 0 and below max")
	check("maximum", float64(c.Max), c.Kind == Fixed, finite && c.Max >= 0, "a finite max ≥ 0")
	return errors.Join(faults...)
}

// filled has the default where a constant is 0.
func (c Config) filled() Config {
	d := c.Kind.Default()
	c.Constant, c.Percentile, c.Sigmas = cmp.Or(c.Constant, d.Constant), cmp.Or(c.Percentile, d.Percentile),
		cmp.Or(c.Sigmas, d.Sigmas)
	return c
}

// mostMemory is how many bytes an observer may use for its counts. Nobody means
// to ask for more, and Go could refuse it only by ending the process.
const mostMemory = 1 << 31

// New returns the observer of the given configuration.
func New(c Config, t Target) (Observer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if t.Layout.N <= 0 || t.Layout.Inner < 0 {
		return nil, fmt.Errorf("observers: layout %+v: want a positive number of scales", t.Layout)
	}
	if err := t.Format.Validate(); err != nil {
		return nil, fmt.Errorf("observers: %w", err)
	}
	k := kinds[c.Kind]
	if k.perTensor && t.Layout.N != 1 {
		return nil, fmt.Errorf("observers: %v is per tensor, not for %d scales", c.Kind, t.Layout.N)
	}
	if n := 8 * int64(k.counts) * int64(t.Layout.N); n > mostMemory {
		return nil, fmt.Errorf("observers: %v takes %d MB for %d scales, want at most %d: use fewer scales, "+
			"or another observer",
			c.Kind, n>>20, t.Layout.N, mostMemory>>20)
	}
	return k.make(c.filled(), t), nil
}
