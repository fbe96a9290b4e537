package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/observers"
	"petrify/train"
)

// Train is the run on a data set. What is wrong with it on this data is
// returned as [Faults], with the places in the file.
func (c *Config) Train(data *datasets.Set) (train.Config, error) {
	t, faults := c.training()
	t.Data = data
	if b := c.Network.Builtin; b != "" {
		network, err := graph.Builtin(b, len(data.Classes))
		if err != nil {
			return t, fmt.Errorf("config: %w", err)
		}
		t.Network = network
	}
	if c.Weights != "" {
		weights, err := train.ReadWeights(c.Weights)
		if err != nil {
			return t, err
		}
		t.Weights = weights
	}
	var more train.Faults
	if err := t.Validate(); errors.As(err, &more) {
		faults = faults.with(c.locate(more))
	} else if err != nil {
		return t, err
	}
	if len(faults) > 0 {
		return t, faults
	}
	return t, nil
}

// training is the run without its data.
func (c *Config) training() (train.Config, Faults) {
	q, m, faults := c.quantization()
	return train.Config{
		Network: c.Network.Network, Quantization: q, Milestones: m,
		Seed: c.Seed, Batch: c.Batch, Augment: c.Augment, Balanced: c.Balanced,
		Calibration: c.Calibration, Checkpoint: c.Checkpoint,
		Float: c.Float, QAT: c.QAT, Out: c.Out,
	}, faults
}

// quantization turns the block into petrify's own words.
func (c *Config) quantization() (q graph.Quantization, m train.Milestones, faults Faults) {
	var spans []train.Span
	scheme := func(key string, module *Module) *fakequant.Scheme {
		if module == nil {
			return nil
		}
		key = join("quantization", key)
		if module.Milestones != nil && spans != nil && !slices.Equal(spans, module.Milestones) {
			at := join(key, "milestones")
			faults = append(faults, Fault{c.place(at), at, "differ from milestones above: want the same for the whole network"})
		}
		if module.Milestones != nil {
			spans = module.Milestones
		}
		for _, idle := range module.idle() {
			at := join(key, idle)
			faults = append(faults, Fault{c.place(at), at, fmt.Sprintf("has no effect on the observers %v and %v", module.WeightObserver, module.ActivationObserver)})
		}
		s := module.scheme()
		if err := errors.Join(s.Weights.Validate(), s.Activations.Validate()); err != nil {
			faults = append(faults, Fault{c.place(key), key, err.Error()})
		}
		return &s
	}
	block := c.Quantization
	q = graph.Quantization{
		Default: scheme("global_config", block.Global), Kinds: map[graph.Kind]*fakequant.Scheme{},
		EdgeBits: block.EdgeBits, FloatOutput: block.FloatOutput,
	}
	for _, r := range block.Types {
		if k, err := graph.ParseKind(r.Pattern); err == nil { // reading let no other through
			q.Kinds[k] = scheme("module_type_configs."+r.Pattern, r.Module)
		}
	}
	for _, r := range block.Names {
		q.Names = append(q.Names, graph.NameRule{Pattern: r.Pattern, Scheme: scheme("module_name_configs."+r.Pattern, r.Module)})
	}
	if spans != nil {
		m = train.Milestones{Observe: spans[0], Quantize: spans[1], Settle: spans[2], FreezeBatchNorm: spans[3]}
	}
	return q, m, faults
}

// scheme is the module in petrify's own words.
func (m *Module) scheme() fakequant.Scheme {
	return fakequant.Scheme{Weights: m.weights(), Activations: m.activations()}
}

func (m *Module) weights() fakequant.Config {
	if m.WeightDtype == "float32" {
		return fakequant.Config{}
	}
	bits, unsigned := dtype(m.WeightDtype)
	if m.WeightBits != 0 {
		bits = m.WeightBits
	}
	c := fakequant.Config{
		// A symmetric unsigned format with its zero point in the middle is the
		// signed one by another name.
		Format:   affine.Format{Bits: bits, Unsigned: unsigned && m.WeightScheme == affine.Affine},
		Scheme:   m.WeightScheme,
		Dialect:  m.Dialect,
		Observer: m.observer(m.WeightObserver),
	}
	c.Format.Narrow = m.WeightScheme != affine.Affine
	switch {
	case m.WeightGroup > 0:
		c.Granularity = affine.Granularity{Kind: affine.PerGroup, Axis: 1, Size: m.WeightGroup}
	case m.WeightPerChannel:
		c.Granularity.Kind = affine.PerChannel
	}
	return c
}

func (m *Module) activations() fakequant.Config {
	if m.ActivationDtype == "float32" {
		return fakequant.Config{}
	}
	bits, _ := dtype(m.ActivationDtype)
	if m.ActivationBits != 0 {
		bits = m.ActivationBits
	}
	return fakequant.Config{
		Format:   affine.Format{Bits: bits}, // graph makes it unsigned where it is never negative
		Scheme:   m.Scheme,
		Dialect:  m.Dialect,
		Observer: m.observer(m.ActivationObserver),
	}
}

// observer is an observer with those of the module's constants that it uses.
func (m *Module) observer(k observers.Kind) observers.Config {
	c := observers.Config{Kind: k}
	for _, set := range constants {
		if with := set.in(m, c); with.Validate() == nil {
			c = with
		}
	}
	return c
}

// constants are the keys that only some observers use.
var constants = []struct {
	key string
	in  func(*Module, observers.Config) observers.Config
}{
	{"averaging_constant", func(m *Module, c observers.Config) observers.Config {
		c.Constant = float32(m.AveragingConstant)
		return c
	}},
	{"percentile", func(m *Module, c observers.Config) observers.Config { c.Percentile = m.Percentile; return c }},
	{"sigmas", func(m *Module, c observers.Config) observers.Config { c.Sigmas = m.Sigmas; return c }},
}

// idle lists the keys that have no effect on the module's observers.
func (m *Module) idle() (keys []string) {
	used := []observers.Config{m.weights().Observer, m.activations().Observer}
	for _, set := range constants {
		if !slices.ContainsFunc(used, func(c observers.Config) bool { return c == set.in(m, c) }) {
			keys = append(keys, set.key)
		}
	}
	return keys
}

// dtype is the number of bits of a name such as qint4, and whether it has no sign.
func dtype(name string) (bits int, unsigned bool) {
	bits = 8
	if name[len(name)-1] == '4' {
		bits = 4
	}
	return bits, name[1] == 'u'
}

// pattern checks a regular expression.
func pattern(text string) (string, error) {
	if _, err := regexp.Compile(text); err != nil {
		return "", fmt.Errorf("want a regular expression: %w", err)
	}
	return text, nil
}
