package onnx_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"petrify/internal/onnxpb"
	"petrify/quantized"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
)

// A convolution and a linear layer, and what the file says of them.
func Example() {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 1, 4, 4)
	x := b.Conv(b.Input(), 2, quantizedtest.Same(3), 1, quantized.ReLU)
	model := b.Model(b.Linear(b.Flatten(x), 3, quantized.Identity))

	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.onnx")
	if err := onnx.WriteFile(path, model); err != nil {
		fmt.Println(err)
		return
	}

	data, err := os.ReadFile(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := onnxpb.Unmarshal(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range file.Graph.Nodes {
		fmt.Printf("%-30s %s\n", n.Op, strings.Join(n.Outputs, " "))
	}
	// Output:
	// QuantizeLinear                 input/quantized
	// DequantizeLinear               input/dequantized
	// DequantizeLinear               conv2d_1/weight
	// DequantizeLinear               conv2d_1/bias
	// Conv                           conv2d_1/sum
	// Relu                           conv2d_1/real
	// QuantizeLinear                 conv2d_1/quantized
	// DequantizeLinear               conv2d_1/dequantized
	// Flatten                        flatten_2/real
	// QuantizeLinear                 flatten_2/quantized
	// DequantizeLinear               flatten_2/dequantized
	// DequantizeLinear               linear_3/weight
	// DequantizeLinear               linear_3/bias
	// Gemm                           linear_3/real
	// QuantizeLinear                 linear_3/quantized
	// DequantizeLinear               logits
}

// Options write the same model for a phone that decodes images and wants the
// class.
func ExampleOptions() {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 3, 8, 8)
	x := b.Conv(b.Input(), 2, quantizedtest.Same(3), 1, quantized.ReLU)
	model := b.Model(b.Linear(b.Flatten(b.GlobalAvgPool(x)), 3, quantized.Identity))

	data, err := onnx.Options{Image: true, Result: onnx.Class, Batch: 1}.Encode(model)
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := onnxpb.Unmarshal(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	in, out := file.Graph.Inputs[0], file.Graph.Outputs[0]
	fmt.Println(in.Name, in.Type, in.Shape)
	fmt.Println(out.Name, out.Type, out.Shape)
	// Output:
	// image UINT8 [{1 } {8 } {8 } {3 }]
	// class INT64 [{1 }]
}

// Seven-bit weights are exact also on processors without VNNI instructions;
// eight-bit ones are refused for them.
func ExampleOptions_target() {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 16)
	model := b.Model(b.Linear(b.Input(), 3, quantized.Identity))
	_, err := onnx.Options{Target: onnx.X64AVX2}.Encode(model)
	fmt.Println(err)
	// Output: onnx: linear_1: a weight of magnitude 127: x64-avx2 adds pairs of products in 16 bits, which holds weights up to 64: train with 7-bit weights
}
