package observers

// minMaxObserver keeps the extremes of everything it has seen:
//
//	m ← min(m, min x)        M ← max(M, max x)
//
// It never forgets an outlier, which makes it right where nothing may be
// clipped and poor for long training. The order of the batches does not matter.
//
// Source: R. Krishnamoorthi, "Quantizing deep convolutional networks for
// efficient inference: A whitepaper", arXiv:1806.08342, §2; the arithmetic is
// that of PyTorch's MinMaxObserver.
type minMaxObserver struct{ extremes }

func newMinMax(_ Config, t Target) Observer {
	return &minMaxObserver{newExtremes(t.Layout)}
}

// Observe widens the range of each group to the values of x.
func (o *minMaxObserver) Observe(x []float32) (nonFinite int, err error) {
	return o.measure(x, func(i int) {
		if o.count[i] == 0 {
			o.min[i], o.max[i] = o.lo[i], o.hi[i]
			return
		}
		o.min[i], o.max[i] = min(o.min[i], o.lo[i]), max(o.max[i], o.hi[i])
	})
}
