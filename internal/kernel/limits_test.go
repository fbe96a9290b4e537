package kernel

import (
	"math"
	"testing"
)

// TestLimitIsTheGreatest tries scales with which the limit is above or below the float32 next to
// (hi + ½)·s.
func TestLimitIsTheGreatest(t *testing.T) {
	r, moved := random(), map[int]int{}
	for _, hi := range []float32{0, 1, 2, 7, 64, 127, 128, 130, 254, 255, 256, 1022} {
		for range 3000 {
			g := grid{s: float32(math.Ldexp(1+r.Float64(), r.IntN(40)-30)), hi: hi}
			fits := func(x float32) bool { return math.RoundToEven(float64(x/g.s)) <= float64(hi) }
			limit := g.limit()
			if above := math.Nextafter32(limit, 3e38); !fits(limit) || fits(above) {
				t.Fatalf("the limit of %v·%v is %v, which fits: %v, the next: %v", hi, g.s, limit, fits(limit), fits(above))
			}
			middle := float32((float64(hi) + 0.5) * float64(g.s))
			moved[int(math.Float32bits(limit))-int(math.Float32bits(middle))]++
		}
	}
	if moved[1] == 0 || moved[0] == 0 || moved[-1] == 0 {
		t.Errorf("limits next to the middle by float32: %v", moved)
	}
}
