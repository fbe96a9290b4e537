package observers

import "math"

// bins is the memory of the observers that need the distribution of everything
// seen: for each group a histogram whose bins are [j·w, (j+1)·w), j =
// −1024..1023, with w a power of two. When a value lies outside, w doubles
// until it does not, and neighbouring bins are merged. Since bins are only ever
// merged whole, the histogram of a set of values does not depend on their
// order, nothing is interpolated, and 0 remains an edge.
type bins struct {
	extremes
	target   Target
	exponent []int64 // w = 2^exponent
	counts   []int64 // per group, side·2 of them
}

const side = 1024 // bins on each side of 0

func newBins(t Target) bins {
	b := bins{
		extremes: newExtremes(t.Layout), target: t,
		exponent: make([]int64, t.Layout.N), counts: make([]int64, t.Layout.N*2*side),
	}
	b.clear()
	return b
}

// clear empties the bins.
func (b *bins) clear() {
	clear(b.counts)
	for i := range b.exponent {
		b.exponent[i] = -149 // the least float32; every other exponent is greater
	}
}

// Observe counts the values of x.
func (b *bins) Observe(x []float32) (nonFinite int, err error) {
	return b.measureThen(x, func(i int, run []float32) {
		b.grow(i, max(-b.lo[i], b.hi[i]))
		counts, scale := b.group(i), math.Ldexp(1, -int(b.exponent[i]))
		for _, v := range run {
			if finite(v) {
				counts[side+int(math.Floor(float64(v)*scale))]++
			}
		}
	})
}

// measureThen updates the extremes, then calls count for each run of x, with lo
// and hi of its group known.
func (b *bins) measureThen(x []float32, count func(i int, run []float32)) (nonFinite int, err error) {
	nonFinite, err = b.measure(x, func(i int) {
		if b.count[i] == 0 {
			b.min[i], b.max[i] = b.lo[i], b.hi[i]
		}
		b.min[i], b.max[i] = min(b.min[i], b.lo[i]), max(b.max[i], b.hi[i])
	})
	if err != nil {
		return 0, err
	}
	return nonFinite, runs(b.layout, x, count)
}

func (b *bins) group(i int) []int64 { return b.counts[i*2*side : (i+1)*2*side] }

// grow makes the bins of group i wide enough for values of magnitude m.
func (b *bins) grow(i int, m float32) {
	if m == 0 {
		return
	}
	_, e := math.Frexp(float64(m)) // m < 2ᵉ
	b.widen(i, int64(e)-10)        // side·2^(e−10) = 2ᵉ
}

// widen joins bins until they are 2^exponent wide.
func (b *bins) widen(i int, exponent int64) {
	shift := exponent - b.exponent[i]
	if shift <= 0 {
		return
	}
	b.exponent[i] = exponent
	old := b.group(i)
	if 1<<min(shift, 62) >= side { // as after clear: one bin on each side of 0 is left
		below, above := old[:side], old[side:]
		sums := [2]int64{sumOf(below), sumOf(above)}
		clear(old)
		copy(old[side-1:], sums[:])
		return
	}
	joined := make([]int64, len(old))
	for j, n := range old {
		joined[side+((j-side)>>min(shift, 62))] += n
	}
	copy(old, joined)
}

func sumOf(counts []int64) (sum int64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// filled returns the bins of group i from the first to the last with a count,
// the left edge of the first, and the width of one.
func (b *bins) filled(i int) (counts []int64, left, width float64) {
	all, from, to := b.group(i), 0, 2*side
	for all[from] == 0 {
		from++
	}
	for all[to-1] == 0 {
		to--
	}
	width = math.Ldexp(1, int(b.exponent[i]))
	return all[from:to], float64(from-side) * width, width
}

// search writes, for each group that has seen something, the range that f finds
// among its bins, limited to the extremes.
func (b *bins) search(lo, hi []float32, f func(i int, counts []int64, left, width float64) (lo, hi float64)) bool {
	if !b.extremes.Range(lo, hi) {
		return false
	}
	for i, n := range b.count {
		if n == 0 || b.min[i] == b.max[i] {
			continue
		}
		counts, left, width := b.filled(i)
		bottom, top := f(i, counts, left, width)
		lo[i], hi[i] = max(float32(bottom), b.min[i]), min(float32(top), b.max[i])
	}
	return true
}

// State returns the extremes, the exponents and the counts.
func (b *bins) State() []State {
	return append(b.extremes.State(),
		State{Name: "exponent", Shape: []int{b.layout.N}, I64: b.exponent},
		State{Name: "counts", Shape: []int{b.layout.N, 2 * side}, I64: b.counts})
}

// Restore copies the extremes, the exponents and the counts.
func (b *bins) Restore(state []State) error { return restore(b.State(), state) }

// histogram gives up outliers as long as that lowers the L2 error of an affine
// quantizer with as many levels as the format has, assuming that values are
// uniform within a bin. Starting from the whole range, it moves inward in steps
// of 10⁻⁵ of the mass, at the end that has more empty bins to give up, until a
// step raises the error.
//
// Source: PyTorch's HistogramObserver, whose search is that of Caffe2's
// NormMinimization. PyTorch rounds the ends of its bins toward zero when it
// counts and so drops values at the edges, and it uses 256 levels whatever the
// format; this one does neither. [TorchHistogram] does both.
type histogram struct{ bins }

func newHistogram(_ Config, t Target) Observer { return &histogram{newBins(t)} }

// Range is the range that the search finds.
func (o *histogram) Range(lo, hi []float32) bool {
	levels := int(o.target.Format.Max()-o.target.Format.Min()) + 1
	return o.search(lo, hi, func(_ int, counts []int64, left, width float64) (bottom, top float64) {
		mass := make([]float64, len(counts))
		for j, n := range counts {
			mass[j] = float64(n)
		}
		from, to := shrink(mass, func(from, to int) float64 { return uniformError(mass, from, to, levels) })
		return left + float64(width*float64(from)), left + float64(width*float64(to+1))
	})
}
