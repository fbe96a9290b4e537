package quantized_test

import (
	"fmt"
	"math"
	"strings"

	"petrify/fakequant/affine"
	"petrify/quantized"
)

// perceptron is a linear layer frozen by hand: two real weight rows, each with
// the scale max|w|/127 and the integers rne(w/s).
func perceptron() *quantized.Model {
	real := [][]float32{{0.5, -1, 0.25}, {0.1, 0.2, 0.3}}
	in := quantized.Quant{Format: affine.Uint8, Scale: 1.0 / 255, Origin: "pixels"}
	w := &quantized.Weights{Shape: []int{2, 3}, Format: affine.Int8Narrow, Origin: "max |w| / 127"}
	b := &quantized.Bias{}
	for o, row := range real {
		greatest := 0.0
		for _, r := range row {
			greatest = max(greatest, math.Abs(float64(r)))
		}
		s := float32(greatest / 127)
		for _, r := range row {
			w.Q = append(w.Q, int8(math.RoundToEven(float64(r/s))))
		}
		w.Scale = append(w.Scale, s)
		b.Scale = append(b.Scale, in.Scale*s)
		b.Q = append(b.Q, int32(math.RoundToEven(float64(0.1/b.Scale[o]))))
	}
	return &quantized.Model{
		Name: "perceptron",
		Input: quantized.Input{Activation: quantized.Activation{Name: "pixels", Shape: []int{3}, Quant: in},
			PixelScale: 1.0 / 255},
		Nodes: []quantized.Node{{
			Name: "logits", Op: quantized.Linear, Inputs: []string{"pixels"}, Weights: w, Bias: b,
			Output: quantized.Activation{Name: "logits", Shape: []int{2},
				Quant: quantized.Quant{Format: affine.Int8, Scale: 1.0 / 64}},
		}},
		Output:  "logits",
		Classes: []string{"left", "right"},
	}
}

// The scales in model.json and the integers in model.safetensors can be
// recomputed from the real weights with a pocket calculator.
func Example() {
	m := perceptron()
	if err := m.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	w := m.Nodes[0].Weights
	fmt.Println(w.Q, w.Scale)
	fmt.Println(w.Real())
	fmt.Println(m.Size())
	// Output:
	// [64 -127 32 42 85 127] [0.007874016 0.0023622047]
	// [0.503937 -1 0.2519685 0.0992126 0.2007874 0.3]
	// 32 bytes quantized, 200.0 % of float16 (16 bytes) and 100.0 % of float32 (32 bytes). An integer weight takes one byte where float16 takes two, but the model also holds 16 bytes of scales and 2 of zero points, and a bias takes four bytes (8 in all) where float16 takes two: so it is well above half.
}

// model.json holds the network and every scale, in the shortest decimal form
// that reads back as the same float32.
func ExampleModel_Encode() {
	_, manifest, err := perceptron().Encode()
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _, _ := strings.Cut(string(manifest), `  "tensors"`)
	fmt.Println(text)
	// Output:
	// {
	//   "format": "petrify quantized model",
	//   "version": 1,
	//   "name": "perceptron",
	//   "input": {
	//     "name": "pixels",
	//     "shape": [3],
	//     "quantized": {
	//       "format": "uint8",
	//       "scale": 0.003921569,
	//       "zero": 0,
	//       "origin": "pixels"
	//     },
	//     "pixel_scale": 0.003921569
	//   },
	//   "layers": [
	//     {
	//       "name": "logits",
	//       "op": "linear",
	//       "inputs": ["pixels"],
	//       "weights": {
	//         "shape": [2, 3],
	//         "format": "int8_narrow",
	//         "axis": 0,
	//         "scale": [0.007874016, 0.0023622047],
	//         "origin": "max |w| / 127"
	//       },
	//       "bias": {
	//         "scale": [0.000030878495, 0.000009263548]
	//       },
	//       "output": {
	//         "name": "logits",
	//         "shape": [2],
	//         "quantized": {
	//           "format": "int8",
	//           "scale": 0.015625,
	//           "zero": 0
	//         }
	//       }
	//     }
	//   ],
	//   "output": "logits",
	//   "classes": ["left", "right"],
	//   "origin": {
	//     "version": "",
	//     "dataset": "",
	//     "seed": 0,
	//     "method": "",
	//     "epochs": 0
	//   },
}

// The accumulator of a layer is bounded by its weights and the range of its
// input. Here it is 0..255 times the weights, plus the bias.
func ExampleModel_Accumulators() {
	m := perceptron()
	all, err := m.Accumulators()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range all {
		fmt.Println(a.Layer, a.Min, a.Max, "bits:", a.Bits, "fits int16:", a.Fits(16))
	}
	// Output: logits -32385 75565 bits: 18 fits int16: false
}
