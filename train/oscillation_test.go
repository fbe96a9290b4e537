package train

import (
	"errors"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

// restless is a run whose weights oscillate: 3 bits, and a learning rate that
// does not fall.
func restless(t *testing.T) Config {
	c := small(t)
	c.Quantization = graph.Uniform(fakequant.Bits(3))
	c.QAT = Stage{Epochs: 4, LearningRate: 0.005, Schedule: Schedule{Shape: Constant}}
	c.Oscillation = Oscillation{Watch: true, Momentum: 0.1}
	return c
}

// last is what the last record says about the weights, their mean.
func last(t *testing.T, r *Result) (share, frozen float64) {
	t.Helper()
	weights := r.Records[len(r.Records)-1].Oscillating
	if len(weights) != 2 || weights[0].Tensor != "conv2d_1.weight" || weights[1].Tensor != "linear_1.weight" {
		t.Fatalf("the last record has %+v, want both weights", weights)
	}
	return (weights[0].Share + weights[1].Share) / 2, (weights[0].Frozen + weights[1].Frozen) / 2
}

func TestOscillationIsReportedAndCured(t *testing.T) {
	c := restless(t)
	var log strings.Builder
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	result := mustRun(t, c)
	sick, frozen := last(t, result)
	if sick < 0.1 || frozen != 0 {
		t.Fatalf("without a cure %v oscillate, %v are frozen: the test proves little", sick, frozen)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "of the weights oscillate") {
		t.Errorf("the log does not warn:\n%s", &log)
	}
	for _, r := range result.Records[:4] {
		if r.Stage != QAT && r.Oscillating != nil {
			t.Errorf("%v: %v oscillate", r.Stage, r.Oscillating)
		}
	}

	c.Oscillation.Dampen = 0.1
	if got, frozen := last(t, mustRun(t, c)); got > 0.8*sick || frozen != 0 {
		t.Errorf("dampened, %v oscillate and %v are frozen; before %v", got, frozen, sick)
	}
	c.Oscillation.Dampen, c.Oscillation.Freeze = 0, 0.01
	if got, frozen := last(t, mustRun(t, c)); got > 0.8*sick || frozen < 0.1 {
		t.Errorf("with freezing, %v oscillate and %v are frozen; before %v", got, frozen, sick)
	}
}

func TestWatchingMovesNothing(t *testing.T) {
	c := restless(t)
	watched := mustRun(t, c)
	c.Oscillation = Oscillation{}
	if !reflect.DeepEqual(watched.Model, mustRun(t, c).Model) {
		t.Error("a run that only watches freezes another model")
	}
}

func TestCourseOfTheCures(t *testing.T) {
	c := small(t)
	c.Milestones, c.RuleMilestones = Milestones{Quantize: Steps(8)},
		map[graph.Rule]Milestones{{Kind: graph.KindLinear}: {Quantize: Epochs(1)}}
	a := c.agenda([]graph.Domain{{Layer: "conv"}, {Layer: "fc", Rule: graph.Rule{Kind: graph.KindLinear}}})
	for _, tt := range []struct {
		layer string
		step  int
		x     float64
		ok    bool
	}{
		{"conv", 7, 0, false}, {"conv", 8, 0, true}, {"conv", 20, 0.5, true}, {"conv", 31, 23. / 24, true},
		{"fc", 15, 0, false}, {"fc", 16, 0, true}, {"fc", 20, 0.25, true},
	} {
		if x, ok := a.course(tt.layer, tt.step); ok != tt.ok || math.Abs(x-tt.x) > 1e-12 {
			t.Errorf("%s, step %d: %v, %v; want %v, %v", tt.layer, tt.step, x, ok, tt.x, tt.ok)
		}
	}
	if got := (Oscillation{Dampen: 1, Freeze: 0.01}).resolve(); got.Momentum != 0.01 || got.FreezeStart != 0.1 {
		t.Errorf("resolved %+v", got)
	}
}

func TestOscillationFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Config)
		paths  string
	}{
		"numbers": {func(c *Config) {
			c.Oscillation = Oscillation{Momentum: 2, Dampen: -1, Freeze: 1, FreezeStart: 0.5}
			c.Reestimate = -1
		}, "oscillation.dampen oscillation.freeze oscillation.freeze_start oscillation.momentum reestimate"},
		"without effect": {func(c *Config) {
			c.Oscillation = Oscillation{Momentum: 0.1, FreezeStart: 0.5}
		}, "oscillation.freeze_start oscillation.momentum"},
		"without qat": {func(c *Config) {
			c.QAT.Epochs, c.Oscillation.Watch, c.Reestimate = 0, true, 1
		}, "oscillation reestimate"},
		"without batch norm": {func(c *Config) {
			c.Network.Layers = append(c.Network.Layers[:1:1], c.Network.Layers[2:]...)
			c.Reestimate = 2
		}, "reestimate"},
		"more than an epoch": {func(c *Config) { c.Reestimate = 17 }, "reestimate"},
	} {
		t.Run(name, func(t *testing.T) {
			c := small(t)
			tt.change(&c)
			var faults Faults
			if !errors.As(c.Validate(), &faults) {
				t.Fatalf("got %v, want Faults", c.Validate())
			}
			var paths []string
			for _, f := range faults {
				paths = append(paths, f.Path)
			}
			if got := strings.Join(paths, " "); got != tt.paths {
				t.Errorf("faults at %s, want %s\n%v", got, tt.paths, faults)
			}
		})
	}
}
