package train

import (
	"context"
	"runtime"
	"runtime/debug"

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
	if r.Results[PTQ], err = r.evaluate(ctx, r.Data.Test); err != nil {
		return err
	}
	return r.record(Record{Stage: PTQ, Step: r.Step, Test: r.Results[PTQ]})
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
	r.evaluator, r.distance = nil, nil
	runtime.GC()
	debug.FreeOSMemory()
}
