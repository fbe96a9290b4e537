package kernel

import (
	"math"
	"testing"
)

// TestAddBytesOfEveryPair compares each pair of bytes, and every length, with
// exact arithmetic.
func TestAddBytesOfEveryPair(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		for _, n := range append([]int{1<<16 + 5}, lengths...) {
			checkAddBytes(t, n, "uint8", Sum{A: 0.51, B: 1.73, Fixed: -3.25, Max: 255})
			checkAddBytes(t, n, "ties", Sum{A: 0.5, B: 0.25, Fixed: 0, Max: 255})
			checkAddBytes(t, n, "to 4 bits", Sum{A: 0.02, B: 0.03, Fixed: 118.5, Min: 120, Max: 135})
		}
	})
}

func checkAddBytes(t *testing.T, n int, name string, k Sum) {
	t.Helper()
	y, a, b := newFenced[uint8](n, 99, nil), make([]uint8, n), make([]uint8, n)
	for i := range a {
		a[i], b[i] = uint8(i), uint8(i>>8)
		if n < 1<<8 {
			b[i] = uint8(i * 37)
		}
	}
	AddBytes(y.slice(), a, b, k)
	once := func(x, y, z float64) float64 { // products are exact, and so is a sum of nearby exponents
		return float64(float32(x*y + z))
	}
	for i, got := range y.slice() {
		v := once(float64(a[i]), float64(k.A), once(float64(b[i]), float64(k.B), float64(k.Fixed)))
		if want := min(max(math.RoundToEven(v), float64(k.Min)), float64(k.Max)); float64(got) != want {
			t.Fatalf("%s, n=%d: %d + %d = %d, want %v", name, n, a[i], b[i], got, want)
		}
	}
	y.check(t, name)
}

func TestSumPixelsIsExact(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		for _, s := range enumerate(t, 200, func(c *choice) [3]int {
			return [3]int{pick(c, append([]int{64, 100, 256}, widths...)), pick(c, []int{1, 2, 3, 4, 5, 25}),
				pick(c, []int{1, 2, 3})}
		}) {
			checkSumPixels(t, s[2], s[1], s[0], 17)
		}
	})
}

func checkSumPixels(t *testing.T, n, pixels, c int, z int32) {
	t.Helper()
	name := label(n, " images of ", pixels, "×", c)
	x, acc, want := randomBytes[uint8](n*pixels*c, random()), newFenced[int32](n*c, 7, nil), make([]int64, n*c)
	for i, v := range x.slice() {
		want[i/(pixels*c)*c+i%c] += int64(v) - int64(z)
	}
	SumPixels(acc.slice(), x.slice(), z, n, pixels, c)
	for i, got := range acc.slice() {
		if int64(got) != want[i] {
			t.Fatalf("%s: acc[%d] = %d, want %d", name, i, got, want[i])
		}
	}
	acc.check(t, name)
}
