package observers

// ema is the exponential moving average of Core ML Tools' ema_min_max:
//
//	m ← min x                    first batch
//	m ← (1−c)·m + c·min x        later ones; max likewise, c = 0.1
//
// in float32, each product rounded. The mean is that of [MovingAverage]; the
// sum of two products rounds differently in the last bit, and the default
// follows ten times faster.
type ema struct {
	extremes
	c float32
}

func newEMA(c Config, t Target) Observer {
	return &ema{newExtremes(t.Layout), c.Constant}
}

// Observe moves the range of each group towards the range of x.
func (o *ema) Observe(x []float32) (nonFinite int, err error) {
	old := 1 - o.c
	return o.measure(x, func(i int) {
		if o.count[i] == 0 {
			o.min[i], o.max[i] = o.lo[i], o.hi[i]
			return
		}
		o.min[i] = float32(old*o.min[i]) + float32(o.c*o.lo[i])
		o.max[i] = float32(old*o.max[i]) + float32(o.c*o.hi[i])
	})
}
