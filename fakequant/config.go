package fakequant

import (
	"errors"
	"fmt"

	"petrify/fakequant/affine"
	"petrify/observers"
)

// Config describes the quantizer of one tensor. A zero Format leaves the
// tensor in float32.
type Config struct {
	Format      affine.Format
	Scheme      affine.Scheme
	Granularity affine.Granularity
	Dialect     affine.Dialect
	Observer    observers.Config
	Method      Method
}

// Scheme describes the quantizers of a network: one Config for weights and one
// for activations.
type Scheme struct {
	Weights     Config
	Activations Config
}

// Int8 is the default scheme, legal on every export target. Weights: int8
// −127..127, symmetric, one scale for each output channel, from the range of
// the step's weights. Activations: int8, symmetric, one scale for the tensor,
// from a moving average; uint8 after layers that are never negative, see
// [Config.NonNegative].
func Int8() Scheme { return Bits(8) }

// Bits is [Int8] with another number of bits, 2 to 8 or 16.
func Bits(n int) Scheme {
	return Scheme{
		Weights: Config{
			Format:      affine.Format{Bits: n, Narrow: true},
			Granularity: affine.Granularity{Kind: affine.PerChannel},
			Observer:    observers.Config{Kind: observers.LastValue},
		},
		Activations: Config{
			Format:   affine.Format{Bits: n},
			Observer: observers.Config{Kind: observers.MovingAverage},
		},
	}
}

// NonNegative returns the configuration for a tensor that is never negative,
// such as the output of a ReLU: the unsigned format of as many bits. With a
// symmetric scheme the zero point is 0 and the whole of 0..2ᵇ−1 covers 0..max,
// twice as fine as the signed format.
func (c Config) NonNegative() Config {
	if !c.Format.IsFloat() {
		c.Format.Unsigned, c.Format.Narrow = true, false
	}
	return c
}

// Validate returns an error that names every fault.
func (c Config) Validate() error {
	if c.Format.IsFloat() {
		return nil
	}
	faults := []error{c.Format.Validate(), c.Observer.Validate()}
	if !c.Dialect.Valid() {
		faults = append(faults, fmt.Errorf("fakequant: %v: want one of %q", c.Dialect, affine.Dialects()))
	}
	if int(c.Method) >= len(methods) {
		faults = append(faults, fmt.Errorf("fakequant: %v: want one of %q", c.Method, methodNames()))
	}
	return errors.Join(faults...)
}
