package fakequant

import (
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
	// Rounding replaces the dialect's, unless it is HalfEven.
	Rounding affine.Rounding

	// LRFactor multiplies the learning rate of what the method learns; 0 means
	// 1.
	LRFactor float32
	// Decay is λ of PACT's penalty λ·α² on its upper end.
	Decay float32
	// Seed selects the random numbers of Stochastic.
	Seed uint64
	// Ramp introduces the rounding gradually or late.
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

// Bits is [Int8] with another number of bits, 2 to 8.
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

// FewBits is the scheme for 2 to 4 bits: [LSQ] on weights and activations, which with 2
// or 3 bits also have a zero point ([LSQPlus]), because without one only one or three of
// their values are positive. It starts from the ranges with the least squared error
// ([observers.MSE]). Let
// it observe some batches with rounding off, then turn observing off and
// rounding on: scales follow the observer as long as it is on, and learn after
// that.
func FewBits(bits int) Scheme {
	s := Bits(bits)
	for _, c := range []*Config{&s.Weights, &s.Activations} {
		c.Method, c.Observer = LSQ, observers.Config{Kind: observers.MSE}
	}
	if bits <= 3 {
		s.Activations.Method, s.Activations.Scheme, s.Activations.Format.Unsigned = LSQPlus, affine.Affine, true
	}
	return s
}

// arithmetic is the dialect's, with the configuration's rounding.
func (c Config) arithmetic() affine.Arithmetic {
	a := c.Dialect.Arithmetic()
	if c.Rounding != affine.HalfEven {
		a.Rounding = c.Rounding
	}
	return a
}

// Exact reports whether a runtime that divides and rounds half to even, as
// ONNX's QuantizeLinear and petrify's integer engine do, quantizes a tensor as
// this configuration does in training. Weights freeze as integers and are exact
// anyway; with an inexact configuration, an activation near a tie may differ by
// one step.
func (c Config) Exact() bool { return c.arithmetic() == affine.Arithmetic{} }

// NonNegative returns the configuration for a tensor that is never negative,
// such as the output of a ReLU: the unsigned format with as many bits and zero
// point 0, so that all of 0..2ᵇ−1 covers 0..max, twice as finely as the signed
// format. In dialects that put the zero point of symmetric unsigned formats in
// the middle, the scheme becomes affine, whose zero point is 0 for such
// tensors, as in Core ML Tools after a ReLU.
func (c Config) NonNegative() Config {
	if c.Format.IsFloat() {
		return c
	}
	c.Format.Unsigned, c.Format.Narrow = true, false
	if c.Scheme != affine.Symmetric || c.Method.Traits().Unsigned || !c.Dialect.Valid() {
		return c
	}
	if _, z := c.Dialect.Choose(0, 1, c.Format, c.Scheme); z != 0 {
		c.Scheme = affine.Affine
	}
	return c
}
