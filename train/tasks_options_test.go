package train

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/observers"
)

// extra is an option of training, and where it has an effect.
type extra struct {
	set   func(*Config)
	works func(Task, LossKind) bool
}

// extras are what the table in docs/tasks.md lists.
func extras() map[string]extra {
	classes := func(t Task, l LossKind) bool { return (t == Classification || t == Pixels) && l != Dice }
	teaches := func(t Task, _ LossKind) bool { return !t.reproduces() }
	all := map[string]extra{
		"distillation": {func(c *Config) { c.Distillation.Weight = 0.5 }, teaches},
		"temperature": {func(c *Config) { c.Distillation = Distillation{0.5, 2} },
			func(t Task, l LossKind) bool { return teaches(t, l) && t != Regression }},
		"smoothing": {func(c *Config) { c.Float.Smoothing = 0.2 }, func(t Task, l LossKind) bool {
			return (classes(t, l) || t == Labels) && l != Focal
		}},
		"class weights": {func(c *Config) { c.Objective.ClassWeights = []float32{1, 3, 0.5} }, classes},
		"balanced":      {func(c *Config) { c.Balanced = true }, func(t Task, l LossKind) bool { return t == Classification }},
		"delta":         {func(c *Config) { c.Objective.Delta = 0.1 }, func(t Task, l LossKind) bool { return l == Huber }},
		"gamma":         {func(c *Config) { c.Objective.Gamma = 0.5 }, func(t Task, l LossKind) bool { return l == Focal }},
	}
	for task := Classification; int(task) < len(tasks); task++ {
		for _, m := range append(task.Metrics(), lossOf) {
			all["patience by "+m.Key] = extra{func(c *Config) {
				c.Float.Patience, c.Float.Monitor, c.Validation = 1, m.Key, 0.3
				c.Float.LearningRate = 1e-30 // nothing gets better
			}, func(t Task, l LossKind) bool { // three classes have no top-5, and held-out samples no anomalies
				_, has := t.Metric(m.Key)
				return has && m.Key != top5.Key && (t != Anomaly || m.Key == lossOf.Key)
			}}
		}
	}
	return all
}

// TestOptionsOfEveryTask: with each loss of each task, an option changes what is learned, or is
// refused by name; and what its quantizers clip is warned of.
func TestOptionsOfEveryTask(t *testing.T) {
	for task := Classification; int(task) < len(tasks); task++ {
		for _, loss := range tasks[task].losses {
			plain := learning(t, task, loss)
			without := weightsOf(t, plain)
			for name, x := range extras() {
				t.Run(fmt.Sprintf("%v by %v, %s", task, loss, name), func(t *testing.T) {
					c := plain
					x.set(&c)
					err := c.Validate()
					switch {
					case x.works(task, loss) != (err == nil):
						t.Errorf("error %v, want one: %v", err, !x.works(task, loss))
					case err != nil && !strings.ContainsAny(err.Error(), ":"):
						t.Errorf("error %v says no reason", err)
					case err == nil && strings.HasPrefix(name, "patience"):
						if r := mustRun(t, c); len(r.Records) != 4 { // two epochs, PTQ and QAT
							t.Errorf("%d records, want it to end after two epochs of %d", len(r.Records), c.Float.Epochs)
						}
					case err == nil && bytes.Equal(weightsOf(t, c), without):
						t.Error("it has no effect")
					}
				})
			}
			narrow := fakequant.Int8()
			narrow.Activations.Observer = observers.Config{Kind: observers.Fixed, Min: -0.01, Max: 0.01}
			plain.Quantization = graph.Uniform(narrow)
			if log := warned(t, plain); !strings.Contains(log, "values are clipped: the range is too small for them") {
				t.Errorf("%v by %v: no warning of what is clipped:\n%s", task, loss, log)
			}
		}
	}
}

// weightsOf are the weights and grids with which a run ends.
func weightsOf(t *testing.T, c Config) []byte {
	t.Helper()
	var all bytes.Buffer
	for _, n := range mustRun(t, c).Model.Nodes {
		if n.Weights != nil {
			fmt.Fprint(&all, n.Weights.Q, n.Weights.Scale, n.Output.Quant.Scale)
		}
	}
	return all.Bytes()
}

// learning is a run of a task on few samples, of three features or a signal of four moments.
func learning(t *testing.T, task Task, loss LossKind) Config {
	t.Helper()
	const n = 40
	rng := rand.New(rand.NewPCG(5, uint64(task)))
	names := []string{"a", "b", "c"}
	s := datasets.Set{Name: "few", Shape: [3]int{3, 1, 4}, Target: task.Target(), Targets: names}
	p := &datasets.Split{Labels: make([]int32, n)}
	for i := range n {
		for range 12 {
			p.Values = append(p.Values, float32(rng.NormFloat64()))
		}
		x := p.Values[12*i:]
		switch task {
		case Classification:
			p.Labels[i] = int32([]int{0, 1, 2, 0, 0}[i%5])
		case Labels, Regression:
			for k := range names {
				v := 3 * x[k]
				if task == Labels {
					v = map[bool]float32{true: 1}[x[k] > 0]
				}
				p.Targets = append(p.Targets, v)
			}
		case Pixels:
			for at := range 4 {
				p.Masks = append(p.Masks, uint8(slices.Index([]bool{x[3*at] > 0.5, x[3*at] < 0, true}, true)))
			}
		case Anomaly:
			p.Targets = append(p.Targets, 0)
		}
	}
	s.Train, s.Test = p, p
	switch task {
	case Classification:
		s.Classes, s.Targets = names, nil
	case Reconstruction:
		s.Targets = nil
	case Anomaly:
		s.Targets = names[:1]
		odd := *p
		odd.Targets = slices.Clone(p.Targets)
		odd.Targets[0] = 1
		s.Test = &odd
	}
	data, err := datasets.New(s)
	if err != nil {
		t.Fatal(err)
	}
	layers := []graph.Layer{graph.Conv1D(4, 1), graph.ReLU(), graph.Conv1D(3, 1)}
	if !task.reproduces() && task != Pixels {
		layers = append(layers[:2], graph.Flatten(), graph.Linear(3))
	}
	return Config{Task: task, Objective: Objective{Loss: loss}, Data: data, Network: graph.Chain(layers...), Batch: 10,
		Quantization: graph.Uniform(fakequant.Int8()), Float: Stage{Epochs: 4, LearningRate: 0.05},
		QAT: Stage{Epochs: 1, LearningRate: 0.05}}
}
