package fakequant

import (
	"errors"
	"fmt"
	"math"

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

	// LRFactor multiplies the learning rate of what the method learns; 0
	// stands for 1.
	LRFactor float32
	// Decay is λ of PACT's penalty λ·α² on its upper end.
	Decay float32
	// Seed selects the random numbers of Stochastic.
	Seed uint64
	// Ramp lets the rounding set in gradually or late.
	Ramp Ramp
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
	faults = append(faults, c.Ramp.validate())
	if int(c.Method) >= len(methods) {
		return errors.Join(append(faults, fmt.Errorf("fakequant: %v: want one of %q", c.Method, Methods()))...)
	}
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf("fakequant: "+format, args...))
		}
	}
	m := methods[c.Method]
	if m.check != nil {
		want := m.check(c)
		fault(want != "", "method %v on %v %v: want %s", c.Method, c.Scheme, c.Format, want)
	}
	fault(c.LRFactor != 0 && !m.learns, "learning rate factor %v has no effect on method %v", c.LRFactor, c.Method)
	fault(!(c.LRFactor >= 0 && c.LRFactor <= math.MaxFloat32), "learning rate factor %v: want one ≥ 0", c.LRFactor)
	fault(c.Decay != 0 && c.Method != PACT, "decay %v has no effect on method %v", c.Decay, c.Method)
	fault(!(c.Decay >= 0 && c.Decay <= math.MaxFloat32), "decay %v: want one ≥ 0", c.Decay)
	fault(c.Seed != 0 && c.Method != Stochastic, "seed %d has no effect on method %v", c.Seed, c.Method)
	return errors.Join(faults...)
}
