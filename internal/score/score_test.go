package score

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

// Twelve samples by hand: 97 : 3 data look good until each class is counted.
func TestByHand(t *testing.T) {
	s := New(3)
	if s.Accuracy() != 0 || s.Balanced() != 0 || s.CalibrationError() != 0 {
		t.Error("an empty score is not zero")
	}
	for range 9 {
		s.Add(0, []float64{0.8, 0.2, 0})
	}
	s.Add(1, []float64{0.8, 0.2, 0})
	if got := s.Add(1, []float64{0.4, 0.6, 0}); got != 1 {
		t.Errorf("predicted %d, want 1", got)
	}
	if want := [][]int{{9, 0, 0}, {1, 1, 0}, {0, 0, 0}}; !slices.EqualFunc(s.Confusion, want, slices.Equal) {
		t.Errorf("confusion %v", s.Confusion)
	}
	// Ten samples of confidence 0.8, nine right; one of 0.6, right.
	if want := 10.0/11*math.Abs(0.9-0.8) + 1.0/11*0.4; !near(s.CalibrationError(), want) {
		t.Errorf("calibration error %v, want %v", s.CalibrationError(), want)
	}
	if !near(s.Accuracy(), 10.0/11) || !near(s.Balanced(), 0.75) {
		t.Errorf("accuracy %v, balanced %v, want 10/11 and 3/4", s.Accuracy(), s.Balanced())
	}
}

// Of equal probabilities, the first class is predicted, and the fifth is the
// last of the first five.
func TestTies(t *testing.T) {
	even := make([]float64, 12)
	for i := range even {
		even[i] = 1.0 / 12
	}
	s := New(12)
	for class := range even {
		if got := s.Add(class, even); got != 0 {
			t.Errorf("predicted %d, want 0", got)
		}
	}
	if !near(s.Top5(), 5.0/12) || !near(s.Accuracy(), 1.0/12) {
		t.Errorf("top 5 %v, accuracy %v", s.Top5(), s.Accuracy())
	}
}

// A confidence on the edge belongs to the interval below it.
func TestEdgesOfIntervals(t *testing.T) {
	for i := 1; i <= Bins; i++ {
		for _, c := range []struct {
			p    float64
			want int
		}{
			{(float64(i) - 0.5) / Bins, i - 1}, {float64(i)/Bins - 1e-12, i - 1},
			{float64(3*(i%5)+3) / Bins, 3*(i%5) + 2}, // fifths are on the edge in float64, too
		} {
			s := New(1)
			s.Add(0, []float64{c.p})
			if s.bins[c.want].count != 1 {
				t.Errorf("probability %v is not in interval %d", c.p, c.want)
			}
		}
	}
	s := New(1)
	s.Add(0, []float64{0})
	s.Add(0, []float64{1})
	if s.bins[0].count != 1 || s.bins[Bins-1].count != 1 {
		t.Error("0 and 1 are not in the first and last interval")
	}
}

// Random samples against sums that are computed in another way.
func TestAgainstPlainSums(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const classes, n = 20, 500
	s := New(classes)
	right, first5 := 0, 0
	for range n {
		p, class := make([]float64, classes), r.IntN(classes)
		for i := range p {
			p[i] = r.Float64()
		}
		p[class] += 0.3
		order := make([]int, classes)
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, p[b]-p[a])) })
		if at := slices.Index(order, class); at == 0 {
			right++
		}
		if slices.Index(order, class) < 5 {
			first5++
		}
		if got := s.Add(class, p); got != order[0] {
			t.Fatalf("predicted %d, want %d", got, order[0])
		}
	}
	if s.Samples() != n || !near(s.Accuracy(), float64(right)/n) || !near(s.Top5(), float64(first5)/n) {
		t.Errorf("%d samples, accuracy %v, top 5 %v; want %d, %v, %v", s.Samples(), s.Accuracy(), s.Top5(), n,
			float64(right)/n, float64(first5)/n)
	}
}
