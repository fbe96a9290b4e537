package graph

import (
	"iter"
	"slices"

	"petrify/fakequant"
	"petrify/internal/kernel"
)

// Fit is how a quantizer suits the tensor that it rounds.
type Fit struct {
	Tensor  string     `json:"tensor"`           // as [Placement] names it
	Scales  [2]float32 `json:"scales,omitzero"`  // the least and the greatest; 0: there is no grid yet
	Grid    [2]float32 `json:"grid,omitzero"`    // the least and the greatest number of any of its channels' grids
	Clipped float64    `json:"clipped,omitzero"` // share of the elements beyond the grid
	Noise   float64    `json:"noise,omitzero"`   // Σ(r̂ − r)²/Σr², where r rounds to r̂; 0: exact, or not measured
	Levels  int        `json:"levels,omitzero"`  // integers that occur
	Moved   float64    `json:"moved,omitzero"`   // share of the weights whose integer is not that of the epoch before
	Turned  float64    `json:"turned,omitzero"`  // share of those that moved against their last change
	Values  *Histogram `json:"values,omitempty"` // of r
}

// Histogram counts numbers in intervals of equal width.
type Histogram struct {
	Least    float32 `json:"least"`
	Greatest float32 `json:"greatest"`
	Counts   []int   `json:"counts"`
}

// histogramBins is the number of intervals.
const histogramBins = 64

// add counts the numbers of x, all of which lie within the ends.
func (h *Histogram) add(x []float32) {
	if h.Counts == nil {
		h.Counts = make([]int, histogramBins)
	}
	width := (float64(h.Greatest) - float64(h.Least)) / histogramBins
	for _, r := range x {
		bin := 0
		if width > 0 {
			bin = int((float64(r) - float64(h.Least)) / width)
		}
		h.Counts[min(max(bin, 0), histogramBins-1)]++
	}
}

// sight is what was seen of a tensor that a quantizer rounds.
type sight struct {
	quantizer      *fakequant.Quantizer
	clipped, count int64
	signal, noise  float64 // sums of squares
	values         Histogram
	occur          map[int32]bool // integers
}

// look adds x, which rounds to y, to what was seen. The second time, in detail,
// it fills the histogram whose ends were found the first time.
func (s *sight) look(y, x []float32, detailed bool) error {
	if detailed {
		s.values.add(x)
		return s.integers(x)
	}
	n, err := s.quantizer.Clipped(x)
	if err != nil {
		return err
	}
	lo, hi, _ := kernel.MinMax(x)
	if s.count == 0 {
		s.values.Least, s.values.Greatest = lo, hi
	}
	s.values.Least, s.values.Greatest = min(s.values.Least, lo), max(s.values.Greatest, hi)
	s.clipped, s.count = s.clipped+int64(n), s.count+int64(len(x))
	signal, noise := squares(x, y)
	s.signal, s.noise = s.signal+signal, s.noise+noise
	return nil
}

// squares is Σx² and Σ(x − y)². Two sums of each are faster than one, which waits
// for itself.
func squares(x, y []float32) (signal, noise float64) {
	var s0, s1, n0, n1 float64
	for len(x) >= 2 && len(y) >= 2 {
		a, b := float64(x[0]), float64(x[1])
		c, d := a-float64(y[0]), b-float64(y[1])
		s0, s1, n0, n1 = s0+float64(a*a), s1+float64(b*b), n0+float64(c*c), n1+float64(d*d)
		x, y = x[2:], y[2:]
	}
	for i := range x {
		a := float64(x[i])
		c := a - float64(y[i])
		s0, n0 = s0+float64(a*a), n0+float64(c*c)
	}
	return s0 + s1, n0 + n1
}

// integers notes which integers x rounds to.
func (s *sight) integers(x []float32) error {
	q := make([]int32, len(x))
	if err := s.quantizer.Quantize(q, x); err != nil {
		return err
	}
	if s.occur == nil {
		s.occur = map[int32]bool{}
	}
	for _, v := range q {
		s.occur[v] = true
	}
	return nil
}

