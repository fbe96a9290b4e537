package train

// Milestones says when the quantizers of a QAT stage change their behaviour.
// Each is reached by the first step that is not before it, so that a resumed
// run and a run of odd length reach it too.
//
// These are the four milestones of Core ML Tools' LinearQuantizer. Unlike
// there, their order is validated, they may be given in epochs, and a
// checkpoint remembers them.
type Milestones struct {
	Observe         Span // observers begin to follow the ranges; unset: at once
	Quantize        Span // fake quantization begins; unset: with Observe
	Settle          Span // observers stop, ranges stay; unset: after 2/3 of what follows Observe, at once for learned scales
	FreezeBatchNorm Span // batch norm uses its running statistics, which stay; unset: after half of the stage
}

// Switches is what the milestones have set at a step.
type Switches struct {
	Observe, Quantize, BatchNormFrozen bool
}

// At returns the switches at a step of a stage, counted from 0.
func (m Milestones) At(step, perEpoch int) Switches {
	reached := func(s Span) bool { return step >= s.Steps(perEpoch) }
	return Switches{
		Observe:         reached(m.Observe) && !reached(m.Settle),
		Quantize:        reached(m.Quantize),
		BatchNormFrozen: reached(m.FreezeBatchNorm),
	}
}

// resolve fills in what is unset for a stage of the given number of steps.
// Learned scales follow the observers while these are on, so there the
// observers stop before the first step: calibration has set the scales.
func (m Milestones) resolve(total, perEpoch int, learned bool) Milestones {
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
	fill(&m.FreezeBatchNorm, total/2)
	return m
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
	early := func(s Span) bool { return !s.IsZero() && s.Steps(perEpoch) < m.Observe.Steps(perEpoch) }
	f.check(!early(m.Settle), path+".settle", "%v is before observe (%v): want observers to stop after they began", m.Settle, m.Observe)
	f.check(!early(m.Quantize), path+".quantize", "%v is before observe (%v): want ranges before they are used", m.Quantize, m.Observe)
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
