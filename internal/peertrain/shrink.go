package main

import (
	"slices"

	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/train"
)

// shrink makes a plan smaller while it differs: it removes steps, layers and
// settings, one by one, until nothing more can go.
func shrink(p plan, differs func(plan) bool) plan {
	return randnet.Shrink(p, smaller, func(q plan) bool { return q.valid() && differs(q) })
}

// valid reports whether there is a model of the plan.
func (p plan) valid() bool {
	_, err := p.model(p.generator())
	return err == nil
}

// smaller lists the plans with one thing less.
func smaller(p plan) []plan {
	all := fewerSteps(p)
	for _, clear := range []func(*plan){
		func(q *plan) { q.quantized = false },
		func(q *plan) { q.optimizer = train.Optimizer{Method: train.SGD} },
	} {
		q := p
		clear(&q)
		all = append(all, q)
	}
	for _, c := range p.Smaller() {
		q := p
		q.Case = c
		all = append(all, q)
	}
	return all
}

// fewerSteps leaves out a step, except the last one, or the differences between
// layers.
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
			same[layer] = m.switches[p.Network.Layers[0].Name]
		}
		q.steps = append(q.steps, moment{same, m.update})
	}
	return append(all, q)
}
