package train

import (
	"context"
	"errors"
	"fmt"

	"petrify/datasets"
	"petrify/graph"
	"petrify/quantized/integer"
)

// measure evaluates at the end of an epoch, with the averaged parameters if the
// stage has them, and remembers the model if it is the best so far. The model
// itself does not change.
func (r *run) measure(ctx context.Context, s Stage, record *Record) (err error) {
	if r.average != nil {
		before := clone(r.model.State())
		defer func() { err = errors.Join(err, r.model.Restore(before)) }()
		r.average.adopt()
		if err := r.model.Settle(); err != nil {
			return err
		}
	}
	if record.Test, err = r.evaluate(ctx, r.Data.Test); err != nil {
		return err
	}
	if record.Distance, err = r.apart(); err != nil {
		return err
	}
	if r.Events.Weights != nil {
		r.Events.weights(Weights{r.Phase, r.Step, r.model.WeightValues()})
	}
	if r.Phase == QAT {
		err = r.survey(record.Epoch, false)
	}
	if err != nil || r.held == nil {
		return err
	}
	if record.Validation, err = r.evaluate(ctx, r.held); err != nil {
		return err
	}
	r.compare(s, *record)
	return nil
}

// evaluate measures the model on every image of a split.
func (r *run) evaluate(ctx context.Context, split *datasets.Split) (Metrics, error) {
	m := r.Measurer(r.model)
	err := r.each(ctx, split, m.Add)
	return m.Metrics(), err
}

// each evaluates the batches of a split and shows what comes out. The outputs are valid
// until the next batch.
func (r *run) each(ctx context.Context, split *datasets.Split, see func(datasets.Batch, []float32) error) error {
	forward, err := r.forward()
	if err != nil {
		return fmt.Errorf("%v stage, evaluation after step %d: %w", r.Phase, r.Step, err)
	}
	for b, err := range r.Data.Batches(split, datasets.BatchOptions{Size: r.Batch}) {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return r.interrupted(ctx)
		}
		y, err := forward(b.X, b.Labels)
		if err == nil {
			err = see(b, y)
		}
		r.garbage.batch()
		if err != nil {
			return fmt.Errorf("%v stage, evaluation after step %d: %w", r.Phase, r.Step, err)
		}
	}
	return nil
}

// shownOutputs is how many inputs the event of a stage's end shows.
const shownOutputs = 256

// show adds the survey of a stage's end, and announces what the model makes of inputs
// drawn evenly from the test split. Like the survey, it does not heed an interruption.
func (r *run) show(ctx context.Context, epoch int) error {
	if err := r.survey(epoch, true); err != nil {
		return err
	}
	if r.Events.Outputs == nil {
		return nil
	}
	n, total := min(shownOutputs, r.Data.Test.Len()), r.Data.Test.Len()
	o := Outputs{Stage: r.Phase, Step: r.Step}
	for i := range n {
		o.Samples = append(o.Samples, i*total/n)
	}
	see := func(b datasets.Batch, y []float32) error {
		o.Labels = append(o.Labels, b.Labels[:b.N]...)
		o.Values = append(o.Values, y[:len(y)/len(b.Labels)*b.N]...)
		return nil
	}
	err := r.each(context.WithoutCancel(ctx), evenly(r.Data.Test, n), see)
	if err == nil {
		r.Events.Outputs(o)
	}
	return err
}

// forward returns a function that evaluates a batch and returns its outputs: in the float
// stage with the graph, later with the engine of the model as it would be shipped now.
func (r *run) forward() (func(x []float32, labels []int32) ([]float32, error), error) {
	if r.Phase == Float {
		e, err := r.floatEvaluator()
		if err != nil {
			return nil, err
		}
		return func(x []float32, labels []int32) ([]float32, error) {
			_, err := e.Run(x, labels)
			return e.Logits(), err
		}, nil
	}
	frozen, err := r.model.Freeze()
	if err != nil {
		return nil, err
	}
	r.frozen = frozen
	engine, err := integer.New(frozen, integer.Options{})
	if err != nil {
		return nil, err
	}
	y := make([]float32, r.Batch*engine.OutputSize())
	return func(x []float32, labels []int32) ([]float32, error) { return y, engine.Run(y, x, len(labels)) }, nil
}

// apart compares the forward passes of training and of the engine on the first
// images of the test split: a sample that costs less than a step.
func (r *run) apart() (*graph.Difference, error) {
	if r.Phase != QAT {
		return nil, nil
	}
	if r.distance == nil {
		d, err := r.model.Distance(min(r.Batch, apartImages))
		if err != nil {
			return nil, err
		}
		r.distance = d
	}
	for b, err := range r.Data.Batches(r.Data.Test, datasets.BatchOptions{Size: min(r.Batch, apartImages)}) {
		if err != nil {
			return nil, err
		}
		d, err := r.distance.Compare(b.X, b.Labels)
		if err != nil || d == (graph.Difference{}) {
			return nil, err
		}
		return &d, nil
	}
	return nil, nil
}

// apartImages is how many images apart compares.
const apartImages = 8

// floatEvaluator returns the graph that evaluates in float, and builds it the
// first time.
func (r *run) floatEvaluator() (*graph.Evaluator, error) {
	if r.evaluator == nil {
		e, err := r.model.Evaluator(r.Batch, false)
		if err != nil {
			return nil, err
		}
		r.evaluator = e
	}
	return r.evaluator, nil
}
