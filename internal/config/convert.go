package config

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/train"
)

// Train is the run on a data set. Whatever is wrong with it for these data is
// returned as [Faults], with the places in the file.
func (c *Config) Train(data *datasets.Set) (train.Config, error) {
	t, faults := c.training()
	t.Data = data
	if f := c.foreign(data); f != nil {
		return t, faults.with(f)
	}
	var err error
	if t.Network, err = c.network(data.Outputs(), c.PixelClasses(data)); err != nil {
		return t, err
	}
	if c.Weights != "" {
		weights, err := readWeights(c.Weights)
		if err != nil {
			return t, err
		}
		t.Weights = weights
	}
	var more train.Faults
	err = t.Validate()
	if err == nil {
		t = t.ForTask()
	}
	if errors.As(err, &more) {
		faults = faults.with(c.locate(more))
	} else if err != nil {
		return t, err
	}
	if len(faults) > 0 {
		return t, faults
	}
	return t, nil
}

// PixelClasses is the number of classes of pixels that the network is to tell apart; 0 if its
// task is another.
func (c *Config) PixelClasses(data *datasets.Set) int {
	if data.Target != datasets.PixelTargets || c.Task == train.Reconstruction {
		return 0
	}
	return len(data.Targets)
}

// Model is the untrained model for inputs of the given shape, with this many outputs, or
// with pixelClasses for each pixel if it is not 0.
func (c *Config) Model(in graph.Shape, outputs, pixelClasses int) (*graph.Model, error) {
	network, err := c.network(outputs, pixelClasses)
	if err != nil {
		return nil, err
	}
	q, faults := c.quantization()
	if faults != nil {
		return nil, faults
	}
	return graph.New(network, in, q, rand.New(rand.NewPCG(c.Seed, 0)))
}

func (c *Config) network(outputs, pixelClasses int) (graph.Network, error) {
	if c.Network.Builtin == "" {
		return c.Network.Network, nil
	}
	network, err := graph.Builtin(c.Network.Builtin, outputs)
	if err != nil {
		return network, fmt.Errorf("config: %w", err)
	}
	if pixelClasses > 0 {
		network = network.PerPixel(pixelClasses)
	}
	return network, nil
}

// training is the run without its data.
func (c *Config) training() (train.Config, Faults) {
	q, faults := c.quantization()
	every, own := c.Quantization.milestones()
	return train.Config{
		Task: c.Task, Objective: c.Objective,
		Network: c.Network.Network, Quantization: q, Milestones: every, RuleMilestones: own,
		Seed: c.Seed, Batch: c.Batch, Validation: c.Validation, Augment: c.Augment, Balanced: c.Balanced,
		Calibration: c.Calibration, Checkpoint: c.Checkpoint,
		Float: c.Float, QAT: c.QAT, Distillation: c.Distillation, Oscillation: c.Oscillation,
		Reestimate: c.Reestimate, PTQ: c.PTQ, Out: c.Out,
	}, faults
}

// quantization translates the block into petrify's own terms.
func (c *Config) quantization() (q graph.Quantization, faults Faults) {
	scheme := func(key string, module *Module) *fakequant.Scheme {
		if module == nil {
			return nil
		}
		s := module.scheme(c.Seed)
		if err := errors.Join(module.checkTernary(), s.Weights.Validate(), s.Activations.Validate()); err != nil {
			faults = append(faults, Fault{c.place(key), key, err.Error()})
			return &s
		}
		for _, idle := range module.idle(s) {
			at := join(key, idle)
			faults = append(faults, Fault{c.place(at), at,
				"has no effect: no observer and no method of the block uses it"})
		}
		return &s
	}
	block := c.Quantization
	q = graph.Quantization{
		Kinds:       map[graph.Kind]*fakequant.Scheme{},
		FloatOutput: block.FloatOutput, Folding: block.Folding,
	}
	for _, e := range block.modules() {
		switch s := scheme(e.key, e.module); {
		case e.rule == graph.Rule{}:
			q.Default = s
		case e.rule.Kind != 0:
			q.Kinds[e.rule.Kind] = s
		default:
			q.Names = append(q.Names, graph.NameRule{Pattern: e.rule.Pattern, Scheme: s})
		}
	}
	q.EdgeBits = cmp.Or(block.EdgeBits, edgeBits(q.Default))
	return q, faults
}

// edgeBits is 8 where a scheme learns scales of fewer bits, as its source advises
// (Esser et al. 2020, section 2.3), or else 0.
func edgeBits(s *fakequant.Scheme) int {
	learns := func(c fakequant.Config) bool {
		return !c.Format.IsFloat() && c.Format.Bits < 8 && c.Method.Traits().Learns
	}
	if s != nil && (learns(s.Weights) || learns(s.Activations)) {
		return 8
	}
	return 0
}
