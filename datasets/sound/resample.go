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
	var s *sampler
	if rate != r.Rate {
		s = newSampler(r.Rate, rate)
	}
	for i := range all {
		if s == nil {
			all[i] = Round(float64(r.Samples[i]))
		} else {
			all[i] = Round(s.at(r.Samples, i))
		}
	}
	return all
}

// Round is the integer of 16 bits that is nearest to v, half to even.
func Round(v float64) int16 {
	return int16(math.RoundToEven(min(max(v, math.MinInt16), math.MaxInt16)))
}

// sampler changes the rate of recordings. Of a sample between two others, the place is a
// multiple of 1/phases.
type sampler struct {
	step, phases int // to the next sample: step/phases samples of the recording
	wide         int // samples to either side
	shrink       float64
	weights      [][]float64 // by phase; nil until one is needed
}

func newSampler(from, to int) *sampler {
	common := from
	for a := to; a != 0; {
		common, a = a, common%a
	}
	s := &sampler{step: from / common, phases: to / common, shrink: min(1, float64(to)/float64(from))}
	s.wide = int(reach/s.shrink) + 1
	s.weights = make([][]float64, s.phases)
	return s
}

// at is the recording at the place of sample i of the other rate.
func (s *sampler) at(x []float32, i int) float64 {
	place := int64(i) * int64(s.step)
	centre, phase := int(place/int64(s.phases)), int(place%int64(s.phases))
	weights := s.weights[phase]
	if weights == nil {
		weights = s.weigh(phase)
		s.weights[phase] = weights
	}
	first := max(0, centre-s.wide)
	weights = weights[first-(centre-s.wide):]
	x = x[min(first, len(x)):min(centre+s.wide+1, len(x))]
	sum := 0.0
	for k, v := range x {
		sum += float64(weights[k] * float64(v))
	}
	return sum
}

// weigh computes the weights of the samples around one.
func (s *sampler) weigh(phase int) []float64 {
	all := make([]float64, 2*s.wide+1)
	table, place := kernel(), float64(phase)/float64(s.phases)
	for i := range all {
		x := float64(math.Abs(float64(i-s.wide)-place) * s.shrink * steps)
		if k := int(x); k < reach*steps {
			all[i] = s.shrink * (table[k] + float64((x-float64(k))*(table[k+1]-table[k])))
		}
	}
	return all
}
