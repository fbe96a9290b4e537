package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
)

// oraclePixels is a loss of an image's outputs y, C × H·W, against its mask, from the
// definitions in float64.
func oraclePixels(o *objective, y []float64, mask []float32) float64 {
	pixels := len(mask)
	hits, sizes := make([]float64, o.classes), make([]float64, o.classes)
	entropy, weights := 0.0, 0.0
	for at, class := range mask {
		if class < 0 {
			continue
		}
		sum := 0.0
		for k := range o.classes {
			sum += math.Exp(y[k*pixels+at])
		}
		w := o.classWeight(int(class))
		weights += w
		for k := range o.classes {
			p, t := math.Exp(y[k*pixels+at])/sum, 0.0
			if k == int(class) {
				t = 1
			}
			hits[k] += p * t
			sizes[k] += p*p + t*t
			entropy -= w * ((1-o.smoothing)*t + o.smoothing/float64(o.classes)) * math.Log(p)
		}
	}
	overlap, occur := 0.0, 0.0
	for k := range o.classes {
		if slices.Contains(mask, float32(k)) {
			overlap += 2 * hits[k] / sizes[k]
			occur++
		}
	}
	switch o.Loss {
	case PixelCrossEntropy:
		return entropy / weights
	case Dice:
		return 1 - overlap/occur
	}
	return entropy/weights + 1 - overlap/occur
}

// oraclePixelTeacher is the divergence of all pixels from a teacher's.
func oraclePixelTeacher(o *objective, y, z []float64) (loss float64) {
	pixels := len(y) / o.classes
	for at := range pixels {
		var of [2][]float64
		for i, x := range [][]float64{y, z} {
			sum := 0.0
			for k := range o.classes {
				of[i] = append(of[i], math.Exp(x[k*pixels+at]/o.Temperature))
				sum += of[i][k]
			}
			for k := range of[i] {
				of[i][k] /= sum
			}
		}
		for k, p := range of[1] {
			loss += o.Temperature * o.Temperature * p * math.Log(p/of[0][k]) / float64(pixels)
		}
	}
	return loss
}

// TestPixelLossesAndTheirGradients compares each loss, with and without weights, smoothing
// and a teacher, with its definition, and its gradient with the definition's differences.
// Some pixels have no class, one image has none at all, and one row only fills the batch.
func TestPixelLossesAndTheirGradients(t *testing.T) {
	const n, classes, pixels = 4, 3, 6
	const outputs = classes * pixels
	r := rand.New(rand.NewPCG(8, 9))
	labels := []int32{0, 0, 0, -1}
	masks := make([]float32, n*pixels)
	for at := range masks {
		masks[at] = float32(r.IntN(classes+1) - 1)
		if at/pixels == 1 {
			masks[at] = -1
		}
	}
	masks[0] = 1
	var y, z []float64
	var y32, z32 []float32
	for range n * outputs {
		y32, z32 = append(y32, float32(2*r.NormFloat64())), append(z32, float32(2*r.NormFloat64()))
		y, z = append(y, float64(y32[len(y)])), append(z, float64(z32[len(z)]))
	}
	for _, o := range []*objective{
		{Objective: Objective{Loss: PixelCrossEntropy}},
		{Objective: Objective{Loss: PixelCrossEntropy, ClassWeights: []float32{1, 4, 0.5}}},
		{Objective: Objective{Loss: PixelCrossEntropy}, smoothing: 0.2},
		{Objective: Objective{Loss: PixelCrossEntropy}, Distillation: Distillation{0.4, 2}},
		{Objective: Objective{Loss: Dice}},
		{Objective: Objective{Loss: Dice}, Distillation: Distillation{1, 3}},
		{Objective: Objective{Loss: PixelCrossEntropyDice}},
		{Objective: Objective{Loss: PixelCrossEntropyDice, ClassWeights: []float32{1, 4, 0.5}}, smoothing: 0.1,
			Distillation: Distillation{0.25, 1}},
	} {
		t.Run(fmt.Sprintf("%v %v %v", o.Objective, o.smoothing, o.Distillation), func(t *testing.T) {
			o.classes, o.targets, o.teacher = classes, masks, z32
			of := func(y []float64) (loss float64) {
				all := 0.0
				for i, label := range labels {
					row, mask := i*outputs, masks[i*pixels:][:pixels]
					w := 0.0
					for _, class := range mask {
						if class >= 0 && label >= 0 {
							w += o.classWeight(int(class))
						}
					}
					if all += w; w == 0 {
						continue
					}
					one := 0.0
					if o.Weight < 1 {
						one = (1 - o.Weight) * oraclePixels(o, y[row:][:outputs], mask)
					}
					if o.Weight > 0 {
						one += o.Weight * oraclePixelTeacher(o, y[row:][:outputs], z[row:][:outputs])
					}
					loss += w * one
				}
				return loss / all
			}
			dy := slices.Repeat([]float32{9}, len(y)) // which the loss has to overwrite
			loss, _ := o.loss(dy, y32, labels)
			if want := of(y); math.Abs(loss-want) > 1e-6 {
				t.Errorf("loss %v, want %v", loss, want)
			}
			for i := range y {
				const h = 1e-6
				moved := slices.Clone(y)
				moved[i] += h
				up := of(moved)
				moved[i] -= 2 * h
				if want := (up - of(moved)) / (2 * h); math.Abs(float64(dy[i])-want) > 1e-6 {
					t.Errorf("gradient %d: %v, central difference %v", i, dy[i], want)
				}
			}
			if allocs := testing.AllocsPerRun(10, func() { o.loss(dy, y32, labels) }); allocs > 0 {
				t.Errorf("%v allocations a batch", allocs)
			}
		})
	}
}

