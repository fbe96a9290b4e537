package observers

import (
	"fmt"
	"math"

	"petrify/internal/kernel"
)

// torchHistogram is PyTorch 1.13's HistogramObserver, with its 2048 bins, its
// 256 levels whatever the format, its float32 arithmetic, and its defect: it
// rounds the ends of the range toward zero before counting, so that of
// −1.9..1.9 only the values in −1..1 count. It works only per tensor. Use it to
// reproduce a scale of that version; [Histogram] is what it was meant to be.
//
// A batch that widens the range is merged by splitting each old bin into 128
// parts and adding these up on a grid whose unit is such a part; the upper end
// of the new range moves to a multiple of it.
type torchHistogram struct {
	min, max []float32
	counts   []float32
	seen     []int64
}

const (
	torchBins   = 2048
	torchLevels = 256
	torchSplit  = 128
	torchWidest = 1 << 16 // 128ths of the range by which a batch may widen it: PyTorch takes 512 MB for it
)

// countable reports whether a range can be cut into bins in float32.
func countable(lo, hi float32) bool {
	return lo == hi || (hi-lo)/(torchBins*torchSplit) > 0x1p-126 && (hi-lo)*torchBins < math.MaxFloat32
}

func newTorchHistogram(Config, Target) Observer {
	return &torchHistogram{
		min: make([]float32, 1), max: make([]float32, 1),
		counts: make([]float32, torchBins), seen: make([]int64, 1),
	}
}

// Observe counts the values of x.
func (o *torchHistogram) Observe(x []float32) (nonFinite int, err error) {
	lo, hi, nonFinite := kernel.MinMax(x)
	if nonFinite == len(x) {
		return nonFinite, nil
	}
	if !countable(lo, hi) {
		return nonFinite, tooWide(lo, hi)
	}
	o.seen[0]++
	if o.seen[0] == 1 || o.min[0] == o.max[0] {
		o.min[0], o.max[0] = lo, hi
		copy(o.counts, count(x, torchBins, trunc(lo), trunc(hi)))
		return nonFinite, nil
	}
	lo, hi = min(lo, o.min[0]), max(hi, o.max[0])
	unit := (o.max[0] - o.min[0]) / float32(torchBins*torchSplit)
	ratio := math.Ceil(float64((hi - lo) / (float32(torchBins) * unit)))
	if !(ratio <= torchWidest) {
		return nonFinite, fmt.Errorf("observers: torch_histogram: range %v..%v is more than %d times the "+
			"one before", lo, hi, torchWidest/torchSplit)
	}
	group := int(ratio)
	hi += float32(float32(group)*(float32(torchBins)*unit)) - (hi - lo)
	offset := int(math.RoundToEven(float64((o.min[0] - lo) / unit)))
	fresh := count(x, torchBins, trunc(lo), trunc(hi))
	if lo == o.min[0] && hi == o.max[0] {
		for j, c := range fresh {
			o.counts[j] += c
		}
	} else {
		copy(o.counts, joined(fresh, o.counts, group, offset))
	}
	o.min[0], o.max[0] = lo, hi
	return nonFinite, nil
}

func tooWide(lo, hi float32) error {
	return fmt.Errorf("observers: torch_histogram: range %v..%v is too wide or too narrow for float32 bins", lo, hi)
}

func trunc(v float32) float32 { return float32(math.Trunc(float64(v))) }

// count is torch.histc: n bins between lo and hi, both included; if these are
// equal, between the extremes of x; if those are equal too, from one less to
// one more.
func count(x []float32, n int, lo, hi float32) []float32 {
	if lo == hi {
		lo, hi, _ = kernel.MinMax(x)
	}
	if lo == hi {
		lo, hi = lo-1, hi+1
	}
	counts := make([]float32, n)
	for _, v := range x {
		if v >= lo && v <= hi {
			j := int(float32((v-lo)*float32(n)) / (hi - lo))
			counts[min(j, n-1)]++
		}
	}
	return counts
}

// joined adds the old histogram, split and shifted, to the fresh one.
func joined(fresh, old []float32, group, offset int) []float32 {
	n := len(old)
	before := 0.0
	sum, next := 0.0, 0
	for j := range n {
		for end := (j + 1) * group; next < end; next++ {
			if at := next - offset; at >= 0 && at < n*torchSplit {
				sum += float64(old[at/torchSplit])
			}
		}
		// The difference is taken with the integral rounded to float32.
		fresh[j] += float32((sum - before) / torchSplit)
		before = float64(float32(sum))
	}
	return fresh
}

// Range is the range found by the search.
func (o *torchHistogram) Range(lo, hi []float32) bool {
	if o.seen[0] == 0 {
		return false
	}
	mass := make([]float64, torchBins)
	for j, c := range o.counts {
		mass[j] = float64(c)
	}
	width := (float64(o.max[0]) - float64(o.min[0])) / float64(torchBins)
	from, to := shrink(mass, func(from, to int) float64 { return o.loss(width, from, to) })
	step := (o.max[0] - o.min[0]) / float32(torchBins)
	lo[0] = o.min[0] + float32(step*float32(from))
	hi[0] = o.min[0] + float32(step*float32(to+1))
	return true
}

// loss is [uniformError] in PyTorch's float32.
func (o *torchHistogram) loss(width float64, from, to int) float64 {
	levelWidth := width * float64(to-from+1) / torchLevels
	if levelWidth == 0 {
		return 0
	}
	w, lw := float32(width), float32(levelWidth)
	half := float32(levelWidth / 2)
	cube := func(a, b float32) float32 { return (float32(float32(b*b)*b) - float32(float32(a*a)*a)) / 3 }
	level := func(x float32) float32 { return max(0, min(floorDiv(x, lw), torchLevels-1)) }
	whole := cube(-half, half)
	sum := 0.0
	for j, c := range o.counts {
		density := c / w
		begin := float32(float32(j-from) * w)
		end := begin + w
		first, last := level(begin), level(end)
		e := float32(density * cube(begin-float32((first+0.5)*lw), half))
		e += float32((last - first - 1) * float32(density*whole))
		e += float32(density * cube(-half, end-(float32(last*lw)+half)))
		sum += float64(e)
	}
	return sum
}

// floorDiv is ⌊a/b⌋ for b > 0, computed from the remainder as PyTorch does.
func floorDiv(a, b float32) float32 {
	mod := float32(math.Mod(float64(a), float64(b)))
	d := (a - mod) / b
	if mod < 0 {
		d--
	}
	f := float32(math.Floor(float64(d)))
	if d-f > 0.5 {
		f++
	}
	return f
}

// State returns the range, the counts and the number of batches.
func (o *torchHistogram) State() []State {
	shape := []int{len(o.min)}
	return []State{
		{Name: "min", Shape: shape, F32: o.min},
		{Name: "max", Shape: shape, F32: o.max},
		{Name: "counts", Shape: []int{torchBins}, F32: o.counts},
		{Name: "seen", Shape: shape, I64: o.seen},
	}
}

// Restore copies the state.
func (o *torchHistogram) Restore(state []State) error { return restore(o.State(), state) }
