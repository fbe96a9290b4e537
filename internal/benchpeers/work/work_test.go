package work_test

import (
	"testing"

	"petrify/internal/benchpeers/turns"
	"petrify/internal/benchpeers/work"
)

// TestEveryWorkCountsItsUnits does one piece of each kind.
func TestEveryWorkCountsItsUnits(t *testing.T) {
	ready := func(w turns.Work) func() (turns.Work, error) {
		return func() (turns.Work, error) { return w, nil }
	}
	training := func(network string, quantized bool) func() (turns.Work, error) {
		return func() (turns.Work, error) { return work.Train(network, 4, quantized) }
	}
	for name, c := range map[string]struct {
		make  func() (turns.Work, error)
		units float64
	}{
		"sgemm":     {ready(work.Gemm(16)), 2 * 16 * 16 * 16},
		"float cnn": {training("cnn", false), 4},
		"QAT mlp":   {training("mlp", true), 4},
		"QAT wide":  {training("wide-8", true), 4},
		"inference": {func() (turns.Work, error) { return work.Infer("ds-cnn", 2) }, 2},
		"Gorgonia":  {func() (turns.Work, error) { return work.Gorgonia(4) }, 4},
		"run":       {func() (turns.Work, error) { return work.Run(128) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := c.make()
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if units, err := w(); err != nil || units != c.units {
					t.Fatalf("%v units, %v; want %v", units, err, c.units)
				}
			}
		})
	}
}

func TestUnknownNetworks(t *testing.T) {
	for _, name := range []string{"vgg", "wide-", "wide-many"} {
		if _, err := work.Train(name, 1, true); err == nil {
			t.Errorf("no error for network %q", name)
		}
	}
}
