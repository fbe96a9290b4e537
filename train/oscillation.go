package train

import (
	"petrify/fakequant"
	"petrify/graph"
)

// Oscillation says what to do about weights that oscillate between two
// integers. The zero value does nothing.
//
// With x going from 0 at the first step of the QAT stage that quantizes a
// layer's weights to 1 at the end of the stage, both cures follow half a cosine,
// as in the paper:
//
//	λ(x)         = Dampen·(1 − cos πx)/2
//	threshold(x) = Freeze + (FreezeStart − Freeze)·(1 + cos πx)/2
//
// See [graph.Model.Dampen] and [graph.Model.FreezeOscillating] for what they do.
//
// Source: M. Nagel, M. Fournarakis, Y. Bondarenko and T. Blankevoort,
// "Overcoming Oscillations in Quantization-Aware Training", ICML 2022, §4. The
// paper's values: a Dampen of 0.001 to 0.1 on the mean loss, or a Freeze of
// 0.01 from a FreezeStart of 0.04 to 0.1.
type Oscillation struct {
	Watch    bool    // report the shares in the records, also without a cure
	Momentum float64 // of the average of a weight's changes of direction; 0 means [fakequant.OscillationMomentum]
	Dampen   float64 // λ of the dampening loss at the end; 0: none
	// how often a weight may turn back at the end before it is frozen, less than 1; 0: any number of times
	Freeze      float64
	FreezeStart float64 // and at the start; 0 means ten times Freeze, at most 1
}

// active reports whether weights are watched.
func (o Oscillation) active() bool { return o.Watch || o.Dampen > 0 || o.Freeze > 0 }

func (o Oscillation) resolve() Oscillation {
	if o.active() && o.Momentum == 0 {
		o.Momentum = fakequant.OscillationMomentum
	}
	if o.Freeze > 0 && o.FreezeStart == 0 {
		o.FreezeStart = min(10*o.Freeze, 1)
	}
	return o
}

func (o Oscillation) faults(f *Faults, path string, epochs int) {
	f.check(o.Dampen >= 0 && o.Dampen < 1e3, path+".dampen", "%v: want 0 or more, such as 0.01", o.Dampen)
	f.check(o.Freeze >= 0 && o.Freeze < 1, path+".freeze", "%v: want 0 or more, and less than 1, such as 0.01",
		o.Freeze)
	f.check(o.FreezeStart >= 0 && o.FreezeStart <= 1, path+".freeze_start", "%v: want 0 to 1", o.FreezeStart)
	f.check(o.FreezeStart == 0 || o.FreezeStart >= o.Freeze, path+".freeze_start",
		"%v is below freeze (%v): want a threshold that falls", o.FreezeStart, o.Freeze)
	f.check(o.FreezeStart == 0 || o.Freeze > 0, path+".freeze_start", "%v has no effect without freeze", o.FreezeStart)
	f.check(o.Momentum >= 0 && o.Momentum <= 1, path+".momentum",
		"%v: want more than 0 and at most 1, or 0 for %v", o.Momentum, fakequant.OscillationMomentum)
	f.check(o.Momentum == 0 || o.active(), path+".momentum", "%v has no effect without watch, dampen or freeze",
		o.Momentum)
	f.check(!o.active() || epochs > 0, path, "no effect without epochs of the qat stage")
}

// watches reports whether the weights of the present step are watched.
func (r *run) watches() bool { return r.Phase == QAT && r.Oscillation.active() }

// dampen watches what the step has quantized, and adds the gradient of the
// dampening loss.
func (r *run) dampen() error {
	if !r.watches() {
		return nil
	}
	if err := r.model.Track(); err != nil {
		return err
	}
	_, err := r.model.Dampen(func(layer string) float64 {
		x, _ := r.agenda.course(layer, r.Step)
		return glide(0, r.Oscillation.Dampen, x)
	})
	return err
}

// freeze freezes weights after the optimizer's step.
func (r *run) freeze() error {
	o := r.Oscillation
	if !r.watches() || o.Freeze == 0 {
		return nil
	}
	return r.model.FreezeOscillating(func(layer string) float64 {
		x, _ := r.agenda.course(layer, r.Step)
		return glide(o.FreezeStart, o.Freeze, x)
	})
}

// oscillating is what a record reports about the weights.
func (r *run) oscillating() []graph.Oscillating {
	if r.Phase != QAT {
		return nil
	}
	return r.model.Oscillating()
}
