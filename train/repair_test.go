package train

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/sample"
	"petrify/quantized/integer"
)

// deep is a network in which errors add up, trained in float, of which only PTQ is
// left.
func deep(t *testing.T, bits int) Config {
	c := small(t)
	c.Network.Layers = append([]graph.Layer{
		graph.Conv2D(8, 3).Same(), graph.BatchNorm(), graph.ReLU(),
		graph.Conv2D(8, 3).Same(), graph.BatchNorm(), graph.ReLU()}, c.Network.Layers...)
	c.Quantization, c.QAT.Epochs = graph.Uniform(fakequant.Bits(bits)), 0
	return c
}

// By default, few bits are repaired, which lowers PTQ's loss, and 8 bits are not. A
// setting says otherwise, either way. A QAT stage begins from the float network, unless
// the repaired one is kept.
func TestRepairByBits(t *testing.T) {
	for i, test := range []struct {
		name     string
		bits     int
		ptq      Repair
		epochs   int // of QAT
		repaired bool
	}{
		{"2 bits", 2, Repair{}, 0, true},
		{"2 bits, kept for QAT", 2, Repair{Keep: true}, 1, true},
		{"8 bits, kept for QAT", 8, Repair{Keep: true}, 1, false},
		{"8 bits", 8, Repair{}, 0, false},
		{"2 bits, not wanted", 2, Repair{BiasCorrection: No, GPTQ: No}, 0, false},
		{"8 bits, wanted", 8, Repair{GPTQ: Yes}, 0, true},
		{"8 bits, searched", 8, Repair{AdaRound: true, Iterations: 20}, 0, true},
		{"8 bits, searched by block", 8, Repair{BRECQ: true, Iterations: 20}, 0, true},
		{"2 bits, equalized", 2, Repair{BiasCorrection: No, GPTQ: No, Equalization: true}, 0, true},
		{"2 bits before QAT", 2, Repair{}, 1, true},
	} {
		if sample.Skips(i, 4) {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			c := deep(t, test.bits)
			c.QAT.Epochs, c.PTQ = test.epochs, Repair{BiasCorrection: No, GPTQ: No}
			plain := calibrated(t, c)
			c.PTQ = test.ptq
			r := calibrated(t, c)
			if got := r.Results[PTQ] != plain.Results[PTQ]; got != test.repaired {
				t.Errorf("repaired: %v, want %v", got, test.repaired)
			}
			if test.bits < 8 && test.repaired && !test.ptq.Equalization && !(r.Results[PTQ].Loss < plain.Results[PTQ].Loss) {
				t.Errorf("the repair leaves a loss of %v, without it %v", r.Results[PTQ].Loss, plain.Results[PTQ].Loss)
			}
			changed := !reflect.DeepEqual(floatState(r.model), floatState(plain.model))
			if want := test.ptq.Keep && test.repaired; test.epochs > 0 && changed != want {
				t.Errorf("QAT begins from other weights: %v, want %v", changed, want)
			}
		})
	}
}

