package train

import (
	"math"
	"regexp"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/observers"
)

// asLabels makes labels of a curve's numbers: whether they are above their middle.
func asLabels(s *datasets.Set) *datasets.Set {
	labelled := *s
	labelled.Target, labelled.Account = datasets.LabelTargets, datasets.Account{}
	for _, p := range []**datasets.Split{&labelled.Train, &labelled.Test} {
		part := **p
		part.Targets = make([]float32, len(part.Targets))
		for i, v := range (*p).Targets {
			if v > 0 {
				part.Targets[i] = 1
			}
		}
		*p = &part
	}
	whole, err := datasets.New(labelled)
	if err != nil {
		panic(err)
	}
	return whole
}

// Every task says by how much few bits are worse than float in its own headline, and names
// the layer that does it: here the one whose range is far too small.
func TestEveryTaskWarnsOfWhatQuantizationCosts(t *testing.T) {
	if n := len(tasks) - 1; n != 6 {
		t.Errorf("%d tasks: want a row for each here", n)
	}
	anomalies, err := datasets.Open("digits", datasets.Options{Normal: []string{"0", "1", "2"}})
	if err != nil {
		t.Fatal(err)
	}
	labels := regression(t, 1, 0, 3)
	labels.Data = asLabels(labels.Data)
	mirror := Config{Data: digits(t, 512, 128), Batch: 32, Float: Stage{Epochs: 3, LearningRate: 0.01}}
	mirror.Network = graph.Chain(graph.Flatten(), graph.Linear(16), graph.ReLU(), graph.Linear(64))
	mirror.Network.Loss = graph.MeanSquare
	odd := mirror
	odd.Data = anomalies
	for task, test := range map[Task]struct {
		config  Config
		says    string // of PTQ and QAT
		narrow  graph.Kind
		matters string // in which unit
	}{
		Regression: {regression(t, 100, 30, 1), `has the MAE [0-9.]+, [0-9.]+ % more than float`, graph.KindLinear,
			`in MAE on 128 images: linear_[123] [1-9]`},
		Labels: {labels, `has an mAP of [0-9.]+ %, [0-9.]+ points less than float`, graph.KindLinear,
			`in points of mAP on 128 images: linear_[123] [1-9]`},
		Pixels: {pixels(t), `has an mIoU of [0-9.]+ %, [0-9.]+ points less than float`, graph.KindConv2D,
			`in points of mIoU on 64 images: .*conv2d_1 [1-9]`},
		Reconstruction: {mirror, `has the loss [0-9.]+, [0-9.]+ % more than float`, graph.KindLinear,
			`in loss on 128 images: linear_[12] [0-9]`},
		Anomaly: {odd, `has the AUC 0\.[0-9]+, 0\.[0-9]+ less than float`, graph.KindLinear,
			`in AUC on 256 images: linear_[12] `},
	} {
		t.Run(task.String(), func(t *testing.T) {
			narrow := fakequant.Int8()
			narrow.Activations.Observer = observers.Config{Kind: observers.Fixed, Min: -0.05, Max: 0.05}
			c := test.config
			c.Quantization = graph.Uniform(fakequant.Int8())
			c.Quantization.Kinds = map[graph.Kind]*fakequant.Scheme{test.narrow: &narrow}
			c.QAT = Stage{Epochs: 1, LearningRate: 1e-6}
			log := warned(t, c)
			for stage, how := range map[string]string{"PTQ": "quantized", "QAT": "left in float"} {
				want := `msg="` + stage + ` ` + test.says + `; the layers that matter most when they are ` + how + ` alone, ` + test.matters
				if !regexp.MustCompile(want).MatchString(log) {
					t.Errorf("want %s\n%s", want, log)
				}
			}
		})
	}
}

// What is lost is counted in the right direction, and said in the metric's own terms.
func TestLosses(t *testing.T) {
	for _, c := range []struct {
		of   Metric
		a, b Metrics
		want float64
		says string
	}{
		{accuracy, Metrics{Accuracy: 0.9}, Metrics{Accuracy: 0.85}, 0.05, "is 5.00 points less accurate than"},
		{meanIoU, Metrics{MeanIoU: 0.5}, Metrics{MeanIoU: 0.6}, -0.1, "has an mIoU of 60.00 %, -10.00 points less than"},
		{mae, Metrics{MAE: 40}, Metrics{MAE: 50}, 0.25, "has the MAE 50.0000, 25.0 % more than"},
		{lossOf, Metrics{Loss: 2}, Metrics{Loss: 1}, -0.5, "has the loss 1.0000, -50.0 % more than"},
		{auc, Metrics{AUC: 0.9}, Metrics{AUC: 0.8}, 0.1, "has the AUC 0.8000, 0.1000 less than"},
	} {
		if got := c.of.Loses(c.a, c.b); math.Abs(got-c.want) > 1e-12 || c.of.Below(c.a, c.b) != c.says {
			t.Errorf("%s: %v, %q; want %v, %q", c.of.Key, got, c.of.Below(c.a, c.b), c.want, c.says)
		}
	}
	if !math.IsNaN(mae.Loses(Metrics{}, Metrics{})) {
		t.Error("no error before and after is a loss")
	}
}
