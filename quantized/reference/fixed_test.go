package reference

import (
	"math"
	"testing"
)

func TestFixedPoint(t *testing.T) {
	for m, want := range map[float64]fixed{
		0.5: {1 << 30, 0}, 0.75: {3 << 29, 0}, 3: {3 << 29, 2},
		1 - 0x1p-31: {math.MaxInt32, 0}, 1 - 0x1p-33: {1 << 30, 1}, // rounded up to the next power of two
		0x1p-32: {1 << 30, -31}, 0x1.8p-33: {}, 0x1p30: {math.MaxInt32, 30}, 1e30: {math.MaxInt32, 30},
	} {
		if got := fixedPoint(m); got != want {
			t.Errorf("%v: %v, want %v", m, got, want)
		}
	}
}

func TestFixedProducts(t *testing.T) {
	for _, c := range []struct {
		m           float64
		a           int64
		twice, once int64
	}{
		{0.5, 3, 2, 2}, {0.5, -3, -1, -1}, // half up
		{0.25, 6, 2, 2}, {0.25, -6, -2, -1}, // half up once; twice, −3 is halved away from zero
		{0.25, 1, 1, 0}, // the first rounding makes a half of a quarter
		{4, 5, 20, 20}, {1e9, 1000, 1999999999, math.MaxInt32}, {1e9, -1000, -2000000000, math.MinInt32}, {0, 7, 0, 0},
	} {
		f := fixedPoint(c.m)
		if got := twice(f, c.a); got != c.twice {
			t.Errorf("%v·%v rounded twice: %v, want %v", c.a, c.m, got, c.twice)
		}
		if got := once(f, c.a); got != c.once {
			t.Errorf("%v·%v rounded once: %v, want %v", c.a, c.m, got, c.once)
		}
	}
}
