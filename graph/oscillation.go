package graph

import (
	"errors"
	"fmt"
	"math"

	"petrify/fakequant"
)

// oscillation watches the integers of one unit's weights.
//
// The folded weight w' = w·f is quantized, while an optimizer moves the
// parameter w. So the integers are those of w', but changes are made to w =
// w'/f. Watching and dampening use w' and f of the last training step, before
// it moved batch norm's statistics. A weight is put back with the f and the
// scale that the next step will use.
type oscillation struct {
	*fakequant.Oscillations
	seen, f []float32 // folded weights and factors of the last training step
	w       []float32 // scratch: folded weights
	held    int       // frozen weights
}

// oscillates is the paper's frequency above which a weight counts as
// oscillating: it has turned back once in the last 70 steps, at the usual
// momentum of 0.01.
const oscillates = 0.005

// Watch begins to watch the integers of all quantized weights for oscillations.
// The momentum is that of [fakequant.NewOscillations]; 0 means its default. The state
// is part of [Model.State] from then on.
//
// A training step that quantizes at least some layers is then
//
//	trainer.Step(x, labels)
//	model.Track()
//	model.Dampen(λ)                      // if wanted
//	optimizer's step
//	model.FreezeOscillating(threshold)   // if wanted
func (m *Model) Watch(momentum float64) error {
	watched := map[*unit]*oscillation{}
	for _, u := range m.units {
		if u.weights == nil || u.alone {
			continue
		}
		n := len(u.weight.Value)
		o, err := fakequant.NewOscillations(u.weights, n, float32(momentum))
		if err != nil {
			return fmt.Errorf("graph: %w", err)
		}
		watched[u] = &oscillation{Oscillations: o,
			seen: make([]float32, n), f: make([]float32, u.out.C), w: make([]float32, n)}
	}
	if len(watched) == 0 {
		return errors.New("graph: no weights are quantized, so that none can oscillate")
	}
	m.oscillations = watched
	return nil
}

// Dampen adds the gradient of the dampening loss to the weights' and returns
// the loss. It belongs between a training step and the optimizer's.
//
//	L = λ·Σ (fake(w')/f − w)²        dw += 2λ·(w' − fake(w'))/f
//
// over the weights inside the range. fake(w')/f counts as constant, and the
// distance is the parameter's own, so that λ weighs all channels alike,
// whatever batch norm makes of them. Without folding it is the loss of Nagel et
// al. (see [fakequant.Oscillations]). The gradients of frozen weights are set
// to 0.
//
// Each layer has its own λ. Weights that the step did not quantize are not
// pulled.
func (m *Model) Dampen(λ func(layer string) float64) (loss float64, err error) {
	for _, u := range m.units {
		o := m.oscillations[u]
		if o == nil || u.weight.Grad == nil {
			continue
		}
		l, err := o.dampen(u, float32(λ(u.name())))
		if err != nil {
			return 0, fmt.Errorf("graph: %w", err)
		}
		loss += l
	}
	return loss, nil
}

func (o *oscillation) dampen(u *unit, λ float32) (loss float64, err error) {
	grad := u.weight.Grad
	if λ != 0 && u.weights.Enabled() {
		o.follow(u)
		pull := o.w // the gradient with respect to w'
		clear(pull)
		if _, err := o.Oscillations.Dampen(pull, o.seen, λ); err != nil {
			return 0, err
		}
		cols := len(grad) / len(o.f)
		for c, f := range o.f {
			for i := c * cols; i < (c+1)*cols; i++ {
				unit := float64(u.weight.unit(i))
				d := float64(pull[i]) / float64(f) / unit // 2λ times the distance
				grad[i] += float32(d / unit)
				loss += d * d / (4 * float64(λ))
			}
		}
	}
	for i := range grad {
		if o.Frozen(i) {
			grad[i] = 0
		}
	}
	return loss, nil
}

// Track records the integers of the weights that the last training step
// quantized. It moves nothing else.
func (m *Model) Track() error {
	for _, u := range m.units {
		if o := m.oscillations[u]; o != nil && u.weights.Enabled() {
			o.follow(u)
			if err := o.Oscillations.Track(o.seen); err != nil {
				return fmt.Errorf("graph: %w", err)
			}
		}
	}
	return nil
}

