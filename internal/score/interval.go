package score

import "math"

// z95 is the quantile of the normal distribution that leaves 2.5 % on each side.
const z95 = 1.959964

// Interval is the 95 % confidence interval of an accuracy of right samples out of n:
//
//	(p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n)
//
// E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical
// Inference", Journal of the American Statistical Association 22, 1927.
func Interval(right, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	p, m := float64(right)/float64(n), float64(n)
	middle := p + z95*z95/(2*m)
	half := z95 * math.Sqrt(p*(1-p)/m+z95*z95/(4*m*m))
	return max(0, (middle-half)/(1+z95*z95/m)), min(1, (middle+half)/(1+z95*z95/m))
}

// McNemar is the probability that two networks as good as each other differ at
// least as much on the same samples as these two, of which one alone is right on a
// samples and the other alone on b: the two-sided binomial test,
//
//	p = min(1, 2·Σ_{k ≤ min(a, b)} C(a + b, k)/2^(a+b))
//
// Q. McNemar, "Note on the Sampling Error of the Difference between Correlated
// Proportions or Percentages", Psychometrika 12, 1947, in its exact form.
func McNemar(a, b int) float64 {
	n := a + b
	sum := 0.0
	logOf := func(k int) float64 { l, _ := math.Lgamma(float64(k) + 1); return l }
	for k := range min(a, b) + 1 {
		sum += math.Exp(logOf(n) - logOf(k) - logOf(n-k) - float64(n)*math.Ln2)
	}
	return min(1, 2*sum)
}
