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
	c, err := configuration("cnn", set, 128)
	if err != nil {
		return nil, err
	}
	c.Float = train.Stage{Epochs: 1, LearningRate: learningRate}
	return runs(c, 1), nil
}

// Epochs is a run of QAT from random weights on the embedded digits. A unit is an image of an epoch.
func Epochs(network string, epochs, batch int) (turns.Work, error) {
	set, err := datasets.Open("digits", datasets.Options{})
	if err != nil {
		return nil, err
	}
	c, err := configuration(network, set, batch)
	if err != nil {
		return nil, err
	}
	c.QAT.Epochs = epochs
	return runs(c, float64(epochs*len(set.Train.Labels))), nil
}

// FashionMNIST is an epoch of training cnn with quantization on
// Fashion-MNIST, at batch 128, and the evaluation after it. A unit is a run.
func FashionMNIST() (turns.Work, error) {
	return func() (float64, error) {
		set, err := datasets.Open("fashion-mnist", datasets.Options{})
		if err != nil {
			return 0, err
		}
		c, err := configuration("cnn", set, 128)
		if err != nil {
			return 0, err
		}
		return runs(c, 1)()
	}, nil
}

// configuration is an epoch of QAT with 8 bits.
func configuration(network string, set *datasets.Set, batch int) (train.Config, error) {
	n, err := graph.Builtin(network, len(set.Classes))
	return train.Config{
		Network: n, Data: set, Quantization: graph.Uniform(fakequant.Int8()),
		Batch: batch, Calibration: 1, QAT: train.Stage{Epochs: 1, LearningRate: 1e-4},
	}, err
}

// runs trains once and counts that as so many units.
func runs(c train.Config, units float64) turns.Work {
	return func() (float64, error) {
		_, err := train.Run(context.Background(), c)
		return units, err
	}
}

func noise(rng *rand.Rand, images int) *datasets.Split {
	s := &datasets.Split{Images: make([]uint8, images*28*28), Labels: classes(rng, images, 10)}
	for i := range s.Images {
		s.Images[i] = uint8(rng.Uint32())
	}
	return s
}
