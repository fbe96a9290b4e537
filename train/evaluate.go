package train

import (
	"context"
	"errors"

	"petrify/datasets"
	"petrify/graph"
)

// evaluate measures the model on the test split, every image of it.
func (r *run) evaluate(ctx context.Context, quantized bool) (Metrics, error) {
	e, err := r.evaluator(quantized)
	if err != nil {
		return Metrics{}, err
	}
	var sum tally
	for b, err := range r.Data.Batches(r.Data.Test, datasets.BatchOptions{Size: r.Batch}) {
		if err != nil {
			return Metrics{}, err
		}
		if ctx.Err() != nil {
			return Metrics{}, r.interrupted(ctx)
		}
		m, err := e.Run(b.X, b.Labels)
		if err != nil {
			return Metrics{}, err
		}
		sum.add(m.Loss, m.Correct, m.Count)
	}
	return sum.metrics(), nil
}

// evaluateAverage evaluates with the averaged parameters, where the stage has
// them, and leaves the model as it was.
func (r *run) evaluateAverage(ctx context.Context, quantized bool) (m Metrics, err error) {
	if r.average == nil {
		return r.evaluate(ctx, quantized)
	}
	before := clone(r.model.State())
	defer func() { err = errors.Join(err, r.model.Restore(before)) }()
	r.average.adopt()
	if err := r.model.Settle(); err != nil {
		return Metrics{}, err
	}
	return r.evaluate(ctx, quantized)
}

// evaluator returns the graph that evaluates, and builds it the first time.
func (r *run) evaluator(quantized bool) (*graph.Evaluator, error) {
	i := 0
	if quantized {
		i = 1
	}
	if r.evaluators[i] == nil {
		e, err := r.model.Evaluator(r.Batch, quantized)
		if err != nil {
			return nil, err
		}
		r.evaluators[i] = e
	}
	return r.evaluators[i], nil
}
