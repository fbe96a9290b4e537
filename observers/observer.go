package observers

import (
	"errors"
	"fmt"

	"petrify/fakequant/affine"
)

// Observer estimates the range of a tensor that it sees again and again.
type Observer interface {
	// Observe takes x into account and returns how many of its values are not
	// finite; those are left out.
	Observe(x []float32) (nonFinite int, err error)
	// Range writes the range of each group. It reports false, and writes
	// nothing, as long as no finite value has been seen.
	Range(min, max []float32) bool
	// State returns the observer's memory. The slices are its own: copy what
	// must outlast the next Observe.
	State() []State
	// Restore replaces the memory by one that State returned.
	Restore([]State) error
}

// State is one named tensor of an observer's or a quantizer's memory. One of
// the three slices holds the values, in row-major order.
type State struct {
	Name  string
	Shape []int
	F32   []float32
	F64   []float64
	I64   []int64
}

// Config describes an observer. A zero constant stands for the kind's default.
type Config struct {
	Kind Kind
	// Constant is c of the moving averages; the default is 0.01, or 0.1 for
	// the EMA.
	Constant float32
}

// Validate returns an error that names every fault.
func (c Config) Validate() error {
	var faults []error
	if int(c.Kind) >= len(kinds) {
		faults = append(faults, fmt.Errorf("observers: %v: want one of %q", c.Kind, kindNames()))
	}
	averages := c.Kind == MovingAverage || c.Kind == EMA
	if !averages && c.Constant != 0 {
		faults = append(faults, fmt.Errorf("observers: averaging constant %v has no effect on %v", c.Constant, c.Kind))
	}
	if !(c.Constant >= 0 && c.Constant <= 1) {
		faults = append(faults, fmt.Errorf("observers: averaging constant %v: want 0 < c ≤ 1, or 0 for the default", c.Constant))
	}
	return errors.Join(faults...)
}

// constant is c, or the default.
func (c Config) constant(byDefault float32) float32 {
	if c.Constant != 0 {
		return c.Constant
	}
	return byDefault
}

// New returns the observer of the given configuration for tensors of layout l
// that will be quantized to format f.
func New(c Config, l affine.Layout, f affine.Format) (Observer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if l.N <= 0 || l.Inner < 0 {
		return nil, fmt.Errorf("observers: layout %+v: want a positive number of groups", l)
	}
	return kinds[c.Kind].make(c, l, f), nil
}

// kinds is the table of the observers, indexed by Kind.
var kinds = [...]struct {
	name string
	make func(Config, affine.Layout, affine.Format) Observer
}{
	MovingAverage: {"moving_average_min_max", newMovingAverage},
	MinMax:        {"min_max", newMinMax},
	EMA:           {"ema_min_max", newEMA},
	LastValue:     {"last_value", newLastValue},
}

// Kind names an observer.
type Kind uint8

// The observers.
const (
	MovingAverage Kind = iota // smoothed minimum and maximum of the batches
	MinMax                    // minimum and maximum of everything seen
	EMA                       // as MovingAverage, in Core ML Tools' arithmetic
	LastValue                 // minimum and maximum of the last tensor seen
)

// String is the kind's name in a configuration file. The names
// moving_average_min_max, min_max and ema_min_max are Core ML Tools'.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k].name
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

func kindNames() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// ParseKind is the inverse of [Kind.String].
func ParseKind(text string) (Kind, error) {
	for i, k := range kinds {
		if k.name == text {
			return Kind(i), nil
		}
	}
	return 0, fmt.Errorf("observers: observer %q: want one of %q", text, kindNames())
}

// MarshalText writes [Kind.String].
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads [Kind.String].
func (k *Kind) UnmarshalText(text []byte) (err error) {
	*k, err = ParseKind(string(text))
	return err
}
