package fakequant

import (
	"fmt"
	"math"
)

// Oscillations watches the integers of a weight tensor. Near the midpoint of
// two integers, the straight-through estimator pushes a weight back and forth
// between them, step after step; with few bits many weights end up on a random
// side, which also spoils batch norm's statistics. Track measures this; Dampen
// and Freeze are two cures.
//
// Source: M. Nagel, M. Fournarakis, Y. Bondarenko and T. Blankevoort,
// "Overcoming Oscillations in Quantization-Aware Training", ICML 2022, §4.
// After either cure, estimate the batch-norm statistics again (§5.2).
type Oscillations struct {
	q         *Quantizer
	momentum  float32
	steps     int64
	integer   []int32   // of the last step
	direction []int32   // of the last change: −1, +1, or 0 before any
	frequency []float32 // average of the changes of direction
	mean      []float32 // average of the integers
	frozen    []int32   // 1: held at hold
	hold      []int32
	now       []int32
}

// OscillationMomentum is the paper's momentum of the averages.
const OscillationMomentum = 0.01

// NewOscillations watches the tensor of q, which has n elements. The momentum
// of the averages is m; 0 means [OscillationMomentum]. The methods DoReFa, Binary
// and Ternary are refused: a weight put on their grid need not stay there.
func NewOscillations(q *Quantizer, n int, momentum float32) (*Oscillations, error) {
	if !(momentum >= 0 && momentum <= 1) {
		return nil, fmt.Errorf("fakequant: %s: momentum %v: want 0 < m ≤ 1, or 0 for %v", q.name, momentum,
			OscillationMomentum)
	}
	if err := q.check(n, n); err != nil {
		return nil, err
	}
	if m := q.cfg.Method; methods[m].OwnGrid {
		return nil, fmt.Errorf("fakequant: %s: oscillations of method %v, whose grid is its own: want a method of "+
			"which s·(q − z) rounds to q", q.name, m)
	}
	if momentum == 0 {
		momentum = OscillationMomentum
	}
	return &Oscillations{
		q: q, momentum: momentum,
		integer: make([]int32, n), direction: make([]int32, n), frozen: make([]int32, n),
		hold: make([]int32, n), now: make([]int32, n),
		frequency: make([]float32, n), mean: make([]float32, n),
	}, nil
}

// Track records the weights w of a training step. Call it once after each step
// of the optimizer:
//
//	o = 1 if the integer changed, in the direction opposite to its last change
//	f ← m·o + (1−m)·f        mean ← m·q + (1−m)·mean
func (o *Oscillations) Track(w []float32) error {
	if len(w) != len(o.now) {
		return fmt.Errorf("fakequant: %s: %d weights, want %d", o.q.name, len(w), len(o.now))
	}
	if err := o.q.Quantize(o.now, w); err != nil {
		return err
	}
	for i, q := range o.now {
		if o.steps == 0 {
			o.integer[i], o.mean[i] = q, float32(q)
			continue
		}
		flip := float32(0)
		if d := sign3(q - o.integer[i]); d != 0 {
			if d == -o.direction[i] {
				flip = 1
			}
			o.direction[i] = d
		}
		o.frequency[i] += float32(o.momentum * (flip - o.frequency[i]))
		o.mean[i] += float32(o.momentum * (float32(q) - o.mean[i]))
		o.integer[i] = q
	}
	o.steps++
	return nil
}

func sign3(v int32) int32 { return int32(min(1, max(-1, v))) }

// Frequency returns, for each weight, how often a step makes it turn back: 0
// for never, 1 for at every step. The slice is o's own.
func (o *Oscillations) Frequency() []float32 { return o.frequency }

// Share is the fraction of weights that turn back more often than threshold.
func (o *Oscillations) Share(threshold float32) float64 {
	n := 0
	for _, f := range o.frequency {
		if f > threshold {
			n++
		}
	}
	return float64(n) / float64(len(o.frequency))
}

