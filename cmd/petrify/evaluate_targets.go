package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"petrify/datasets"
	"petrify/internal/report"
	"petrify/train"
)

// measuredTask is what `evaluate` prints of a network that predicts numbers, labels or a class for each pixel.
type measuredTask struct {
	Network   string           `json:"network"`
	Method    string           `json:"method"` // of the frozen model: qat or ptq
	Task      train.Task       `json:"task"`
	Data      string           `json:"data"`
	Split     string           `json:"split"`
	Samples   int              `json:"samples"`
	Step      float64          `json:"output_step,omitzero"` // of the frozen model's outputs
	Float     *measuredNetwork `json:"float,omitempty"`
	Quantized *measuredNetwork `json:"quantized"`
	targets   []string
}

// measuredNetwork is how well a network does, by the metrics' keys.
type measuredNetwork struct {
	Metrics  map[string]float64            `json:"metrics"`
	ByTarget map[string]map[string]float64 `json:"by_target"`
	all      train.Metrics
	by       []train.Metrics
	y, is    []float32 // outputs, or anomalies' scores, and targets of the first samples
}

// shownSamples is how many samples a report shows with what is predicted of them.
const shownSamples = 1000

// predictions are what the report of a run shows of its targets.
func (c *command) predictions(ctx context.Context, folder string) (all []report.Prediction, err error) {
	p, err := openPredictor(folder, false)
	if err != nil {
		return nil, err
	}
	e, err := c.measureTask(ctx, p, folder, "", "")
	if err != nil {
		return nil, err
	}
	if e.Float == nil {
		return nil, fmt.Errorf("%s holds no %s", folder, floatFile)
	}
	n := len(e.targets)
	for k, name := range e.targets {
		one := report.Prediction{Target: name, FloatScores: e.Float.by[k], ShippedOnes: e.Quantized.by[k]}
		for i := k; i < len(e.Float.y); i += n {
			one.True = append(one.True, float64(e.Float.is[i]))
			one.Float = append(one.Float, float64(e.Float.y[i]))
			one.Shipped = append(one.Shipped, float64(e.Quantized.y[i]))
		}
		all = append(all, one)
	}
	return all, nil
}

// measureTask evaluates a model with targets, and the float network of its run.
func (c *command) measureTask(ctx context.Context, p *predictor, model, data, split string) (*measuredTask, error) {
	own, err := c.openOwn(ctx, p)
	if err != nil {
		return nil, err
	}
	set, err := c.openLabelled(ctx, p, data, own)
	if err != nil {
		return nil, err
	}
	if task := taskOf(p.model); set.Target != task.Target() {
		return nil, fmt.Errorf("%s has no %v: the model's task is %v", set.Name, task.Target(), task)
	}
	e := &measuredTask{Network: p.model.Name, Method: p.model.Origin.Method, Task: taskOf(p.model), Data: set.Name,
		targets: set.Targets}
	splits, name, err := splitsOf(set, split)
	if err != nil {
		return nil, err
	}
	e.Split = name
	for _, s := range splits {
		e.Samples += s.Len()
	}
	if out, ok := p.model.Activation(p.model.Output); ok && e.Task == train.Regression {
		e.Step = float64(out.Quant.Scale)
	}
	if e.Quantized, err = p.measure(ctx, set, splits); err != nil {
		return nil, err
	}
	if p.run == nil || !exists(filepath.Join(p.folder, floatFile)) {
		return e, nil
	}
	float, err := openPredictor(model, true)
	if err != nil {
		return nil, err
	}
	e.Float, err = float.measure(ctx, set, splits)
	return e, errors.Join(err, float.close())
}

// measure runs the network on splits of a set.
func (p *predictor) measure(ctx context.Context, set *datasets.Set, splits []*datasets.Split) (*measuredNetwork,
	error,
) {
	task := taskOf(p.model)
	m, n := train.Config{Task: task, Data: set}.ForTask().Measurer(nil), &measuredNetwork{}
	y := make([]float32, verifyBatch*p.outputs)
	for _, split := range splits {
		for b, err := range set.Batches(split, datasets.BatchOptions{Size: verifyBatch}) {
			if err == nil {
				err = errors.Join(context.Cause(ctx), p.compute(y, b.X, b.Labels))
			}
			if err == nil {
				err = m.Add(b, y)
			}
			if err != nil {
				return nil, err
			}
			numbers := b.N * p.outputs
			switch {
			case task == train.Regression && len(n.y) < shownSamples*p.outputs:
				n.y, n.is = append(n.y, y[:numbers]...), append(n.is, b.Targets[:numbers]...)
			case task == train.Anomaly:
				n.is = append(n.is, b.Targets[:b.N]...)
			}
		}
	}
	if task == train.Anomaly {
		n.y = m.Scores()
	}
	n.ByTarget, n.all, n.by = map[string]map[string]float64{}, m.Metrics(), m.ByTarget()
	byKey := func(m train.Metrics) map[string]float64 {
		all := map[string]float64{}
		for _, of := range task.Metrics() {
			all[of.Key] = of.Of(m)
		}
		return all
	}
	n.Metrics = byKey(n.all)
	for k, one := range n.by {
		n.ByTarget[set.Targets[k]] = byKey(one)
	}
	return n, nil
}

// write prints the evaluation as tables.
func (e *measuredTask) write(w io.Writer) error {
	fmt.Fprintf(w, "%s on %s: %s samples, %s\n\n", e.Network, e.Data, thousands(int64(e.Samples)), e.Split)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	heads := "\tquantized\t"
	networks := []*measuredNetwork{e.Quantized}
	if e.Float != nil {
		heads = "\tfloat\t" + strings.ToUpper(e.Method) + "\t"
		networks = []*measuredNetwork{e.Float, e.Quantized}
	}
	row := func(name string, of train.Metric, at func(*measuredNetwork) train.Metrics) {
		fmt.Fprintf(t, "%s\t", name)
		for _, n := range networks {
			fmt.Fprintf(t, "%s\t", of.Format(at(n)))
		}
		fmt.Fprintln(t)
	}
	fmt.Fprintln(t, heads)
	for _, of := range e.Task.Metrics() {
		row(of.Name, of, func(n *measuredNetwork) train.Metrics { return n.all })
	}
	if len(e.targets) > 1 {
		of := e.Task.Headline()
		fmt.Fprintf(t, "\n%s of%s\n", of.Name, heads)
		for k, target := range e.targets {
			row(target, of, func(n *measuredNetwork) train.Metrics { return n.by[k] })
		}
	}
	if err := t.Flush(); err != nil || e.Step == 0 {
		return err
	}
	_, err := fmt.Fprintf(w, "\nThe quantized outputs are multiples of %.4g.\n", e.Step)
	return err
}
