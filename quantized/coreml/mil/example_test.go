package mil_test

import (
	"fmt"
	"os"

	"petrify/quantized/coreml/mil"
)

// A program of one operation, checked, printed and run.
func Example() {
	vector := mil.TensorOf(mil.Float32, 3)
	p := &mil.Package{Model: mil.Model{
		Version: 7,
		Inputs:  []mil.Feature{{Name: "x", Kind: mil.Array, Element: mil.Float32, Shape: []int{3}}},
		Outputs: []mil.Feature{{Name: "y", Kind: mil.Array, Element: mil.Float32, Shape: []int{3}}},
		Program: mil.Program{
			Opset:  mil.Opset(7),
			Inputs: []mil.Named{{Name: "x", Type: vector}},
			Operations: []mil.Operation{{
				Type:       "relu",
				Inputs:     []mil.Argument{{Name: "x", Bindings: []mil.Binding{{Name: "x"}}}},
				Outputs:    []mil.Named{{Name: "y", Type: vector}},
				Attributes: []mil.Attribute{{Name: "name", Value: mil.StringValue("y")}},
			}},
			Outputs: []string{"y"},
		},
	}}
	machine, err := mil.NewMachine(p) // checks the program first
	if err != nil {
		panic(err)
	}
	results, err := machine.Run(map[string][]float32{"x": {-1, 0, 2}})
	if err != nil {
		panic(err)
	}
	if err := mil.Print(os.Stdout, p); err != nil {
		panic(err)
	}
	fmt.Println(results["y"].Numbers)
	// Output:
	// specification 7, opset CoreML6
	// input   x: tensor<fp32, [3]>
	// output  y: tensor<fp32, [3]>
	//
	// main(x: tensor<fp32, [3]>) {
	//   y: tensor<fp32, [3]> = relu(x = x)
	// } -> (y)
	// [0 0 2]
}
