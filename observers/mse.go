package observers

import "petrify/fakequant/affine"

// mse looks for the range with the least mean squared error for its quantizer's
// format, scheme and dialect,
//
//	argmin Σ (x − fake(x; range))²
//
// over the histogram of everything seen, each bin at its centre. It tries 100
// fractions of the full range, both ends together, then each end alone.
//
// Source: R. Banner, Y. Nahshan and D. Soudry, "Post training 4-bit
// quantization of convolutional networks for rapid-deployment", NeurIPS 2019,
// §2, without its assumption on the distribution.
type mse struct{ bins }

func newMSE(_ Config, t Target) Observer { return &mse{newBins(t)} }

const mseSteps = 100

// Range is the best range tried.
func (o *mse) Range(lo, hi []float32) bool {
	return o.search(lo, hi, func(i int, counts []int64, left, width float64) (bottom, top float64) {
		loss := func(a, b float32) float64 { return o.loss(counts, left, width, a, b) }
		full, fullTop := o.min[i], o.max[i]
		a, b := best(full, fullTop, func(f float32) (float32, float32) { return f * full, f * fullTop }, loss)
		a, b = best(a, b, func(f float32) (float32, float32) { return a, f * fullTop }, loss)
		a, b = best(a, b, func(f float32) (float32, float32) { return f * full, b }, loss)
		return float64(a), float64(b)
	})
}

// best returns the range with the least loss among a..b and those that shrunk
// gives for fractions 1/100 to 1; of equal ones, the widest.
func best(a, b float32, shrunk func(fraction float32) (float32, float32), loss func(a, b float32) float64) (float32,
	float32) {
	least := loss(a, b)
	for n := mseSteps; n >= 1; n-- {
		lo, hi := shrunk(float32(n) / mseSteps)
		if e := loss(lo, hi); e < least {
			least, a, b = e, lo, hi
		}
	}
	return a, b
}

// loss is the squared error of the range a..b.
func (o *mse) loss(counts []int64, left, width float64, a, b float32) float64 {
	f := o.target.Format
	s, z := o.target.Dialect.Choose(a, b, f, o.target.Scheme)
	sum := 0.0
	for j, n := range counts {
		if n == 0 {
			continue
		}
		x := left + (float64(j)+0.5)*width
		d := x - float64(affine.Fake(float32(x), s, z, f))
		sum += float64(n) * d * d
	}
	return sum
}
