package observers

import "math"

// percentile smooths a percentile of the batches, so that a few outliers do not
// make the grid coarser for all other values. With n values and p = 99.99,
//
//	k = ⌊p/100·n + ½⌋, 1 ≤ k ≤ n
//	signed, symmetric   m = the k-th smallest |x|;     range −m..m
//	else                max = the k-th smallest x, min = the k-th greatest x
//
// which is exact, and then averages it as [MovingAverage] does.
//
// Source: the default of Brevitas for activations (there p = 99.999); the idea
// is J. L. McKinstry et al., "Discovering Low-Precision Networks Close to
// Full-Precision Networks for Efficient Inference", EMC² workshop 2019, §3.
type percentile struct {
	extremes
	target  Target
	p, c    float64
	scratch []float32
}

func newPercentile(c Config, t Target) Observer {
	return &percentile{
		extremes: newExtremes(t.Layout), target: t,
		p: c.Percentile / 100, c: float64(c.Constant),
	}
}

// Observe moves the range of each group towards the percentiles of x.
func (o *percentile) Observe(x []float32) (nonFinite int, err error) {
	for i := range o.layout.N {
		o.scratch = o.scratch[:0]
		err := runs(o.layout, x, func(j int, run []float32) {
			if j == i {
				o.keepFinite(run)
			}
		})
		if err != nil {
			return 0, err
		}
		nonFinite += len(x)/o.layout.N - len(o.scratch)
		if len(o.scratch) > 0 {
			o.update(i)
		}
	}
	return nonFinite, nil
}

func (o *percentile) keepFinite(run []float32) {
	for _, v := range run {
		if finite(v) {
			o.scratch = append(o.scratch, v)
		}
	}
}

func (o *percentile) update(i int) {
	lo, hi := o.ends()
	if o.count[i] == 0 {
		o.min[i], o.max[i] = lo, hi
	} else {
		c := float32(o.c)
		o.min[i] += float32(c * (lo - o.min[i]))
		o.max[i] += float32(c * (hi - o.max[i]))
	}
	o.count[i]++
}

// ends returns the percentiles of the scratch, which it reorders.
func (o *percentile) ends() (lo, hi float32) {
	n := len(o.scratch)
	k := max(1, min(n, int(math.Floor(float64(o.p*float64(n))+0.5))))
	if o.target.twoSided() {
		return nth(o.scratch, n-k), nth(o.scratch, k-1)
	}
	for i, v := range o.scratch {
		o.scratch[i] = float32(math.Abs(float64(v)))
	}
	m := nth(o.scratch, k-1)
	return -m, m
}

// nth returns the k-th smallest value of x, counted from 0, and reorders x.
//
// Source: C. A. R. Hoare, "Algorithm 65: Find", CACM 4(7), 1961; with the
// middle of three as the pivot.
func nth(x []float32, k int) float32 {
	lo, hi := 0, len(x)-1
	for lo < hi {
		a, b, c := x[lo], x[(lo+hi)/2], x[hi]
		pivot := max(min(a, b), min(max(a, b), c))
		i, j := lo, hi
		for i <= j {
			for x[i] < pivot {
				i++
			}
			for x[j] > pivot {
				j--
			}
			if i <= j {
				x[i], x[j] = x[j], x[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return x[k]
		}
	}
	return x[k]
}
