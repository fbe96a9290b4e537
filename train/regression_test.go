package train

import (
	"math"
	"math/rand/v2"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
)

// curve is a set of three features and targets that depend on them, plus noise: at scale
// and around shift.
func curve(t testing.TB, scale, shift float64, targets int) *datasets.Set {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 6))
	split := func(n int) *datasets.Split {
		s := &datasets.Split{Labels: make([]int32, n)}
		for range n {
			a, b, c := rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
			s.Values = append(s.Values, float32(a), float32(b), float32(c))
			for k := range targets {
				y := a + math.Sin(2*b)*c + float64(k)*b + 0.1*rng.NormFloat64()
				s.Targets = append(s.Targets, float32(shift+scale*y))
			}
		}
		return s
	}
	names := []string{"first", "second", "third"}
	s, err := datasets.New(datasets.Set{Name: "curve", Shape: [3]int{3, 1, 1}, Targets: names[:targets],
		Train: split(640), Test: split(128)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// regression is a run of well below a second.
func regression(t testing.TB, scale, shift float64, targets int) Config {
	t.Helper()
	return Config{
		Network: graph.Chain(graph.Linear(32), graph.BatchNorm(), graph.ReLU(), graph.Linear(16), graph.ReLU(),
			graph.Linear(targets)),
		Data: curve(t, scale, shift, targets), Batch: 32, Quantization: graph.Uniform(fakequant.Int8()), Seed: 7,
		Float: Stage{Epochs: 30, LearningRate: 0.01}, QAT: Stage{Epochs: 6},
	}
}

// TestRegressionLearnsInTheTargetsUnits: whatever the targets' unit, the outputs of the
// frozen network are in it, and quantization costs next to nothing.
func TestRegressionLearnsInTheTargetsUnits(t *testing.T) {
	for _, c := range []struct {
		name         string
		scale, shift float64
		targets      int
		loss         LossKind
	}{
		{"as they are", 1, 0, 1, Squared}, {"prices", 80e3, 160e3, 1, Squared}, {"small", 1e-3, 0, 1, Squared},
		{"two targets", 100, 50, 2, Squared}, {"absolute", 1000, 0, 1, Absolute}, {"huber", 1000, 0, 1, Huber},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := regression(t, c.scale, c.shift, c.targets)
			config.Objective.Loss = c.loss
			r := mustRun(t, config)
			for name, m := range map[string]Metrics{"float": r.Float, "PTQ": r.PTQ, "QAT": r.QAT} {
				if m.Accuracy != 0 || m.MAE/c.scale > 0.3 || m.R2 < 0.84 || m.RMSE < m.MAE {
					t.Errorf("%s: %+v", name, m)
				}
			}
			if r.QAT.MAE > 1.06*r.Float.MAE {
				t.Errorf("QAT's MAE %v, float's %v", r.QAT.MAE, r.Float.MAE)
			}
			if m := r.Model; m.Task != "regression" || len(m.Targets) != c.targets || m.Classes != nil {
				t.Errorf("the model says it is %q of %q", m.Task, m.Targets)
			}
		})
	}
}

// TestRegressionKnowsNoUnits: with targets that are a power of two times as great, every
// weight is the same to the bit, except for those of the last layer.
func TestRegressionKnowsNoUnits(t *testing.T) {
	const times = 1 << 12
	for name, change := range map[string]func(*Config){
		"adam": func(*Config) {},
		"sgd":  func(c *Config) { c.Float.Optimizer = Optimizer{Method: SGD, Momentum: 0.9}; c.Float.Clip = 1 },
		"decay": func(c *Config) {
			c.Float.Optimizer = Optimizer{Method: AdamW, WeightDecay: 0.01}
			c.Float.Average = 0.9
		},
		"dampened": func(c *Config) { c.Oscillation.Dampen = 0.1 },
	} {
		t.Run(name, func(t *testing.T) {
			run := func(scale float64) *Result {
				c := regression(t, scale, 0, 1)
				c.Float.Epochs, c.QAT.Epochs = 3, 2
				change(&c)
				return mustRun(t, c)
			}
			one, many := run(1), run(times)
			if one.QAT.MAE*times != many.QAT.MAE || one.QAT.Loss != many.QAT.Loss || one.Float.R2 != many.Float.R2 {
				t.Errorf("%+v, and in units %d times as small %+v", one.QAT, times, many.QAT)
			}
			for i, n := range one.Model.Nodes {
				for j, q := range n.Weights.Q {
					if q != many.Model.Nodes[i].Weights.Q[j] {
						t.Fatalf("%s: weight %d is %d or %d", n.Name, j, q, many.Model.Nodes[i].Weights.Q[j])
					}
				}
			}
		})
	}
}
