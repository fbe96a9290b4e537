package reference

import "math"

// attentionScores are the products of queries q and keys k in each head,
//
//	y[k, head, q] = factor·Σ a[c, q]·b[c, k]        over the channels c of the head
//
// The factor is one of the queries: of their scale where all are integers, else of the
// numbers, in float32.
func attentionScores(l *layer) {
	a, b := l.x[0], l.x[1]
	queries, keys, channels := a.Shape[2], b.Shape[2], a.Shape[0]/l.Heads
	for k := range keys {
		for head := range l.Heads {
			for q := range queries {
				l.pairs(channels, l.Factor, func(i int) (int, int) {
					c := head*channels + i
					return c*queries + q, c*keys + k
				})
			}
		}
	}
}

// attentionValues are the values in the shares that the softmax of the scores gives,
//
//	y[c, q] = Σ a[k, head of c, q]·b[c, k]        over the keys k
func attentionValues(l *layer) {
	a, b := l.x[0], l.x[1]
	keys, heads, queries := a.Shape[0], a.Shape[1], a.Shape[2]
	for c := range b.Shape[0] {
		head := c / (b.Shape[0] / heads)
		for q := range queries {
			l.pairs(keys, 1, func(k int) (int, int) { return (k*heads+head)*queries + q, c*keys + k })
		}
	}
}

// pairs gives the sum of n products of two activations, whose places are given: of
// integers as in a convolution without a bias, of real numbers in float64.
func (l *layer) pairs(n int, factor float32, place func(i int) (a, b int)) {
	if l.integers {
		sum := int64(0)
		for i := range n {
			a, b := place(i)
			sum += l.x[0].centred(a) * l.x[1].centred(b)
		}
		l.y.put(l.rules.rescale(sum, float32(l.x[0].Quant.Scale*factor), l.x[1].Quant.Scale, l.y.Quant.Scale))
		return
	}
	sum, size := 0.0, 0.0
	for i := range n {
		a, b := place(i)
		r := float64(float32(l.x[0].Real(a)*factor)) * float64(l.x[1].Real(b))
		sum, size = sum+r, size+math.Abs(r)
	}
	nu := float64(n+3) * 0x1p-24
	bound, y := nu/(1-nu)*size, l.y
	y.low = append(y.low, y.kept(l.fused(float32(sum-bound))))
	y.high = append(y.high, y.kept(l.fused(float32(sum+bound))))
	y.putReal(l.fused(float32(sum)))
}
