package train

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/atomicfile"
	"petrify/internal/kernel"
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

var kills = flag.Int("kills", 4, "how often the kill drill kills")

// The same with a process that is killed, without a chance to write a
// checkpoint, and often in the middle of one: it writes one after each step. Each
// process runs on another of the kernels' paths.
func TestKilledRunEndsLikeTheWholeOne(t *testing.T) {
	c := drill(t, *kills)
	wantResult, want := whole(t, c)
	folder := t.TempDir()
	paths := kernel.Paths()
	for i := range *kills {
		kill(t, folder, paths[i%len(paths)], rand.N(30), rand.N(3*time.Millisecond))
	}
	if last, err := (&store{folder: folder}).load(slog.New(slog.DiscardHandler)); err != nil || last == nil ||
		last.Step == 0 {
		t.Fatalf("the killed runs reached nothing: %v", err)
	}
	c.Out, c.Resume = folder, true
	same(t, mustRun(t, c), wantResult, folder, want)
}

// kill starts the run of the drill in a process of its own, the test's binary
// (see TestMain), on a path of the kernels, and kills it after some steps and a
// moment.
func kill(t *testing.T, folder, path string, steps int, moment time.Duration) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", childJob, *kills, folder), kernel.Variable+"="+path)
	progress, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint strings.Builder
	child.Stderr = &complaint
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadFull(progress, make([]byte, steps)) // a byte a step
	time.Sleep(moment)
	child.Process.Kill()
	child.Wait() // its error is that it was killed
	if err != nil {
		t.Fatalf("the child ended before its %d steps: %v\n%s", steps, err, &complaint)
	}
}

// drill is a run that is long enough for a number of kills: 48 steps for each.
func drill(t *testing.T, kills int) Config {
	c := everything(t)
	c.Float.Epochs, c.Float.Patience = 3*kills, 0
	return c
}

const childJob = "PETRIFY_TRAIN_TEST_CHILD"

// TestMain runs the tests, or the run that a test will kill.
func TestMain(m *testing.M) {
	var kills int
	var folder string
	if n, _ := fmt.Sscan(os.Getenv(childJob), &kills, &folder); n < 2 {
		flag.Parse()
		os.Exit(m.Run())
	}
	c := drill(&testing.T{}, kills)
	c.Out, c.Resume, c.Checkpoint = folder, true, Interval{Span: Steps(1)}
	c.Events.Step = func(StepEnd) { os.Stdout.Write([]byte{'.'}) }
	if _, err := Run(context.Background(), c); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
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

func TestDamagedCheckpointIsRefusedAndThePreviousUsed(t *testing.T) {
	wantResult, want := whole(t, small(t))
	newest := func(folder string) string {
		c, err := (&store{folder: folder}).load(slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return c.path
	}
	for _, c := range []struct {
		name   string
		damage func(data []byte) []byte
		says   string
	}{
		{"truncated", func(d []byte) []byte { return d[:len(d)/2] }, "is refused"},
		{"empty", func(d []byte) []byte { return nil }, "is refused"},
		{"a bit turned in the tensors", func(d []byte) []byte { d[len(d)-9] ^= 4; return d }, "SHA-256"},
		{"a number changed in the progress", func(d []byte) []byte {
			return []byte(strings.Replace(string(d), `\"Epoch\":0`, `\"Epoch\":1`, 1))
		}, "SHA-256"},
		{"another program's", func([]byte) []byte { return []byte("\x02\x00\x00\x00\x00\x00\x00\x00{}") },
			"not a checkpoint of petrify"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := small(t)
			config.Out, config.Resume = t.TempDir(), true
			interrupted(t, config)
			path := newest(config.Out)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, c.damage(data), 0o666); err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			config.Log = slog.New(slog.NewTextHandler(&log, nil))
			same(t, mustRun(t, config), wantResult, config.Out, want)
			if !strings.Contains(log.String(), filepath.Base(path)+" is refused") ||
				!strings.Contains(log.String(), c.says) {
				t.Errorf("the log does not name the refused file and the reason:\n%s", &log)
			}
		})
	}
}

