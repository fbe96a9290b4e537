package train

import (
	"context"
	"fmt"

	"petrify/datasets"
	"petrify/graph"
)

// HoldOut holds out at most n training images, and no more than a fifth of them, unless
// the configuration or the data hold out some already. Those are images that neither
// calibration nor the test sees.
func (c Config) HoldOut(n int) Config {
	if c.Validation > 0 || c.Data.Validation != nil {
		return c
	}
	all := c.Data.Train.Len()
	c.Validation = float64(min(n, all/5)) / float64(all)
	c.Calibration = min(c.Calibration, c.perEpoch())
	return c
}

// Ranges observes the ranges of the float network c.Weights as the phase PTQ does, but
// repairs nothing. It returns the network, and the images that are held out.
func Ranges(ctx context.Context, c Config) (*graph.Model, *datasets.Split, error) {
	if err := c.Validate(); err != nil {
		return nil, nil, err
	}
	c.Float.Epochs, c.QAT.Epochs = 0, 0
	r, err := again(c, nil)
	if err != nil {
		return nil, nil, err
	}
	r.Phase = PTQ
	t, err := r.model.Trainer(r.Batch, true)
	if err != nil {
		return nil, nil, fmt.Errorf("train: %w", err)
	}
	defer t.Close()
	if err := r.observe(ctx, t); err != nil {
		return nil, nil, fmt.Errorf("train: %w", err)
	}
	return r.model, r.held, nil
}

// Evenly is at most n images of a split, at equal distances.
func Evenly(s *datasets.Split, n int) *datasets.Split { return evenly(s, min(n, s.Len())) }
