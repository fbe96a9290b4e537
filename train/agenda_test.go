package train

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

// byRule is small with a type rule for its convolution and a name rule for its
// linear layer.
func byRule(t *testing.T, conv, linear *fakequant.Scheme) Config {
	c := small(t)
	c.Quantization.Kinds = map[graph.Kind]*fakequant.Scheme{graph.KindConv2D: conv}
	c.Quantization.Names = []graph.NameRule{{Pattern: `linear_\d`, Scheme: linear}}
	return c
}

// The rules that byRule has.
var (
	convRule   = graph.Rule{Kind: graph.KindConv2D}
	linearRule = graph.Rule{Pattern: `linear_\d`}
)

// describe is the steps of a stage at which observers begin, quantization
// begins, observers stop and batch norm comes to rest, in each layer of an agenda.
func (a agenda) describe() string {
	var all []string
	for _, d := range a.domains {
		var s [4]string
		for step := range a.total {
			now := a.at(step)(d.Layer)
			for i, happened := range []bool{now.Observe, now.Quantize, s[0] != "" && !now.Observe,
				now.BatchNormFrozen} {
				if happened && s[i] == "" {
					s[i] = fmt.Sprint(step)
				}
			}
		}
		all = append(all, fmt.Sprintf("%s %q", d.Layer, s))
	}
	return strings.Join(all, ", ")
}