// Freeze permanently holds weights that turn back more often than threshold at
// the integer where they were on average: it sets w = s·(rne(mean) − z), now
// and in each later call. Call it after each step of the optimizer. It returns
// how many weights are held. The paper lowers the threshold along a cosine,
// from about 0.1 to 0.01.
func (o *Oscillations) Freeze(w []float32, threshold float32) (held int, err error) {
	if len(w) != len(o.now) {
		return 0, fmt.Errorf("fakequant: %s: %d weights, want %d", o.q.name, len(w), len(o.now))
	}
	p := o.q.Params()
	o.q.each(len(w), func(g, from, to int) {
		for i := from; i < to; i++ {
			if o.frozen[i] == 0 && o.frequency[i] > threshold {
				o.frozen[i], o.hold[i] = 1, int32(math.RoundToEven(float64(o.mean[i])))
			}
			if o.frozen[i] == 1 {
				w[i] = p.Scale[g] * float32(o.hold[i]-p.Zero[g])
				held++
			}
		}
	})
	return held, nil
}

// Frozen reports whether Freeze holds weight i.
func (o *Oscillations) Frozen(i int) bool { return o.frozen[i] == 1 }

// Dampen adds the gradient of the dampening loss
//
//	L = λ·Σ (fake(w) − clip(w))²        dw += 2λ·(w − fake(w))  inside the range
//
// to grad and returns L. fake(w) counts as constant, and clip(w) limits w to
// the range of the integers, so that clipped weights are not pulled. The paper
// raises λ from 0 along a cosine.
func (o *Oscillations) Dampen(grad, w []float32, λ float32) (loss float64, err error) {
	if len(w) != len(o.now) || len(grad) != len(w) {
		return 0, fmt.Errorf("fakequant: %s: %d gradients of %d weights, want %d", o.q.name, len(grad), len(w),
			len(o.now))
	}
	if err := o.q.Quantize(o.now, w); err != nil {
		return 0, err
	}
	p, f := o.q.Params(), o.q.cfg.Format
	o.q.each(len(w), func(g, from, to int) {
		s, z := p.Scale[g], p.Zero[g]
		lo, hi := s*float32(f.Min()-z), s*float32(f.Max()-z)
		for i := from; i < to; i++ {
			if !(w[i] >= lo && w[i] <= hi) {
				continue
			}
			d := w[i] - float32(s*float32(o.now[i]-z))
			grad[i] += float32(2 * λ * d)
			loss += float64(float64(λ) * float64(d) * float64(d))
		}
	})
	return loss, nil
}

// State returns what Restore needs, in slices of its own. Names begin with the
// quantizer's.
func (o *Oscillations) State() []State {
	shape, name := []int{len(o.now)}, o.q.name+".oscillations."
	return []State{
		{Name: name + "steps", Shape: []int{1}, I64: []int64{o.steps}},
		{Name: name + "integer", Shape: shape, I64: widen(o.integer)},
		{Name: name + "direction", Shape: shape, I64: widen(o.direction)},
		{Name: name + "frozen", Shape: shape, I64: widen(o.frozen)},
		{Name: name + "hold", Shape: shape, I64: widen(o.hold)},
		{Name: name + "frequency", Shape: shape, F32: append([]float32(nil), o.frequency...)},
		{Name: name + "mean", Shape: shape, F32: append([]float32(nil), o.mean...)},
	}
}

// Restore restores a state. It ignores tensors of other names, and changes
// nothing if one is missing.
func (o *Oscillations) Restore(state []State) error {
	byName := map[string]State{}
	for _, s := range state {
		byName[s.Name] = s
	}
	own := o.State()
	for _, d := range own {
		s, ok := byName[d.Name]
		if !ok || len(s.F32) != len(d.F32) || len(s.I64) != len(d.I64) {
			return fmt.Errorf("fakequant: %s: state %q is missing or of another type or length", o.q.name, d.Name)
		}
	}
	o.steps = byName[own[0].Name].I64[0]
	for i, dst := range [][]int32{o.integer, o.direction, o.frozen, o.hold} {
		for j, v := range byName[own[i+1].Name].I64 {
			dst[j] = int32(v)
		}
	}
	copy(o.frequency, byName[own[5].Name].F32)
	copy(o.mean, byName[own[6].Name].F32)
	return nil
}

func widen(v []int32) []int64 {
	w := make([]int64, len(v))
	for i, n := range v {
		w[i] = int64(n)
	}
	return w
}