// fit sums up what was seen.
func (s *sight) fit(tensor string) Fit {
	f := Fit{Tensor: tensor, Levels: len(s.occur)}
	f.Scales, f.Grid = ends(s.quantizer)
	if s.count > 0 {
		f.Clipped = float64(s.clipped) / float64(s.count)
	}
	if s.signal > 0 {
		f.Noise = s.noise / s.signal
	}
	if s.values.Counts != nil {
		f.Values = &s.values
	}
	return f
}

// ends are the least and the greatest scale, and the ends of the grids.
func ends(q *fakequant.Quantizer) (scales, grid [2]float32) {
	p, format := q.Params(), q.Config().Format
	for i, s := range p.Scale {
		lo, hi := s*float32(format.Min()-p.Zero[i]), s*float32(format.Max()-p.Zero[i])
		if i == 0 {
			scales, grid = [2]float32{s, s}, [2]float32{lo, hi}
		}
		scales = [2]float32{min(scales[0], s), max(scales[1], s)}
		grid = [2]float32{min(grid[0], lo), max(grid[1], hi)}
	}
	return scales, grid
}

// Fits runs batches of inputs, N H W C and normalised, and says how all quantizers
// suit their tensors, in the order of [Model.Placements]. In detail, it runs the
// batches twice, for the histograms and the integers that occur. Nothing in the
// model moves.
func (p *Probe) Fits(inputs iter.Seq2[[]float32, error], detailed bool) ([]Fit, error) {
	for _, s := range p.sights {
		*s = sight{quantizer: s.quantizer}
	}
	passes := []bool{false}
	if detailed {
		passes = []bool{false, true}
	}
	defer func() { *p.detailed = false }()
	for _, *p.detailed = range passes {
		for x, err := range inputs {
			if err == nil {
				err = p.Run(x)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return p.fits(detailed)
}

// fits sums up what was seen of the activations, and looks at the weights.
func (p *Probe) fits(detailed bool) (fits []Fit, err error) {
	defer p.model.rest()()
	known := map[*fakequant.Quantizer]bool{}
	for _, u := range p.model.all {
		if q := u.weights; q != nil {
			s := &sight{quantizer: q}
			if err := s.weigh(u, p.scratch(2*len(u.weight.Value)), detailed); err != nil {
				return nil, err
			}
			fits = append(fits, s.fit(u.name()+".weight"))
		}
		if q := u.output; q != nil && !known[q] {
			known[q] = true
			s := p.sights[q]
			if s == nil { // a function gives its range
				s = &sight{quantizer: q}
			}
			fits = append(fits, s.fit(u.name()))
		}
	}
	return fits, nil
}

// scratch is memory for n numbers, until it is asked for again.
func (p *Probe) scratch(n int) []float32 {
	p.spare = slices.Grow(p.spare[:0], n)
	return p.spare[:n]
}

// weigh looks at the unit's folded weights, with scratch for them twice.
func (s *sight) weigh(u *unit, scratch []float32, detailed bool) error {
	w, rounded := scratch[:len(scratch)/2], scratch[len(scratch)/2:]
	u.folded(w)
	if err := s.quantizer.Apply(rounded, w); err != nil {
		return err
	}
	err := s.look(rounded, w, false)
	if err == nil && detailed {
		err = s.look(rounded, w, true)
	}
	return err
}

// WeightValues has the histograms of all weights with batch norm folded in, before
// anything is quantized.
func (m *Model) WeightValues() (fits []Fit) {
	for _, u := range m.units {
		if u.weight == nil {
			continue
		}
		w := make([]float32, len(u.weight.Value))
		u.folded(w)
		h := &Histogram{}
		h.Least, h.Greatest, _ = kernel.MinMax(w)
		h.add(w)
		fits = append(fits, Fit{Tensor: u.name() + ".weight", Values: h})
	}
	return fits
}
