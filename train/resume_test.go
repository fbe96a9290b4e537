package train

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/atomicfile"
	"petrify/internal/sample"
)

// state is everything that the last checkpoint of a finished run holds, apart
// from times.
func state(t *testing.T, folder string) *checkpoint {
	t.Helper()
	c, err := (&store{folder: folder}).load(slog.New(slog.DiscardHandler))
	if err != nil || c == nil {
		t.Fatalf("%s: checkpoint %v, %v", folder, c, err)
	}
	if c.Phase != Done {
		t.Fatalf("%s: the run ended in phase %v", folder, c.Phase)
	}
	c.Serial, c.path, c.Trained, c.Lines = 0, "", [3]tally{}, extent{}
	return c
}

// journaled is the lines of a run's metrics.jsonl, apart from times.
func journaled(t *testing.T, folder string) []Record {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, metricsFile))
	if err != nil {
		t.Fatal(err)
	}
	var records []Record
	for line := range bytes.Lines(text) {
		var r Record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		records = append(records, r)
	}
	return untimed(records)
}

// untimed is records without their times.
func untimed(records []Record) []Record {
	records = slices.Clone(records)
	for i := range records {
		records[i].Seconds, records[i].ImagesPerSecond = 0, 0
	}
	return records
}

func whole(t *testing.T, c Config) (*Result, *checkpoint) {
	t.Helper()
	c.Out = t.TempDir()
	return mustRun(t, c), state(t, c.Out)
}

func same(t *testing.T, result, wantResult *Result, folder string, want *checkpoint) {
	t.Helper()
	if !reflect.DeepEqual(result.Model, wantResult.Model) {
		t.Error("the resumed run froze another model")
	}
	got := state(t, folder)
	for i := range want.states {
		if !reflect.DeepEqual(got.states[i], want.states[i]) {
			t.Errorf("tensor %s differs", want.states[i].Name)
		}
	}
	if !reflect.DeepEqual(got.progress, want.progress) {
		t.Errorf("progress %+v\nwant     %+v", got.progress, want.progress)
	}
	wantRecords := untimed(wantResult.Records)
	if !reflect.DeepEqual(untimed(result.Records), wantRecords) ||
		!reflect.DeepEqual(journaled(t, folder), wantRecords) {
		t.Errorf("records %+v\nwant    %+v", journaled(t, folder), wantRecords)
	}
}

// everything is a run with state wherever a run can have some.
func everything(t *testing.T) Config {
	c := small(t)
	c.Network.Layers = slices.Insert(slices.Clone(c.Network.Layers), 3, graph.Dropout(0.25))
	c.Augment, c.Balanced, c.Validation = datasets.Augment{Shift: 1}, true, 0.1
	c.Float = Stage{
		Epochs: 3, LearningRate: 0.05, Clip: 1, Average: 0.9, Patience: 4, Smoothing: 0.1,
		Optimizer: Optimizer{Method: SGD, Momentum: 0.9, Nesterov: true, WeightDecay: 1e-3},
		Schedule:  Schedule{Shape: OneCycle, Warmup: Steps(5)},
	}
	c.QAT = Stage{Epochs: 2, Average: 0.9, Patience: 1, Optimizer: Optimizer{Method: AdamW, WeightDecay: 0.1}}
	c.Distillation = Distillation{Weight: 0.5, Temperature: 2}
	c.Quantization = graph.Uniform(fakequant.Bits(3))
	learned := fakequant.FewBits(3)
	c.Quantization.Kinds = map[graph.Kind]*fakequant.Scheme{graph.KindLinear: &learned}
	c.Oscillation, c.Reestimate = Oscillation{Momentum: 0.2, Dampen: 0.01, Freeze: 0.02}, 3
	c.Milestones = Milestones{Observe: Steps(3), Quantize: Steps(9), Settle: Epochs(1.5), FreezeBatchNorm: Epochs(1)}
	c.RuleMilestones = map[graph.Rule]Milestones{{Kind: graph.KindLinear}: {Observe: Steps(1), Quantize: Steps(12),
		Settle: Steps(7), FreezeBatchNorm: Never()}}
	return c
}

