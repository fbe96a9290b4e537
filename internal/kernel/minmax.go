package kernel

import (
	"math"
	"sync"
	"sync/atomic"
)

// MinMax returns the least and the greatest finite value of x, and how many
// values are not finite (NaN, +Inf or −Inf). With no finite value it returns
// 0, 0. A zero result is +0 whatever the signs of the zeros in x.
//
//	lo = min { x[i] : |x[i]| < ∞ }    hi = max { x[i] : |x[i]| < ∞ }
func MinMax(x []float32) (lo, hi float32, nonFinite int) {
	if len(x) <= block {
		return minMaxBlock(x).ends()
	}
	return observe(len(x), func(a, b int) span { return minMaxBlock(x[a:b]) })
}

// MinMaxRows is [MinMax] of each row of the rows×cols matrix x, such as the
// output channels of a weight. nonFinite is the count over all rows.
func MinMaxRows(lo, hi, x []float32, rows, cols int) (nonFinite int) {
	checkLen("MinMaxRows", "lo", len(lo), rows)
	checkLen("MinMaxRows", "hi", len(hi), rows)
	checkLen("MinMaxRows", "x", len(x), rows*cols)
	if cols > block || brief(rows, cols) {
		return minMaxRows(lo, hi, x, 0, rows)
	}
	var bad atomic.Int64
	rowBlocks(rows, max(cols, rowCost), func(from, to int) { bad.Add(int64(minMaxRows(lo, hi, x, from, to))) })
	return int(bad.Load())
}

// minMaxRows is MinMaxRows of the rows from one to another.
func minMaxRows(lo, hi, x []float32, from, to int) (nonFinite int) {
	cols := len(x) / max(1, len(lo))
	for r := from; r < to; r++ {
		var bad int
		lo[r], hi[r], bad = MinMax(x[r*cols : (r+1)*cols])
		nonFinite += bad
	}
	return nonFinite
}

// span is a range under observation: +Inf, −Inf until a finite value is seen.
type span struct {
	lo, hi    float32
	nonFinite int
}

// emptySpan is the neutral element of span.merge.
var emptySpan = span{lo: float32(math.Inf(1)), hi: float32(math.Inf(-1))}

func (s span) merge(t span) span {
	return span{lo: min(s.lo, t.lo), hi: max(s.hi, t.hi), nonFinite: s.nonFinite + t.nonFinite}
}

// ends is what callers of the package see of a span. Adding 0 turns −0 into +0,
// so that the sign of a zero does not depend on the order.
func (s span) ends() (lo, hi float32, nonFinite int) {
	if s.lo > s.hi {
		return 0, 0, s.nonFinite
	}
	return s.lo + 0, s.hi + 0, s.nonFinite
}

var spanPool = sync.Pool{New: func() any { return new([maxParts]span) }}

// observe merges the ranges of the pieces of 0..n that f looks at.
func observe(n int, f func(a, b int) span) (lo, hi float32, nonFinite int) {
	size, parts := max(block, (n+maxParts-1)/maxParts), spanPool.Get().(*[maxParts]span)
	defer spanPool.Put(parts)
	blocks(n, size, func(a, b int) { parts[a/size] = f(a, b) })
	all := emptySpan
	for _, p := range parts[:partCount(n, size)] {
		all = all.merge(p)
	}
	return all.ends()
}
