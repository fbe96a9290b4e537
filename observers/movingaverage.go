package observers

// movingAverage smooths the minimum and the maximum of the batches:
//
//	m ← min x                    first batch
//	m ← m + c·(min x − m)        later ones; max likewise, c = 0.01
//
// in float32, rounded after each operation. Starting with the first batch, the
// average needs no bias correction. It has followed half of a change after ln ½
// / ln(1−c) batches, 69 for c = 0.01.
//
// Source: B. Jacob et al., "Quantization and Training of Neural Networks for
// Efficient Integer-Arithmetic-Only Inference", CVPR 2018, §3.1; the arithmetic
// is that of PyTorch's MovingAverageMinMaxObserver.
//
// Tested against PyTorch 1.13, bit by bit over 720 batches per tensor and per
// channel (TestGolden), against the recurrence in float64 (TestRecurrences),
// and for interruption: saved, restored and continued, it equals an observer
// that was never interrupted (FuzzResume).
type movingAverage struct {
	extremes
	c float32
}

func newMovingAverage(c Config, t Target) Observer {
	return &movingAverage{newExtremes(t.Layout), c.Constant}
}

// Observe moves the range of each group towards the range of x.
func (o *movingAverage) Observe(x []float32) (nonFinite int, err error) {
	return o.measure(x, func(i int) {
		if o.count[i] == 0 {
			o.min[i], o.max[i] = o.lo[i], o.hi[i]
			return
		}
		o.min[i] += float32(o.c * (o.lo[i] - o.min[i]))
		o.max[i] += float32(o.c * (o.hi[i] - o.max[i]))
	})
}
