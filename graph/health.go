package graph

import (
	"fmt"
	"math"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/observers"
)

// Warning is something about the model's quantizers that is legal and seldom
// wanted.
type Warning struct {
	Tensor string // the weight's or activation's name
	Text   string
}

// String is "conv1.weight: 2 of 16 channels are all zero".
func (w Warning) String() string { return w.Tensor + ": " + w.Text }

// Health looks over weights and quantizers at the end of training. It moves
// nothing. How much a range clips is judged of weights alone: nobody counts the
// activations of a step, which are gone.
func (m *Model) Health() (warnings []Warning) {
	for _, u := range m.units {
		if u.weights != nil {
			warnings = append(warnings, u.weightHealth()...)
		}
	}
	for _, q := range m.quantizers() {
		warnings = append(warnings, rangeHealth(q)...)
		warnings = append(warnings, learnedHealth(q)...)
	}
	return append(warnings, m.oscillationHealth()...)
}

// maxClipped is the share of weights that may lie outside the quantizer's
// range. The grid of 2 bits that suits a normal distribution best clips 7 %,
// that of 4 bits less than 1 %.
const maxClipped = 0.1

// weightHealth counts the channels that say nothing, those that are zero and
// those that quantization makes zero, and the weights that are clipped.
func (u *unit) weightHealth() (warnings []Warning) {
	w, b := make([]float32, len(u.weight.Value)), make([]float32, u.out.C)
	u.folded(w, b)
	p, f := u.weights.Params(), u.weights.Config().Format
	rows, cols := len(p.Scale), len(w)/len(p.Scale)
	dead, vanished, clipped := 0, 0, 0
	for o := range rows {
		zero, small := true, true
		for _, r := range w[o*cols : (o+1)*cols] {
			zero = zero && math.Abs(float64(r)) <= foldFloor
			small = small && affine.Quantize(r, p.Scale[o], p.Zero[o], f) == p.Zero[o]
			if !affine.Inside(r, p.Scale[o], p.Zero[o], f) {
				clipped++
			}
		}
		if zero {
			dead++
		} else if small {
			vanished++
		}
	}
	if dead > 0 {
		warnings = append(warnings, Warning{u.weight.Name, fmt.Sprintf("%d of %d channels are all zero", dead, rows)})
	}
	if vanished > 0 {
		warnings = append(warnings, Warning{u.weight.Name,
			fmt.Sprintf("all weights of %d of %d channels quantize to zero: the scale is too large for them", vanished, rows)})
	}
	if share := float64(clipped) / float64(len(w)); share > maxClipped && spreads(u.weights.Config().Method) {
		warnings = append(warnings, Warning{u.weight.Name, fmt.Sprintf("%.0f %% of the weights are clipped: the scale is too small for them", 100*share)})
	}
	return warnings
}

// spreads reports whether a method's grid spans the weights: that of two or
// three values lies within them, and DoReFa's is of their tanh.
func spreads(m fakequant.Method) bool {
	return m != fakequant.Binary && m != fakequant.Ternary && m != fakequant.DoReFa
}

// minHalf is the smallest number that float16 can hold, 2⁻²⁴.
const minHalf = 1.0 / (1 << 24)

// rangeHealth judges the scales and the range of one quantizer.
func rangeHealth(q *fakequant.Quantizer) (warnings []Warning) {
	p, f := q.Params(), q.Config().Format
	warn := func(format string, args ...any) {
		warnings = append(warnings, Warning{q.Name(), fmt.Sprintf(format, args...)})
	}
	floor, tiny := 0, 0
	for _, s := range p.Scale {
		if s <= affine.MinScale(f) {
			floor++
		}
		if s < minHalf {
			tiny++
		}
	}
	if floor > 0 {
		warn("%d of %d scales are at the floor %v", floor, len(p.Scale), affine.MinScale(f))
	}
	if tiny > 0 {
		warn("%d of %d scales vanish in float16", tiny, len(p.Scale))
	}
	lo, hi, ok := q.Range()
	if ok && len(lo) == 1 && (lo[0] > 0 || hi[0] < 0) {
		near, far := min(math.Abs(float64(lo[0])), math.Abs(float64(hi[0]))), max(math.Abs(float64(lo[0])), math.Abs(float64(hi[0])))
		if near > far/2 {
			warn("the range %v..%v is far from zero, which it must contain: most integers stay unused", lo[0], hi[0])
		}
	}
	return warnings
}

// learnedHealth counts the groups of a quantizer whose learned numbers are
// still those that a new quantizer takes over from the observed range: what
// should have learned did not.
func learnedHealth(q *fakequant.Quantizer) []Warning {
	lo, hi, ok := q.Range()
	learned := q.Learned()
	if !ok || len(learned) == 0 || !q.Enabled() {
		return nil
	}
	start, err := calibrated(q.Config(), lo, hi)
	if err != nil {
		return []Warning{{q.Name(), err.Error()}}
	}
	stuck := 0
	for i := range lo {
		moved := false
		for j, l := range learned {
			moved = moved || l.Value[i] != start[j].Value[i]
		}
		if !moved {
			stuck++
		}
	}
	if stuck == 0 {
		return nil
	}
	return []Warning{{q.Name(), fmt.Sprintf("%d of %d learned scales have not moved since their calibration", stuck, len(lo))}}
}

// calibrated is what a quantizer of the configuration starts to learn from
// where the observer found the ranges lo..hi.
func calibrated(c fakequant.Config, lo, hi []float32) ([]fakequant.Learned, error) {
	c.Observer = observers.Config{Kind: observers.MinMax}
	c.Granularity = affine.Granularity{Kind: affine.PerChannel}
	q, err := fakequant.New("calibrated", c, len(lo), 2)
	if err != nil {
		return nil, err
	}
	ends := make([]float32, 0, 2*len(lo))
	for i := range lo {
		ends = append(ends, lo[i], hi[i])
	}
	if err := q.Observe(ends); err != nil {
		return nil, err
	}
	return q.Learned(), nil
}
