package train

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

func TestValidateListsEveryFault(t *testing.T) {
	c := small(t)
	c.Batch = -1
	c.Calibration = -2
	c.Resume = true
	c.Checkpoint = Interval{Span: Steps(0)}
	c.Float = Stage{Epochs: -1, LearningRate: -0.1,
		Optimizer: Optimizer{Momentum: 0.9, Beta2: 1.5, Nesterov: true, WeightDecay: -1},
		Schedule:  Schedule{Final: 0.5, Shape: Step, Gamma: 3, Warmup: Steps(-1)}}
	c.QAT = Stage{Optimizer: Optimizer{Method: SGD, Beta1: 0.9}, Schedule: Schedule{Every: Epochs(1)}}
	c.Milestones.Quantize = Never()
	c.Network.Layers[0].Units = 0
	bits := fakequant.Bits(9)
	c.Quantization.Default = &bits

	var faults Faults
	if !errors.As(c.Validate(), &faults) {
		t.Fatalf("got %v, want Faults", c.Validate())
	}
	var paths []string
	for _, f := range faults {
		paths = append(paths, f.Path)
	}
	want := "network batch calibration " +
		"float.epochs float.learning_rate float.optimizer.weight_decay float.optimizer.momentum " +
		"float.optimizer.nesterov float.optimizer.beta2 " +
		"float.schedule.final float.schedule.gamma float.schedule.warmup " +
		"qat.optimizer.beta1 qat.schedule.every qat.milestones.quantize " +
		"quantization resume checkpoint"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("faults at\n%s\nwant\n%s\n%v", got, want, faults)
	}
}

func TestValidateWithoutData(t *testing.T) {
	err := Config{Float: Stage{Epochs: -1}}.Validate()
	for _, part := range []string{"data: none: want a set", "float.epochs: -1: want 0 or more"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v\ndoes not say %q", err, part)
		}
	}
}

func TestValidateTakesTheDefaults(t *testing.T) {
	c := small(t)
	c.Batch = 0
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if err := c.resolve().Validate(); err != nil {
		t.Errorf("the resolved configuration is refused: %v", err)
	}
}

func TestTooFewImagesForABatch(t *testing.T) {
	few := digits(t, 9, 9)
	for batch, want := range map[int]string{16: "batch: 16: the training split of digits has 9 images",
		0: "batch: 64: the training split of digits has 9 images"} {
		if err := (Config{Data: few, Batch: batch}).Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("batch %d: %v, want %q", batch, err, want)
		}
	}
	c := small(t)
	c.Batch = 600
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(),
		"batch: 600: the training split of digits has 512 images") {
		t.Errorf("got %v", err)
	}
}

func ExampleConfig_Validate() {
	err := Config{
		Network: graph.Chain(graph.Linear(10)),
		QAT:     Stage{Epochs: -1, Optimizer: Optimizer{Method: SGD, Nesterov: true}},
	}.Validate()
	fmt.Println(err)
	// Output:
	// train: 3 faults in the configuration:
	//   data: none: want a set with a training and a test split
	//   qat.epochs: -1: want 0 or more
	//   qat.optimizer.nesterov: true has no effect without sgd and a momentum
}
