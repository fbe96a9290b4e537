package observers

import (
	"fmt"

	"petrify/fakequant/affine"
	"petrify/internal/kernel"
)

// extremes is the memory of the observers that keep one range per group, and
// the measurement that feeds them.
type extremes struct {
	layout   affine.Layout
	min, max []float32 // the range so far
	count    []int64   // batches that had a finite value, per group

	lo, hi []float32 // this batch
}

func newExtremes(l affine.Layout) extremes {
	return extremes{
		layout: l,
		min:    make([]float32, l.N), max: make([]float32, l.N), count: make([]int64, l.N),
		lo: make([]float32, l.N), hi: make([]float32, l.N),
	}
}

// measure finds the least and greatest finite value of each group of x and
// calls update(i) for each group that has one, with lo[i] and hi[i] set.
func (e *extremes) measure(x []float32, update func(i int)) (nonFinite int, err error) {
	outer, inner, err := e.layout.Blocks(len(x))
	if err != nil {
		return 0, fmt.Errorf("observers: %w", err)
	}
	if outer == 1 && kernel.MinMaxRows(e.lo, e.hi, x, e.layout.N, inner) == 0 {
		for i := range e.layout.N {
			update(i)
			e.count[i]++
		}
		return 0, nil
	}
	for i := range e.layout.N {
		finite := 0
		for o := range outer {
			start := (o*e.layout.N + i) * inner
			lo, hi, bad := kernel.MinMax(x[start : start+inner])
			nonFinite += bad
			if bad == inner {
				continue
			}
			if finite == 0 {
				e.lo[i], e.hi[i] = lo, hi
			}
			e.lo[i], e.hi[i] = min(e.lo[i], lo), max(e.hi[i], hi)
			finite += inner - bad
		}
		if finite > 0 {
			update(i)
			e.count[i]++
		}
	}
	return nonFinite, nil
}

// Range writes the range of each group. A group that has seen nothing, among
// others that have, gets 0..0.
func (e *extremes) Range(min, max []float32) bool {
	var any int64
	for _, n := range e.count {
		any |= n
	}
	if any == 0 {
		return false
	}
	copy(min, e.min)
	copy(max, e.max)
	return true
}

// State returns min, max and count.
func (e *extremes) State() []State {
	shape := []int{e.layout.N}
	return []State{
		{Name: "min", Shape: shape, F32: e.min},
		{Name: "max", Shape: shape, F32: e.max},
		{Name: "count", Shape: shape, I64: e.count},
	}
}

// Restore copies min, max and count.
func (e *extremes) Restore(state []State) error { return restore(e.State(), state) }
