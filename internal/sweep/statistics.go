package sweep

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Estimate is a mean over trials. The intervals hold the mean of all possible seeds with
// 95 % confidence; they are as wide as the real line for a single trial.
type Estimate struct {
	N         int     `json:"n"`
	Mean      float64 `json:"mean"`
	Deviation float64 `json:"deviation"` // of the sample, with n − 1
	// half of Student's interval: Mean ± Half; 0 for a single trial, which has none
	Half float64 `json:"half"`
	// percentile bootstrap; narrower than Student's for few trials, since it cannot know
	// what they have not met
	Bootstrap [2]float64 `json:"bootstrap"`
}

// confidence of all intervals.
const confidence = 0.95

// resamples is the number of bootstrap samples.
const resamples = 2000

// NewEstimate is the mean of values with its intervals. It is deterministic.
func NewEstimate(values []float64) Estimate {
	if len(values) == 0 {
		return Estimate{}
	}
	e := Estimate{N: len(values), Mean: stat.Mean(values, nil)}
	e.Bootstrap = [2]float64{e.Mean, e.Mean}
	if e.N < 2 {
		return e
	}
	e.Deviation = stat.StdDev(values, nil)
	e.Half = student(e.N-1).Quantile((1+confidence)/2) * e.Deviation / math.Sqrt(float64(e.N))
	rng := rand.New(rand.NewPCG(uint64(e.N), 0))
	means := make([]float64, resamples)
	for i := range means {
		for range values {
			means[i] += values[rng.IntN(e.N)] / float64(e.N)
		}
	}
	slices.Sort(means)
	e.Bootstrap = [2]float64{
		stat.Quantile((1-confidence)/2, stat.Empirical, means, nil),
		stat.Quantile((1+confidence)/2, stat.Empirical, means, nil),
	}
	return e
}

func student(degrees int) distuv.StudentsT {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(degrees)}
}

// Comparison is a paired test of two groups of trials that differ in nothing else, seed by
// seed.
type Comparison struct {
	Pairs      int     `json:"pairs"`
	Difference float64 `json:"difference"` // mean of the pairs
	Student    float64 `json:"student"`    // p of Student's paired t-test, two-sided; 1 for fewer than two pairs
	// p of the exact permutation test, two-sided: the share of the 2ⁿ choices of signs whose
	// mean is as far from 0. With 5 pairs it is 0.0625 at least.
	Permutation float64 `json:"permutation"`
}

// exact is the greatest number of pairs whose signs are enumerated.
const exact = 16

// compare tests whether the mean of differences is 0.
func compare(differences []float64) Comparison {
	n := len(differences)
	c := Comparison{Pairs: n, Student: 1, Permutation: 1}
	if n == 0 {
		return c
	}
	c.Difference = stat.Mean(differences, nil)
	if n < 2 {
		return c
	}
	switch deviation := stat.StdDev(differences, nil); {
	case deviation > 0:
		t := math.Abs(c.Difference) / (deviation / math.Sqrt(float64(n)))
		c.Student = 2 * student(n-1).Survival(t)
	case c.Difference != 0:
		c.Student = 0
	}
	c.Permutation = permutation(differences)
	return c
}

// drawn is the number of choices of signs that are drawn where there are too many.
const drawn = 10_000

// permutation is the share of the choices of signs whose sum is as far from 0.
func permutation(differences []float64) float64 {
	sum := func(signs func(word int) uint64) (s float64) {
		bits := uint64(0)
		for i, d := range differences {
			if i%64 == 0 {
				bits = signs(i / 64)
			}
			if bits>>(i%64)&1 == 1 {
				d = -d
			}
			s += d
		}
		return math.Abs(s)
	}
	limit := sum(func(int) uint64 { return 0 }) * (1 - 1e-12) // the same sum in another order
	all, far := drawn, 1                                      // the choice that was observed
	if n := len(differences); n <= exact {
		all, far = 1<<n, 0
		for signs := range uint64(1) << n {
			far += one(sum(func(int) uint64 { return signs }) >= limit)
		}
	} else {
		rng := rand.New(rand.NewPCG(uint64(n), 1))
		for range drawn - 1 {
			far += one(sum(func(int) uint64 { return rng.Uint64() }) >= limit)
		}
	}
	return float64(far) / float64(all)
}

func one(holds bool) int {
	if holds {
		return 1
	}
	return 0
}

// holm adjusts p-values for their number (Holm 1979).
func holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	adjusted, greatest := make([]float64, len(p)), 0.0
	for rank, i := range order {
		greatest = max(greatest, min(1, p[i]*float64(len(p)-rank)))
		adjusted[i] = greatest
	}
	return adjusted
}
