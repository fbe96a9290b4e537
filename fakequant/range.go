package fakequant

import (
	"petrify/fakequant/affine"
	"petrify/observers"
)

// Within returns the configuration for a tensor whose range is known
// beforehand, such as a sigmoid's output: no observer moves it and no method
// learns it.
func (c Config) Within(min, max float32) Config {
	if c.Format.IsFloat() {
		return c
	}
	c.Observer = observers.Config{Kind: observers.Fixed, Min: min, Max: max}
	if int(c.Method) < len(methods) && methods[c.Method].Learns {
		c.Method, c.LRFactor, c.Decay = STE, 0, 0
	}
	return c
}

// WithBits returns the configuration with n bits: for the input and for first
// and last layers, which need more bits than the others. Methods that are tied
// to two or three values are replaced by [STE], or [LSQ] if they learn.
func (c Config) WithBits(n int) Config {
	if c.Format.IsFloat() {
		return c
	}
	c.Format.Bits = n
	if t := c.Method.Traits(); !t.Format.IsFloat() && c.Format != t.Format {
		c.Method = STE
		if t.Learns {
			c.Method = LSQ
		}
	}
	return c
}

// FollowsExtremes reports whether a quantizer of this configuration rounds to
// 0..qmax with zero point 0, passes the gradient straight through, and observes
// nothing but the least and the greatest value. Such a quantizer can be
// computed in one pass with the operation before it: for [Quantizer.Observe],
// the two extremes are as good as the tensor.
func (c Config) FollowsExtremes() bool {
	return c.Observer.Kind.Extremes() && c.Method.Traits().Plain && c.Ramp == (Ramp{}) && c.Exact() &&
		c.Scheme == affine.Symmetric && c.Granularity == (affine.Granularity{}) &&
		c.Format.Unsigned
}
