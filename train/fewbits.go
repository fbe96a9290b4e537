package train

import (
	"cmp"
	"maps"
	"slices"

	"petrify/fakequant"
	"petrify/graph"
)

// relearns reports whether QAT has so much to make up for that other defaults are best,
// of which docs/numerics.md has the figures: where such weights have 3 bits or fewer and
// learn their scales, in a network with batch norm, which bears a high learning rate.
// A repaired network that is kept has little to make up for.
func (c Config) relearns(such func(weights fakequant.Config) bool) bool {
	norm := func(l graph.Layer) bool { return l.Kind == graph.KindBatchNorm }
	return !c.keeps() && slices.ContainsFunc(c.Network.Layers, norm) &&
		slices.ContainsFunc(schemes(c.Quantization), func(s *fakequant.Scheme) bool { return few(s, such) })
}

func few(s *fakequant.Scheme, such func(weights fakequant.Config) bool) bool {
	return s != nil && s.Weights.Method.Traits().Learns && !s.Weights.Format.IsFloat() &&
		s.Weights.Format.Bits <= 3 && such(s.Weights)
}

// every weight takes the learning rate of the float stage.
func every(fakequant.Config) bool { return true }

// uniform weights, whose values are all that their bits hold, take all of these
// defaults: they are not measured with two or three values.
func uniform(c fakequant.Config) bool { return !c.Method.Traits().OwnGrid }

// relearn fills in these defaults, but for the learning rate and
// [Milestones.FreezeBatchNorm]: Adam forgets the great gradients of the first steps
// within a short stage, and the rounding of weights is blended in over the first half
// of what follows the beginning of quantization.
func (c Config) relearn() Config {
	if c.QAT.Optimizer.Method != SGD {
		c.QAT.Optimizer.Beta2 = cmp.Or(c.QAT.Optimizer.Beta2, 0.98)
	}
	total, begin := c.QATSteps(), 0
	for _, m := range append(slices.Collect(maps.Values(c.RuleMilestones)), c.Milestones) {
		begin = max(begin, m.resolve(total, c.perEpoch(), true, total).Quantize.Steps(c.perEpoch()))
	}
	c.Quantization = mapped(c.Quantization, func(s *fakequant.Scheme) {
		if few(s, uniform) && s.Weights.Ramp == (fakequant.Ramp{}) {
			s.Weights.Ramp.Finish = max(total-begin, 0) / 2
		}
	})
	return c
}

// schemes are those of all rules; one that is nil leaves its layers float.
func schemes(q graph.Quantization) []*fakequant.Scheme {
	all := append(slices.Collect(maps.Values(q.Kinds)), q.Default)
	for _, n := range q.Names {
		all = append(all, n.Scheme)
	}
	return all
}

// mapped is a quantization with all schemes changed.
func mapped(q graph.Quantization, change func(*fakequant.Scheme)) graph.Quantization {
	of := func(s *fakequant.Scheme) *fakequant.Scheme {
		if s == nil {
			return nil
		}
		changed := *s
		change(&changed)
		return &changed
	}
	q.Default, q.Kinds, q.Names = of(q.Default), maps.Clone(q.Kinds), slices.Clone(q.Names)
	for k, s := range q.Kinds {
		q.Kinds[k] = of(s)
	}
	for i, n := range q.Names {
		q.Names[i].Scheme = of(n.Scheme)
	}
	return q
}