func TestLayersFollowTheirRules(t *testing.T) {
	int8, learned := fakequant.Int8(), fakequant.FewBits(4)
	every := Milestones{Observe: Steps(1), Quantize: Steps(2), Settle: Steps(9), FreezeBatchNorm: Epochs(1)}
	for _, tt := range []struct {
		name         string
		conv, linear *fakequant.Scheme
		every        Milestones
		own          map[graph.Rule]Milestones
		want         string
	}{
		{"all alike", &int8, &int8, every, nil,
			`conv2d_1 ["1" "2" "9" "16"], linear_1 ["1" "2" "9" "16"]`},
		{"one of its own", &int8, &int8, every, map[graph.Rule]Milestones{linearRule: {Observe: Steps(4),
			Quantize: Epochs(0.5), Settle: Never(), FreezeBatchNorm: Never()}},
			`conv2d_1 ["1" "2" "9" "16"], linear_1 ["4" "8" "" ""]`},
		{"all of their own", &int8, &int8, every, map[graph.Rule]Milestones{convRule: {Settle: Steps(20)},
			linearRule: {Quantize: Steps(5), FreezeBatchNorm: Steps(3)}},
			`conv2d_1 ["0" "0" "20" "16"], linear_1 ["0" "5" "21" "3"]`},
		{"a rule that holds for no layer", &int8, &int8, every, map[graph.Rule]Milestones{{}: {Quantize: Steps(30)}},
			`conv2d_1 ["1" "2" "9" "16"], linear_1 ["1" "2" "9" "16"]`},
		{"defaults of learned scales and of others", &int8, &learned, Milestones{}, nil,
			`conv2d_1 ["0" "0" "21" "16"], linear_1 ["" "0" "" "16"]`},
		{"learned scales that shall follow", &int8, &learned, Milestones{},
			map[graph.Rule]Milestones{linearRule: {Settle: Steps(7)}},
			`conv2d_1 ["0" "0" "21" "16"], linear_1 ["0" "0" "7" "16"]`},
		{"a float layer freezes its batch norm", nil, &int8, every,
			map[graph.Rule]Milestones{convRule: {FreezeBatchNorm: Steps(6)}},
			`conv2d_1 ["0" "0" "21" "6"], linear_1 ["1" "2" "9" "16"]`},
		{"a float layer without one has nothing to switch", &int8, nil, every, nil,
			`conv2d_1 ["1" "2" "9" "16"]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := byRule(t, tt.conv, tt.linear)
			c.Milestones, c.RuleMilestones = tt.every, tt.own
			if err := c.Validate(); err != nil {
				t.Fatal(err)
			}
			if got := c.agenda(mustModel(t, c).Domains()).describe(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// late is byRule whose linear layer observes from step 3 to 12 and quantizes
// from step 9 on, where the convolution observes from the first step to 20 and
// quantizes in all.
func late(t *testing.T, linear *fakequant.Scheme) Config {
	int8 := fakequant.Int8()
	c := byRule(t, &int8, linear)
	c.Milestones.Settle = Steps(20)
	c.RuleMilestones = map[graph.Rule]Milestones{linearRule: {Observe: Steps(3), Quantize: Steps(9), Settle: Steps(12)}}
	return c
}

// losses are those of the steps of the QAT stage.
func losses(t *testing.T, c Config) (all []float64) {
	t.Helper()
	c.Events.Step = func(s StepEnd) {
		if s.Stage == QAT {
			all = append(all, s.Loss)
		}
	}
	mustRun(t, c)
	return all
}

// Until the layer quantizes, training is, to the last bit, that of the network
// in which it stays float.
func TestLayerTrainsInFloatUntilItQuantizes(t *testing.T) {
	int8 := fakequant.Int8()
	got, float := losses(t, late(t, &int8)), losses(t, late(t, nil))
	if len(got) != 32 || len(float) != 32 {
		t.Fatalf("%d and %d steps, want 32", len(got), len(float))
	}
	if !slices.Equal(got[:9], float[:9]) {
		t.Errorf("losses %v, want those of the float layer, %v", got[:9], float[:9])
	}
	for i := 9; i < len(got); i++ {
		if got[i] == float[i] {
			t.Errorf("step %d has the loss of the float layer, %v", i, got[i])
		}
	}
}

// The quantizers count: tensors observed, by 16 batches of PTQ and in the QAT
// stage, and training steps that rounded. Observers of weights see those of the
// end of PTQ and of epochs, too.
func TestObserversAndRoundingStopAndStartApart(t *testing.T) {
	int8 := fakequant.Int8()
	_, end := whole(t, late(t, &int8))
	want := map[string][2]int64{
		"model/input":           {16 + 20, 32},
		"model/conv2d_1.weight": {16 + 1 + 20 + 1, 32},
		"model/conv2d_1":        {16 + 20, 32},
		"model/linear_1.weight": {16 + 1 + 9, 32 - 9},
		"model/linear_1":        {16 + 9, 32 - 9},
	}
	for _, s := range end.states {
		name, ok := strings.CutSuffix(s.Name, ".counters")
		if !ok {
			continue
		}
		if got := [2]int64{s.I64[0], s.I64[1]}; got != want[name] {
			t.Errorf("%s observed %d tensors and rounded in %d steps, want %v", name, got[0], got[1], want[name])
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("no counters of %v", slices.Collect(maps.Keys(want)))
	}
}

// Turns are announced before the steps that they hold for, and all that is
// switched when a run continues.
func TestTurnsAreAnnounced(t *testing.T) {
	int8 := fakequant.Int8()
	var got []string
	announce := func(turn Turn) {
		s := turn.Switches
		got = append(got, fmt.Sprintf("%d %s: %t %t %t", turn.Step, strings.Join(turn.Layers, " "), s.Observe,
			s.Quantize, s.BatchNormFrozen))
	}
	c := late(t, &int8)
	c.Out, c.Resume = t.TempDir(), true
	c.Events.Turn = announce
	ctx, cancel := context.WithCancel(t.Context())
	c.Events.Step = func(s StepEnd) {
		if s.Stage == QAT && s.Step == 13 {
			cancel()
		}
	}
	if _, err := Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want an interrupted run", err)
	}
	c.Events.Step = nil
	mustRun(t, c)
	want := []string{
		"0 conv2d_1: true true false",
		"0 linear_1: false false false",
		"3 linear_1: true false false",
		"9 linear_1: true true false",
		"12 linear_1: false true false",
		"13 conv2d_1: true true false", // resumed
		"13 linear_1: false true false",
		"16 conv2d_1: true true true",
		"16 linear_1: false true true",
		"20 conv2d_1: false true true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRuleMilestoneFaultsNameTheRule(t *testing.T) {
	int8 := fakequant.Int8()
	c := byRule(t, &int8, &int8)
	c.RuleMilestones = map[graph.Rule]Milestones{
		linearRule:               {Observe: Steps(9), Quantize: Steps(8)},
		{Kind: graph.KindLinear}: {},
		convRule:                 {Settle: Epochs(2)},
		{Pattern: "linear"}:      {Quantize: Never()},
		{Kind: graph.KindConv2D, Pattern: `linear_\d`}: {},
	}
	var faults Faults
	if !errors.As(c.Validate(), &faults) {
		t.Fatalf("got %v, want Faults", c.Validate())
	}
	want := Faults{
		{"qat.milestones.conv2d.settle",
			"2 epochs is not reached: the stage has 32 steps; want an earlier step, or never"},
		{"qat.milestones.linear", "quantization has no such rule: want one of its kinds or name patterns"},
		{`qat.milestones."linear"`, "quantization has no such rule: want one of its kinds or name patterns"},
		{`qat.milestones."linear".quantize`, "never: want a step; training without quantization is the float stage"},
		{`qat.milestones."linear_\d".quantize`,
			"8 steps is before observe (9 steps): want ranges before they are used"},
		{`qat.milestones."linear_\d"`, "quantization has no such rule: want one of its kinds or name patterns"},
	}
	if !slices.Equal(faults, want) {
		t.Errorf("got\n%v\nwant\n%v", faults, want)
	}
}

// A pattern that matches nothing is usually a typing error.
func TestRulesThatNoLayerFollowsAreNamed(t *testing.T) {
	var log strings.Builder
	c := small(t)
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	scheme := fakequant.Bits(4)
	for _, pattern := range []string{"linear_1", "linear_.", "Linear_1"} {
		c.Quantization.Names = append(c.Quantization.Names, graph.NameRule{Pattern: pattern, Scheme: &scheme})
	}
	if _, err := start(c.resolve()); err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]bool{"=linear_1\n": false, "=linear_.\n": true, "=Linear_1\n": true} {
		if got := strings.Contains(log.String(), "pattern"+pattern); got != want {
			t.Errorf("warned of %q: %v, want %v in\n%s", pattern, got, want, &log)
		}
	}
}
