package train

import (
	"log/slog"
	"math"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
)

// TestJudges compares metrics, added up over two batches, with those of scikit-learn 1.2.
func TestJudges(t *testing.T) {
	for _, c := range []struct {
		name       string
		task       Task
		targets    int
		y, is      []float32
		want       Metrics
		precisions []float64 // of the labels
	}{
		{"two numbers", Regression, 2, []float32{2.5, 0, 0, 1.5, 2, -1, 8, 3.25, 2, 0.5},
			[]float32{3, -0.5, -0.5, 2, 2, 0, 7, 3, 2, 0.5},
			Metrics{MAE: 0.425, RMSE: 0.5533985905, R2: 0.88292045}, nil},
		{"three labels", Labels, 3, []float32{1.5, -1, 0.25, 0.5, 2, 0.25, -0.5, 1, -3, 1.5, -2, 4, -2, 0.5, 0.5},
			[]float32{1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 1, 1, 0},
			Metrics{MeanAP: 0.62407407, MicroF1: 0.58823529, MacroF1: 0.57777778},
			[]float64{0.86666667, 0.75555556, 0.25}},
		{"no label occurs", Labels, 1, []float32{-1, -2, -3, -4, -5}, make([]float32, 5), Metrics{}, []float64{0}},
		{"a constant", Regression, 1, []float32{2, 2, 2, 2, 4}, []float32{2, 2, 2, 2, 2},
			Metrics{MAE: 0.4, RMSE: math.Sqrt(0.8)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			names := make([]string, c.targets)
			j := tasks[c.task].judge(Config{Data: &datasets.Set{Targets: names}})
			const first = 2 // samples, and one row that only fills the batch
			cut := first * c.targets
			j.add(datasets.Batch{N: first, Targets: append(c.is[:cut:cut], make([]float32, c.targets)...)},
				append(c.y[:cut:cut], make([]float32, c.targets)...))
			j.add(datasets.Batch{N: len(c.y)/c.targets - first, Targets: c.is[cut:]}, c.y[cut:])
			var got Metrics
			j.metrics(&got)
			for _, of := range c.task.Metrics() {
				if math.Abs(of.Of(got)-of.Of(c.want)) > 1e-6 {
					t.Errorf("%s: %v, want %v", of.Name, of.Of(got), of.Of(c.want))
				}
			}
			for k, want := range c.precisions {
				var one Metrics
				if j.targets()[k].metrics(&one); math.Abs(one.MeanAP-want) > 1e-6 {
					t.Errorf("label %d: average precision %v, want %v", k, one.MeanAP, want)
				}
			}
		})
	}
}

// TestCoarseOutputsAreWarnedOf: a grid that has to contain 0 is too coarse for targets far
// from it; real outputs are not.
func TestCoarseOutputsAreWarnedOf(t *testing.T) {
	for _, c := range []struct {
		name  string
		shift float64
		float bool
		warns bool
	}{{"near 0", 0, false, false}, {"years", 2000, false, true}, {"years as real numbers", 2000, true, false}} {
		t.Run(c.name, func(t *testing.T) {
			config := regression(t, 10, c.shift, 1)
			config.Quantization.FloatOutput = c.float
			var log strings.Builder
			config.Log = slog.New(slog.NewTextHandler(&log, nil))
			r := mustRun(t, config)
			if got := strings.Contains(log.String(), "float_output"); got != c.warns {
				t.Errorf("warned: %v; step %v, float's error %v\n%s", got, r.Summary.OutputStep, r.Float.MAE,
					log.String())
			}
			if (r.Summary.OutputStep == 0) != c.float {
				t.Errorf("step %v", r.Summary.OutputStep)
			}
		})
	}
}

