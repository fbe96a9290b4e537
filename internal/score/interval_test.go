package score

import (
	"math"
	"math/big"
	"testing"
)

// The ends are where a normal approximation of the test just rejects: for the end e,
// |p − e| = z·√(e(1 − e)/n).
func TestIntervalInvertsTheTest(t *testing.T) {
	for _, n := range []int{1, 2, 10, 355, 10000} {
		for right := 0; right <= n; right += 1 + n/20 {
			p := float64(right) / float64(n)
			lo, hi := Interval(right, n)
			if lo < 0 || hi > 1 || lo > p+1e-12 || hi < p-1e-12 {
				t.Errorf("%d of %d: %v to %v", right, n, lo, hi)
			}
			for _, e := range []float64{lo, hi} {
				if e == 0 || e == 1 {
					continue
				}
				if d, want := math.Abs(p-e), z95*math.Sqrt(e*(1-e)/float64(n)); math.Abs(d-want) > 1e-7 {
					t.Errorf("%d of %d: the end %v is %v away, want %v", right, n, e, d, want)
				}
			}
		}
	}
	if lo, hi := Interval(0, 0); lo != 0 || hi != 1 {
		t.Errorf("of nothing: %v to %v", lo, hi)
	}
}

// All small tables, against the sum in rational numbers.
func TestMcNemarIsTheBinomialTest(t *testing.T) {
	for a := range 30 {
		for b := range 30 {
			sum := new(big.Int)
			for k := range min(a, b) + 1 {
				sum.Add(sum, new(big.Int).Binomial(int64(a+b), int64(k)))
			}
			ratio := new(big.Rat).SetFrac(sum.Lsh(sum, 1), new(big.Int).Lsh(big.NewInt(1), uint(a+b)))
			want, _ := ratio.Float64()
			if got := McNemar(a, b); math.Abs(got-min(want, 1)) > 1e-12 {
				t.Errorf("%d and %d: %v, want %v", a, b, got, min(want, 1))
			}
		}
	}
	if p := McNemar(100000, 100500); !(p > 0.2 && p < 0.3) { // by the normal distribution: 0.264
		t.Errorf("large counts: %v", p)
	}
}
