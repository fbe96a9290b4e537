package train

import (
	"slices"

	"petrify/graph"
)

// agenda is the milestones of each layer that has something to switch, with
// their defaults filled in.
type agenda struct {
	domains  []graph.Domain
	of       map[string]Milestones // by layer
	total    int                   // steps of the stage
	perEpoch int
}

// agenda gives each layer the milestones of its rule, or else those of all
// layers.
func (c Config) agenda(domains []graph.Domain) agenda {
	a := agenda{domains: domains, of: map[string]Milestones{}, total: c.QAT.Epochs * c.perEpoch(),
		perEpoch: c.perEpoch()}
	rest := a.total / 2
	switch {
	case c.keeps():
		rest = 0 // biases are corrected for its statistics
	case c.relearns(uniform):
		rest = 3 * a.total / 4
	}
	for _, d := range domains {
		m, own := c.RuleMilestones[d.Rule]
		if !own {
			m = c.Milestones
		}
		a.of[d.Layer] = m.resolve(a.total, a.perEpoch, d.Learns, rest)
	}
	return a
}

// at returns the switches at a step of the stage, counted from 0, by layer.
func (a agenda) at(step int) func(layer string) graph.Switches {
	return func(layer string) graph.Switches { return a.of[layer].At(step, a.perEpoch) }
}

// quantizes reports whether a step quantizes everything that is quantized in
// the end.
func (a agenda) quantizes(step int) bool {
	at := a.at(step)
	return !slices.ContainsFunc(a.domains, func(d graph.Domain) bool {
		return len(d.Tensors) > 0 && !at(d.Layer).Quantize
	})
}

// course is how far the quantized part of a layer's training has progressed at
// a step, 0 to 1; false before it begins.
func (a agenda) course(layer string, step int) (x float64, ok bool) {
	first := a.of[layer].Quantize.Steps(a.perEpoch)
	if step < first {
		return 0, false
	}
	return float64(step-first) / float64(max(a.total-first, 1)), true
}

// turns lists what changes at a step: all layers if it is the first step of
// this process, otherwise those whose switches were different a step before.
// Layers that are switched alike are listed together.
func (a agenda) turns(step int, first bool) (all []Turn) {
	now, before := a.at(step), a.at(step-1)
	for _, d := range a.domains {
		s := now(d.Layer)
		if !first && s == before(d.Layer) {
			continue
		}
		i := slices.IndexFunc(all, func(t Turn) bool { return t.Switches == s })
		if i < 0 {
			i = len(all)
			all = append(all, Turn{Step: step, Switches: s})
		}
		all[i].Layers = append(all[i].Layers, d.Layer)
	}
	return all
}
