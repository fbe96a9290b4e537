package observers

import "math"

// meanAbs is the range of the scale that LSQ starts from,
//
//	s = 2·E|x|/√qmax        range = −s·qmax .. s·qmax, or 0 .. s·qmax unsigned
//
// with the mean over everything seen. With fewer bits it clips more: a normal
// distribution at 18 standard deviations with 8 bits, which means never, at 4.2
// with 4, and at 1.6 with 2.
//
// Source: S. K. Esser, J. L. McKinstry, D. Bablani, R. Appuswamy and D. S.
// Modha, "Learned Step Size Quantization", ICLR 2020, §2.1.
type meanAbs struct{ moments }

func newMeanAbs(_ Config, t Target) Observer { return &meanAbs{newMoments(t)} }

// Observe adds the magnitudes of x.
func (o *meanAbs) Observe(x []float32) (nonFinite int, err error) {
	return o.observe(x, math.Abs)
}

// Range is ±2·E|x|·√qmax.
func (o *meanAbs) Range(min, max []float32) bool {
	qmax := math.Sqrt(float64(o.target.Format.Max()))
	return o.each(min, max, func(i int) (lo, hi float64) {
		m := 2 * o.mean[i] * qmax
		if o.target.Format.Unsigned {
			return 0, m
		}
		return -m, m
	})
}
