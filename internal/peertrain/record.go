package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/train"
)

// record is a case for the peer: what to train, and petrify's results.
type record struct {
	Layers       []graph.Layer
	Loss         string
	Input        graph.Shape
	Quantized    bool
	Quantization graph.Quantization
	Optimizer    train.Optimizer
	LearningRate float64
	Params       []tensor // at the start
	Running      []tensor // batch norm's statistics, at the start
	Steps        []step
}

// tensor is a named tensor of a model's state.
type tensor struct {
	Name   string
	Shape  []int
	Values []float32
}

// step is one step and its result.
type step struct {
	X        []float32 // N H W C
	Labels   []int32
	Switches map[string]graph.Switches // by layer
	Update   bool                      // else the step only observes
	Masks    map[string][]float32      // of dropouts, by layer
	Loss     float64
	State    []tensor // after the step
}

// generator draws the plan's numbers.
func (p plan) generator() *rand.Rand { return rand.New(rand.NewPCG(p.seed, 0)) }

// model makes the plan's model.
func (p plan) model(rng *rand.Rand) (*graph.Model, error) {
	m, err := graph.New(p.Network, p.Input, p.Quantization, rng)
	if err != nil {
		return nil, err
	}
	randnet.Unsettle(m, rng, !slices.ContainsFunc(m.Placements(),
		func(p graph.Placement) bool { return p.Config.Dialect != affine.Default }))
	return m, nil
}

// train runs the plan.
func (p plan) train() (*record, error) {
	rng := p.generator()
	m, err := p.model(rng)
	if err != nil {
		return nil, err
	}
	r := &record{
		Layers: p.Network.Layers, Loss: p.Network.Loss.String(), Input: p.Input, Quantized: p.quantized,
		Quantization: p.Quantization, Optimizer: p.optimizer, LearningRate: p.rate,
	}
	for _, v := range m.Params() {
		if v.Role != graph.RoleLearned {
			r.Params = append(r.Params, tensor{v.Name, v.Shape, slices.Clone(v.Value)})
		}
	}
	r.Running = running(m)
	t, err := m.Trainer(p.batch, p.quantized)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	update := p.optimizer.On(m.Params())
	for i := range p.steps {
		s, err := p.step(i, m, t, update, rng)
		if err != nil {
			return nil, fmt.Errorf("step %d: %w", i+1, err)
		}
		r.Steps = append(r.Steps, s)
	}
	return r, nil
}

// step makes step i on a batch of its own.
func (p plan) step(i int, m *graph.Model, t *graph.Trainer, update func(lr float64) error, rng *rand.Rand) (step,
	error) {
	s := step{X: p.inputs(rng), Labels: p.labels(rng), Switches: p.steps[i].switches, Update: p.steps[i].update}
	m.Switch(func(layer string) graph.Switches { return s.Switches[layer] })
	metrics, err := t.Step(s.X, s.Labels)
	if err != nil {
		return s, err
	}
	s.Loss, s.Masks = metrics.Loss, t.Masks()
	for layer, mask := range s.Masks {
		s.Masks[layer] = slices.Clone(mask)
	}
	if s.Update {
		if err := update(p.rate); err != nil {
			return s, err
		}
	}
	s.State = state(m, p.quantized)
	return s, nil
}

// inputs draws a batch of inputs.
func (p plan) inputs(rng *rand.Rand) []float32 {
	x := make([]float32, p.batch*p.Input.Size())
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// labels draws a batch of labels; the first row has one, others may only fill
// the batch.
func (p plan) labels(rng *rand.Rand) []int32 {
	out, _ := p.Network.Output(p.Input)
	labels := make([]int32, p.batch)
	for i := range labels {
		labels[i] = int32(rng.IntN(out.Size()))
		if i > 0 && rng.IntN(8) == 0 {
			labels[i] = -1
		}
	}
	return labels
}

// running copies batch norm's statistics.
func running(m *graph.Model) (all []tensor) {
	for _, s := range m.State() {
		if strings.HasSuffix(s.Name, ".running_mean") || strings.HasSuffix(s.Name, ".running_var") {
			all = append(all, tensor{s.Name, s.Shape, slices.Clone(s.F32)})
		}
	}
	return all
}

// state copies what a step changes: parameters and statistics and, if
// quantized, learned numbers, scales and zero points.
func state(m *graph.Model, quantized bool) []tensor {
	all := running(m)
	for _, p := range m.Params() {
		if p.Role != graph.RoleLearned || quantized {
			all = append(all, tensor{p.Name, p.Shape, slices.Clone(p.Value)})
		}
	}
	if !quantized {
		return all
	}
	for _, s := range m.State() {
		switch {
		case strings.HasSuffix(s.Name, ".scale"):
			all = append(all, tensor{s.Name, s.Shape, slices.Clone(s.F32)})
		case strings.HasSuffix(s.Name, ".zero"):
			zero := tensor{Name: s.Name, Shape: s.Shape}
			for _, z := range s.I64 {
				zero.Values = append(zero.Values, float32(z))
			}
			all = append(all, zero)
		}
	}
	return all
}
