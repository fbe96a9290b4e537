package train

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
)

// small is a run of about a second: a convolution with batch norm and a linear
// layer on 16 batches of the digits.
func small(t testing.TB) Config {
	t.Helper()
	return Config{
		Network: graph.Network{Name: "small", Layers: []graph.Layer{
			graph.Conv2D(8, 3).Same().Strided(2), graph.BatchNorm(), graph.ReLU(),
			graph.Flatten(), graph.Linear(10),
		}},
		Data:         digits(t, 512, 128),
		Batch:        32,
		Quantization: graph.Uniform(fakequant.Int8()),
		Seed:         7,
		Float:        Stage{Epochs: 3, LearningRate: 0.01},
		QAT:          Stage{Epochs: 2},
	}
}

// digits is the first images of the digits.
func digits(t testing.TB, train, test int) *datasets.Set {
	t.Helper()
	set, err := datasets.Open("digits", datasets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	first := func(s *datasets.Split, n int) *datasets.Split {
		return &datasets.Split{Images: s.Images[:n*64], Labels: s.Labels[:n]}
	}
	set.Train, set.Test = first(set.Train, train), first(set.Test, test)
	return set
}

func mustRun(t *testing.T, c Config) *Result {
	t.Helper()
	result, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestRunLearnsQuantizesAndFreezes(t *testing.T) {
	c := small(t)
	c.Version = "v1.2.3"
	result := mustRun(t, c)
	if result.Float.Accuracy < 0.85 {
		t.Errorf("float accuracy %v, want 0.85 at least", result.Float.Accuracy)
	}
	for name, m := range map[string]Metrics{"PTQ": result.PTQ, "QAT": result.QAT} {
		if m.Accuracy < result.Float.Accuracy-0.04 {
			t.Errorf("%s accuracy %v, float %v", name, m.Accuracy, result.Float.Accuracy)
		}
	}
	if len(result.Records) != 3+1+2 {
		t.Errorf("%d records, want one for each epoch and one for PTQ", len(result.Records))
	}
	m := result.Model
	if m.Origin.Method != "qat" || m.Origin.Epochs != 2 || m.Origin.Version != "v1.2.3" ||
		m.Origin.Dataset != "digits" {
		t.Errorf("origin %+v", m.Origin)
	}
	if m.Input.PixelScale != c.Data.PixelScale || len(m.Classes) != 10 {
		t.Errorf("input %+v, classes %q: not the data set's", m.Input, m.Classes)
	}
}

func mustModel(t *testing.T, c Config) *graph.Model {
	t.Helper()
	m, err := graph.New(c.Network, c.input(), c.Quantization, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAutoencoderNeedsNoClasses(t *testing.T) {
	c := small(t)
	c.Network.Loss = graph.MeanSquare
	c.Network.Layers = []graph.Layer{graph.Flatten(), graph.Linear(24), graph.ReLU(), graph.Linear(64)}
	c.Data.Classes = nil
	result := mustRun(t, c)
	first, last := result.Records[0].Test.Loss, result.QAT.Loss
	if last > 0.7*first || result.Float.Accuracy != 0 {
		t.Errorf("mean square %v after the first epoch, %v at the end; accuracy %v", first, last, result.Float.Accuracy)
	}
}

func TestRunWithoutQATFreezesPTQ(t *testing.T) {
	c := small(t)
	c.Float.Epochs, c.QAT.Epochs = 1, 0
	result := mustRun(t, c)
	if result.QAT != result.PTQ || result.Model.Origin.Method != "ptq" {
		t.Errorf("QAT %v, PTQ %v, method %s", result.QAT, result.PTQ, result.Model.Origin.Method)
	}
}

func TestSameSeedSameModel(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	a := mustRun(t, small(t))
	runtime.GOMAXPROCS(2)
	b := mustRun(t, small(t))
	if !reflect.DeepEqual(a.Model, b.Model) {
		t.Error("two runs of one configuration froze different models")
	}
	c := small(t)
	c.Seed++
	if reflect.DeepEqual(a.Model, mustRun(t, c).Model) {
		t.Error("two seeds froze the same model")
	}
}

// TestRecordsCountHowFarTrainingIs: while ranges move the forward pass rounds some
// numbers otherwise than the integers that are shipped; once they rest, none.
func TestRecordsCountHowFarTrainingIs(t *testing.T) {
	c := small(t)
	c.Quantization = graph.Uniform(fakequant.Bits(2))
	c.Float.Epochs, c.QAT.Epochs = 0, 3
	var moving, resting int
	for _, r := range mustRun(t, c).Records {
		switch d := r.Distance; {
		case d != nil && (r.Stage != QAT || r.Epoch == c.QAT.Epochs):
			t.Errorf("%v epoch %d: %+v", r.Stage, r.Epoch, d)
		case d != nil && d.Share > 0 && d.Share < 0.5 && d.Steps > 0:
			moving++
		case r.Stage == QAT:
			resting++
		}
	}
	if moving == 0 || resting == 0 {
		t.Errorf("%d epochs with a distance, %d without: want both", moving, resting)
	}
}

func TestRunWritesMetricsAndSummary(t *testing.T) {
	c := small(t)
	c.Out = filepath.Join(t.TempDir(), "new", "folder")
	result := mustRun(t, c)

	text, err := os.ReadFile(filepath.Join(c.Out, "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var stages []string
	for line := range strings.Lines(string(text)) {
		var r Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		stages = append(stages, r.Stage.String())
	}
	if got, want := strings.Join(stages, " "), "float float float ptq qat qat"; got != want {
		t.Errorf("metrics.jsonl has lines of %s, want %s", got, want)
	}

	text, err = os.ReadFile(filepath.Join(c.Out, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s Summary
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s, result.Summary) || s.Dataset != "digits" || s.Samples != (Samples{512, 128}) ||
		s.Float != result.Float || s.Speed.QAT <= 0 {
		t.Errorf("summary %+v", s)
	}
}

func TestEventsTellTheWholeRun(t *testing.T) {
	c := small(t)
	var stages []StageStart
	steps, epochs := map[Phase]int{}, 0
	c.Events = Events{
		Stage: func(s StageStart) { stages = append(stages, s) },
		Step:  func(s StepEnd) { steps[s.Stage]++ },
		Epoch: func(Record) { epochs++ },
	}
	mustRun(t, c)
	want := []StageStart{
		{Stage: Float, Epochs: 3, StepsInEpoch: 16, Batch: 32},
		{Stage: PTQ, StepsInEpoch: 16, Batch: 32},
		{Stage: QAT, Epochs: 2, StepsInEpoch: 16, Batch: 32},
	}
	if !reflect.DeepEqual(stages, want) {
		t.Errorf("stages %+v\nwant %+v", stages, want)
	}
	if steps[Float] != 48 || steps[PTQ] != 16 || steps[QAT] != 32 || epochs != 6 {
		t.Errorf("steps %v, epochs %d", steps, epochs)
	}
}

func TestDivergenceIsNamedAndTheCheckpointKept(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	c.Float = Stage{Epochs: 3, LearningRate: 900, Optimizer: Optimizer{Method: SGD, Momentum: 0.99},
		Schedule: Schedule{Shape: Constant}}
	c.Network.Layers = []graph.Layer{graph.Flatten(), graph.Linear(20).Named("first"), graph.Linear(20),
		graph.Linear(10).Named("last")}
	_, err := Run(t.Context(), c)
	if !errors.Is(err, graph.ErrNotFinite) {
		t.Fatalf("got %v, want an error of numbers that are not finite", err)
	}
	for _, part := range []string{"train: float stage, epoch 1, step ", " outputs of layer ",
		"the last checkpoint is " + c.Out} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	last, err := (&store{folder: c.Out}).load(slog.New(slog.DiscardHandler))
	if err != nil || last == nil {
		t.Fatalf("checkpoint %v, %v", last, err)
	}
	for _, s := range last.states {
		for _, v := range s.F32 {
			if v-v != 0 {
				t.Fatalf("%s of the checkpoint holds %v", s.Name, v)
			}
		}
	}
}

func TestNetworkThatDoesNotFitTheData(t *testing.T) {
	c := small(t)
	c.Network.Layers[4] = graph.Linear(7)
	_, err := Run(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), "network: 7 outputs, and the data set digits has 10 classes") {
		t.Errorf("got %v", err)
	}
}

func TestInterruptBeforeTheFirstStep(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("no time")
	cancel(reason)
	c := small(t)
	c.Out = t.TempDir()
	if _, err := Run(ctx, c); !errors.Is(err, reason) {
		t.Errorf("got %v, want %v", err, reason)
	}
}

func TestFolderThatVanishes(t *testing.T) {
	c := small(t)
	c.Out, c.Checkpoint = filepath.Join(t.TempDir(), "run"), Interval{Span: Steps(4)}
	c.Events.Step = func(s StepEnd) {
		if s.Step == 6 {
			os.RemoveAll(c.Out)
		}
	}
	_, err := Run(t.Context(), c)
	if want := "claim to this folder is lost: "; err == nil || !strings.Contains(err.Error(), want) ||
		!strings.Contains(err.Error(), c.Out) {
		t.Errorf("got %v, want %q and the folder", err, want)
	}
}