// TestBestByAMetric: a stage with patience returns to the epoch that is best by the chosen
// metric, in the metric's direction.
func TestBestByAMetric(t *testing.T) {
	for key, better := range map[string]func(a, b Metrics) bool{
		"":    func(a, b Metrics) bool { return a.Loss < b.Loss },
		"mae": func(a, b Metrics) bool { return a.MAE < b.MAE },
		"r2":  func(a, b Metrics) bool { return a.R2 > b.R2 },
	} {
		c := regression(t, 100, 0, 1)
		c.Validation, c.Float.Patience, c.Float.Monitor = 0.2, 30, key
		c.Float.Epochs, c.QAT.Epochs, c.Float.LearningRate = 8, 0, 0.1
		r := mustRun(t, c)
		best := r.Records[0]
		for _, l := range r.Records[:8] {
			if better(l.Validation, best.Validation) {
				best = l
			}
		}
		if r.Float != best.Test {
			t.Errorf("%q: %+v, the best epoch %d has %+v", key, r.Float, best.Epoch, best.Test)
		}
	}
}

// TestTaskFaults: what does not fit task and data is refused by the key's name.
func TestTaskFaults(t *testing.T) {
	labels := func(c *Config) {
		s := *c.Data
		for _, p := range []*datasets.Split{s.Train, s.Test} {
			for i := range p.Targets {
				p.Targets[i] = float32(i % 2)
			}
		}
		s.Target = datasets.LabelTargets
		c.Data = &s
	}
	for want, change := range map[string]func(*Config){
		"task: classification needs classes, and curve has numbers": func(c *Config) { c.Task = Classification },
		"task: labels needs labels, and curve has numbers":          func(c *Config) { c.Task = Labels },
		"network: 3 outputs, and the data set curve has 1 numbers": func(c *Config) {
			c.Network = graph.Chain(graph.Linear(3))
		},
		"task: regression with a network whose loss is mean_square": func(c *Config) {
			c.Task, c.Network.Loss = Regression, graph.MeanSquare
		},
		"objective.loss: focal is no loss of the task regression": func(c *Config) { c.Objective.Loss = Focal },
		"objective.delta: 1 has no effect on the loss squared":    func(c *Config) { c.Objective.Delta = 1 },
		"objective.gamma: 1 has no effect on the loss squared":    func(c *Config) { c.Objective.Gamma = 1 },
		"objective.class_weights: have no effect": func(c *Config) {
			c.Objective.ClassWeights = []float32{1}
		},
		"balanced: true has no effect without classes":        func(c *Config) { c.Balanced = true },
		"float.smoothing: 0.1 has no effect on the task":      func(c *Config) { c.Float.Smoothing = 0.1 },
		"distillation.temperature: 2 has no effect on the":    func(c *Config) { c.Distillation = Distillation{0.5, 2} },
		"float.monitor: \"accuracy\": want loss or one of":    func(c *Config) { c.Float.Monitor = "accuracy" },
		"qat.monitor: \"mae\" has no effect without patience": func(c *Config) { c.QAT.Monitor = "mae" },
		"objective.loss: huber is no loss of the task labels": func(c *Config) { labels(c); c.Objective.Loss = Huber },
	} {
		c := regression(t, 1, 0, 1)
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestRegressionWithEverything: numbers are learned with a teacher, averages, few bits and real
// outputs, and without a float stage.
func TestRegressionWithEverything(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"teacher":      func(c *Config) { c.Distillation.Weight = 0.5 },
		"average":      func(c *Config) { c.QAT.Average = 0.9 },
		"few bits":     func(c *Config) { c.Quantization = graph.Uniform(fakequant.FewBits(4)) },
		"real outputs": func(c *Config) { c.Quantization.FloatOutput = true },
		"from scratch": func(c *Config) { c.Float.Epochs = 0; c.QAT.Epochs = 20; c.QAT.LearningRate = 0.01 },
		"huber":        func(c *Config) { c.Objective.Loss = Huber; c.Objective.Delta = 0.5 },
	} {
		t.Run(name, func(t *testing.T) {
			c := regression(t, 100, 30, 2)
			c.Float.Epochs, c.QAT.Epochs = 20, 3
			change(&c)
			if r := mustRun(t, c); r.QAT.R2 < 0.7 {
				t.Errorf("%+v, float %+v", r.QAT, r.Float)
			}
		})
	}
}