// A run that is interrupted again and again, at steps drawn at random, ends
// where the uninterrupted one ends, bit for bit.
func TestInterruptedRunEndsLikeTheWholeOne(t *testing.T) {
	numbers := regression(t, 100, 30, 2)
	numbers.Float, numbers.QAT = Stage{Epochs: 3, Patience: 2, Monitor: "r2"}, Stage{Epochs: 2, Average: 0.9, Clip: 1}
	numbers.Validation, numbers.Distillation.Weight, numbers.Objective.Loss = 0.1, 0.5, Huber
	for name, c := range map[string]Config{"defaults": small(t), "everything": everything(t), "regression": numbers} {
		t.Run(name, func(t *testing.T) {
			wantResult, want := whole(t, c)
			c.Out, c.Resume, c.Checkpoint = t.TempDir(), true, Interval{Span: Never()}
			rng := rand.New(rand.NewPCG(3, 4))
			var result *Result
			interrupts := 0
			for ; result == nil; interrupts++ {
				if interrupts > 100 {
					t.Fatal("the run does not get on")
				}
				result = interruptAfter(t, c, 1+rng.IntN(20))
			}
			same(t, result, wantResult, c.Out, want)
			if interrupts < 5 {
				t.Errorf("%d interrupts: the drill proves little", interrupts)
			}
		})
	}
}

// interruptAfter runs c and interrupts it after some steps. The result is nil
// unless the run ended before.
func interruptAfter(t *testing.T, c Config, steps int) *Result {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.Events.Step = func(StepEnd) {
		if steps--; steps == 0 {
			cancel()
		}
	}
	result, err := Run(ctx, c)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return result
}

// The folder's content while the end of an epoch, or of PTQ, is announced is
// what a run that is killed there leaves. With an interval of time, the last
// checkpoint may be from between the last step and the evaluation.
func TestResumeFromTheEndOfAnEpoch(t *testing.T) {
	t.Run("everything", func(t *testing.T) {
		testResumeFromTheEndOfAnEpoch(t, everything(t), Interval{Span: Steps(1)})
	})
	t.Run("defaults", func(t *testing.T) { testResumeFromTheEndOfAnEpoch(t, small(t), Every(time.Nanosecond)) })
}

func testResumeFromTheEndOfAnEpoch(t *testing.T, c Config, interval Interval) {
	wantResult, want := whole(t, c)
	c.Out, c.Checkpoint = t.TempDir(), interval
	var left []string
	c.Events.Epoch = func(Record) {
		left = append(left, t.TempDir())
		folder := left[len(left)-1]
		err := errors.Join(os.CopyFS(folder, os.DirFS(c.Out)), os.Remove(filepath.Join(folder, atomicfile.OwnerFile)))
		if err != nil {
			t.Error(err)
		}
	}
	mustRun(t, c)
	c.Resume, c.Events = true, Events{}
	for i, folder := range left {
		if sample.Skips(i, 3) {
			continue
		}
		c.Out = folder
		same(t, mustRun(t, c), wantResult, folder, want)
	}
	if len(left) < 4 {
		t.Errorf("%d ends of epochs: the test proves little", len(left))
	}
}

func TestResumeOfAFinishedRunFreezesAgain(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	first := mustRun(t, c)
	c.Resume = true
	c.Events.Step = func(StepEnd) { t.Error("a finished run continues to train") }
	if again := mustRun(t, c); !reflect.DeepEqual(again.Model, first.Model) ||
		!reflect.DeepEqual(again.Summary, first.Summary) {
		t.Error("the finished run gave another model or summary")
	}
}

// interrupted leaves a run in folder that stopped after a few steps of QAT.
func interrupted(t *testing.T, c Config) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c.Events.Step = func(s StepEnd) {
		if s.Stage == QAT && s.Step == 5 {
			cancel()
		}
	}
	if _, err := Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want an interrupted run", err)
	}
}
