package train

import (
	"context"

	"petrify/graph"
)

// reestimate sets batch norm's running statistics to the averages over some
// training batches, and evaluates. If it fails, it may leave the model partly
// changed.
func (r *run) reestimate(ctx context.Context, t *graph.Trainer) error {
	if err := r.renormalise(ctx, t, r.Reestimate); err != nil {
		return err
	}
	if err := r.model.Settle(); err != nil {
		return err
	}
	after, err := r.evaluate(ctx, r.Data.Test)
	if err != nil {
		return err
	}
	before := r.Results[QAT]
	r.Log.Info("batch norm estimated again", "batches", r.Reestimate,
		"accuracy_before", before.Accuracy, "accuracy", after.Accuracy, "loss_before", before.Loss, "loss", after.Loss)
	r.Results[QAT] = after
	return nil
}

// renormalise sets batch norm's running statistics to the averages over the given
// number of training batches.
func (r *run) renormalise(ctx context.Context, t *graph.Trainer, batches int) error {
	return r.model.Reestimate(func() error {
		steps := 0
		for b, err := range r.Data.Batches(r.split, r.order(0)) {
			if err != nil {
				return err
			}
			if ctx.Err() != nil {
				return r.interrupted(ctx)
			}
			if steps == batches {
				break
			}
			if _, err := r.gradients(t, b); err != nil {
				return err
			}
			steps++
		}
		return nil
	})
}

// reestimateFaults checks the number of batches, and that it has an effect.
func (c Config) reestimateFaults(f *Faults, perEpoch int) {
	const path = "reestimate"
	f.check(c.Reestimate >= 0, path, "%d: want 1 or more batches, or 0 for none", c.Reestimate)
	f.check(perEpoch == 0 || c.Reestimate <= perEpoch, path,
		"%d: want at most the %d batches of the training split", c.Reestimate, perEpoch)
	if c.Reestimate <= 0 {
		return
	}
	f.check(c.QAT.Epochs > 0, path, "%d has no effect without epochs of the qat stage", c.Reestimate)
	normalises := len(c.Network.Layers) == 0 // not known yet
	for _, l := range c.Network.Layers {
		normalises = normalises || l.Kind == graph.KindBatchNorm
	}
	f.check(normalises, path, "%d has no effect: the network has no batch_norm", c.Reestimate)
}
