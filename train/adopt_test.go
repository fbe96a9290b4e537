package train

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

// variants are runs that share their float stage with small's, and what makes them
// differ from it.
var variants = map[string]func(c *Config){
	"same":        func(*Config) {},
	"PTQ":         func(c *Config) { c.QAT.Epochs = 0 },
	"4 bits":      func(c *Config) { c.Quantization = graph.Uniform(fakequant.Bits(4)) },
	"teacher":     func(c *Config) { c.Distillation.Weight = 0.5 },
	"oscillation": func(c *Config) { c.Oscillation.Dampen = 0.01 },
	"average":     func(c *Config) { c.QAT.Average = 0.9 },
	"reestimate":  func(c *Config) { c.Reestimate = 3 },
	"repair":      func(c *Config) { c.PTQ.GPTQ = Yes },
	"calibration": func(c *Config) { c.Calibration = 2 },
	"longer":      func(c *Config) { c.QAT.Epochs = 3 },
	"learned": func(c *Config) {
		c.Quantization = graph.Uniform(fakequant.FewBits(3))
		c.Quantization.EdgeBits = 8
	},
	"without bits": func(c *Config) { c.Quantization = graph.Quantization{} },
}

// A run that adopts a float stage ends as one that trains it itself.
func TestAdoptedFloatStage(t *testing.T) {
	for stageName, stage := range map[string]func(c *Config){
		"plain":    func(*Config) {},
		"patience": func(c *Config) { c.Validation, c.Float.Patience, c.Float.Epochs = 0.2, 1, 4 },
		"average":  func(c *Config) { c.Float.Average = 0.9 },
		"dropout": func(c *Config) {
			c.Network.Layers = append([]graph.Layer{graph.Dropout(0.2)}, c.Network.Layers...)
		},
	} {
		t.Run(stageName, func(t *testing.T) {
			base := small(t)
			base.Float.Epochs = 2
			stage(&base)
			base.Out = t.TempDir()
			job, err := Open(base)
			if err != nil {
				t.Fatal(err)
			}
			err = job.RunFloat(t.Context())
			job.Close()
			if err != nil || !HasFloat(base) {
				t.Fatal(err)
			}
			for name, change := range variants {
				if (stageName != "plain" || testing.Short()) && name != "teacher" {
					continue
				}
				alone := base
				change(&alone)
				adopted := alone
				alone.Out, adopted.Out = t.TempDir(), t.TempDir()
				if err := Adopt(adopted, base.Out); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				adopted.Resume = true
				mustRun(t, alone)
				mustRun(t, adopted)
				if !reflect.DeepEqual(state(t, adopted.Out), state(t, alone.Out)) {
					t.Errorf("%s: the run ends in another state", name)
				}
				if !reflect.DeepEqual(journaled(t, adopted.Out), journaled(t, alone.Out)) {
					t.Errorf("%s: the run has another journal", name)
				}
				ours, _ := os.ReadFile(filepath.Join(adopted.Out, layersFile))
				theirs, _ := os.ReadFile(filepath.Join(alone.Out, layersFile))
				if len(theirs) == 0 || !bytes.Equal(ours, theirs) {
					t.Errorf("%s: the run has surveyed other layers", name)
				}
			}
		})
	}
}

// What the float stage depends on must be the same, and the stage must be at its end.
func TestAdoptRefuses(t *testing.T) {
	base := small(t)
	base.Float.Epochs, base.Out = 1, t.TempDir()
	job, err := Open(base)
	if err != nil {
		t.Fatal(err)
	}
	err = job.RunFloat(t.Context())
	job.Close()
	if err != nil {
		t.Fatal(err)
	}
	finished, begun := small(t), small(t)
	finished.Float.Epochs, finished.QAT.Epochs, finished.Out = 1, 0, t.TempDir()
	mustRun(t, finished)
	begun.Out = t.TempDir()
	if err := os.WriteFile(filepath.Join(begun.Out, "checkpoint-a.safetensors"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(c *Config)
		from   string
		want   string
	}{
		"seed":         {func(c *Config) { c.Seed++ }, base.Out, "seed: the checkpoint has"},
		"batch":        {func(c *Config) { c.Batch = 16 }, base.Out, "batch: the checkpoint has"},
		"epochs":       {func(c *Config) { c.Float.Epochs++ }, base.Out, "float.epochs: the checkpoint has"},
		"optimizer":    {func(c *Config) { c.Float.Optimizer.Method = SGD }, base.Out, "float.optimizer.method"},
		"network":      {func(c *Config) { c.Network.Layers = c.Network.Layers[3:] }, base.Out, "network.layers"},
		"augmentation": {func(c *Config) { c.Augment.Shift = 1 }, base.Out, "augment.shift"},
		"version":      {func(c *Config) { c.Version = "v2" }, base.Out, `may compute otherwise than this one, "v2": continue`},
		"finished":     {func(*Config) {}, finished.Out, "holds no run at the end of its float stage"},
		"nothing":      {func(*Config) {}, t.TempDir(), "holds no run at the end of its float stage"},
		"not new":      {func(c *Config) { c.Out = begun.Out }, base.Out, "holds a run already"},
	} {
		c := small(t)
		c.Float.Epochs, c.Out = 1, t.TempDir()
		tt.change(&c)
		if err := Adopt(c, tt.from); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want one with %q", name, err, tt.want)
		}
	}
}
