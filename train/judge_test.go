package train

import (
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/score"
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

// TestClassJudge compares with package score, on outputs of which many are equal, in batches
// with a row that only fills them.
func TestClassJudge(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, classes := range []int{2, 5, 6, 12} {
		var names []string
		for k := range classes {
			names = append(names, fmt.Sprint("c", k))
		}
		j, s := newClassJudge(Config{Data: &datasets.Set{Classes: names}}), score.New(classes)
		for range 30 {
			b := datasets.Batch{N: 3, Labels: []int32{0, 0, 0, -1}}
			y := make([]float32, 4*classes)
			for i := range y {
				y[i] = float32(rng.IntN(4))
			}
			for i := range b.N {
				b.Labels[i] = int32(1 + rng.IntN(classes-1)) // the first class has no samples
				p := make([]float64, classes)
				for k := range p {
					p[k] = float64(y[i*classes+k]) / 8
				}
				s.Add(int(b.Labels[i]), p)
			}
			j.add(b, y)
		}
		want := Metrics{Accuracy: s.Accuracy(), WorstRecall: 2}
		for k, name := range names {
			if recall, n := s.ByClass(k); n > 0 && recall < want.WorstRecall {
				want.WorstRecall, want.WorstClass = recall, name
			}
		}
		if classes > 5 {
			want.Top5 = s.Top5()
		}
		var got Metrics
		if j.metrics(&got); got != want || j.targets() != nil {
			t.Errorf("%d classes: %+v, want %+v", classes, got, want)
		}
		if n := len(Classification.MetricsOf(got)); n != map[bool]int{false: 2, true: 3}[classes > 5] {
			t.Errorf("%d classes: %d metrics", classes, n)
		}
	}
	long := Metrics{WorstRecall: 0.25, WorstClass: "Größte Möglichkeit"}
	if got := worst.Format(long); got != "25.00 % (Größte Möglichk…)" {
		t.Errorf("%q", got)
	}
	if of := (Metrics{Top5: 0.5, Loss: 1}).Measured(); of[0].Key != "accuracy" || of[1].Key != "top5" || len(of) != 3 {
		t.Errorf("%v: a classifier that is never right has to be compared by its accuracy", of)
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
		"float.monitor: \"top5\": 2 classes, want 6 or more": func(c *Config) {
			s := *c.Data
			s.Target, s.Targets, s.Classes = datasets.ClassTarget, nil, []string{"a", "b"}
			c.Data, c.Network = &s, graph.Chain(graph.Linear(2))
			c.Validation, c.Float.Patience, c.Float.Monitor = 0.2, 2, "top5"
		},
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
