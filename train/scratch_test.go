package train

import (
	"slices"
	"strings"
	"testing"

	"petrify/graph"
)

// Ranges observed after batch norm's first statistics, 0 and 1, kept this
// network at 19 %.
func TestQATFromScratchLearnsAtOnce(t *testing.T) {
	c := small(t)
	c.Data, c.Seed, c.Batch = digits(t, 1437, 360), 0, 64
	var err error
	if c.Network, err = graph.Builtin("cnn", 10); err != nil {
		t.Fatal(err)
	}
	c.Float, c.QAT = Stage{}, Stage{Epochs: 3, LearningRate: 2e-3}
	if result := mustRun(t, c); result.QAT.Accuracy < 0.9 {
		t.Errorf("accuracy %v after three epochs, want 0.9 at least", result.QAT.Accuracy)
	}
}

func TestCalibrationMovesTheStatisticsOfFreshNetworksOnly(t *testing.T) {
	for _, test := range []struct {
		name  string
		given bool
		moves bool
	}{
		{"fresh", false, true},
		{"trained elsewhere", true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := small(t)
			c.Float, c.QAT = Stage{}, Stage{}
			first, err := start(c.resolve())
			if err != nil {
				t.Fatal(err)
			}
			before := clone(floatState(first.model))
			if test.given {
				c.Weights = before
			}
			r, err := start(c.resolve())
			if err != nil {
				t.Fatal(err)
			}
			if err := r.calibrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			for i, s := range floatState(r.model) {
				want := test.moves && strings.Contains(s.Name, ".running_")
				if got := !slices.Equal(s.F32, before[i].F32); got != want {
					t.Errorf("%s moved: %v, want %v", s.Name, got, want)
				}
			}
		})
	}
}
