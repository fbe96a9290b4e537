package main

import (
	"context"
	"math/rand/v2"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/train"
)

// job is training steps of a built-in network on random images.
type job struct {
	network string
	layers  []graph.Layer // instead of a built-in network
	shape   [3]int
	classes int
	batch   int
	steps   int
	images  int // 0: as many as the steps need
	qat     bool
}

func (j job) quantized() job { j.qat = true; return j }

// run trains and returns the images per second.
func (j job) run(ctx context.Context) (float64, error) {
	data, err := datasets.New(j.data())
	if err != nil {
		return 0, err
	}
	network := graph.Chain(j.layers...)
	if j.network != "" {
		if network, err = graph.Builtin(j.network, j.classes); err != nil {
			return 0, err
		}
	}
	c := train.Config{
		Network: network, Data: data, Quantization: graph.Uniform(fakequant.Int8()),
		Batch: j.batch, Calibration: 1,
	}
	stage := train.Stage{Epochs: 1}
	if !j.qat {
		c.Float = stage
	} else {
		// Observers run and batch norm learns to the end: the dearest step.
		c.QAT, c.Milestones = stage, train.Milestones{Settle: train.Never(), FreezeBatchNorm: train.Never()}
	}
	result, err := train.Run(ctx, c)
	if err != nil {
		return 0, err
	}
	if j.qat {
		return result.Speed.QAT, nil
	}
	return result.Speed.Float, nil
}

// data is random images.
func (j job) data() datasets.Set {
	r := rand.New(rand.NewPCG(1, 2))
	split := func(n int) *datasets.Split {
		s := &datasets.Split{Images: make([]uint8, n*j.shape[0]*j.shape[1]*j.shape[2]), Labels: make([]int32, n)}
		for i := range s.Images {
			s.Images[i] = uint8(r.Uint32())
		}
		for i := range s.Labels {
			s.Labels[i] = int32(i % j.classes)
		}
		return s
	}
	names := make([]string, j.classes)
	for i := range names {
		names[i] = string(rune('a' + i))
	}
	return datasets.Set{
		Name: "noise", Shape: j.shape, Classes: names,
		Train: split(max(j.images, j.batch*j.steps)), Test: split(j.batch),
	}
}
