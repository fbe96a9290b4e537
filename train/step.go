package train

import (
	"context"
	"fmt"
	"time"

	"petrify/datasets"
	"petrify/graph"
)

// batches runs the steps that are left of an epoch.
func (r *run) batches(ctx context.Context, s Stage, t *graph.Trainer) error {
	perEpoch := r.perEpoch()
	done := r.Step - r.Epoch*perEpoch
	if done == perEpoch { // interrupted between the last step and the evaluation
		return nil
	}
	begin := time.Now()
	for b, err := range r.Data.Batches(r.split, r.order(done)) {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return r.interrupted(ctx)
		}
		if err := r.step(s, t, b, begin); err != nil {
			return err
		}
		begin = time.Now()
		if r.Step == (r.Epoch+1)*perEpoch {
			return nil
		}
	}
	return fmt.Errorf("%s gave fewer batches than %d", r.Data.Name, perEpoch)
}

// step trains on one batch.
func (r *run) step(s Stage, t *graph.Trainer, b datasets.Batch, begin time.Time) error {
	if r.Phase == QAT {
		r.turn()
	}
	lr := r.learningRate(s, r.Step)
	m, err := r.learn(s, t, b, lr)
	if err != nil {
		return fmt.Errorf("%v stage, epoch %d, step %d: %w%s", r.Phase, r.Epoch+1, r.Step+1, err, r.kept())
	}
	r.Step++
	r.garbage.batch()
	for _, t := range []*tally{&r.Running, &r.Trained[r.Phase]} {
		t.add(m.Loss, m.Correct, m.Count)
		t.Elapsed += time.Since(begin)
	}
	r.Events.step(StepEnd{
		Stage: r.Phase, Epoch: r.Epoch, Step: r.Step, LearningRate: lr,
		Loss: m.Loss, Mean: r.Running.metrics(), Images: r.Running.Count,
	})
	if r.Step%r.perEpoch() == 0 { // an interval of steps or epochs ends after the evaluation
		if err := r.model.Settle(); err != nil || r.Checkpoint.Time == 0 {
			return err
		}
	}
	if r.due() {
		return r.save()
	}
	return nil
}

// turn switches the layers as their milestones say.
func (r *run) turn() {
	r.model.Switch(r.agenda.at(r.Step))
	for _, t := range r.agenda.turns(r.Step, r.fresh) {
		r.Events.turn(t)
	}
	r.fresh = false
}

// learn computes the gradients of a batch and updates the parameters.
func (r *run) learn(s Stage, t *graph.Trainer, b datasets.Batch, lr float64) (m graph.Metrics, err error) {
	if m, err = r.gradients(t, b); err != nil {
		return m, err
	}
	if err := r.dampen(); err != nil {
		return m, err
	}
	return m, r.update(s, lr)
}

// gradients computes the loss of a batch and its gradients.
func (r *run) gradients(t *graph.Trainer, b datasets.Batch) (m graph.Metrics, err error) {
	r.objective.take(b)
	if r.teacher != nil {
		if r.objective.teacher, err = r.teacher.logits(b); err != nil {
			return m, err
		}
	}
	return t.Step(b.X, b.Labels)
}

// update updates the parameters with their gradients.
func (r *run) update(s Stage, lr float64) error {
	err := graph.Standardise(r.optimizer.params, func() error {
		if s.Clip > 0 {
			clip(r.optimizer.params, s.Clip)
		}
		return r.optimizer.update(lr)
	})
	if err != nil {
		return err
	}
	if err := r.freeze(); err != nil {
		return err
	}
	if r.average != nil {
		r.model.FollowObservers()
		r.average.update(r.Step + 1)
	}
	return nil
}

func (r *run) learningRate(s Stage, step int) float64 {
	return s.LearningRate * s.Schedule.At(step, s.Epochs*r.perEpoch(), r.perEpoch())
}

// due reports whether a checkpoint is due after the present step.
func (r *run) due() bool {
	if r.Checkpoint.Time > 0 {
		return time.Since(r.written) >= r.Checkpoint.Time
	}
	every := r.Checkpoint.Span.Steps(r.perEpoch())
	return r.Step/every > (r.Step-1)/every
}

// kept says where the last good checkpoint is.
func (r *run) kept() string {
	if r.store == nil || r.Serial == 0 {
		return ""
	}
	return "; the last checkpoint is " + r.store.path(r.Serial)
}
