package observers

import (
	"math"
	"slices"

	"petrify/fakequant/affine"
)

// mse looks for the range with the least mean squared error for its quantizer's
// format, scheme and dialect,
//
//	argmin Σ (x − fake(x; range))²
//
// over the histogram of everything seen, each bin at its centre. It tries 100
// fractions of the full range, both ends together, then each end alone where the
// scheme has a zero point.
//
// Source: R. Banner, Y. Nahshan and D. Soudry, "Post training 4-bit
// quantization of convolutional networks for rapid-deployment", NeurIPS 2019,
// §2, without its assumption on the distribution.
//
// Training goes on for longer than a calibration, and ranges move: after every 64
// tensors, what has been seen so far counts half.
type mse struct{ bins }

func newMSE(_ Config, t Target) Observer { return &mse{newBins(t)} }

const (
	mseSteps  = 100
	mseMemory = 64 // tensors
)

// Observe counts the values of x.
func (o *mse) Observe(x []float32) (nonFinite int, err error) {
	nonFinite, err = o.bins.Observe(x)
	for i, n := range o.count {
		if n > 0 && n%mseMemory == 0 && err == nil {
			o.forget(i)
		}
	}
	return nonFinite, err
}

// forget halves the counts of group i, unless nothing would be left, and limits the
// extremes to what is.
func (o *mse) forget(i int) {
	all := o.group(i)
	if slices.Max(all) < 2 {
		return
	}
	for j := range all {
		all[j] /= 2
	}
	counts, left, width := o.filled(i)
	o.min[i] = max(o.min[i], float32(left))
	o.max[i] = min(o.max[i], float32(left+float64(float64(len(counts))*width)))
}

// lastMSE is the range with the least squared error for the last tensor alone: mse
// without a memory, for weights. As with [LastValue], the range does not lag when
// weights grow. A tensor that is the one before, as weights are while the ranges of
// activations are observed, costs a comparison instead of a search.
type lastMSE struct {
	mse
	last      []float32 // the tensor; none at first
	nonFinite int       // of its values
	found     bool      // its range is known
	from, to  []float32
}

func newLastMSE(_ Config, t Target) Observer {
	n := t.Layout.N
	return &lastMSE{mse: mse{newBins(t)}, from: make([]float32, n), to: make([]float32, n)}
}

// Observe counts the values of x, and forgets those before.
func (o *lastMSE) Observe(x []float32) (nonFinite int, err error) {
	if len(x) > 0 && slices.EqualFunc(x, o.last, sameBits) {
		return o.nonFinite, nil
	}
	o.forgetLast()
	for i := range o.count {
		o.min[i], o.max[i], o.count[i] = 0, 0, 0
	}
	o.clear()
	if o.nonFinite, err = o.bins.Observe(x); err == nil {
		o.last = append(o.last, x...)
	}
	return o.nonFinite, err
}

func (o *lastMSE) forgetLast() { o.last, o.found = o.last[:0], false }

// sameBits tells 0 from −0, since what a checkpoint holds must not depend on what came before.
func sameBits(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }

// Range is the best range tried.
func (o *lastMSE) Range(lo, hi []float32) bool {
	if !o.found {
		if o.found = o.mse.Range(o.from, o.to); !o.found {
			return false
		}
	}
	copy(lo, o.from)
	copy(hi, o.to)
	return true
}

// Restore copies the extremes, the exponents and the counts.
func (o *lastMSE) Restore(state []State) error {
	o.forgetLast()
	return o.mse.Restore(state)
}

// Range is the best range tried.
func (o *mse) Range(lo, hi []float32) bool {
	var m masses
	return o.search(lo, hi, func(i int, counts []int64, left, width float64) (bottom, top float64) {
		m.accumulate(counts, left, width)
		loss := func(a, b float32, enough float64) float64 {
			s, z := o.target.Dialect.Choose(a, b, o.target.Format, o.target.Scheme)
			return m.loss(o.target.Format, s, z, enough)
		}
		full, fullTop := o.min[i], o.max[i]
		a, b := best(full, fullTop, func(f float32) (float32, float32) { return f * full, f * fullTop }, loss)
		if o.target.Scheme == affine.Affine {
			a, b = best(a, b, func(f float32) (float32, float32) { return a, f * fullTop }, loss)
			a, b = best(a, b, func(f float32) (float32, float32) { return f * full, b }, loss)
		}
		return float64(a), float64(b)
	})
}

// best returns the range with the least loss among a..b and those that shrunk
// gives for fractions 1/100 to 1; of equal ones, the widest.
func best(a, b float32, shrunk func(fraction float32) (float32, float32),
	loss func(a, b float32, enough float64) float64) (float32, float32) {
	least := loss(a, b, math.Inf(1))
	for n := mseSteps; n >= 1; n-- {
		lo, hi := shrunk(float32(n) / mseSteps)
		if e := loss(lo, hi, least); e < least {
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

func (m *masses) accumulate(counts []int64, left, width float64) {
	m.left, m.width = left, width
	m.sums = slices.Grow(m.sums[:0], len(counts)+1)[:len(counts)+1]
	var to [3]float64
	for j, n := range counts {
		m.sums[j] = to
		if n > 0 {
			x, n := left+float64((float64(j)+0.5)*width), float64(n)
			to = [3]float64{to[0] + n, to[1] + float64(n*x), to[2] + float64(n*x*x)}
		}
	}
	m.sums[len(counts)] = to
}

// loss is the squared error of a grid. All bins between two ties of the grid go to
// its number r between them:
//
//	Σ n·(x − r)² = Σ n·x² − 2r·Σ n·x + r²·Σ n
//
// A sum that is beyond enough is not finished: what is left has no negative part, but for
// rounding, which slack exceeds.
func (m *masses) loss(f affine.Format, s float32, z int32, enough float64) float64 {
	const slack = 1e-9 // of all parts' size; some 2⁻⁴¹ of it is what at most 256 of them are rounded by
	last, highest := len(m.sums)-1, f.Max()
	half, per := float64(float64(s)/2), 1/m.width // a power of two
	end := float64(float64(s) * float64(max(highest-z, z-f.Min())))
	enough += float64(slack * (m.sums[last][2] + float64(end*end*m.sums[last][0])))
	sum, from := 0.0, 0
	for q := f.Min(); q <= highest && sum <= enough; q++ {
		r, to := float64(float64(s)*float64(q-z)), last
		if q < highest {
			switch tie := math.Ceil(float64((r+half-m.left)*per) - 0.5); {
			case tie <= float64(from):
				continue
			case tie < float64(last):
				to = int(tie)
			}
		}
		a, b := &m.sums[from], &m.sums[to]
		sum += b[2] - a[2] - float64(2*r*(b[1]-a[1])) + float64(r*r*(b[0]-a[0]))
		from = to
	}
	return sum
}
