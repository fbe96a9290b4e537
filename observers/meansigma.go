package observers

import "math"

// moments is the memory of the observers that need sums over everything seen:
// the number of finite values and, in float64, a mean and a sum of squares
// about it (MeanSigma) or a sum of magnitudes (MeanAbs).
type moments struct {
	target Target
	count  []int64
	mean   []float64
	square []float64
}

func newMoments(t Target) moments {
	n := t.Layout.N
	return moments{target: t, count: make([]int64, n), mean: make([]float64, n), square: make([]float64, n)}
}

// add merges n values with the given mean and sum of squares about it.
//
// Source: T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating Formulae and a
// Pairwise Algorithm for Computing Sample Variances", COMPSTAT 1982, eq. 2.1.
func (m *moments) add(i int, n int64, mean, square float64) {
	if n == 0 {
		return
	}
	total := m.count[i] + n
	d, share := mean-m.mean[i], float64(n)/float64(total)
	m.square[i] += square + float64(d*d*float64(m.count[i])*share)
	m.mean[i] += float64(d * share)
	m.count[i] = total
}

// observe adds each run, mapped by f, in two passes.
func (m *moments) observe(x []float32, f func(float64) float64) (nonFinite int, err error) {
	err = runs(m.target.Layout, x, func(i int, run []float32) {
		var n int64
		var sum, square float64
		for _, v := range run {
			if finite(v) {
				sum += f(float64(v))
				n++
			}
		}
		nonFinite += len(run) - int(n)
		mean := sum / float64(max(n, 1))
		for _, v := range run {
			if finite(v) {
				d := f(float64(v)) - mean
				square += float64(d * d)
			}
		}
		m.add(i, n, mean, square)
	})
	return nonFinite, err
}

// each writes the range that f gives for each group that has seen something.
func (m *moments) each(min, max []float32, f func(i int) (lo, hi float64)) bool {
	any := false
	for i, n := range m.count {
		min[i], max[i] = 0, 0
		if n > 0 {
			lo, hi := f(i)
			min[i], max[i] = narrow(lo), narrow(hi)
			any = true
		}
	}
	return any
}

// narrow is the nearest finite float32.
func narrow(v float64) float32 {
	return float32(math.Max(-math.MaxFloat32, math.Min(v, math.MaxFloat32)))
}

// State returns count, mean and square.
func (m *moments) State() []State {
	shape := []int{m.target.Layout.N}
	return []State{
		{Name: "count", Shape: shape, I64: m.count},
		{Name: "mean", Shape: shape, F64: m.mean},
		{Name: "square", Shape: shape, F64: m.square},
	}
}

// Restore copies count, mean and square.
func (m *moments) Restore(state []State) error { return restore(m.State(), state) }

// meanSigma covers k standard deviations about the mean of everything seen:
//
//	range = μ − k·σ .. μ + k·σ        k = 3
//
// With a symmetric scheme that is max(|μ − 3σ|, |μ + 3σ|), the first scale of
// LSQ+'s weights.
//
// Source: Y. Bhalgat, J. Lee, M. Nagel, T. Blankevoort and N. Kwak, "LSQ+:
// Improving low-bit quantization through learnable offsets and better
// initialization", CVPR Workshops 2020, §3.2.1.
type meanSigma struct {
	moments
	k float64
}

func newMeanSigma(c Config, t Target) Observer {
	return &meanSigma{newMoments(t), c.Sigmas}
}

// Observe adds the values of x.
func (o *meanSigma) Observe(x []float32) (nonFinite int, err error) {
	return o.observe(x, func(v float64) float64 { return v })
}

// Range is μ ± k·σ of each group.
func (o *meanSigma) Range(min, max []float32) bool {
	return o.each(min, max, func(i int) (lo, hi float64) {
		r := float64(o.k * math.Sqrt(o.square[i]/float64(o.count[i])))
		return o.mean[i] - r, o.mean[i] + r
	})
}
