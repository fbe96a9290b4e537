package train

import (
	"fmt"
	"math"
	"testing"
)

func TestSchedule(t *testing.T) {
	for _, c := range []struct {
		name string
		s    Schedule
		want map[int]float64 // factor by step, of 100 steps, 10 to an epoch
	}{
		{"cosine begins at 1, is 1/2 in the middle and ends near 0", Schedule{},
			map[int]float64{0: 1, 25: (1 + math.Sqrt2/2) / 2, 50: 0.5, 75: (1 - math.Sqrt2/2) / 2}},
		{"cosine with a floor", Schedule{Final: 0.2}, map[int]float64{0: 1, 50: 0.6}},
		{"constant", Schedule{Shape: Constant}, map[int]float64{0: 1, 99: 1}},
		{"three steps by default", Schedule{Shape: Step},
			map[int]float64{0: 1, 33: 1, 34: 0.1, 67: 0.1, 68: 0.01, 99: 0.01}},
		{"steps in epochs", Schedule{Shape: Step, Every: Epochs(4), Gamma: 0.5},
			map[int]float64{39: 1, 40: 0.5, 79: 0.5, 80: 0.25}},
		{"warm-up rises in a line, then the shape begins", Schedule{Shape: Constant, Warmup: Steps(4)},
			map[int]float64{0: 0.25, 1: 0.5, 3: 1, 4: 1}},
		{"warm-up and cosine share the stage", Schedule{Warmup: Epochs(2)},
			map[int]float64{0: 0.05, 19: 1, 20: 1, 60: 0.5}},
		{"one cycle", Schedule{Shape: OneCycle}, map[int]float64{0: 0.04, 15: 0.52, 30: 1, 65: 0.500002}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for step, want := range c.want {
				if got := c.s.At(step, 100, 10); math.Abs(got-want) > 1e-12 {
					t.Errorf("step %d: %v, want %v", step, got, want)
				}
			}
		})
	}
}

// A factor is in 0..1 for every schedule and step: the learning rate of a stage
// is its greatest.
func TestScheduleStaysWithinBounds(t *testing.T) {
	for shape := range shapes {
		for _, warmup := range []Span{{}, Steps(1), Epochs(3), Steps(1000)} {
			s := Schedule{Shape: Shape(shape), Warmup: warmup}
			for _, total := range []int{1, 2, 7, 100} {
				for step := range total {
					if f := s.At(step, total, 10); !(f >= 0 && f <= 1) {
						t.Fatalf("%v at step %d of %d: %v", s, step, total, f)
					}
				}
			}
		}
	}
}

func ExampleSchedule_At() {
	s := Schedule{Shape: Cosine, Warmup: Steps(2)}
	for step := range 6 {
		fmt.Printf("%.3f ", s.At(step, 6, 3))
	}
	// Output: 0.500 1.000 1.000 0.854 0.500 0.146
}
