package tflite_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"petrify/quantized"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/tflite"
	"petrify/quantized/tflite/schema"
)

// A convolution, a pool and a linear layer, and what the file has of them.
func Example() {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 1, 4, 4)
	x := b.Conv(b.Input(), 2, quantizedtest.Same(3), 1, quantized.ReLU)
	x = b.Pool(quantized.MaxPool, x, quantizedtest.Valid(2, 2))
	model := b.Model(b.Linear(b.Flatten(x), 3, quantized.Identity))

	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.tflite")
	if err := tflite.WriteFile(path, model, tflite.Options{}); err != nil {
		fmt.Println(err)
		return
	}

	data, err := os.ReadFile(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := schema.Unmarshal(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range file.Graph.Operators {
		y := file.Graph.Tensors[o.Outputs[0]]
		fmt.Printf("%-12v %-18s %v %v\n", o.Code, y.Name, y.Type, y.Shape)
	}
	// Output:
	// CONV_2D      conv2d_1           INT8 [1 4 4 2]
	// MAX_POOL_2D  max_pool_2         INT8 [1 2 2 2]
	// RESHAPE      flatten_3          INT8 [1 1 1 8]
	// CONV_2D      linear_4/features  INT8 [1 1 1 3]
	// RESHAPE      linear_4           INT8 [1 3]
}

// What TensorFlow Lite cannot hold is refused, with the layer's name.
func ExampleEncode() {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 2, 4, 4)
	x := b.Pool(quantized.AvgPool, b.Input(), quantizedtest.Valid(2, 2))
	_, err := tflite.Encode(b.Model(x), tflite.Options{})
	fmt.Println(err)
	// Output:
	// tflite: avg_pool_1: input is int8 scale 0.017070241 zero 0, output int8 scale 0.014810718 zero 0: TensorFlow Lite's avg_pool needs them equal
}
