package fakequant

import (
	"errors"
	"fmt"
	"math"

	"petrify/fakequant/affine"
)

// Validate returns an error that names every fault.
func (c Config) Validate() error {
	if c.Format.IsFloat() {
		return nil
	}
	faults := []error{c.Format.Validate(), c.Observer.Validate(), c.Ramp.validate()}
	if !c.Scheme.Valid() {
		faults = append(faults, unknown(c.Scheme, affine.Schemes()))
	}
	if !c.Dialect.Valid() {
		faults = append(faults, unknown(c.Dialect, affine.Dialects()))
	}
	if !c.Rounding.Valid() {
		faults = append(faults, unknown(c.Rounding, affine.Roundings()))
	}
	if int(c.Method) >= len(methods) {
		faults = append(faults, unknown(c.Method, Methods()))
	} else {
		faults = append(faults, c.validateMethod()...)
	}
	return errors.Join(faults...)
}

func unknown[T fmt.Stringer](value T, all []T) error {
	return fmt.Errorf("fakequant: %v: want one of %q", value, all)
}

// validateMethod checks what depends on the method.
func (c Config) validateMethod() (faults []error) {
	m := methods[c.Method]
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf("fakequant: "+format, args...))
		}
	}
	useless := func(set bool, what string, value any) {
		fault(set, "%s %v has no effect on method %v", what, value, c.Method)
	}
	if m.check != nil {
		want := m.check(c)
		fault(want != "", "method %v on %v %v: want %s", c.Method, c.Scheme, c.Format, want)
	}
	fault(c.Format == affine.Binary && m.Format != affine.Binary, "method %v on %v: want more values, or method %v",
		c.Method, c.Format, Binary)
	useless(m.OwnGrid && c.Dialect != affine.Default, "dialect", c.Dialect)
	useless(m.OwnGrid && c.Rounding != affine.HalfEven, "rounding", c.Rounding)
	useless(!m.Learns && c.LRFactor != 0, "learning rate factor", c.LRFactor)
	useless(!m.Decays && c.Decay != 0, "decay", c.Decay)
	useless(!m.Random && c.Seed != 0, "seed", c.Seed)
	fault(!(c.LRFactor >= 0 && c.LRFactor <= math.MaxFloat32), "learning rate factor %v: want one ≥ 0", c.LRFactor)
	fault(!(c.Decay >= 0 && c.Decay <= math.MaxFloat32), "decay %v: want one ≥ 0", c.Decay)
	return faults
}
