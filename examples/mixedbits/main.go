// Command mixedbits gives each layer the number of bits it needs: 8 at both
// ends of the network, 4 in between, and 3 for the weights of the layer that
// has most of them. It prints what the frozen model holds.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
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
	data, err := datasets.Open("digits", datasets.Options{})
	if err != nil {
		return err
	}
	network, err := graph.Builtin("cnn", len(data.Classes))
	if err != nil {
		return err
	}
	middle, small := fakequant.Bits(4), fakequant.Bits(4)
	small.Weights.Format.Bits = 3
	quantization := graph.Uniform(middle)
	quantization.EdgeBits = 8
	quantization.Names = []graph.NameRule{{Pattern: "fc1", Scheme: &small}}

	result, err := train.Run(ctx, train.Config{
		Data: data, Network: network, Quantization: quantization, Batch: 32,
		Float: train.Stage{Epochs: 8}, QAT: train.Stage{Epochs: 4},
	})
	if err != nil {
		return err
	}
	for _, n := range result.Model.Nodes {
		if n.Weights != nil {
			fmt.Fprintf(w, "%-6s weights %-12v output %v\n", n.Name, n.Weights.Format, n.Output.Quant.Format)
		}
	}
	_, err = fmt.Fprintf(w, "more than 95 %% right: %t\n", result.QAT.Accuracy > 0.95)
	return err
}