// capture keeps what a training step is about to quantize.
func (m *Model) capture() {
	for u, o := range m.oscillations {
		o.capture(u)
	}
}

func (o *oscillation) capture(u *unit) {
	u.folded(o.seen)
	for c := range o.f {
		o.f[c] = u.factor(c)
	}
}

// follow folds in what batch norm has become in the step, if the scales have
// followed it. The integers are the same.
func (o *oscillation) follow(u *unit) {
	if u.weights.FollowsFactors() {
		o.capture(u)
	}
}

// FreezeOscillating freezes weights that turn back more often than their
// layer's threshold: after this and all later calls, which belong after the
// optimizer's step, they stay at the integer where they were on average. With a
// threshold of 1 no weight is frozen.
//
// A tensor with frozen weights no longer observes, whatever [Model.Switch]
// says: an integer means nothing on a grid that follows the other weights.
// Learned scales and batch norm continue to move, and frozen weights with them.
// Channels whose factor f is below a twentieth of the layer's greatest are
// exempt while it is: w'/f, and with it the gradient of batch norm's γ, would
// grow without bound as γ approaches 0.
func (m *Model) FreezeOscillating(threshold func(layer string) float64) error {
	for _, u := range m.units {
		if o := m.oscillations[u]; o != nil && (u.weights.Enabled() || o.held > 0) {
			u.folded(o.w)
			if err := o.hold(u, threshold(u.name())); err != nil {
				return fmt.Errorf("graph: %w", err)
			}
		}
	}
	return nil
}

// hold freezes weights and puts back the frozen ones.
func (o *oscillation) hold(u *unit, threshold float64) (err error) {
	if o.held, err = o.Freeze(o.w, float32(threshold)); err != nil || o.held == 0 {
		return err
	}
	u.weights.SetObserving(false)
	cols, least := len(o.w)/len(o.f), u.leastFactor()
	for i, w := range o.w {
		if f := u.factor(i / cols); o.Frozen(i) && math.Abs(float64(f)) >= least {
			u.weight.Value[i] = w / f
		}
	}
	return nil
}

// leastFactor is a twentieth of the greatest factor of the unit's channels.
// Weights of channels below it are not put back.
func (u *unit) leastFactor() (least float64) {
	for c := range u.out.C {
		least = max(least, math.Abs(float64(u.factor(c)))/20)
	}
	return least
}

// Oscillating is how much the weights of a tensor oscillate.
type Oscillating struct {
	Tensor string  `json:"tensor"`           // the weight's name
	Share  float64 `json:"share"`            // of the weights that turn back more often than 0.005
	Frozen float64 `json:"frozen,omitempty"` // share of the weights that are frozen
}

// Oscillating reports on all weights that [Model.Watch] watches, in the order
// of the layers.
func (m *Model) Oscillating() (all []Oscillating) {
	for _, u := range m.units {
		if o := m.oscillations[u]; o != nil {
			all = append(all, Oscillating{u.weight.Name, o.Share(oscillates), float64(o.held) / float64(len(o.w))})
		}
	}
	return all
}

// oscillationHealth warns of tensors in which many weights oscillate.
func (m *Model) oscillationHealth() (warnings []Warning) {
	for _, o := range m.Oscillating() {
		if o.Share > 0.1 {
			warnings = append(warnings, Warning{o.Tensor,
				fmt.Sprintf("%.0f %% of the weights oscillate between two integers: in long training, dampen or freeze "+
					"them", 100*o.Share)})
		}
	}
	return warnings
}

// oscillationState is the watched weights' part of the state.
func (m *Model) oscillationState() (all []State) {
	for _, u := range m.units {
		if o := m.oscillations[u]; o != nil {
			all = append(all, o.State()...)
		}
	}
	return all
}

func (m *Model) restoreOscillations(state []State) error {
	for _, u := range m.units {
		if o := m.oscillations[u]; o != nil {
			if err := o.Restore(state); err != nil {
				return err
			}
			o.held = 0
			for i := range o.w {
				if o.Frozen(i) {
					o.held++
				}
			}
		}
	}
	return nil
}
