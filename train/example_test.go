package train_test

import (
	"context"
	"fmt"
	"log"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/train"
)

// A network is built, trained in float, quantized after training, trained
// further with quantization in the loop, and frozen.
func ExampleRun() {
	data, err := datasets.Open("digits", datasets.Options{})
	if err != nil {
		log.Fatal(err)
	}
	result, err := train.Run(context.Background(), train.Config{
		Network: graph.Chain(
			graph.Conv2D(16, 3).Same(), graph.BatchNorm(), graph.ReLU(), graph.MaxPool(2),
			graph.Flatten(), graph.Linear(len(data.Classes))),
		Data:         data,
		Batch:        16,
		Float:        train.Stage{Epochs: 12},
		QAT:          train.Stage{Epochs: 3},
		Quantization: graph.Uniform(fakequant.Int8()),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("float at least 96 %:", result.Float.Accuracy >= 0.96)
	fmt.Println("QAT within 1 point:", result.QAT.Accuracy >= result.Float.Accuracy-0.01)
	fmt.Println("bytes:", result.Summary.Size.Quantized, "instead of", result.Summary.Size.Float32)
	fmt.Println("weights of the last layer:", result.Model.Nodes[len(result.Model.Nodes)-1].Weights.Format)
	// Output:
	// float at least 96 %: true
	// QAT within 1 point: true
	// bytes: 2927 instead of 10920
	// weights of the last layer: int8_narrow
}
