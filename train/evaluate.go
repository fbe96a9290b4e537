package train

import (
	"context"
	"errors"
	"fmt"

	"petrify/datasets"
	"petrify/graph"
)

// measure evaluates at the end of an epoch, with the averaged parameters where
// the stage has them, and remembers the model if it is the best so far. The
// model stays as it was.
func (r *run) measure(ctx context.Context, s Stage, record *Record) (err error) {
	if r.average != nil {
		before := clone(r.model.State())
		defer func() { err = errors.Join(err, r.model.Restore(before)) }()
		r.average.adopt()
		if err := r.model.Settle(); err != nil {
			return err
		}
	}
	if record.Test, err = r.evaluate(ctx, r.Data.Test); err != nil || r.held == nil {
		return err
	}
	if record.Validation, err = r.evaluate(ctx, r.held); err != nil {
		return err
	}
	r.compare(s, *record)
	return nil
}

// evaluate measures the model on a split, every image of it.
func (r *run) evaluate(ctx context.Context, split *datasets.Split) (Metrics, error) {
	e, err := r.evaluator(r.Phase != Float)
	if err != nil {
		return Metrics{}, err
	}
	var sum tally
	for b, err := range r.Data.Batches(split, datasets.BatchOptions{Size: r.Batch}) {
		if err != nil {
			return Metrics{}, err
		}
		if ctx.Err() != nil {
			return Metrics{}, r.interrupted(ctx)
		}
		m, err := e.Run(b.X, b.Labels)
		if err != nil {
			return Metrics{}, fmt.Errorf("%v stage, evaluation after step %d: %w", r.Phase, r.Step, err)
		}
		sum.add(m.Loss, m.Correct, m.Count)
	}
	return sum.metrics(), nil
}

// evaluator returns the graph that evaluates, and builds it the first time.
func (r *run) evaluator(quantized bool) (*graph.Evaluator, error) {
	if e := r.evaluators[quantized]; e != nil {
		return e, nil
	}
	e, err := r.model.Evaluator(r.Batch, quantized)
	if err == nil {
		r.evaluators[quantized] = e
	}
	return e, err
}
