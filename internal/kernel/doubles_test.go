package kernel

import (
	"math"
	"slices"
	"testing"
)

// TestDoublesAgreeOnEveryPath: exponentials over all that the assembly takes, and over what
// it leaves to Go; layer normalisations of any numbers.
func TestDoublesAgreeOnEveryPath(t *testing.T) {
	rows := map[string]func(n int, top float32) []float32{
		"small":        func(n int, _ float32) []float32 { return in(n, random()).slice() },
		"within range": func(n int, top float32) []float32 { return below(n, top, 690) },
		"underflow":    func(n int, top float32) []float32 { return below(n, top, 800) },
		"hidden": func(n int, top float32) []float32 {
			x := below(n, top, 3)
			x[n/2] = float32(math.Inf(-1))
			return x
		},
		"any": func(n int, _ float32) []float32 { return wild(n, random()).slice() },
	}
	everyPath(t, func(t *testing.T) {
		for name, row := range rows {
			for n := 1; n <= 41; n++ {
				for _, top := range []float32{0, -1.7, 3e4} {
					x := row(n, top)
					top := slices.Max(append(x, top))
					e, want := newFenced[float64](n, 777, nil), make([]float64, n)
					exponentials(e.slice(), x, float64(top))
					exponentialsGeneric(want, x, float64(top))
					for i, w := range want {
						if got := e.slice()[i]; math.Float64bits(got) != math.Float64bits(w) && (got == got || w == w) {
							t.Fatalf("%s: exp(%v − %v), %d of %d, is %v, want %v", name, x[i], top, i, n, got, w)
						}
					}
					e.check(t, name)
				}
				x, gamma, beta := row(n, 5), wild(n, random()).slice(), wild(n, random(2)).slice()
				y, want := out(n), make([]float32, n)
				normalise(y.slice(), x, gamma, beta, .3, 1.7)
				normaliseGeneric(want, x, gamma, beta, .3, 1.7)
				sameBits(t, name, y.slice(), want)
				y.check(t, name)
			}
		}
	})
}

// below is random numbers from top − size to top.
func below(n int, top float32, size float64) []float32 {
	r, x := random(uint64(n)), make([]float32, n)
	for i := range x {
		x[i] = float32(float64(top) - size*r.Float64())
	}
	return x
}
