package main

import (
	"fmt"
	"math"
	"path/filepath"

	"petrify/datasets"
	"petrify/graph"
	"petrify/internal/config"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/train"
)

// predictor computes the outputs of a trained network.
type predictor struct {
	model   *quantized.Model
	folder  string         // of the model
	run     *config.Config // what made it; nil: not known
	data    string         // what it was trained on; "": not known, or not here
	input   datasets.Contract
	outputs int  // of one input
	softmax bool // the network itself ends with one
	compute func(y, x []float32, labels []int32) error
	close   func() error
}

// openPredictor opens a frozen model, or with float the network that it was
// quantized from.
func openPredictor(path string, float bool) (*predictor, error) {
	m, err := loadModel(path)
	if err != nil {
		return nil, err
	}
	p := newPredictor(m)
	p.folder = folderOf(path)
	if err := p.findRun(); err != nil {
		return nil, err
	}
	if float {
		return p, p.openFloat()
	}
	return p, p.openIntegers()
}

func newPredictor(m *quantized.Model) *predictor {
	return &predictor{model: m, input: contractOf(m), outputs: outputSize(m), softmax: endsInSoftmax(m),
		close: func() error { return nil }}
}

// inputs are the numbers of one input.
func (p *predictor) inputs() int {
	n := 1
	for _, d := range p.model.Input.Shape {
		n *= d
	}
	return n
}

func (p *predictor) openIntegers() error {
	engine, err := integer.New(p.model, integer.Options{})
	if err != nil {
		return err
	}
	p.compute = func(y, x []float32, labels []int32) error { return engine.Run(y, x, len(labels)) }
	return nil
}

// openFloat builds the network of a run with the weights of its float stage.
func (p *predictor) openFloat() error {
	if p.run == nil {
		return usage(fmt.Errorf("--float: %s holds no %s: want a run folder", p.folder, configFile))
	}
	weights, err := train.ReadWeights(filepath.Join(p.folder, floatFile))
	if err != nil {
		return err
	}
	s := p.input.Shape
	net, err := p.run.Model(graph.Shape{C: s[0], H: s[1], W: s[2]}, p.outputs, pixelClasses(p.model))
	if err != nil {
		return faultOfFile(err, false)
	}
	if err := train.SetWeights(net, weights); err != nil {
		return err
	}
	e, err := net.Evaluator(verifyBatch, false)
	if err != nil {
		return err
	}
	p.close = e.Close
	p.compute = func(y, x []float32, labels []int32) error {
		if _, err := e.Run(x, labels); err != nil {
			return err
		}
		copy(y, e.Logits())
		return nil
	}
	return nil
}

// contractOf is what a model is to be fed, as its file says.
func contractOf(m *quantized.Model) datasets.Contract {
	c := datasets.Contract{Shape: imageOf(m.Input.Shape), PixelScale: m.Input.PixelScale, Mean: m.Input.Mean,
		Std: m.Input.Std, Targets: m.Targets}
	c.Options.Target = taskOf(m).Target()
	r := m.Input.Raw
	if r == nil {
		return c
	}
	if r.Columns != nil {
		c.Table = tableOf(r)
		if len(r.Columns) == c.Shape[0] && c.Shape[1] == 1 && c.Shape[2] > 1 {
			c.Options.Windows.Length = c.Shape[2]
		}
	}
	if c.Sound = r.Sound; c.Sound != nil {
		c.Options.Sounds.Words = m.Classes
	}
	if r.Orientation != "" {
		c.Depth = map[string]int{"uint8": 8, "uint16": 16}[r.Type]
	}
	if r.Resize != nil {
		c.Options.Size = r.Resize.Size
	}
	return c
}

// tableOf is what a model says of the tables that it was trained on.
func tableOf(r *quantized.Raw) *datasets.TableAccount {
	t := &datasets.TableAccount{Columns: r.Columns}
	for _, w := range r.Words {
		t.Categories = append(t.Categories, datasets.CategoryAccount{Column: w.Column, At: w.First, Words: w.Words,
			Zero: w.Zero})
	}
	for _, f := range r.Fills {
		t.Fills = append(t.Fills, datasets.FillAccount{Column: f.Column, Value: f.Value})
	}
	return t
}

// pixelClasses is the number of classes of each pixel; 0 if the model's task is another.
func pixelClasses(m *quantized.Model) int {
	if taskOf(m) != train.Pixels {
		return 0
	}
	return len(m.Targets)
}

// taskOf is what a model does.
func taskOf(m *quantized.Model) (t train.Task) {
	switch {
	case len(m.Classes) > 0:
		return train.Classification
	case m.Task == "" || t.UnmarshalText([]byte(m.Task)) != nil:
		return train.Reconstruction
	}
	return t
}

// findRun adds what the model's run says, if it is in the folder of one.
func (p *predictor) findRun() (err error) {
	saved := savedConfig(p.folder)
	if saved == "" {
		return nil
	}
	if p.run, err = config.Load(saved); err == nil {
		p.data = p.run.Dataset
	} else if p.run, err = config.Load(saved, elsewhere()); err != nil {
		return faultOfFile(err, false)
	}
	target := p.input.Options.Target
	p.input.Options = p.run.Data
	p.input.Options.Target = target
	says, err := readSummary(filepath.Join(p.folder, summaryFile))
	p.input.Table = says.Data.Table
	return err
}

// elsewhere replaces the data of a configuration, which may have moved.
func elsewhere() config.Override {
	return config.Override{Key: "dataset", Value: datasets.Names()[0].Name}
}

// each computes the outputs of a split, a batch at a time; they are valid until
// the next one.
func (p *predictor) each(set *datasets.Set, split *datasets.Split,
	use func(first int, y []float32, b datasets.Batch) error,
) error {
	y := make([]float32, verifyBatch*p.outputs)
	for b, err := range set.Batches(split, datasets.BatchOptions{Size: verifyBatch}) {
		if err != nil {
			return err
		}
		if err := p.compute(y, b.X, b.Labels); err != nil {
			return err
		}
		if err := use(b.Index*verifyBatch, y[:b.N*p.outputs], b); err != nil {
			return err
		}
	}
	return nil
}

// probabilities are those of the classes for one input's outputs.
func (p *predictor) probabilities(y []float32) []float64 {
	q := make([]float64, len(y))
	if p.softmax {
		for i, v := range y {
			q[i] = float64(v)
		}
		return q
	}
	top := y[best(y)]
	sum := 0.0
	for i, v := range y {
		q[i] = math.Exp(float64(v) - float64(top))
		sum += q[i]
	}
	for i := range q {
		q[i] /= sum
	}
	return q
}

// best is the index of the greatest number, the first of several.
func best[T float32 | float64](y []T) (at int) {
	for i, v := range y {
		if v > y[at] {
			at = i
		}
	}
	return at
}