// What changes the float network comes first: equalization or SmoothQuant, then the
// absorption of biases. Ranges, batch norm's statistics and integers follow from what they
// leave, as if the network had been trained so.
func TestOrderOfRepairs(t *testing.T) {
	type change func(m *graph.Model, x []float32) error
	equalize := func(m *graph.Model, _ []float32) error { m.Equalize(); return nil }
	absorb := func(m *graph.Model, _ []float32) error { m.AbsorbBiases(); return nil }
	smooth := func(m *graph.Model, x []float32) error { return m.Smooth(t.Context(), 0.5, x) }
	for name, test := range map[string]struct {
		ptq     Repair
		changes []change
	}{
		"equalization":               {Repair{Equalization: true}, []change{equalize}},
		"equalization, absorption":   {Repair{Equalization: true, BiasAbsorption: true}, []change{equalize, absorb}},
		"SmoothQuant":                {Repair{SmoothQuant: 0.5}, []change{smooth}},
		"SmoothQuant and absorption": {Repair{SmoothQuant: 0.5, BiasAbsorption: true}, []change{smooth, absorb}},
	} {
		t.Run(name, func(t *testing.T) {
			c := small(t)
			c.Network.Layers = []graph.Layer{graph.Conv2D(16, 3), graph.BatchNorm(), graph.ReLU(), graph.Conv2D(16, 3),
				graph.BatchNorm(), graph.ReLU(), graph.Flatten(), graph.Linear(10)}
			c.Quantization, c.QAT.Epochs = graph.Uniform(fakequant.Bits(3)), 0
			c = withLargeBiases(t, c)
			c.PTQ = test.ptq
			c.PTQ.AdaRound, c.PTQ.Iterations = true, 5
			r, err := start(c.resolve())
			if err != nil {
				t.Fatal(err)
			}
			if err := r.advance(t.Context()); err != nil {
				t.Fatal(err)
			}
			x, err := r.repairImages(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, change := range test.changes {
				if err := change(r.model, x); err != nil {
					t.Fatal(err)
				}
			}
			r.PTQ = Repair{AdaRound: true, Iterations: 5}.resolve()
			if err := r.calibrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := calibrated(t, c); !reflect.DeepEqual(got.model.State(), r.model.State()) {
				t.Errorf("PTQ gives %v, of the changed network %v", got.Results[PTQ], r.Results[PTQ])
			}
		})
	}
}

// withLargeBiases trains the float network and raises the biases of its batch norms, so that
// some can be absorbed.
func withLargeBiases(t *testing.T, c Config) Config {
	t.Helper()
	r, err := start(c.resolve())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.advance(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range r.model.Params() {
		for i := range p.Value {
			if p.Role == graph.RoleShift {
				p.Value[i] += 4
			}
		}
	}
	c.Weights, c.Float.Epochs = clone(floatState(r.model)), 0
	return c
}

// A QAT stage that begins from the repaired network leaves batch norm at rest, because
// biases are corrected for its statistics, and has nothing to learn again. An untrained
// network is not repaired, and has statistics to find.
func TestKeptRepairRests(t *testing.T) {
	for _, keep := range []bool{false, true} {
		for _, trained := range []bool{false, true} {
			c := small(t)
			c.Network = graph.Chain(graph.Conv2D(4, 3), graph.BatchNorm(), graph.ReLU(), graph.Flatten(), graph.Linear(10))
			c.Quantization, c.QAT.Epochs = graph.Uniform(fakequant.FewBits(3)), 4
			c.QAT.LearningRate, c.PTQ.Keep = 0, keep
			if !trained {
				c.Float.Epochs, c.Weights = 0, nil
			}
			c = c.resolve()
			rate, rest := c.Float.LearningRate, 3*c.QATSteps()/4
			if keep && trained {
				rate, rest = rate/5, 0
			}
			at := c.agenda([]graph.Domain{{Layer: "conv"}}).of["conv"].FreezeBatchNorm
			if c.QAT.LearningRate != rate || at != Steps(rest) {
				t.Errorf("kept %v, trained %v: rate %v, batch norm rests at %v; want %v, step %d", keep, trained,
					c.QAT.LearningRate, at, rate, rest)
			}
		}
	}
}

// A QAT stage that begins from the repaired network and is interrupted continues.
func TestInterruptedKeptRepair(t *testing.T) {
	c := deep(t, 2)
	c.QAT.Epochs, c.PTQ.Keep = 2, true
	wantResult, want := whole(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	c.Out, c.Resume = t.TempDir(), true
	c.Events.Step = func(s StepEnd) {
		if s.Stage == QAT && s.Step == 3 {
			cancel()
		}
	}
	if _, err := Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want an interrupted run", err)
	}
	c.Events.Step = nil
	same(t, mustRun(t, c), wantResult, c.Out, want)
}

// calibrated runs the float stage and PTQ.
func calibrated(t *testing.T, c Config) *run {
	t.Helper()
	r, err := start(c.resolve())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.advance(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.calibrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// A repair that is interrupted is repeated with the calibration, to the same end.
func TestInterruptedRepairBeginsAgain(t *testing.T) {
	c := deep(t, 2)
	wantResult, want := whole(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	c.Out, c.Resume = t.TempDir(), true
	c.Events.Step = func(s StepEnd) {
		if s.Stage == PTQ && s.Step == c.resolve().Calibration {
			cancel()
		}
	}
	if _, err := Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want an interrupted run", err)
	}
	c.Events.Step = nil
	same(t, mustRun(t, c), wantResult, c.Out, want)
}

// PTQ's model of a run that goes on with QAT is the repaired one whose accuracy the run
// reports.
func TestCalibratedIsRepaired(t *testing.T) {
	c := deep(t, 2)
	c.QAT.Epochs = 1
	r := calibrated(t, c)
	m, err := Calibrated(t.Context(), c, floatState(r.model))
	if err != nil {
		t.Fatal(err)
	}
	if m.Origin.Method != "ptq" {
		t.Errorf("the model calls itself %s", m.Origin.Method)
	}
	engine, err := integer.New(m, integer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	correct := 0
	for b, err := range c.Data.Batches(c.Data.Test, datasets.BatchOptions{Size: 32}) {
		if err != nil {
			t.Fatal(err)
		}
		y := make([]float32, len(b.Labels)*engine.OutputSize())
		if err := engine.Run(y, b.X, len(b.Labels)); err != nil {
			t.Fatal(err)
		}
		found, err := r.model.Measure(y, b.X, b.Labels)
		if err != nil {
			t.Fatal(err)
		}
		correct += found.Correct
	}
	if got := float64(correct) / float64(c.Data.Test.Len()); got != r.Results[PTQ].Accuracy {
		t.Errorf("accuracy %v, the run reports %v", got, r.Results[PTQ].Accuracy)
	}
}

// A damping without a use for it, or out of bounds, is refused.
func TestRepairFaults(t *testing.T) {
	for want, p := range map[string]Repair{
		"ptq.iterations: 5 has no effect without adaround": {Iterations: 5},
		"ptq.iterations: -1: want 1 or more":               {Iterations: -1, AdaRound: true},
		"ptq.damping: 2: want more than 0":                 {Damping: 2},
		"ptq.damping: 0.1 has no effect without gptq":      {Damping: 0.1, GPTQ: No},
		"ptq.adaround: true has no effect with brecq":      {AdaRound: true, BRECQ: true},
		"ptq.keep: true leaves no float network":           {Keep: true},
		"ptq.smoothquant: 1.5: want more than 0":           {SmoothQuant: 1.5},
		"ptq.equalization: true has no effect with smooth": {SmoothQuant: 0.5, Equalization: true},
	} {
		c := small(t)
		c.PTQ, c.Distillation = p, Distillation{Weight: 0.5}
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	c := small(t)
	c.QAT.Epochs, c.PTQ = 0, Repair{Keep: true}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "ptq.keep: true has no effect without a qat stage") {
		t.Errorf("%v without a qat stage", err)
	}
}
