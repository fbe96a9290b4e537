package train

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"petrify/graph"
)

// train runs what is left of a stage.
func (r *run) train(ctx context.Context, s Stage) error {
	t, err := r.model.Trainer(r.Batch, r.Phase == QAT)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := r.begin(s, t); err != nil {
		return err
	}
	r.Events.stage(StageStart{r.Phase, s.Epochs, r.perEpoch(), r.Batch, r.Epoch, r.Step})
	for r.Epoch < s.Epochs && !r.stale(s) {
		if err := r.epoch(ctx, s, t); err != nil {
			return err
		}
	}
	if s.Epochs > 0 {
		err = r.conclude(ctx, t)
	} else {
		r.Results[r.Phase], err = r.evaluate(ctx, r.Data.Test)
	}
	return err
}

// begin makes the state of the stage or, if the run was resumed in the middle
// of it, restores it from the checkpoint.
func (r *run) begin(s Stage, t *graph.Trainer) (err error) {
	r.fresh = true
	r.optimizer = newOptimizer(s.Optimizer, r.model.Params())
	if s.Average > 0 {
		r.average = newAverage(s.Average, r.model.Params())
	}
	if r.Best.Epoch > 0 {
		r.best = clone(r.model.State())
	}
	r.objective = r.minimises(s)
	if r.Phase == QAT && r.Distillation.Weight > 0 {
		r.objective.Distillation = r.Distillation
		if r.teacher, err = newTeacher(r); err != nil {
			return err
		}
	}
	if s.Smoothing > 0 || r.teacher != nil || !r.Task.reproduces() && !r.Objective.plain() {
		t.SetLoss(r.objective.loss)
	}
	if r.Phase == QAT && s.Epochs > 0 && r.store != nil {
		m, err := r.model.Freeze()
		if err != nil {
			return err
		}
		r.drifts = newDrifts(m)
	}
	if r.Step > 0 && r.saved != nil {
		if err := take(r.training(), r.saved); err != nil {
			return err
		}
	}
	r.saved = nil
	return nil
}

// minimises is the objective of a stage.
func (r *run) minimises(s Stage) *objective {
	return &objective{Objective: r.Objective, smoothing: s.Smoothing, units: unitsOf(r.Data), classes: r.pixelClasses()}
}

// training is the state of the current stage apart from the model's.
func (r *run) training() (states []graph.State) {
	if r.optimizer != nil {
		states = append(states, r.optimizer.save()...)
	}
	if r.average != nil {
		states = append(states, r.average.save()...)
	}
	if r.teacher != nil {
		states = append(states, prefixed(floatState(r.teacher.model), "teacher/")...)
	}
	states = append(states, r.driftStates()...)
	return append(states, prefixed(r.best, "best/")...)
}

// epoch runs what is left of an epoch, evaluates, and records.
func (r *run) epoch(ctx context.Context, s Stage, t *graph.Trainer) error {
	if err := r.batches(ctx, s, t); err != nil {
		return err
	}
	record := Record{
		Stage: r.Phase, Epoch: r.Epoch + 1, Step: r.Step, LearningRate: r.learningRate(s, r.Step-1),
		Train: r.Running.metrics(), Oscillating: r.oscillating(),
		ImagesPerSecond: r.Running.rate(), Seconds: r.Running.Elapsed.Seconds(),
	}
	if err := r.measure(ctx, s, &record); err != nil {
		return err
	}
	r.Epoch++
	r.Running, r.Results[r.Phase] = tally{}, record.Test
	if err := r.record(record); err != nil || !r.due() {
		return err
	}
	return r.save()
}

// conclude sets the model to the result of the stage. If it fails, the model
// stays as it was, and a run that is interrupted here concludes again.
func (r *run) conclude(ctx context.Context, t *graph.Trainer) error {
	if r.Phase != QAT || r.Reestimate == 0 {
		return r.settle()
	}
	before := clone(r.model.State())
	err := r.settle()
	if err == nil {
		err = r.reestimate(ctx, t)
	}
	if err != nil {
		err = errors.Join(err, r.model.Restore(before))
	}
	return err
}

// settle chooses the best epoch, the averages, or the present parameters.
func (r *run) settle() error {
	switch {
	case r.Best.Epoch > 0:
		r.Results[r.Phase] = r.Best.Test
		return r.model.Restore(r.best)
	case r.average != nil:
		r.average.adopt()
		return r.model.Settle()
	}
	return nil
}

// next moves to the next phase.
func (r *run) next() error {
	if r.Phase == Float && r.store != nil {
		if err := writeWeights(filepath.Join(r.Out, "float.safetensors"), r.model); err != nil {
			return err
		}
	}
	r.Phase++
	r.Epoch, r.Step, r.Best = 0, 0, best{}
	r.optimizer, r.average, r.best, r.teacher, r.drifts = nil, nil, nil, nil, nil
	return r.save()
}

// record adds a line to metrics.jsonl and announces it.
func (r *run) record(record Record) error {
	r.records = append(r.records, record)
	if r.store != nil {
		if err := r.store.add(r.store.metrics, record); err != nil {
			return fmt.Errorf("%w%s", err, r.kept())
		}
	}
	r.Events.epoch(record)
	return nil
}

func (r *run) interrupted(ctx context.Context) error {
	return fmt.Errorf("interrupted in the %v stage after %d steps: %w", r.Phase, r.Step, context.Cause(ctx))
}
