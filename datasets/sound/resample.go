package sound

import (
	"math"
	"sync"
)

// A sound is resampled by a windowed sinc: frequencies up to 0.9 of half the lower rate
// pass, to 0.1 %, and those from half the lower rate on are lower by 80 dB. The
// window is Kaiser's (J. F. Kaiser, Nonrecursive digital filter design using the
// I0-sinh window function, ISCAS 1974): β for 80 dB, and a length for a transition
// of a tenth of half the rate.
const (
	reach  = 51   // of the kernel to either side, in samples of the lower rate
	beta   = 7.86 // 0.1102·(80 − 8.7)
	cutoff = 0.95 // of half the lower rate
	steps  = 1024 // of the kernel's table in a sample, between which it is linear
)

// kernel is the table of cutoff·sinc(cutoff·x)·kaiser(x / reach), x from 0 to reach.
var kernel = sync.OnceValue(func() []float64 {
	table := make([]float64, reach*steps+2) // the last is 0
	whole := bessel(beta)
	for i := range reach * steps {
		x := float64(i) / steps
		sinc := cutoff
		if i > 0 {
			sinc = sinPi(cutoff*x) / (math.Pi * x)
		}
		edge := x / reach
		table[i] = sinc * bessel(beta*math.Sqrt(1-float64(edge*edge))) / whole
	}
	return table
})

// bessel is the modified Bessel function of the first kind of order 0: Σ ((x/2)ᵏ/k!)².
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1; k < 40; k++ {
		term *= x / 2 / float64(k)
		sum += float64(term * term)
	}
	return sum
}

// At returns up to n samples of the recording at another rate, as integers of 16 bits,
// rounded half to even. Beyond its ends a recording is silent.
func (r Recording) At(rate, n int) []int16 {
	count := int((int64(len(r.Samples))*int64(rate) + int64(r.Rate) - 1) / int64(r.Rate))
	all := make([]int16, min(n, count))
	for i := range all {
		v := 0.0
		if rate == r.Rate {
			v = float64(r.Samples[i])
		} else {
			v = r.between(int64(i)*int64(r.Rate), int64(rate))
		}
		all[i] = int16(math.RoundToEven(min(max(v, math.MinInt16), math.MaxInt16)))
	}
	return all
}

// between is the recording at sample at/rate.
func (r Recording) between(at, rate int64) float64 {
	shrink := min(1, float64(rate)/float64(r.Rate)) // samples of the lower rate in one of the recording
	place := float64(at%rate) / float64(rate)
	centre, wide := int(at/rate), int(reach/shrink)+1
	table, sum := kernel(), 0.0
	for i := max(0, centre-wide); i < min(len(r.Samples), centre+wide+1); i++ {
		x := math.Abs(float64(i-centre)-place) * shrink * steps
		if x >= reach*steps {
			continue
		}
		k := int(x)
		weight := table[k] + float64((x-float64(k))*(table[k+1]-table[k]))
		sum += float64(weight * float64(r.Samples[i]))
	}
	return sum * shrink
}
