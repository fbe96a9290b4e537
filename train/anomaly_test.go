package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/datasets"
)

func scoredAs(is []int, scores ...float32) (all []scored) {
	for i, y := range scores {
		all = append(all, scored{y, is[i] == 1})
	}
	return all
}

// TestAreas compares with what scikit-learn 1.2.1 says, roc_auc_score without max_fpr and
// with max_fpr=0.1.
func TestAreas(t *testing.T) {
	twenty := make([]int, 25)
	late := []float32{.93, .97, .5, 2, .99}
	var scores []float32
	for i := range 20 {
		scores = append(scores, float32(i)/20)
	}
	copy(twenty[20:], []int{1, 1, 1, 1, 1})
	eight, eighteen := []int{0, 0, 0, 0, 0, 1, 1, 1}, append(make([]int, 12), 1, 1, 1, 1, 1, 1)
	for name, c := range map[string]struct {
		samples       []scored
		area, partial float64
	}{
		"four":  {scoredAs([]int{0, 0, 1, 1}, .1, .4, .35, .8), 0.75, 0.7368421052631579},
		"equal": {scoredAs([]int{0, 1, 0, 1, 0, 1, 0, 1}, .5, .5, .5, .5, .5, .5, .5, .5), 0.5, 0.5},
		"a tie": {scoredAs(twenty, append(scores, late...)...), 0.895, 0.8421052631578947},
		"apart": {scoredAs(eight, 1, 2, 3, 4, 5, 6, 7, 8), 1, 1},
		"wrong": {scoredAs(eight, 4, 5, 6, 7, 8, 1, 2, 3), 0, 0.47368421052631576},
		"ties": {scoredAs(eighteen, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 6, 6, 5, 4, 3, 7), 0.763888888888889,
			0.6140350877192983},
		"normal alone": {scoredAs([]int{0, 0}, 1, 2), 0, 0},
		"none":         {nil, 0, 0},
	} {
		area, partial := areas(c.samples)
		if math.Abs(area-c.area) > 1e-12 || math.Abs(partial-c.partial) > 1e-12 {
			t.Errorf("%s: %v and %v, want %v and %v", name, area, partial, c.area, c.partial)
		}
	}
}

// TestAreaCountsPairs: the area is the part of the pairs in which the anomalous sample has
// the greater score, equal ones by half, in whatever order the samples come.
func TestAreaCountsPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 0))
	for range 300 {
		samples := make([]scored, 2+r.IntN(40))
		for i := range samples {
			samples[i] = scored{float32(r.IntN(1 + r.IntN(30))), r.IntN(3) == 0}
		}
		samples[0].is, samples[1].is = true, false
		won, pairs := 0.0, 0.0
		for _, a := range samples {
			for _, b := range samples {
				if !a.is || b.is {
					continue
				}
				pairs++
				switch {
				case a.y > b.y:
					won++
				case a.y == b.y:
					won += 0.5
				}
			}
		}
		area, partial := areas(samples)
		slices.Reverse(samples)
		again, partialAgain := areas(samples)
		if math.Abs(area-won/pairs) > 1e-12 || partial < 0 || partial > 1 || area != again || partial != partialAgain {
			t.Fatalf("%v: areas %v and %v, reversed %v and %v, want %v", samples, area, partial, again, partialAgain,
				won/pairs)
		}
	}
}

// TestScoresOfImages: outputs are C H W and inputs H W C, and rows that only fill a batch
// are not judged.
func TestScoresOfImages(t *testing.T) {
	j := &anomalyJudge{shape: [3]int{2, 1, 3}}
	b := datasets.Batch{N: 1, X: []float32{1, 10, 2, 20, 3, 30, 0, 0, 0, 0, 0, 0}, Targets: []float32{1, 0}}
	j.add(b, []float32{1, 2, 3, 10, 20, 36, 9, 9, 9, 9, 9, 9})
	if len(j.scores) != 1 || j.scores[0] != (scored{6, true}) {
		t.Errorf("scores %v, want 36/6 of an anomalous sample", j.scores)
	}
}
