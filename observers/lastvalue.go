package observers

// lastValue has no memory: its range is that of the last tensor,
//
//	m ← min x        M ← max x
//
// It is the default for weights. A moving average, which Core ML Tools and
// PyTorch use there too, smooths noise that weights do not have, and lags:
// while weights grow, the average clips the largest of them, and clipped
// weights get no gradient. The range of the step's own weights clips none.
//
// Source: TensorFlow Model Optimization's LastValueQuantizer.
type lastValue struct{ extremes }

func newLastValue(_ Config, t Target) Observer {
	return &lastValue{newExtremes(t.Layout)}
}

// Observe replaces the range of each group by the range of x.
func (o *lastValue) Observe(x []float32) (nonFinite int, err error) {
	return o.measure(x, func(i int) { o.min[i], o.max[i] = o.lo[i], o.hi[i] })
}
