package integer_test

import (
	"fmt"
	"log"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/integer"
)

// A linear layer of two inputs, by hand: steps of 1/2 come in, weights are
// quarters, and steps of 1/4 go out.
func Example() {
	m := &quantized.Model{
		Name: "by hand",
		Input: quantized.Input{PixelScale: 1, Activation: quantized.Activation{
			Name: "input", Shape: []int{2}, Quant: quantized.Quant{Format: affine.Int8, Scale: 0.5},
		}},
		Nodes: []quantized.Node{{
			Name: "fc", Op: quantized.Linear, Inputs: []string{"input"}, Func: quantized.ReLU,
			Weights: &quantized.Weights{Shape: []int{1, 2}, Format: affine.Int8Narrow, Axis: 0,
				Scale: []float32{0.25}, Q: []int8{3, -5}},
			Bias: &quantized.Bias{Q: []int32{7}, Scale: []float32{0.125}},
			Output: quantized.Activation{Name: "fc", Shape: []int{1},
				Quant: quantized.Quant{Format: affine.Uint8, Scale: 0.25}},
		}},
		Output: "fc",
	}
	engine, err := integer.New(m, integer.Options{})
	if err != nil {
		log.Fatal(err)
	}
	// 4·3 − 1·5 + 7 = 14 eighths are 7 quarters; 0·3 − 2·5 + 7 < 0.
	q := make([]uint8, 2)
	if err := engine.RunBytes(q, []uint8{4, 1, 0, 2}, 2); err != nil {
		log.Fatal(err)
	}
	fmt.Println("integers:", q)
	r := make([]float32, 2)
	if err := engine.Run(r, []float32{2, 0.5, 0, 1}, 2); err != nil {
		log.Fatal(err)
	}
	fmt.Println("real numbers:", r)
	// Output:
	// integers: [7 0]
	// real numbers: [1.75 0]
}
