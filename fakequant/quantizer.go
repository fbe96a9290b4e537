package fakequant

import (
	"fmt"

	"petrify/fakequant/affine"
	"petrify/observers"
)

// Quantizer rounds one tensor of a network, or several that share a grid, step
// after step. Training goes through a [Use] for each place where it rounds. It is
// not safe for concurrent use; the graphs that share it take turns.
type Quantizer struct {
	core
	method   method
	observer observers.Observer
	factor   func(channel int) float32 // see FollowFactors; nil: none
	channels int

	observing, enabled bool
	ready, stale       bool  // a range has been observed; and since then more
	observed, trained  int64 // tensors; and training steps with rounding on

	step int64   // of this process, from 1
	λ    float32 // of the step
	uses []*Use  // that have rounded in the step, in their order
}

// New returns a quantizer that neither observes nor rounds yet. The shape is
// the tensor's, as far as the granularity needs it: for scales along axis 0 the
// number of channels is enough, and for one scale nothing is needed.
func New(name string, cfg Config, shape ...int) (*Quantizer, error) {
	if cfg.Format.IsFloat() {
		return nil, fmt.Errorf("fakequant: %s: format float32 needs no quantizer", name)
	}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("fakequant: %s: %w", name, err)
	}
	layout, err := cfg.Granularity.On(shape...)
	if err != nil {
		return nil, fmt.Errorf("fakequant: %s: %w", name, err)
	}
	observer, err := observers.New(cfg.Observer, observers.Target{
		Layout: layout, Format: cfg.Format, Scheme: cfg.Scheme, Dialect: cfg.Dialect,
	})
	if err != nil {
		return nil, fmt.Errorf("fakequant: %s: %w", name, err)
	}
	q := &Quantizer{
		core: core{
			name: name, cfg: cfg, layout: layout, grid: makeGrid(layout.N),
			min: make([]float32, layout.N), max: make([]float32, layout.N),
		},
		observer: observer,
	}
	q.method = methods[cfg.Method].make(&q.core)
	return q, nil
}

// Name is the tensor's name.
func (q *Quantizer) Name() string { return q.name }

// Config is what New was given.
func (q *Quantizer) Config() Config { return q.cfg }

// SetObserving turns the observer on or off.
func (q *Quantizer) SetObserving(on bool) { q.observing = on }

// Observing reports whether training steps observe.
func (q *Quantizer) Observing() bool { return q.observing }

// SetEnabled turns the rounding on or off.
func (q *Quantizer) SetEnabled(on bool) { q.enabled = on }

// Enabled reports whether training steps and Apply round. If they do not, they
// copy, and a caller that does not need the copy may skip them.
func (q *Quantizer) Enabled() bool { return q.enabled }

// EndRamp lets training steps round in full from the next on.
func (q *Quantizer) EndRamp() { q.trained = max(q.trained, int64(q.cfg.Ramp.Finish)) }

// RoundsAsShipped reports whether the training step that has begun rounds as an
// evaluation does: rounding is on, in full, and not random.
func (q *Quantizer) RoundsAsShipped() bool {
	return q.enabled && q.λ == 1 && !q.cfg.Method.Traits().Random
}

// Rests reports whether the step rounds as an evaluation does, on a grid that
// no observer moves.
func (q *Quantizer) Rests() bool { return q.RoundsAsShipped() && !q.observing }

// Observe shows x to the observer and adopts its range, whatever the switches
// say: for calibration, and to update the scales of weights after the
// optimizer's last step. Values that are not finite yield a [NonFiniteError];
// the finite ones have been observed all the same.
func (q *Quantizer) Observe(x []float32) error {
	nonFinite, err := q.observer.Observe(x)
	if err != nil {
		return fmt.Errorf("fakequant: %s: %w", q.name, err)
	}
	if m, ok := q.method.(seer); ok {
		m.see(x)
	}
	q.follow() // the range is of x with these factors
	q.stale = true
	q.observed++
	if nonFinite > 0 {
		return &NonFiniteError{Name: q.name, Count: nonFinite, Of: len(x)}
	}
	return nil
}

// settle updates scales and zero points with what was observed and learned.
// Observers that search do so here, once, not in every Observe.
func (q *Quantizer) settle() {
	if q.stale && q.observer.Range(q.min, q.max) {
		q.method.calibrate()
		q.ready, q.stale = true, false
	}
	q.follow()
	if q.ready {
		q.method.refresh()
	}
}

// Apply evaluates: it rounds x to y with the present scales, or copies it if
// rounding is off. Nothing in q moves. y and x must not overlap.
func (q *Quantizer) Apply(y, x []float32) error {
	if err := q.check(len(y), len(x)); err != nil {
		return err
	}
	if !q.enabled {
		copy(y, x)
		return nil
	}
	if err := q.current(); err != nil {
		return err
	}
	q.method.forward(&q.grid, y, x)
	return nil
}

// current updates q's grid, or fails if there is none yet.
func (q *Quantizer) current() error {
	if q.settle(); !q.ready {
		return fmt.Errorf("fakequant: %s: enabled before a range was observed", q.name)
	}
	return nil
}

// Quantize writes the integers that represent x with the present scales: s·(q −
// z) is what Apply gives when rounding is on. This is how weights freeze.
func (q *Quantizer) Quantize(dst []int32, x []float32) error {
	if err := q.check(len(dst), len(x)); err != nil {
		return err
	}
	q.settle()
	if !q.ready {
		return fmt.Errorf("fakequant: %s: no range was observed", q.name)
	}
	q.method.quantize(dst, x)
	return nil
}

// Clipped counts the elements of x that lie outside the range with the present
// scales: those that round to an integer beyond qmin..qmax. With [Binary] and [Ternary], whose values lie within the
// weights, no element counts as clipped. Nothing in q moves.
func (q *Quantizer) Clipped(x []float32) (int, error) {
	if err := q.check(len(x), len(x)); err != nil {
		return 0, err
	}
	q.settle()
	if !q.ready {
		return 0, fmt.Errorf("fakequant: %s: no range was observed", q.name)
	}
	return q.method.clipped(x), nil
}

// check compares the lengths of two slices with each other and the layout.
func (q *Quantizer) check(dst, src int) error {
	if dst != src {
		return fmt.Errorf("fakequant: %s: slices of %d and %d elements", q.name, dst, src)
	}
	if _, _, err := q.layout.Blocks(src); err != nil {
		return fmt.Errorf("fakequant: %s: %w", q.name, err)
	}
	return nil
}

// Params returns copies of the present scales and zero points. Before a range
// was observed they are 1 and 0.
func (q *Quantizer) Params() affine.Params {
	q.settle()
	p := affine.MakeParams(q.layout.N)
	copy(p.Scale, q.Scale)
	copy(p.Zero, q.Zero)
	return p
}

// Range returns the range that the observer estimates, one entry per scale; it
// reports false before anything was observed.
func (q *Quantizer) Range() (min, max []float32, ok bool) {
	min, max = make([]float32, q.layout.N), make([]float32, q.layout.N)
	ok = q.observer.Range(min, max)
	return min, max, ok
}

// Observed is the number of tensors observed.
func (q *Quantizer) Observed() int64 { return q.observed }

// Learned returns the tensors that the method trains; none for [STE]. They
// start from the observer's range, follow it without a gradient as long as q
// observes, and learn from there.
func (q *Quantizer) Learned() []Learned {
	q.settle()
	return q.method.learned()
}
