package observers

import (
	"math"

	"petrify/fakequant/affine"
)

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
		m := accumulate(counts, left, width)
		loss := func(a, b float32) float64 {
			s, z := o.target.Dialect.Choose(a, b, o.target.Format, o.target.Scheme)
			return m.loss(o.target.Format, s, z)
		}
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

// masses are the sums of x⁰, x¹ and x² over the bins before each bin's beginning,
// each value at its bin's centre: those between two edges are a difference.
type masses struct {
	left, width float64
	sums        [][3]float64
}

func accumulate(counts []int64, left, width float64) masses {
	m := masses{left, width, make([][3]float64, len(counts)+1)}
	for j, n := range counts {
		x, to := left+(float64(j)+0.5)*width, m.sums[j]
		m.sums[j+1] = [3]float64{to[0] + float64(n), to[1] + float64(n)*x, to[2] + float64(n)*x*x}
	}
	return m
}

// loss is the squared error of a grid. All bins between two ties of the grid go to
// its number r between them:
//
//	Σ n·(x − r)² = Σ n·x² − 2r·Σ n·x + r²·Σ n
func (m masses) loss(f affine.Format, s float32, z int32) float64 {
	sum, from := 0.0, 0
	for q := f.Min(); q <= f.Max(); q++ {
		r, to := float64(s)*float64(q-z), len(m.sums)-1
		if q < f.Max() {
			tie := math.Ceil((r+float64(s)/2-m.left)/m.width - 0.5)
			to = int(max(float64(from), min(tie, float64(to))))
		}
		a, b := m.sums[from], m.sums[to]
		sum += b[2] - a[2] - 2*r*(b[1]-a[1]) + r*r*(b[0]-a[0])
		from = to
	}
	return sum
}
