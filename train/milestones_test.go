package train

import (
	"strings"
	"testing"

	"petrify/graph"
)

func TestMilestonesAreReachedByTheFirstStepNotBefore(t *testing.T) {
	m := Milestones{Observe: Steps(2), Quantize: Steps(5), Settle: Epochs(2), FreezeBatchNorm: Epochs(1.5)}
	for _, c := range []struct {
		name string
		step int
		want graph.Switches
	}{
		{"before all", 1, graph.Switches{}},
		{"observers on", 2, graph.Switches{Observe: true}},
		{"still", 4, graph.Switches{Observe: true}},
		{"fake quantization on", 5, graph.Switches{Observe: true, Quantize: true}},
		{"batch norm frozen", 15, graph.Switches{Observe: true, Quantize: true, BatchNormFrozen: true}},
		{"observers off", 20, graph.Switches{Quantize: true, BatchNormFrozen: true}},
		{"far past", 1000, graph.Switches{Quantize: true, BatchNormFrozen: true}},
	} {
		if got := m.At(c.step, 10); got != c.want {
			t.Errorf("%s: step %d: %+v, want %+v", c.name, c.step, got, c.want)
		}
	}
}

func TestMilestoneDefaults(t *testing.T) {
	got := Milestones{}.resolve(30, 10, false, 15)
	want := Milestones{Observe: Steps(0), Quantize: Steps(0), Settle: Steps(20), FreezeBatchNorm: Steps(15)}
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	late := Milestones{Observe: Steps(4)}.resolve(30, 10, false, 15)
	if late.Quantize != Steps(4) || late.Settle != Steps(4+17) {
		t.Errorf("observers on at step 4: quantized from %v, settled at %v, want 4 and 21", late.Quantize, late.Settle)
	}
	learned := Milestones{}.resolve(30, 10, true, 15)
	if learned.Settle != Steps(0) {
		t.Errorf("observers stop at %v, want at once where scales are learned", learned.Settle)
	}
}

func TestMilestoneFaults(t *testing.T) {
	for _, c := range []struct {
		name string
		m    Milestones
		want string
	}{
		{"settle before observe", Milestones{Observe: Steps(10), Quantize: Steps(10), Settle: Steps(5)},
			"m.settle: 5 steps is before observe"},
		{"quantize before observe", Milestones{Observe: Epochs(1), Quantize: Steps(5)},
			"m.quantize: 5 steps is before observe"},
		{"past the end", Milestones{FreezeBatchNorm: Epochs(3)},
			"m.freeze_batch_norm: 3 epochs is not reached: the stage has 30 steps"},
		{"never quantized", Milestones{Quantize: Never()}, "m.quantize: never: want a step"},
		{"negative", Milestones{Settle: Steps(-5)}, "m.settle: -5 steps: want 0 or more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f Faults
			c.m.faults(&f, "m", 30, 10)
			if len(f) != 1 || !strings.Contains(f.Error(), c.want) {
				t.Errorf("got %v\nwant one fault with %q", f, c.want)
			}
		})
	}
	for name, m := range map[string]Milestones{
		"unset":                 {},
		"all in order":          {Observe: Steps(0), Quantize: Steps(4), Settle: Steps(20), FreezeBatchNorm: Steps(8)},
		"observers never rest":  {Settle: Never(), FreezeBatchNorm: Never()},
		"the ranges of PTQ":     {Observe: Never(), Settle: Never()},
		"settle at the start":   {Settle: Steps(0)},
		"observe late, settled": {Observe: Steps(25)},
	} {
		var f Faults
		m.faults(&f, "m", 30, 10)
		if len(f) > 0 {
			t.Errorf("%s: %v", name, f)
		}
	}
}
