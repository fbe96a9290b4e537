package conformance_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/quantized/reference"
	"petrify/train"
)

// TestCampaignOfTasks is TestCampaign with whole runs: random networks learn every task with
// each of its losses and random options, from random data. Every runtime that accepts a
// file gives the engine's elements, and the metrics of the definition's outputs are those
// of the run.
func TestCampaignOfTasks(t *testing.T) {
	var all []*drawing
	for n := range max(len(chores()), *networks/3) {
		if *only < 0 || *only == n {
			all = append(all, drawTask(t, *ofSeed, n))
		}
	}
	hold(t, all, append(witnesses(t, all), witness{"metrics", len(all), tryMetrics}))
}

// learned is a run of a random network.
type learned struct {
	config train.Config
	result *train.Result
}

// chore is a task with one of its losses.
type chore struct {
	task train.Task
	loss train.LossKind
}

// chores are all of them.
func chores() []chore {
	return []chore{
		{train.Classification, train.SoftmaxCrossEntropy}, {train.Classification, train.Focal},
		{train.Labels, train.BinaryCrossEntropy},
		{train.Regression, train.Squared}, {train.Regression, train.Absolute}, {train.Regression, train.Huber},
		{train.Pixels, train.PixelCrossEntropy}, {train.Pixels, train.Dice}, {train.Pixels, train.PixelCrossEntropyDice},
		{train.Reconstruction, train.Squared}, {train.Anomaly, train.Squared},
	}
}

// TestChoresAreAll: a loss that is in none of the chores is one that does not exist.
func TestChoresAreAll(t *testing.T) {
	have := map[train.LossKind]bool{}
	for _, c := range chores() {
		have[c.loss] = true
	}
	for loss := train.AnyLoss + 1; !strings.HasPrefix(loss.String(), "LossKind("); loss++ {
		if !have[loss] {
			t.Errorf("no chore has the loss %v", loss)
		}
	}
	for task := train.AnyTask + 1; !strings.HasPrefix(task.String(), "Task("); task++ {
		if !slices.ContainsFunc(chores(), func(c chore) bool { return c.task == task }) {
			t.Errorf("no chore has the task %v", task)
		}
	}
}

// drawTask draws network n and lets it learn; it draws again where numbers become too large
// for what is frozen, or for float32.
func drawTask(t *testing.T, seed uint64, n int) *drawing {
	t.Helper()
	chore := chores()[n%len(chores())]
	rng := rand.New(rand.NewPCG(seed, uint64(n)<<8|9))
	for {
		classes := 2 + rng.IntN(7)
		o := randnet.Options{Layers: 8, Output: func(in graph.Shape) graph.Shape { return chore.output(in, classes) }}
		d := &drawing{Case: randnet.Draw(rng, o), seed: seed, n: n}
		options := rng.Uint64()
		d.learn = func(d *drawing) error { return d.does(chore, rand.New(rand.NewPCG(options, 1))) }
		err := d.train()
		if err == nil {
			return d
		}
		if !strings.Contains(err.Error(), "int32") && !strings.Contains(err.Error(), "not finite") {
			t.Fatalf("network %d of seed %d, %v by %v: %v\n%v", n, seed, chore.task, chore.loss, err, d.Case)
		}
	}
}

// output is the shape of what a network computes.
func (c chore) output(in graph.Shape, classes int) graph.Shape {
	switch c.task {
	case train.Reconstruction, train.Anomaly:
		return graph.Shape{C: in.Size(), H: 1, W: 1}
	case train.Pixels:
		return graph.Shape{C: classes, H: in.H, W: in.W}
	}
	return graph.Shape{C: classes, H: 1, W: 1}
}

// does runs the chore with random options, on random data whose test split is the inputs.
func (d *drawing) does(c chore, rng *rand.Rand) error {
	data, err := c.data(d, rng)
	if err != nil {
		return err
	}
	config := train.Config{Network: d.Network, Data: data, Quantization: d.Quantization, Task: c.task,
		Objective: train.Objective{Loss: c.loss}, Seed: rng.Uint64(), Batch: 1 + rng.IntN(9), Calibration: 1 + rng.IntN(2),
		Float: train.Stage{Epochs: rng.IntN(2), LearningRate: 0.001}, QAT: train.Stage{Epochs: rng.IntN(3), LearningRate: 0.001}}
	c.choose(&config, rng)
	result, err := train.Run(context.Background(), config)
	if err != nil {
		return err
	}
	d.model, d.task = result.Model, &learned{config, result}
	for b, err := range data.Batches(data.Test, datasets.BatchOptions{Size: inputs}) {
		if err != nil {
			return err
		}
		d.x = planar(slices.Clone(b.X), []int{d.Input.C, d.Input.H, d.Input.W})
	}
	return nil
}

