package observers

import "math"

// streamingPercentile is a percentile of everything seen, in constant memory.
// It counts values by the upper half of their float32 bits, which is their
// bfloat16: 128 buckets for each power of two, so that the result is within
// 1/128 of the exact percentile (rounded outward to the bucket's edge, and
// never beyond the extremes). The order of the values does not matter.
//
// Source: the idea of C. Masson, J. E. Rim and H. K. Lee, "DDSketch: A Fast
// and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", PVLDB
// 12(12), 2019, with the float's own exponent as the logarithm.
type streamingPercentile struct {
	extremes
	target  Target
	p       float64
	buckets []int64 // per group, in the order of the values
}

const sketchBuckets = 1 << 16

func newStreamingPercentile(c Config, t Target) Observer {
	return &streamingPercentile{
		extremes: newExtremes(t.Layout), target: t, p: c.Percentile / 100,
		buckets: make([]int64, t.Layout.N*sketchBuckets),
	}
}

// bucket numbers the bfloat16 values in their order: the bits of a positive
// one follow those of −0, the bits of a negative one count down.
func bucket(v float32) int {
	b := math.Float32bits(v) >> 16
	if b >= sketchBuckets/2 {
		return int(sketchBuckets - 1 - b)
	}
	return int(sketchBuckets/2 + b)
}

// outerEdge is the end of a bucket that is farther from 0.
func outerEdge(b int) float32 {
	if b < sketchBuckets/2 {
		return math.Float32frombits(uint32(sketchBuckets-1-b)<<16 | 0xffff)
	}
	return math.Float32frombits(uint32(b-sketchBuckets/2)<<16 | 0xffff)
}

// Observe counts the values of x.
func (o *streamingPercentile) Observe(x []float32) (nonFinite int, err error) {
	err = runs(o.layout, x, func(i int, run []float32) {
		for _, v := range run {
			if !finite(v) {
				nonFinite++
				continue
			}
			if o.count[i] == 0 {
				o.min[i], o.max[i] = v, v
			}
			o.min[i], o.max[i] = min(o.min[i], v), max(o.max[i], v)
			o.buckets[i*sketchBuckets+bucket(v)]++
			o.count[i]++
		}
	})
	return nonFinite, err
}

// Range is the percentile of each group, with the ranks of [Percentile].
func (o *streamingPercentile) Range(lo, hi []float32) bool {
	if !o.extremes.Range(lo, hi) {
		return false
	}
	for i, n := range o.count {
		if n == 0 {
			continue
		}
		k := int64(math.Floor(float64(o.p*float64(n)) + 0.5))
		bottom, top := o.ends(o.buckets[i*sketchBuckets:(i+1)*sketchBuckets], max(1, min(k, n)))
		if o.target.twoSided() {
			lo[i], hi[i] = max(bottom, o.min[i]), min(top, o.max[i])
			continue
		}
		hi[i] = min(top, max(-o.min[i], o.max[i]))
		lo[i] = -hi[i]
	}
	return true
}

// ends returns the values of rank k from the top and from the bottom, or, for
// magnitudes, the one of rank k twice.
func (o *streamingPercentile) ends(b []int64, k int64) (lo, hi float32) {
	if o.target.twoSided() {
		return outerEdge(rank(k, func(i int) int64 { return b[sketchBuckets-1-i] }, true)),
			outerEdge(rank(k, func(i int) int64 { return b[i] }, false))
	}
	const half = sketchBuckets / 2
	at := rank(k, func(i int) int64 { return b[half+i%half] + b[half-1-i%half] }, false)
	return -outerEdge(half + at), outerEdge(half + at)
}

// rank returns the first bucket at which the counts add up to k; fromTop says
// that count numbers the buckets from the top.
func rank(k int64, count func(int) int64, fromTop bool) int {
	for i := range sketchBuckets {
		if k -= count(i); k <= 0 {
			if fromTop {
				return sketchBuckets - 1 - i
			}
			return i
		}
	}
	return sketchBuckets - 1
}

// State returns the extremes and the buckets.
func (o *streamingPercentile) State() []State {
	return append(o.extremes.State(), State{Name: "buckets", Shape: []int{o.layout.N, sketchBuckets}, I64: o.buckets})
}

// Restore copies the extremes and the buckets.
func (o *streamingPercentile) Restore(state []State) error { return restore(o.State(), state) }
