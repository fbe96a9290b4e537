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
	forward, err := r.forward()
	if err != nil {
		return Metrics{}, fmt.Errorf("%v stage, evaluation after step %d: %w", r.Phase, r.Step, err)
	}
	var sum tally
	for b, err := range r.Data.Batches(split, datasets.BatchOptions{Size: r.Batch}) {
		if err != nil {
			return Metrics{}, err
		}
		if ctx.Err() != nil {
			return Metrics{}, r.interrupted(ctx)
		}
		m, err := forward(b.X, b.Labels)
		if err != nil {
			return Metrics{}, fmt.Errorf("%v stage, evaluation after step %d: %w", r.Phase, r.Step, err)
		}
		sum.add(m.Loss, m.Correct, m.Count)
	}
	return sum.metrics(), nil
}

// forward returns a function that evaluates a batch: in the float stage with
// the graph, later with the engine of the model as it would be shipped now.
func (r *run) forward() (func(x []float32, labels []int32) (graph.Metrics, error), error) {
	if r.Phase == Float {
		e, err := r.floatEvaluator()
		if err != nil {
			return nil, err
		}
		return e.Run, nil
	}
	frozen, err := r.model.Freeze()
	if err != nil {
		return nil, err
	}
	engine, err := integer.New(frozen, integer.Options{})
	if err != nil {
		return nil, err
	}
	y := make([]float32, r.Batch*engine.OutputSize())
	return func(x []float32, labels []int32) (graph.Metrics, error) {
		if err := engine.Run(y, x, len(labels)); err != nil {
			return graph.Metrics{}, err
		}
		return r.model.Measure(y, x, labels)
	}, nil
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
