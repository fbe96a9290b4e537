package train

import (
	"context"
	"fmt"
	"slices"

	"petrify/graph"
)

// Summarize measures a run of the configuration c again and returns what its
// summary.json must say, apart from speed: QAT from the model that [Finished]
// returned, the float network and PTQ from the weights in float.safetensors. If
// the network has dropout, PTQ is zero, because the random numbers of its
// calibration are not recorded.
func Summarize(ctx context.Context, c Config, finished *graph.Model, float []graph.State) (Summary, error) {
	model, err := finished.Freeze()
	if err != nil {
		return Summary{}, fmt.Errorf("train: %w", err)
	}
	c = c.resolve()
	c.Out, c.Resume, c.Events = "", false, Events{}
	if c.Float.Epochs > 0 {
		c.Weights = float
	}
	r, err := start(c)
	if err != nil {
		return Summary{}, fmt.Errorf("train: %w", err)
	}
	if err := r.revisit(ctx, finished); err != nil {
		return Summary{}, fmt.Errorf("train: %w", err)
	}
	return r.summary(model), nil
}

// revisit measures all phases of a run, given its finished model.
func (r *run) revisit(ctx context.Context, finished *graph.Model) (err error) {
	if r.Results[Float], err = r.evaluate(ctx, r.Data.Test); err != nil {
		return err
	}
	r.Phase = PTQ
	r.release()
	if err := r.calibrate(ctx); err != nil {
		return err
	}
	if slices.ContainsFunc(r.Network.Layers, func(l graph.Layer) bool { return l.Kind == graph.KindDropout }) {
		r.Results[PTQ] = Metrics{}
	}
	r.Phase, r.model = QAT, finished
	r.release()
	r.Results[QAT], err = r.evaluate(ctx, r.Data.Test)
	return err
}
