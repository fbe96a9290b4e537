package work

import (
	"context"
	"math/rand/v2"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/benchpeers/turns"
	"petrify/train"
)

// Run is a whole training run of cnn on the given number of random images: an
// epoch in float, one with quantization, and everything that [train.Run] does
// around them. A unit is a run.
func Run(images int) (turns.Work, error) {
	rng := rand.New(rand.NewPCG(5, 6))
	set, err := datasets.New(datasets.Set{
		Name: "noise", Shape: [3]int{1, 28, 28}, Classes: make([]string, 10),
		Train: noise(rng, images), Test: noise(rng, images/8),
	})
	if err != nil {
		return nil, err
	}
	return trainOn(set, train.Stage{Epochs: 1, LearningRate: learningRate})
}

// FashionMNIST is an epoch of training cnn with quantization on
// Fashion-MNIST, at batch 128, and the evaluation after it. A unit is a run.
func FashionMNIST() (turns.Work, error) {
	return func() (float64, error) {
		set, err := datasets.Open("fashion-mnist", datasets.Options{})
		if err != nil {
			return 0, err
		}
		run, err := trainOn(set, train.Stage{})
		if err != nil {
			return 0, err
		}
		return run()
	}, nil
}

func trainOn(set *datasets.Set, float train.Stage) (turns.Work, error) {
	network, err := graph.Builtin("cnn", 10)
	if err != nil {
		return nil, err
	}
	c := train.Config{
		Network: network, Data: set, Quantization: graph.Uniform(fakequant.Int8()),
		Batch: 128, Calibration: 1, Float: float, QAT: train.Stage{Epochs: 1, LearningRate: 1e-4},
	}
	return func() (float64, error) {
		_, err := train.Run(context.Background(), c)
		return 1, err
	}, nil
}

func noise(rng *rand.Rand, images int) *datasets.Split {
	s := &datasets.Split{Images: make([]uint8, images*28*28), Labels: classes(rng, images, 10)}
	for i := range s.Images {
		s.Images[i] = uint8(rng.Uint32())
	}
	return s
}
