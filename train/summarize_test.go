package train

import (
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"testing"

	"petrify/graph"
)

// What a run measured is measured again, to the last bit, whatever its stages.
func TestSummarize(t *testing.T) {
	for name, change := range map[string]func(c *Config){
		"all stages":     func(c *Config) {},
		"no QAT":         func(c *Config) { c.QAT.Epochs = 0 },
		"no float stage": func(c *Config) { c.Float.Epochs = 0 },
		"averages":       func(c *Config) { c.Float.Average, c.QAT.Average = 0.9, 0.9 },
		"validation":     func(c *Config) { c.Validation, c.Float.Patience, c.QAT.Patience = 0.25, 1, 1 },
		"reestimated":    func(c *Config) { c.Reestimate = 4 },
		"dropout": func(c *Config) {
			c.Network = graph.Chain(graph.Flatten(), graph.Linear(16), graph.ReLU(), graph.Dropout(0.5),
				graph.Linear(10))
		},
		"given weights": func(c *Config) {
			m, err := graph.New(c.Network, c.resolve().input(), c.Quantization, rand.New(rand.NewPCG(7, 7)))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "w.safetensors")
			if err := writeWeights(path, m); err != nil {
				t.Fatal(err)
			}
			if c.Weights, err = ReadWeights(path); err != nil {
				t.Fatal(err)
			}
			c.Float.Epochs = 0
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := small(t)
			c.Out, c.Float.Epochs, c.QAT.Epochs = t.TempDir(), 2, 2
			change(&c)
			want := mustRun(t, c).Summary
			float, err := ReadWeights(filepath.Join(c.Out, "float.safetensors"))
			if err != nil {
				t.Fatal(err)
			}
			finished, err := Finished(c)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Summarize(t.Context(), c, finished, float)
			if err != nil {
				t.Fatal(err)
			}
			want.Speed = Speed{}
			if name == "dropout" {
				want.PTQ = Metrics{}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("measured again %+v\nthe run      %+v", got, want)
			}
		})
	}
}