// choose draws what the task allows besides.
func (c chore) choose(config *train.Config, rng *rand.Rand) {
	yes := func() bool { return rng.IntN(3) == 0 }
	reproduces := c.task == train.Reconstruction || c.task == train.Anomaly
	classes := c.task == train.Classification || c.task == train.Pixels
	if yes() && c.loss == train.Huber {
		config.Objective.Delta = 0.1 + rng.Float64()
	}
	if yes() && c.loss == train.Focal {
		config.Objective.Gamma = 0.5 + rng.Float64()
	}
	if yes() && classes && c.loss != train.Dice {
		for range max(len(config.Data.Classes), len(config.Data.Targets)) {
			config.Objective.ClassWeights = append(config.Objective.ClassWeights, 0.5+rng.Float32())
		}
	}
	if yes() && !reproduces && config.QAT.Epochs > 0 {
		config.Distillation.Weight = 0.25 + rng.Float64()/2
	}
	if yes() && (classes || c.task == train.Labels) && c.loss != train.Focal && c.loss != train.Dice {
		config.Float.Smoothing = 0.1
	}
	config.Balanced = yes() && c.task == train.Classification
	if yes() && config.QAT.Epochs > 0 {
		config.QAT.Average = 0.9
	}
	if yes() && config.Float.Epochs > 0 {
		config.Validation, config.Float.Patience = 0.25, 1
		keys := []string{"", "loss"}
		for _, of := range c.task.Metrics() {
			if c.task != train.Anomaly && of.Key != "top5" {
				keys = append(keys, of.Key)
			}
		}
		config.Float.Monitor = keys[rng.IntN(len(keys))]
	}
}

// data draws a set of values with what the samples are matched with.
func (c chore) data(d *drawing, rng *rand.Rand) (*datasets.Set, error) {
	out := c.output(d.Input, outputsOf(d))
	names := make([]string, out.C)
	for k := range names {
		names[k] = fmt.Sprint("name ", k)
	}
	s := datasets.Set{Name: "noise", Shape: [3]int{d.Input.C, d.Input.H, d.Input.W}, Target: c.task.Target(), Targets: names}
	scale := math.Pow(10, 4*rng.Float64()-2)
	split := func(n int) *datasets.Split {
		p := &datasets.Split{Labels: make([]int32, n), Values: normal(rng, n*d.Input.Size())}
		for i := range n {
			switch c.task {
			case train.Classification:
				p.Labels[i] = int32(i % out.C) // each class occurs in training
			case train.Labels:
				for range out.C {
					p.Targets = append(p.Targets, float32(rng.IntN(2)))
				}
			case train.Regression:
				for range out.C {
					p.Targets = append(p.Targets, float32(scale*(3+rng.NormFloat64())))
				}
			case train.Pixels:
				for range d.Input.H * d.Input.W {
					p.Masks = append(p.Masks, [2]uint8{uint8(rng.IntN(out.C)), datasets.Ignored}[rng.IntN(9)/8])
				}
			case train.Anomaly:
				p.Targets = append(p.Targets, 0)
			}
		}
		return p
	}
	s.Train, s.Test = split(24), split(inputs)
	for i := range d.Input.Size() {
		s.Test.Values[i], s.Test.Values[d.Input.Size()+i] = 0, s.Test.Values[d.Input.Size()+i]*30
	}
	switch c.task {
	case train.Classification:
		s.Classes, s.Targets = names, nil
	case train.Reconstruction:
		s.Targets, s.Target = nil, datasets.AnyTarget
	case train.Anomaly:
		s.Targets = []string{"anomalous"}
		for i := range s.Test.Targets {
			s.Test.Targets[i] = float32(i % 2)
		}
	}
	return datasets.New(s)
}

// outputsOf is how many classes, labels or numbers the drawn network was to have.
func outputsOf(d *drawing) int {
	last := d.Network.Layers[len(d.Network.Layers)-1]
	for _, l := range slices.Backward(d.Network.Layers) {
		if l.Kind == graph.KindLinear || l.Kind == graph.KindConv2D {
			last = l
			break
		}
	}
	return last.Units
}

// tryMetrics compares the metrics of the definition's outputs with those of the run. Where
// float sums are added in another order, only those count that depend little on the last bits.
func tryMetrics(d *drawing) finding {
	near := 1e-6
	if hasFloats(d.model) {
		if near = 1e-4; d.task.config.Task != train.Regression {
			return finding{}
		}
	}
	activations, err := d.defined(reference.ONNXRuntime)
	if err != nil {
		return fault(err)
	}
	y, c := activations[d.model.Output], d.task.config // N C H W, as an engine's
	m := train.Config{Task: c.Task, Data: c.Data}.ForTask().Measurer(nil)
	for b, err := range c.Data.Batches(c.Data.Test, datasets.BatchOptions{Size: inputs}) {
		if err == nil {
			err = m.Add(b, y)
		}
		if err != nil {
			return fault(err)
		}
	}
	got, f := m.Metrics(), finding{}
	for _, of := range c.Task.Metrics() {
		f.elements++
		if a, b := of.Of(got), of.Of(d.task.result.QAT); math.Abs(a-b) > near*max(1, math.Abs(b)) {
			f.fault = fmt.Sprintf("%v by %v: %s is %v, in the run %v", c.Task, c.Objective.Loss, of.Name, a, b)
		}
	}
	return f
}
