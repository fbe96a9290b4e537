// Command owndata trains on images generated in memory: 16×16 pictures of
// horizontal and vertical stripes under noise. Data from anywhere come in the
// same way.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/train"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer) error {
	r := rand.New(rand.NewPCG(1, 2))
	data, err := datasets.New(datasets.Set{
		Name:    "stripes",
		Shape:   [3]int{1, side, side}, // channels, height, width
		Classes: []string{"horizontal", "vertical"},
		Train:   stripes(512, r),
		Test:    stripes(128, r),
	})
	if err != nil {
		return err
	}
	result, err := train.Run(ctx, train.Config{
		Data: data,
		Network: graph.Chain(
			graph.Conv2D(8, 3).Strided(2), graph.BatchNorm(), graph.ReLU(),
			graph.Flatten(), graph.Linear(len(data.Classes))),
		Batch: 32,
		Float: train.Stage{Epochs: 6, LearningRate: 0.01}, QAT: train.Stage{Epochs: 2},
		Quantization: graph.Uniform(fakequant.Int8()),
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "float %.0f %%, int8 %.0f %%\n", 100*result.Float.Accuracy, 100*result.QAT.Accuracy)
	return err
}

const side = 16

// stripes makes n images with stripes of two pixels, half of them upright.
func stripes(n int, r *rand.Rand) *datasets.Split {
	s := &datasets.Split{}
	for i := range n {
		label := i % 2
		phase := r.IntN(4)
		for y := range side {
			for x := range side {
				along := []int{y, x}[label]
				bright := (along + phase) / 2 % 2
				s.Images = append(s.Images, uint8(100*bright+r.IntN(156)))
			}
		}
		s.Labels = append(s.Labels, int32(label))
	}
	return s
}