// TestPixelLossesFarOut: certain outputs give finite losses and slopes, and a batch without
// any class gives none.
func TestPixelLossesFarOut(t *testing.T) {
	for kind := PixelCrossEntropy; kind <= PixelCrossEntropyDice; kind++ {
		for _, far := range []float32{-1e4, 1e4} {
			for _, mask := range [][]float32{{0, 1}, {0, 0}, {1, -1}, {-1, -1}} {
				o := &objective{Objective: Objective{Loss: kind}, classes: 2, targets: mask}
				dy := make([]float32, 4)
				loss, _ := o.loss(dy, []float32{far, -far, -far, far}, []int32{0})
				sum := loss
				for _, d := range dy {
					sum += float64(d)
				}
				if sum-sum != 0 || mask[0] < 0 && sum != 0 {
					t.Errorf("%v at %v, mask %v: loss %v, gradient %v", kind, far, mask, loss, dy)
				}
			}
		}
	}
}

// TestPixelJudge compares metrics with counts by hand: 2 images of 5 pixels, and one row that
// only fills the batch. Class 2 is neither there nor said.
func TestPixelJudge(t *testing.T) {
	j := newPixelJudge(Config{Data: &datasets.Set{Targets: []string{"a", "b", "c", "d"}}})
	masks := []float32{0, 0, 1, -1, 1 /**/, 3, 3, 0, 0, 1 /**/, 0, 0, 0, 0, 0}
	said := []int{0, 1, 1, 2, 1 /**/, 3, 0, 0, 3, 0 /**/, 1, 1, 1, 1, 1}
	y := make([]float32, 3*4*5)
	for at, class := range said {
		y[at/5*20+class*5+at%5] = 1
	}
	j.add(datasets.Batch{N: 2, Labels: []int32{0, 0, -1}, Targets: masks}, y)
	var m Metrics
	j.metrics(&m)
	// a: 2 hits, 4 there, 4 said; b: 2, 3, 3; d: 1, 2, 2
	want := Metrics{MeanIoU: (2.0/6 + 2.0/4 + 1.0/3) / 3, PixelAccuracy: 5.0 / 9, MeanDice: (4.0/8 + 4.0/6 + 2.0/4) / 3}
	for _, of := range Pixels.Metrics() {
		if math.Abs(of.Of(m)-of.Of(want)) > 1e-12 {
			t.Errorf("%s: %v, want %v", of.Name, of.Of(m), of.Of(want))
		}
	}
	for k, want := range []float64{2.0 / 6, 2.0 / 4, 0, 1.0 / 3} {
		var one Metrics
		if j.targets()[k].metrics(&one); math.Abs(one.MeanIoU-want) > 1e-12 {
			t.Errorf("class %d: IoU %v, want %v", k, one.MeanIoU, want)
		}
	}
}