func TestTwoDamagedCheckpointsAreAnError(t *testing.T) {
	c := small(t)
	c.Out, c.Resume = t.TempDir(), true
	interrupted(t, c)
	for _, name := range []string{"checkpoint-a.safetensors", "checkpoint-b.safetensors"} {
		if err := os.WriteFile(filepath.Join(c.Out, name), []byte("scratch"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Run(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), "checkpoint-a.safetensors is refused") ||
		!strings.Contains(err.Error(), "checkpoint-b.safetensors is refused") {
		t.Errorf("got %v, want both files refused by name", err)
	}
}

func TestResumeUnderAnotherConfigurationIsRefused(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	interrupted(t, c)
	c.Resume = true
	c.Float.Epochs = 4
	c.QAT.LearningRate = 0.5
	c.Data = digits(t, 480, 128)
	_, err := Run(t.Context(), c)
	if err == nil {
		t.Fatal("another configuration is resumed")
	}
	for _, part := range []string{
		`float.epochs: the checkpoint has "3", the configuration "4"`,
		`qat.learning_rate: the checkpoint has "0.002", the configuration "0.5"`,
		`data.checksum: the checkpoint has "`,
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v\ndoes not say %s", err, part)
		}
	}
}

func TestResumeUnderOtherMilestonesOfALayerIsRefused(t *testing.T) {
	int8 := fakequant.Int8()
	c := late(t, &int8)
	c.Out = t.TempDir()
	interrupted(t, c)
	c.Resume = true
	c.RuleMilestones = map[graph.Rule]Milestones{linearRule: c.RuleMilestones[linearRule], convRule: {Settle: Never()}}
	changed := c.RuleMilestones[linearRule]
	changed.Quantize = Steps(10)
	c.RuleMilestones[linearRule] = changed
	_, err := Run(t.Context(), c)
	if err == nil {
		t.Fatal("other milestones are resumed")
	}
	_, list, _ := strings.Cut(err.Error(), "another folder:\n")
	want := `  qat.milestones."linear_\d".quantize: the checkpoint has "9 steps", the configuration "10 steps"
  qat.milestones.conv2d.freeze_batch_norm: the checkpoint has none, the configuration ""
  qat.milestones.conv2d.observe: the checkpoint has none, the configuration ""
  qat.milestones.conv2d.quantize: the checkpoint has none, the configuration ""
  qat.milestones.conv2d.settle: the checkpoint has none, the configuration "never"`
	if list != want {
		t.Errorf("got\n%s\nwant\n%s", list, want)
	}
}

func TestUnfinishedRunIsNotOverwritten(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	interrupted(t, c)
	_, err := Run(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(),
		"holds an unfinished run (qat stage, 5 steps): resume it, or remove") {
		t.Errorf("got %v", err)
	}
}

// The checkpoints of a finished run must not outlive the beginning of the next
// one in the same folder, whatever their numbers are.
func TestNewRunAfterAFinishedOne(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	mustRun(t, c)

	c.Seed++
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want an interrupted run", err)
	}
	c.Resume = true
	other := c
	other.Seed++
	if _, err := Run(t.Context(), other); err == nil ||
		!strings.Contains(err.Error(), "or begin in another folder:\n  seed: ") {
		t.Errorf("another run resumes it: %v", err)
	}
	resumed := mustRun(t, c)
	if _, err := Run(t.Context(), other); err == nil ||
		!strings.Contains(err.Error(), "or begin without resuming:\n  seed: ") {
		t.Errorf("another run resumes the finished one: %v", err)
	}
	c.Out, c.Resume = "", false
	if !reflect.DeepEqual(resumed.Model, mustRun(t, c).Model) {
		t.Error("the new run is not what was resumed")
	}
}

func TestOutThatIsAFile(t *testing.T) {
	c := small(t)
	c.Out = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(c.Out, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), c.Out) {
		t.Errorf("got %v, want an error that names the file", err)
	}
}
