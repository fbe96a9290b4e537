package config

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/observers"
)

// scheme is the module in petrify's own terms; seed is the run's.
func (m *Module) scheme(seed uint64) fakequant.Scheme {
	return fakequant.Scheme{Weights: m.complete(m.weights(), seed), Activations: m.complete(m.activations(), seed)}
}

func (m *Module) weights() fakequant.Config {
	if m.WeightDtype == "float32" {
		return fakequant.Config{}
	}
	c := fakequant.Config{Scheme: m.WeightScheme, Rounding: m.WeightRounding}
	switch m.WeightBits {
	case binaryBits:
		c.Format = affine.Binary
		c.Method = m.method(m.WeightMethod, fakequant.Binary, fakequant.LearnedBinary)
	case ternaryBits:
		c.Format = affine.Ternary
		c.Method = m.method(m.WeightMethod, fakequant.Ternary, fakequant.LearnedTernary)
	default:
		c.Format = m.weightFormat()
		c.Method = m.method(m.WeightMethod, fakequant.STE, learnedScale(m.WeightScheme))
	}
	if c.Format == affine.Ternary && c.Method.Traits().Format == affine.Binary {
		c.Format = affine.Binary // what weight_bits: 2 meant before there was a format of two values
	}
	c.Observer.Kind = m.startsFrom(m.WeightObserver, c, observers.LastValue, observers.LastMSE)
	switch {
	case m.WeightGroup > 0:
		c.Granularity = affine.Granularity{Kind: affine.PerGroup, Axis: 1, Size: m.WeightGroup}
	case m.WeightPerChannel:
		c.Granularity.Kind = affine.PerChannel
	}
	return c
}

// weightFormat is that of a whole range. A symmetric unsigned format with its zero
// point in the middle is equivalent to the signed one.
func (m *Module) weightFormat() affine.Format {
	bits, unsigned := dtype(m.WeightDtype)
	affineScheme := m.WeightScheme == affine.Affine
	return affine.Format{Bits: cmp.Or(m.WeightBits, bits), Unsigned: unsigned && affineScheme, Narrow: !affineScheme}
}

func (m *Module) activations() fakequant.Config {
	if m.ActivationDtype == "float32" {
		return fakequant.Config{}
	}
	bits, _ := dtype(m.ActivationDtype)
	if m.ActivationBits != 0 {
		bits = m.ActivationBits
	}
	scheme := m.activationScheme(bits)
	c := fakequant.Config{
		Format: affine.Format{Bits: bits}, // graph makes it unsigned where it is never negative
		Scheme: scheme,
		Method: m.method(m.ActivationMethod, fakequant.STE, learnedScale(scheme)),
	}
	c.Observer.Kind = m.startsFrom(m.ActivationObserver, c, observers.MovingAverage, observers.MSE)
	c.Format.Unsigned = scheme == affine.Affine
	return c
}

// activationScheme is the named one, or else symmetric; but with 2 or 3 bits, of whose
// values without a zero point one or three are positive, a learned zero point is worth
// its costs.
func (m *Module) activationScheme(bits int) affine.Scheme {
	named, err := affine.ParseScheme(m.Scheme)
	switch {
	case err == nil:
		return named
	case bits <= 3 && m.Algorithm == "learnable" && m.ActivationMethod == "" && m.Dialect == affine.Default:
		return affine.Affine
	}
	return affine.Symmetric
}

// method is the named one, or else the algorithm's.
func (m *Module) method(name string, vanilla, learnable fakequant.Method) fakequant.Method {
	named, err := fakequant.ParseMethod(name)
	switch {
	case err == nil:
		return named
	case m.Algorithm == "learnable":
		return learnable
	}
	return vanilla
}

// learnedScale is LSQ, or LSQ+ where a zero point is learned as well.
func learnedScale(s affine.Scheme) fakequant.Method {
	if s == affine.Affine {
		return fakequant.LSQPlus
	}
	return fakequant.LSQ
}

// startsFrom is the named observer, or else the one that suits: what is learned, and
// what has few bits, starts from the range with the least squared error, not from
// the extremes. Methods that make their own grid, and tools whose results are to be
// reproduced, take the extremes.
func (m *Module) startsFrom(name string, c fakequant.Config, extremes, fewBits observers.Kind) observers.Kind {
	named, err := observers.ParseKind(name)
	traits := c.Method.Traits()
	switch {
	case err == nil:
		return named
	case traits.Learns:
		return observers.MSE
	case c.Format.Bits < 8 && !traits.OwnGrid && m.Dialect == affine.Default:
		return fewBits
	default:
		return extremes
	}
}

// complete adds what weights and activations have in common and, of the
// settings that only some quantizers use, those that this one uses.
func (m *Module) complete(c fakequant.Config, seed uint64) fakequant.Config {
	if c.Format.IsFloat() {
		return c
	}
	c.Dialect = m.Dialect
	c.Ramp = fakequant.Ramp{Start: m.Ramp[0], Finish: m.Ramp[1]}
	if c.Method.Traits().Random {
		c.Seed = seed
	}
	for _, s := range particulars() {
		with := c
		if s.set(m, &with); with.Validate() == nil {
			c = with
		}
	}
	return c
}

// particular is a key that only some observers or methods use.
type particular struct {
	key string
	set func(*Module, *fakequant.Config)
}

func particulars() []particular {
	return []particular{
		{"averaging_constant", func(m *Module, c *fakequant.Config) {
			c.Observer.Constant = float32(m.AveragingConstant)
		}},
		{"percentile", func(m *Module, c *fakequant.Config) { c.Observer.Percentile = m.Percentile }},
		{"fixed_range", func(m *Module, c *fakequant.Config) {
			c.Observer.Min, c.Observer.Max = float32(m.FixedRange[0]), float32(m.FixedRange[1])
		}},
		{"sigmas", func(m *Module, c *fakequant.Config) { c.Observer.Sigmas = m.Sigmas }},
		{"learned_lr_factor", func(m *Module, c *fakequant.Config) { c.LRFactor = float32(m.LearnedLRFactor) }},
		{"pact_decay", func(m *Module, c *fakequant.Config) { c.Decay = float32(m.PACTDecay) }},
	}
}

// idle lists the keys that have no effect on any quantizer of the scheme.
func (m *Module) idle(s fakequant.Scheme) (keys []string) {
	for _, p := range particulars() {
		used := false
		for _, c := range []fakequant.Config{s.Weights, s.Activations} {
			with := c
			p.set(m, &with)
			used = used || with == c
		}
		if !used {
			keys = append(keys, p.key)
		}
	}
	return keys
}

// dtype parses a name such as qint4 into its number of bits and whether it is
// unsigned.
func dtype(name string) (bits int, unsigned bool) {
	bits = 8
	if name[len(name)-1] == '4' {
		bits = 4
	}
	return bits, name[1] == 'u'
}

// pattern checks a regular expression.
func pattern(text string) (string, error) {
	if text == "" {
		return "", errors.New("want a regular expression, got an empty one: every layer has a name")
	}
	if _, err := regexp.Compile(text); err != nil {
		return "", fmt.Errorf("want a regular expression: %w", err)
	}
	return text, nil
}
