package portable

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// apart is the distance of two numbers in units of the last place of want.
func apart(got, want float64) float64 {
	if got == want || got != got && want != want {
		return 0
	}
	return math.Abs(got-want) / (math.Nextafter(math.Abs(want), math.Inf(1)) - math.Abs(want))
}

// TestAgainstMath draws arguments of all exponents within a range. Package math's
// own results are within a unit in the last place of the exact ones.
func TestAgainstMath(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		name   string
		f      func(float64) float64
		want   func(float64) float64
		lo, hi float64
		ulps   float64
	}{
		{"Exp", Exp, math.Exp, -708, 709, 2},
		{"Expm1", Expm1, math.Expm1, -60, 700, 3},
		{"Log", Log, math.Log, 0, 1e300, 2},
		{"Log1p", Log1p, math.Log1p, -.999, 1e9, 3},
		{"Tanh", Tanh, math.Tanh, -30, 30, 4},
		{"Erfc", Erfc, math.Erfc, -7, 26, 12},
		{"Log near 1", Log, math.Log, .3, 3, 3},
		{"CosPi", CosPi, func(x float64) float64 { return math.Sin(math.Pi * (.5 - x)) }, 0, 1, 4},
		{"Power", func(x float64) float64 { return Power(x, 1000) }, func(x float64) float64 { return math.Pow(x, 1000) },
			.9, 1, 600},
		{"Pow", func(x float64) float64 { return Pow(x, 2.7) }, func(x float64) float64 { return math.Pow(x, 2.7) },
			1e-6, 1, 100},
	} {
		r, worst, at := rand.New(rand.NewPCG(1, 2)), 0.0, 0.0
		for i := range 200_000 {
			x := c.lo + r.Float64()*(c.hi-c.lo)
			if i%2 == 0 {
				x = math.Ldexp(x, -r.IntN(60))
			}
			if x < c.lo {
				continue
			}
			if d := apart(c.f(x), c.want(x)); d > worst {
				worst, at = d, x
			}
		}
		t.Logf("%s: %.1f units at %v", c.name, worst, at)
		if !(worst <= c.ulps) {
			t.Errorf("%s(%v) = %v, want %v: %.1f units in the last place, at most %v", c.name, at, c.f(at), c.want(at),
				worst, c.ulps)
		}
	}
	for _, x := range []float64{0, math.Copysign(0, -1), inf, -inf, math.NaN(), 1, -1, 1000, -1000, 745, -745} {
		for _, c := range []struct {
			name    string
			f, want func(float64) float64
		}{{"Exp", Exp, math.Exp}, {"Expm1", Expm1, math.Expm1}, {"Log", Log, math.Log}, {"Tanh", Tanh, math.Tanh},
			{"Erfc", Erfc, math.Erfc}} {
			if got, want := c.f(x), c.want(x); apart(got, want) > 3 || math.Signbit(got) != math.Signbit(want) && got == got {
				t.Errorf("%s(%v) = %v, want %v", c.name, x, got, want)
			}
		}
	}
}

// TestWhatIsExact: results on which training relies, such as that a schedule
// begins with its first rate.
func TestWhatIsExact(t *testing.T) {
	for name, ok := range map[string]bool{
		"e⁰": Exp(0) == 1, "ln 1": Log(1) == 0, "cos 0": CosPi(0) == 1, "cos π/2": CosPi(.5) == 0,
		"cos π": CosPi(1) == -1, "erfc 0": Erfc(0) == 1, "x⁰": Power(.3, 0) == 1, "x¹": Power(.3, 1) == .3,
		"0ʸ": Pow(0, 2.5) == 0, "tanh −x": Tanh(-.7) == -Tanh(.7), "2³": Power(2, 3) == 8,
		"ln 2⁻¹⁰⁷⁰": Log(0x1p-1070) == -1070*math.Ln2,
	} {
		if !ok {
			t.Errorf("%s is not exact", name)
		}
	}
}

// TestExpAgainstTheSeries sums up the exponential series with 400 bits.
func TestExpAgainstTheSeries(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		x := r.NormFloat64() * 8
		float := func(v float64) *big.Float { return new(big.Float).SetPrec(400).SetFloat64(v) }
		sum, term := float(1), float(1)
		for n := 1.0; n < 200; n++ {
			term.Mul(term, float(x)).Quo(term, float(n))
			sum.Add(sum, term)
		}
		want, _ := sum.Float64()
		if d := apart(Exp(x), want); d > 1 {
			t.Errorf("e^%v = %v, want %v: %v units in the last place", x, Exp(x), want, d)
		}
	}
}

func TestLdexp(t *testing.T) {
	for k := -1100; k <= 1100; k++ {
		for _, x := range []float64{0.7, 1 - 0x1p-53, 1, 1 + 0x1p-52, 1.42} {
			if got, want := ldexp(x, k), math.Ldexp(x, k); got != want {
				t.Errorf("%v·2^%d: %v, want %v", x, k, got, want)
			}
		}
	}
}
