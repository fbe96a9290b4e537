package analysis

import (
	"math"

	"petrify/quantized"
)

// noise is Σx² and Σ(x − y)², where x becomes y.
type noise struct{ signal, error float64 }

func (s *noise) add(x, y []float32) {
	for i := range x {
		r, d := float64(x[i]), float64(x[i])-float64(y[i])
		s.signal += r * r
		s.error += d * d
	}
}

// sqnr is the signal-to-quantization-noise ratio, 10·log₁₀(Σx²/Σ(x − y)²), in dB; nil
// where there is no noise, or no signal.
func (s *noise) sqnr() *float64 {
	if s.error == 0 || s.signal == 0 {
		return nil
	}
	dB := 10 * math.Log10(s.signal/s.error)
	return &dB
}

// sight is what was seen of a tensor that is rounded.
type sight struct {
	noise
	count, clipped int64
	occur          map[int32]bool // integers
}

// look adds x, which rounds to y on a grid: integers that occur, and elements that are
// further than half a step beyond its ends.
func (s *sight) look(x, y []float32, q quantized.Quant) {
	s.add(x, y)
	step := float64(q.Scale)
	lo := step * (float64(q.Format.Min()-q.Zero) - 0.5)
	hi := step * (float64(q.Format.Max()-q.Zero) + 0.5)
	var seen [1 << 9]bool
	for i, r := range x {
		seen[256+int(math.Round(float64(y[i])/step))] = true
		if float64(r) < lo || float64(r) > hi {
			s.clipped++
		}
	}
	s.count += int64(len(x))
	for i, is := range seen {
		if is {
			s.note(int32(i - 256))
		}
	}
}

// weigh adds weights and their integers.
func (s *sight) weigh(x []float32, w *quantized.Weights) {
	real := w.Real()
	s.add(x, real)
	least, greatest := w.Format.Min(), w.Format.Max()
	every := max(w.Step, 1)
	for i, r := range x {
		q := w.Value(i) / every
		s.note(q)
		half := float64(w.Scale[w.ScaleIndex(i)]) * float64(every) / 2
		beyond := float64(r) - float64(real[i])
		if q == least && beyond < -half || q == greatest && beyond > half {
			s.clipped++
		}
	}
	s.count += int64(len(x))
}

func (s *sight) note(q int32) {
	if s.occur == nil {
		s.occur = map[int32]bool{}
	}
	s.occur[q] = true
}

// extent is the range of numbers and how they are distributed in it: counts by the
// first bits of a float32, to which the percentiles are exact to 0.2 %.
type extent struct {
	least, greatest float32
	counts          []uint32
	n               int64
}

const dropped = 14 // bits of a float32

func (e *extent) add(x []float32) {
	if e.counts == nil {
		e.counts = make([]uint32, 1<<(32-dropped))
		e.least, e.greatest = x[0], x[0]
	}
	for _, r := range x {
		e.least, e.greatest = min(e.least, r), max(e.greatest, r)
		e.counts[ordered(r+0)>>dropped]++ // + 0: no negative zero
	}
	e.n += int64(len(x))
}

// ordered is an integer that is the greater the greater r is.
func ordered(r float32) uint32 {
	bits := math.Float32bits(r)
	if bits>>31 == 1 {
		return ^bits
	}
	return bits | 1<<31
}

// unordered is the inverse of ordered.
func unordered(key uint32) float32 {
	if key>>31 == 1 {
		return math.Float32frombits(key &^ (1 << 31))
	}
	return math.Float32frombits(^key)
}

// percentiles are those that a tensor is described by.
var percentiles = map[string]float64{"0.1": 0.001, "1": 0.01, "50": 0.5, "99": 0.99, "99.9": 0.999}

// at is the number below which the share of the others is.
func (e *extent) at(share float64) float64 {
	rank, below := int64(share*float64(e.n-1)), int64(0)
	for i, n := range e.counts {
		if below += int64(n); below > rank {
			r := unordered(uint32(i) << dropped)
			return float64(min(max(r, e.least), e.greatest))
		}
	}
	return float64(e.greatest)
}
