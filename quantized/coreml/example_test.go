package coreml_test

import (
	"fmt"
	"os"
	"path/filepath"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/coreml"
	"petrify/quantized/coreml/mil"
)

// comparer is a frozen network of one layer: y = W·x + b on two numbers, input
// and output quantized to int8, weights to int8 with a scale per row.
func comparer() *quantized.Model {
	quant := func(s float32) quantized.Quant {
		return quantized.Quant{Format: affine.Int8, Scale: s}
	}
	return &quantized.Model{
		Name: "comparer",
		Input: quantized.Input{Activation: quantized.Activation{Name: "x", Shape: []int{2}, Quant: quant(0.0625)},
			PixelScale: 1, Mean: []float32{0}, Std: []float32{1}},
		Classes: []string{"left", "right"},
		Nodes: []quantized.Node{{
			Name: "fc.1", Op: quantized.Linear, Inputs: []string{"x"},
			Output: quantized.Activation{Name: "fc.1", Shape: []int{2}, Quant: quant(0.125)},
			Weights: &quantized.Weights{
				Shape: []int{2, 2}, Format: affine.Int8Narrow, Axis: 0,
				Scale: []float32{0.015625, 0.03125}, Q: []int8{127, -127, -64, 64},
			},
			Bias: &quantized.Bias{Q: []int32{0, 512}, Scale: []float32{0.0625 * 0.015625, 0.0625 * 0.03125}},
		}},
		Output: "fc.1",
		Origin: quantized.Origin{Version: "1.0.0", Method: "qat", Epochs: 3, Dataset: "pairs", Seed: 1},
	}
}

func Example() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	dir := filepath.Join(folder, "comparer.mlpackage")
	if err := coreml.Write(dir, comparer(), coreml.Options{Target: coreml.IOS17}); err != nil {
		panic(err)
	}
	if err := coreml.Inspect(os.Stdout, dir); err != nil {
		panic(err)
	}
	// Output:
	// specification 8, opset CoreML7
	// input   x: tensor<fp32, [1, 2]>  "already normalised: x"
	// output  fc_x2E_1: tensor<fp32, [1, 2]>
	// petrify.activations: "int8 symmetric: x, fc.1"
	// petrify.dataset: "pairs"
	// petrify.epochs: "3"
	// petrify.input: "x"
	// petrify.method: "qat"
	// petrify.model.json.sha256: "4f5eea3dd5aaa6a4ea7b52f00ea08cd710e8382beb0320536f4b721bbebce35c"
	// petrify.model.safetensors.sha256: "90432db71165b311dcc5ef5325a527565bc4ef45e218914ce313d9f228db36f0"
	// petrify.network: "comparer"
	// petrify.precision: "float16"
	// petrify.seed: "1"
	// petrify.target: "iOS17"
	// petrify.version: "1.0.0"
	// petrify.weights: "int8_narrow per channel: fc.1"
	//
	// main(x: tensor<fp32, [1, 2]>) {
	//   x_cast: tensor<fp16, [1, 2]> = cast(x = x, dtype = "fp16")
	//   x_q: tensor<int8, [1, 2]> = quantize(input = x_cast, scale = 0.0625, output_dtype = "int8")
	//   x_r: tensor<fp16, [1, 2]> = dequantize(input = x_q, scale = 0.0625)
	//   fc_x2E_1_weight: tensor<fp16, [2, 2]> = constexpr_affine_dequantize(axis = 0, quantized_data = [127, -127, -64, 64], scale = [0.015625, 0.03125], zero_point = 0)
	//   fc_x2E_1_linear: tensor<fp16, [1, 2]> = linear(x = x_r, weight = fc_x2E_1_weight, bias = [0, 1])
	//   fc_x2E_1_q: tensor<int8, [1, 2]> = quantize(input = fc_x2E_1_linear, scale = 0.125, output_dtype = "int8")
	//   fc_x2E_1_r: tensor<fp16, [1, 2]> = dequantize(input = fc_x2E_1_q, scale = 0.125)
	//   fc_x2E_1: tensor<fp32, [1, 2]> = cast(x = fc_x2E_1_r, dtype = "fp32")
	// } -> (fc_x2E_1)
	//
	//          0  weight.bin, headers of the file and 0 records
	//          0  weight.bin, padding to 64 bytes
	//       2823  model.mlmodel
	//        617  Manifest.json
	//       3440  bytes in all
}

// A written package runs on any machine, by the definitions of its operations.
func Example_run() {
	p, err := coreml.Translate(comparer(), coreml.Options{Precision: coreml.Float32, Classifier: true})
	if err != nil {
		panic(err)
	}
	machine, err := mil.NewMachine(p)
	if err != nil {
		panic(err)
	}
	results, err := machine.Run(map[string][]float32{"x": {1.5, 0.5}})
	if err != nil {
		panic(err)
	}
	fmt.Println(machine.Value("x_q"), machine.Value("fc_x2E_1_q"))
	label := results["classLabel"].Label
	fmt.Printf("%s %.3f\n", label, results["classLabel_probs"].Scores[label])
	// Output:
	// [24 8] [16 -8]
	// left 0.953
}

// A model that needs more than the target has is refused, and the error says
// which target will do.
func ExampleWrite_target() {
	fmt.Println(coreml.Write("comparer.mlpackage", comparer(), coreml.Options{Target: coreml.IOS16}))
	// Output:
	// coreml: layer "x": int8 activations need iOS17, the target is iOS16: the lowest target that fits the model is iOS17
}

func ExampleEncodeName() {
	fmt.Println(coreml.EncodeName("block.1/add"), coreml.EncodeName("1st"), coreml.EncodeName("conv1"))
	// Output:
	// block_x2E_1_x2F_add _x31_st conv1
}
