package observers

import (
	"math"
	"math/rand/v2"
	"testing"

	"petrify/fakequant/affine"
)

// TestUniformError compares the closed form with the integral, taken by
// midpoints.
func TestUniformError(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	mass := make([]float64, 40)
	for j := range mass {
		mass[j] = float64(rng.IntN(9))
	}
	const points = 2000
	for _, c := range []struct{ from, to, levels int }{{0, 39, 7}, {5, 30, 4}, {0, 39, 64}, {17, 17, 3}, {3, 12, 256}} {
		width := float64(c.to-c.from+1) / float64(c.levels)
		want := 0.0
		for j, m := range mass {
			for p := range points {
				x := float64(j-c.from) + (float64(p)+0.5)/points
				l := math.Max(0, math.Min(math.Floor(x/width), float64(c.levels-1)))
				d := x - (l+0.5)*width
				want += m * d * d / points
			}
		}
		if got := uniformError(mass, c.from, c.to, c.levels); math.Abs(got-want) > 1e-4*want {
			t.Errorf("bins %d..%d, %d levels: %v, by midpoints %v", c.from, c.to, c.levels, got, want)
		}
	}
}

// TestShrinkWhereNothingIsLost: as PyTorch does, the search continues where the
// error stays, and ends where it grows.
func TestShrinkWhereNothingIsLost(t *testing.T) {
	mass := []float64{0, 0, 1, 5, 5, 1, 0, 0}
	inner := func(from, to int) float64 { return float64(max(0, from-2) + max(0, 4-to)) }
	if from, to := shrink(mass, inner); from != 2 || to != 4 {
		t.Errorf("kept %d..%d, want 2..4, which lose nothing", from, to)
	}
}

// TestDivergence compares with P and Q written out.
func TestDivergence(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 50 {
		n, levels := 8+rng.IntN(40), 2+rng.IntN(7)
		kept, beyond := make([]float64, n), float64(rng.IntN(5))
		for j := range kept {
			kept[j] = float64(rng.IntN(4))
		}
		kept[0], kept[n-1] = 1, 2
		p, q := append([]float64(nil), kept...), make([]float64, n)
		p[n-1] += beyond
		for l := range levels {
			sum, filled := 0.0, 0
			for j := l * n / levels; j < (l+1)*n/levels; j++ {
				sum += kept[j]
				if kept[j] > 0 {
					filled++
				}
			}
			for j := l * n / levels; j < (l+1)*n/levels; j++ {
				if kept[j] > 0 {
					q[j] = sum / float64(filled)
				}
			}
		}
		total := func(v []float64) (sum float64) {
			for _, m := range v {
				sum += m
			}
			return sum
		}
		want, sp, sq := 0.0, total(p), total(q)
		for j := range p {
			if p[j] > 0 {
				want += p[j] / sp * math.Log(p[j]/sp/(q[j]/sq))
			}
		}
		if got := divergence(kept, beyond, levels); math.Abs(got-want) > 1e-12 {
			t.Errorf("%v and %v beyond, %d levels: %v, want %v", kept, beyond, levels, got, want)
		}
	}
	if d := divergence([]float64{1, 0}, 3, 2); !math.IsInf(d, 1) {
		t.Errorf("mass beyond an empty bin: %v, want infinity", d)
	}
}

// TestBins counts values as they come, and again at the end.
func TestBins(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	o := newMSE(Config{}, Target{Layout: affine.Layout{N: 1}}).(*mse)
	var all []float32
	for batch := range 20 {
		x := make([]float32, 50)
		for i := range x {
			x[i] = float32((rng.NormFloat64() + 0.3) * math.Exp(float64(4*(3*batch%7)-12)))
		}
		all = append(all, x...)
		if _, err := o.Observe(x); err != nil {
			t.Fatal(err)
		}
	}
	largest := 0.0
	for _, v := range all {
		largest = math.Max(largest, math.Abs(float64(v)))
	}
	width := math.Exp2(math.Floor(math.Log2(largest)) + 1 - 10)
	want := make([]int64, 2*side)
	for _, v := range all {
		want[side+int(math.Floor(float64(v)/width))]++
	}
	for j, n := range o.group(0) {
		if n != want[j] {
			t.Fatalf("bin %d: %d values, want %d", j-side, n, want[j])
		}
	}
}

