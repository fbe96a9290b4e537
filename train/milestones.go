package train

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"petrify/graph"
)

// Milestones says when the quantizers of a QAT stage change their behaviour,
// and batch norm with them. Each takes effect at the first step that is not
// before it, so that a resumed run and a run of odd length reach it too.
//
// Layers may have milestones of their own ([Config.RuleMilestones]). A layer's
// milestones affect its weights, its batch norm, and the activations that
// [graph.Model.Domains] assigns to it.
//
// These are the four milestones of Core ML Tools' LinearQuantizer. In addition,
// layers may follow their own, the order is validated, epochs are allowed, and
// checkpoints remember the position.
type Milestones struct {
	Observe  Span // observers begin to follow the ranges; unset: at once
	Quantize Span // fake quantization begins; unset: with Observe
	// observers stop, ranges stay; unset: after 2/3 of what follows Observe, at once in layers that learn scales
	Settle Span
	// batch norm uses its running statistics, which stay; unset: after half of the stage, or
	// after three quarters where weights of 2 or 3 bits learn their scales; at once with [Repair.Keep]
	FreezeBatchNorm Span
}

// At returns the switches at a step of a stage, counted from 0.
func (m Milestones) At(step, perEpoch int) graph.Switches {
	reached := func(s Span) bool { return step >= s.Steps(perEpoch) }
	return graph.Switches{
		Observe:         reached(m.Observe) && !reached(m.Settle),
		Quantize:        reached(m.Quantize),
		BatchNormFrozen: reached(m.FreezeBatchNorm),
	}
}

// resolve fills in what is unset, for a layer in a stage of the given number of
// steps, whose batch norm comes to rest at step rest. Learned scales follow the
// observers while these are on, so there the observers stop before the first step,
// after calibration has set the scales.
func (m Milestones) resolve(total, perEpoch int, learned bool, rest int) Milestones {
	fill := func(s *Span, step int) {
		if s.IsZero() {
			*s = Steps(step)
		}
	}
	fill(&m.Observe, 0)
	begin := 0
	if !m.Observe.IsNever() {
		begin = min(m.Observe.Steps(perEpoch), total)
	}
	fill(&m.Quantize, begin)
	if learned {
		fill(&m.Settle, 0)
	}
	fill(&m.Settle, begin+2*(total-begin)/3)
	fill(&m.FreezeBatchNorm, rest)
	return m
}

// milestoneFaults checks the milestones of all layers, and those of each rule.
func (c Config) milestoneFaults(f *Faults, perEpoch int) {
	const path = "qat.milestones"
	total := max(c.QAT.Epochs, 0) * perEpoch
	c.Milestones.faults(f, path, total, perEpoch)
	kindsFirst := func(a, b graph.Rule) int {
		return cmp.Or(strings.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Kind, b.Kind))
	}
	for _, rule := range slices.SortedFunc(maps.Keys(c.RuleMilestones), kindsFirst) {
		at := path + "." + rule.String()
		_, ok := c.Quantization.Scheme(rule)
		f.check(ok, at, "quantization has no such rule: want one of its kinds or name patterns")
		c.RuleMilestones[rule].faults(f, at, total, perEpoch)
	}
}

// faults checks the milestones of a stage with the given number of steps.
func (m Milestones) faults(f *Faults, path string, total, perEpoch int) {
	before := len(*f)
	for _, n := range []struct {
		name string
		span Span
	}{
		{"observe", m.Observe}, {"quantize", m.Quantize},
		{"settle", m.Settle}, {"freeze_batch_norm", m.FreezeBatchNorm},
	} {
		n.span.faults(f, path+"."+n.name, total, perEpoch)
	}
	if m.Quantize.IsNever() {
		f.add(path+".quantize", "never: want a step; training without quantization is the float stage")
	}
	if len(*f) > before || m.Observe.IsNever() {
		return
	}
	early := func(s Span) bool {
		known := perEpoch > 0 || s.unit == m.Observe.unit // without data, epochs are not yet steps
		return known && !s.IsZero() && s.Steps(perEpoch) < m.Observe.Steps(perEpoch)
	}
	f.check(!early(m.Settle), path+".settle", "%v is before observe (%v): want observers to stop after they began",
		m.Settle, m.Observe)
	f.check(!early(m.Quantize), path+".quantize", "%v is before observe (%v): want ranges before they are used",
		m.Quantize, m.Observe)
}

// faults checks a milestone.
func (s Span) faults(f *Faults, path string, total, perEpoch int) {
	if err := s.Validate(); err != nil {
		f.add(path, "%v", err)
		return
	}
	at := s.Steps(perEpoch)
	f.check(s.IsNever() || total == 0 || at == 0 || at < total, path,
		"%v is not reached: the stage has %d steps; want an earlier step, or never", s, total)
}
