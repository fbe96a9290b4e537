package config

import (
	"regexp"
	"slices"

	"petrify/graph"
)

// LayerBits is the bits of a layer's weights and of the activations that follow its
// configuration; 0: it has none.
type LayerBits struct {
	Layer                string
	Weights, Activations int
}

// Choose is the configuration with bits for each of the given layers, in
// module_name_configs, and 8 for whatever is not chosen. Otherwise a layer's quantization
// is that of the rule which held for it, as the model has it; settings go that have no
// effect at the chosen bits.
func (c *Config) Choose(m *graph.Model, layers []LayerBits) *Config {
	as := *c
	q := c.Quantization.atBits(8)
	q.EdgeBits = 0
	rules := map[string]graph.Rule{}
	for _, d := range m.Domains() {
		rules[d.Layer] = d.Rule
	}
	var names []Rule
	for _, l := range layers {
		own := *q.module(rules[l.Layer])
		if l.Weights != 0 {
			own.WeightBits = l.Weights
		}
		if l.Activations != 0 {
			own.ActivationBits = l.Activations
		}
		names = append(names, Rule{regexp.QuoteMeta(l.Layer), &own})
	}
	q.Names = append(names, slices.DeleteFunc(q.Names, func(old Rule) bool {
		return slices.ContainsFunc(names, func(n Rule) bool { return n.Pattern == old.Pattern })
	})...)
	for _, e := range q.modules() {
		if e.module != nil {
			e.module.forget(c.Seed)
		}
	}
	as.Quantization = q
	return &as
}

// module is that of a rule.
func (q *Quantization) module(r graph.Rule) *Module {
	all := q.modules()
	return all[slices.IndexFunc(all, func(e entry) bool { return e.rule == r })].module
}

// forget clears the settings that have no effect.
func (m *Module) forget(seed uint64) {
	for _, key := range m.idle(m.scheme(seed)) {
		switch key {
		case "averaging_constant":
			m.AveragingConstant = 0
		case "percentile":
			m.Percentile = 0
		case "fixed_range":
			m.FixedRange = [2]float64{}
		case "sigmas":
			m.Sigmas = 0
		case "learned_lr_factor":
			m.LearnedLRFactor = 0
		case "pact_decay":
			m.PACTDecay = 0
		}
	}
}
