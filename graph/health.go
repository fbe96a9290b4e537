package graph

import (
	"fmt"
	"math"

	"petrify/fakequant"
	"petrify/fakequant/affine"
)

// Warning is something about the model's quantizers that is legal and seldom
// wanted.
type Warning struct {
	Tensor string // the weight's or activation's name
	Text   string
}

// String is "conv1.weight: 2 of 16 channels are all zero".
func (w Warning) String() string { return w.Tensor + ": " + w.Text }

// Health looks over weights and quantizers. It moves nothing.
func (m *Model) Health() (warnings []Warning) {
	for _, u := range m.units {
		if u.weights != nil {
			warnings = append(warnings, u.weightHealth()...)
		}
	}
	for _, q := range m.quantizers() {
		warnings = append(warnings, rangeHealth(q)...)
	}
	return append(warnings, m.oscillationHealth()...)
}

// weightHealth counts the channels that say nothing: those that are zero, and
// those that quantization makes zero.
func (u *unit) weightHealth() (warnings []Warning) {
	w, b := make([]float32, len(u.weight.Value)), make([]float32, u.out.C)
	u.folded(w, b)
	p, f := u.weights.Params(), u.weights.Config().Format
	rows, cols := len(p.Scale), len(w)/len(p.Scale)
	dead, vanished := 0, 0
	for o := range rows {
		zero, small := true, true
		for _, r := range w[o*cols : (o+1)*cols] {
			zero = zero && math.Abs(float64(r)) <= foldFloor
			small = small && affine.Quantize(r, p.Scale[o], p.Zero[o], f) == p.Zero[o]
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
	return warnings
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
