package train

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"slices"

	"petrify/datasets"
	"petrify/graph"
)

// calibrate is post-training quantization: the observers see training batches
// while weights and batch norm stay as the float stage left them. It ends with
// the observers off and fake quantization on.
//
// Without a float stage, batch norm still has its initial statistics, 0 and 1.
// Ranges observed with them would be far from those of the first step, which
// normalises by its batch, and QAT would have to wait for their average to
// catch up. So in that case batch norm follows the batches.
func (r *run) calibrate(ctx context.Context) error {
	r.Events.stage(StageStart{Stage: PTQ, StepsInEpoch: r.Calibration, Batch: r.Batch})
	t, err := r.model.Trainer(r.Batch, true)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := r.observe(ctx, t); err != nil {
		return err
	}
	if err := r.quantizeAsItIs(ctx, t); err != nil {
		return err
	}
	return r.record(Record{Stage: PTQ, Step: r.Step, Test: r.Results[PTQ]})
}

// observe finds the ranges.
func (r *run) observe(ctx context.Context, t *graph.Trainer) error {
	if r.objective = r.minimises(Stage{}); r.Network.Loss == graph.Targeted {
		t.SetLoss(r.objective.loss)
	}
	if err := r.equalize(ctx); err != nil {
		return err
	}
	r.apply(graph.Switches{Observe: true, BatchNormFrozen: !r.untrained()})
	for b, err := range r.Data.Batches(r.split, r.order(0)) {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return r.interrupted(ctx)
		}
		if r.Step == r.Calibration {
			break
		}
		r.objective.take(b)
		m, err := t.Step(b.X, b.Labels)
		if err != nil {
			return err
		}
		r.Step++
		r.Running.add(m.Loss, m.Correct, m.Count)
		r.Events.step(StepEnd{Stage: PTQ, Step: r.Step, Loss: m.Loss, Mean: r.Running.metrics(),
			Images: r.Running.Count})
	}
	r.Running = tally{}
	if err := r.model.Settle(); err != nil {
		return err
	}
	r.apply(graph.Switches{Quantize: true})
	return nil
}

// quantizeAsItIs repairs and evaluates the quantized network. Unless that is kept, a QAT
// stage begins from the float network's weights and statistics.
func (r *run) quantizeAsItIs(ctx context.Context, t *graph.Trainer) (err error) {
	before := clone(r.model.State())
	if r.QAT.Epochs > 0 && !r.keeps() {
		defer func() { err = errors.Join(err, r.model.Restore(before)) }()
	}
	if r.fewBits() && r.normalises() && !r.untrained() {
		if err := r.renormaliseIfBetter(ctx, t, before); err != nil {
			return err
		}
	}
	if err := r.repair(ctx, before); err != nil {
		return err
	}
	if r.Results[PTQ], err = r.evaluate(ctx, r.Data.Test); err != nil {
		return err
	}
	if err := r.warnOfCost(ctx, PTQ); err != nil {
		return err
	}
	return r.show(ctx, 0)
}

// renormaliseIfBetter averages batch norm's running statistics again, because with
// few bits the means and deviations of the quantized sums are not those that it
// removes. It returns to the states before if the loss on the calibration's images
// does not fall.
func (r *run) renormaliseIfBetter(ctx context.Context, t *graph.Trainer, before []graph.State) error {
	seen := first(r.split, r.Calibration*r.Batch)
	old, err := r.evaluate(ctx, seen)
	if err != nil {
		return err
	}
	if err := r.renormalise(ctx, t, r.Calibration); err != nil {
		return err
	}
	now, err := r.evaluate(ctx, seen)
	if err == nil && !(now.Loss < old.Loss) {
		err = r.model.Restore(before)
	}
	return err
}

// first is the first n images of a split.
func first(s *datasets.Split, n int) *datasets.Split {
	chosen := make([]bool, s.Len())
	for i := range min(n, len(chosen)) {
		chosen[i] = true
	}
	_, part := s.Cut(chosen)
	return part
}

// fewBits reports whether something has fewer than 8 bits.
func (r *run) fewBits() bool {
	return slices.ContainsFunc(r.model.Placements(), func(p graph.Placement) bool { return p.Config.Format.Bits < 8 })
}

// normalises reports whether the network has batch norm.
func (r *run) normalises() bool {
	return slices.ContainsFunc(r.model.Domains(), func(d graph.Domain) bool { return d.BatchNorm })
}

// untrained reports whether QAT starts from untrained weights.
func (c Config) untrained() bool { return c.Float.Epochs == 0 && c.Weights == nil }

// apply sets the switches of all layers.
func (r *run) apply(s graph.Switches) {
	r.model.Switch(func(string) graph.Switches { return s })
}

// release frees the graphs of the last stage before those of the next are
// built: the first collection runs their machines' finalizers, the second frees
// the memory.
func (r *run) release() {
	r.evaluator, r.distance, r.probe, r.frozen = nil, nil, nil, nil
	runtime.GC()
	debug.FreeOSMemory()
}
