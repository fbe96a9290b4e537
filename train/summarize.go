package train

import (
	"context"
	"fmt"
	"slices"

	"petrify/graph"
	"petrify/quantized"
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
	r, err := again(c, float)
	if err != nil {
		return Summary{}, err
	}
	if err := r.revisit(ctx, finished); err != nil {
		return Summary{}, fmt.Errorf("train: %w", err)
	}
	return r.summary(model), nil
}

// Calibrated quantizes the float network of a run again, as its phase PTQ did, and
// freezes it. c is the configuration of that run, float are the weights in
// float.safetensors. With dropout, ranges differ from those of the run, since its
// random numbers are not recorded.
func Calibrated(ctx context.Context, c Config, float []graph.State) (*quantized.Model, error) {
	r, err := again(c, float)
	if err != nil {
		return nil, err
	}
	r.Phase, r.QAT.Epochs = PTQ, 0 // PTQ's weights stay, as no QAT begins from the float network's
	if err := r.calibrate(ctx); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	model, err := r.model.Freeze()
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	r.describe(model)
	return model, nil
}

// again starts a run of the same configuration, which writes nothing, at the end
// of its float stage.
func again(c Config, float []graph.State) (*run, error) {
	c = c.resolve()
	c.Out, c.Resume, c.Events = "", false, Events{}
	if c.Float.Epochs > 0 {
		c.Weights = float
	}
	r, err := start(c)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return r, nil
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