// bars is a set of pictures with a bright bar, upright or level, whose pixels are to be told
// apart; those of the first column have no class.
func bars(t testing.TB) *datasets.Set {
	t.Helper()
	const side = 8
	r := rand.New(rand.NewPCG(7, 7))
	split := func(n int) *datasets.Split {
		s := &datasets.Split{Labels: make([]int32, n)}
		for range n {
			at, level := 1+r.IntN(side-1), r.IntN(2)
			for k := range side * side {
				class, bright := uint8(0), 60.0
				if [2]int{k % side, k / side}[level] == at {
					class, bright = uint8(1+level), 180
				}
				if k%side == 0 {
					class = datasets.Ignored
				}
				s.Images = append(s.Images, uint8(bright+15*r.NormFloat64()))
				s.Masks = append(s.Masks, class)
			}
		}
		return s
	}
	s, err := datasets.New(datasets.Set{Name: "bars", Shape: [3]int{1, side, side}, Target: datasets.PixelTargets,
		Targets: []string{"ground", "upright", "level"}, Train: split(320), Test: split(64)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pixels is a run of a second.
func pixels(t testing.TB) Config {
	return Config{Data: bars(t), Network: graph.Chain(graph.Conv2D(8, 5).Same(), graph.BatchNorm(), graph.ReLU(),
		graph.Conv2D(3, 3).Same()), Batch: 32, Float: Stage{Epochs: 8, LearningRate: 0.02}, QAT: Stage{Epochs: 2}}
}

// TestPixelsWithEverything: the task is found out, and learned with each loss, a teacher,
// smoothing, weights, augmentation, averages, held-out images and few bits.
func TestPixelsWithEverything(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"plain":   func(*Config) {},
		"dice":    func(c *Config) { c.Objective.Loss = Dice },
		"both":    func(c *Config) { c.Objective.Loss = PixelCrossEntropyDice },
		"weights": func(c *Config) { c.Objective.ClassWeights = []float32{0.5, 1, 2} },
		"teacher": func(c *Config) { c.Distillation.Weight = 0.5 },
		"smooth":  func(c *Config) { c.Float.Smoothing, c.QAT.Smoothing = 0.05, 0.05 },
		"flipped": func(c *Config) { c.Augment = datasets.Augment{Flip: true, Shift: 1} },
		"average": func(c *Config) { c.QAT.Average = 0.9 },
		"patient": func(c *Config) { c.Validation, c.Float.Patience, c.Float.Monitor = 0.2, 4, "mean_iou" },
		"4 bits":  func(c *Config) { c.Quantization = graph.Uniform(fakequant.FewBits(4)) },
		"real":    func(c *Config) { c.Quantization.FloatOutput = true },
	} {
		t.Run(name, func(t *testing.T) {
			c := pixels(t)
			change(&c)
			r := mustRun(t, c)
			if r.Summary.Task != Pixels || r.Model.Task != Pixels.String() || len(r.Model.Targets) != 3 {
				t.Errorf("task %v, of the model %q with %q", r.Summary.Task, r.Model.Task, r.Model.Targets)
			}
			if r.Float.MeanIoU < 0.8 || r.QAT.MeanIoU < r.Float.MeanIoU-0.05 || r.Float.Accuracy != 0 {
				t.Errorf("%+v, float %+v", r.QAT, r.Float)
			}
			if err := r.Model.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPixelLossIsOfPixels: the loss does not depend on how a split is divided into batches,
// although images differ in how many pixels have a class.
func TestPixelLossIsOfPixels(t *testing.T) {
	data := bars(t)
	for at := range data.Test.Masks[:64*40] {
		if at%64 > at/64 {
			data.Test.Masks[at] = datasets.Ignored
		}
	}
	measured := func(batch int) Metrics {
		m := Config{Data: data}.ForTask().Measurer(nil)
		for b, err := range data.Batches(data.Test, datasets.BatchOptions{Size: batch}) {
			if err != nil {
				t.Fatal(err)
			}
			y := make([]float32, 3*len(b.X))
			for at := range y {
				y[at] = b.X[at/3] * float32(at%192%7-3)
			}
			if err := m.Add(b, y); err != nil {
				t.Fatal(err)
			}
		}
		return m.Metrics()
	}
	whole := measured(64)
	for _, batch := range []int{1, 3, 64, 100} {
		if got := measured(batch); math.Abs(got.Loss-whole.Loss) > 1e-9 || got.MeanIoU != whole.MeanIoU {
			t.Errorf("batches of %d: %+v, of all %+v", batch, got, whole)
		}
	}
}

// TestPixelFaults: what does not fit is refused by the key's name.
func TestPixelFaults(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"network: outputs": func(c *Config) { c.Network = graph.Chain(graph.Conv2D(2, 1)) },
		"want outputs 3×8×8": func(c *Config) {
			c.Network = graph.Chain(graph.Conv2D(3, 1).Strided(2))
		},
		"channels, height, width": func(c *Config) {
			c.Network = graph.Chain(graph.Flatten(), graph.Linear(3*64))
		},
		"task: classification needs classes, and bars has masks": func(c *Config) { c.Task = Classification },
		"objective.loss: focal is no loss of the task pixels":    func(c *Config) { c.Objective.Loss = Focal },
		"objective.class_weights: 2 numbers for the 3 classes of": func(c *Config) {
			c.Objective.ClassWeights = []float32{1, 2}
		},
		"objective.class_weights: have no effect on the loss dice": func(c *Config) {
			c.Objective = Objective{Loss: Dice, ClassWeights: []float32{1, 2, 3}}
		},
		"qat.smoothing: 0.1 has no effect on the loss dice": func(c *Config) {
			c.Objective.Loss, c.QAT.Smoothing = Dice, 0.1
		},
		"balanced: true has no effect without classes": func(c *Config) { c.Balanced = true },
		"float.monitor: \"accuracy\": want loss or one of [\"mean_iou": func(c *Config) {
			c.Float.Monitor = "accuracy"
		},
	} {
		c := pixels(t)
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestPixelCrossEntropyIsPyTorchs compares losses and gradients with those of
// torch.nn.functional.cross_entropy with ignore_index, weight and label_smoothing, of PyTorch
// 1.13 in float64. The outputs are multiples of ¼, which float32 holds exactly.
func TestPixelCrossEntropyIsPyTorchs(t *testing.T) {
	const n, classes, pixels = 3, 3, 4
	masks := []float32{0, 1, 2, -1, 1, 1, -1, -1, 2, 0, 0, 1}
	y := make([]float32, n*classes*pixels)
	for i := range y {
		y[i] = float32((i*37+11)%23-11) / 4
	}
	for _, c := range []struct {
		weights   []float32
		smoothing float64
		loss      float64
		first     []float64 // gradients of the first outputs
		sum       float64   // of all gradients, times their places from 1
	}{
		{nil, 0, 1.8793267174345343, []float64{-0.1029740004, 0.0006875872525, 0.07352796907, 0, 0.09913030153},
			0.5830657231848234},
		{nil, 0.2, 1.908956347064164, []float64{-0.08815918563, -0.006719820155, 0.06612056167, 0, 0.09172289412},
			0.4941768342959346},
		{[]float32{1, 4, 0.5}, 0, 2.31823633956373,
			[]float64{-0.0463383002, 0.001237657055, 0.01654379304, 0, 0.04460863569}, 0.5112339163746358},
	} {
		o := &objective{Objective: Objective{Loss: PixelCrossEntropy, ClassWeights: c.weights}, smoothing: c.smoothing,
			classes: classes, targets: masks}
		dy := make([]float32, len(y))
		loss, _ := o.loss(dy, y, make([]int32, n))
		sum := 0.0
		for i, d := range dy {
			sum += float64(d) * float64(i+1)
			if i < len(c.first) && math.Abs(float64(d)-c.first[i]) > 1e-8 {
				t.Errorf("weights %v, smoothing %v: gradient %d is %v, PyTorch's %v", c.weights, c.smoothing, i, d,
					c.first[i])
			}
		}
		if math.Abs(loss-c.loss) > 1e-12 || math.Abs(sum-c.sum) > 1e-6 {
			t.Errorf("weights %v, smoothing %v: loss %v, gradients' sum %v; PyTorch has %v and %v", c.weights,
				c.smoothing,
				loss, sum, c.loss, c.sum)
		}
	}
}