// TestGridLoss compares the error of a grid from sums with that of each bin's
// centre alone.
func TestGridLoss(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 300 {
		left, width := math.Ldexp(float64(rng.IntN(2000)-1500), -9), math.Ldexp(1, -9)
		counts := make([]int64, 1+rng.IntN(2000))
		for j := range counts {
			counts[j] = int64(rng.IntN(5))
		}
		f := affine.Format{Bits: 2 + rng.IntN(7), Unsigned: rng.IntN(2) == 0}
		s, z := float32(math.Exp(3*rng.NormFloat64())/64), int32(0)
		if f.Unsigned {
			z = rng.Int32N(f.Max() + 1)
		}
		want := 0.0
		for j, n := range counts {
			x := left + (float64(j)+0.5)*width
			d := x - float64(affine.Fake(float32(x), s, z, f))
			want += float64(n) * d * d
		}
		var m masses
		m.accumulate(counts, left, width)
		if got := m.loss(f, s, z, math.Inf(1)); !(math.Abs(got-want) <= 1e-5*want+1e-9) {
			t.Fatalf("%v, s = %v, z = %d: %v, want %v", f, s, z, got, want)
		}
	}
}

// TestAbandonedLosses: the range of the least loss is the same, to the bit, whether sums that
// are beyond the least so far are finished or not.
func TestAbandonedLosses(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for n := range 200 {
		f := affine.Format{Bits: 2 + rng.IntN(7), Unsigned: rng.IntN(2) == 0}
		target := Target{Layout: affine.Layout{N: 1}, Format: f}
		if f.Unsigned && rng.IntN(2) == 0 {
			target.Scheme = affine.Affine
		}
		o := newMSE(Config{}, target).(*mse)
		x := make([]float32, 1+rng.IntN(300))
		shift, tail := rng.NormFloat64()*float64(n%3), 1+float64(n%2)*rng.Float64()
		for i := range x {
			v := rng.NormFloat64()
			x[i] = float32(shift + math.Copysign(math.Pow(math.Abs(v), tail), v))
		}
		if _, err := o.Observe(x); err != nil {
			t.Fatal(err)
		}
		var m masses
		finished := func(a, b float32) float64 {
			s, z := target.Dialect.Choose(a, b, f, target.Scheme)
			sum, from := 0.0, 0
			for q := f.Min(); q <= f.Max(); q++ {
				r, to := float64(float64(s)*float64(q-z)), len(m.sums)-1
				if q < f.Max() {
					tie := math.Ceil(float64((r+float64(float64(s)/2)-m.left)/m.width) - 0.5)
					to = int(max(float64(from), min(tie, float64(to))))
				}
				a, b := m.sums[from], m.sums[to]
				sum += b[2] - a[2] - float64(2*r*(b[1]-a[1])) + float64(r*r*(b[0]-a[0]))
				from = to
			}
			return sum
		}
		counts, left, width := o.filled(0)
		m.accumulate(counts, left, width)
		whole := func(a, b float32, _ float64) float64 { return finished(a, b) }
		lo, hi := o.min[0], o.max[0]
		a, b := best(lo, hi, func(f float32) (float32, float32) { return f * lo, f * hi }, whole)
		if target.Scheme == affine.Affine {
			a, b = best(a, b, func(f float32) (float32, float32) { return a, f * hi }, whole)
			a, b = best(a, b, func(f float32) (float32, float32) { return f * lo, b }, whole)
		}
		var got, gotTop [1]float32
		if o.Range(got[:], gotTop[:]); got[0] != max(a, lo) || gotTop[0] != min(b, hi) {
			t.Fatalf("%v, %d values: range %v to %v, want %v to %v", target, len(x), got[0], gotTop[0], a, b)
		}
	}
}
