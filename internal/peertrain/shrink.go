package main

import (
	"slices"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/observers"
	"petrify/train"
)

// shrink makes a plan smaller as long as it differs: it takes away steps, layers
// and settings, one by one, until none is left that can go.
func shrink(p plan, differs func(plan) bool) plan {
	for {
		i := slices.IndexFunc(smaller(p), func(q plan) bool { return q.valid() && differs(q) })
		if i < 0 {
			return p
		}
		p = smaller(p)[i]
	}
}

// valid reports whether there is a model of the plan.
func (p plan) valid() bool {
	_, err := p.model(p.generator())
	return err == nil
}

// smaller lists the plans that have one thing less.
func smaller(p plan) (all []plan) {
	all = append(all, fewerSteps(p)...)
	for i := range p.network.Layers {
		all = append(all, without(p, i))
	}
	for _, clear := range []func(*plan){
		func(q *plan) { q.quantized = false },
		func(q *plan) { q.optimizer = train.Optimizer{Method: train.SGD} },
		func(q *plan) { q.quantization.Names = nil },
		func(q *plan) { q.quantization.Kinds = nil },
		func(q *plan) { q.quantization.EdgeBits = 0 },
		func(q *plan) { q.quantization.FloatOutput = true },
		func(q *plan) { q.quantization.Folding = graph.FoldRunning },
	} {
		q := p
		clear(&q)
		all = append(all, q)
	}
	if p.quantization.Default != nil {
		for _, s := range simpler(*p.quantization.Default) {
			q := p
			q.quantization.Default = &s
			all = append(all, q)
		}
	}
	return slices.DeleteFunc(all, func(q plan) bool { return q.String() == p.String() })
}

// fewerSteps leaves out a step, but for the last one, or the differences between
// the layers'.
func fewerSteps(p plan) (all []plan) {
	for i := range p.steps {
		if len(p.steps) == 1 {
			break
		}
		q := p
		q.steps = slices.Delete(slices.Clone(p.steps), i, i+1)
		all = append(all, q)
	}
	q := p
	q.steps = nil
	for _, m := range p.steps {
		same := map[string]graph.Switches{}
		for layer := range m.switches {
			same[layer] = m.switches[p.network.Layers[0].Name]
		}
		q.steps = append(q.steps, moment{same, m.update})
	}
	return append(all, q)
}

// without leaves out layer i: who takes it takes its first input.
func without(p plan, i int) plan {
	name, from := p.network.Layers[i].Name, source(p.network.Layers, i)
	var layers []graph.Layer
	for j, l := range p.network.Layers {
		if j == i {
			continue
		}
		if len(l.From) == 0 {
			l.From = []string{source(p.network.Layers, j)}
		}
		l.From = slices.Clone(l.From)
		for k := range l.From {
			if l.From[k] == name {
				l.From[k] = from
			}
		}
		layers = append(layers, l)
	}
	p.network.Layers = layers
	return p
}

// source is the first input of layer i.
func source(layers []graph.Layer, i int) string {
	switch {
	case len(layers[i].From) > 0:
		return layers[i].From[0]
	case i > 0:
		return layers[i-1].Name
	}
	return graph.InputName
}

// simpler lists the schemes that have one setting less.
func simpler(s fakequant.Scheme) (all []fakequant.Scheme) {
	for _, clear := range []func(*fakequant.Config){
		func(c *fakequant.Config) { *c = fakequant.Config{} },
		func(c *fakequant.Config) { c.Method, c.LRFactor, c.Decay, c.Seed = fakequant.STE, 0, 0, 0 },
		func(c *fakequant.Config) { c.Observer = observers.Config{} },
		func(c *fakequant.Config) { c.Scheme, c.Format.Unsigned = affine.Symmetric, false },
		func(c *fakequant.Config) { c.Dialect = affine.Default },
		func(c *fakequant.Config) { c.Rounding = affine.HalfEven },
		func(c *fakequant.Config) { c.Ramp = fakequant.Ramp{} },
		func(c *fakequant.Config) { c.Granularity = affine.Granularity{} },
		func(c *fakequant.Config) { c.LRFactor = 0 },
		func(c *fakequant.Config) { c.Decay = 0 },
	} {
		w, a := s, s
		clear(&w.Weights)
		clear(&a.Activations)
		all = append(all, w, a)
	}
	return all
}
