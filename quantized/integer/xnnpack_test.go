package integer_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/integer"
)

// golden are functions of all 256 integers, softmaxes and means of random ones and
// sums of all 65,536 pairs, with the SHA-256 of what TensorFlow Lite computed: npm's
// @tensorflow/tfjs-tflite 0.0.1-alpha.10, its WebAssembly with SIMD, run by
// Node.js on the file that package tflite writes of the model.
var golden = []struct {
	name   string
	model  *quantized.Model
	inputs []byte
	sha256 string // its first eight bytes
}{
	{"relu, s_x < s_y/2", function(quantized.ReLU, u8(0.0353304, 103), u8(0.093503, 0), 256), all(), "74ea9a64ac7eadd6"},
	{"relu, s_x > s_y", function(quantized.ReLU, u8(0.07088, 100), i8(0.0377, 5), 256), all(), "404d198de5ee981c"},
	{"relu6", function(quantized.ReLU6, u8(0.0787685, 100), u8(0.0317057, 0), 256), all(), "279fe1484c6fcf7f"},
	{"relu6 around a zero point", function(quantized.ReLU6, i8(0.0787685, -7), u8(0.0317057, 30), 256), all(), "7757ea4256114fc9"},
	{"leaky_relu", function(quantized.LeakyReLU, u8(0.0137818, 100), i8(0.0858086, -2), 256), all(), "3918c817af43e8fe"},
	{"leaky_relu, s_x > s_y", function(quantized.LeakyReLU, i8(0.0775445, 3), i8(0.0579677, 1), 256), all(), "10727c93f9fff7cb"},
	{"hard_swish", function(quantized.HardSwish, u8(0.0456970, 100), i8(0.0583182, -2), 256), all(), "ea986b0a8fad4911"},
	{"hard_swish of small numbers", function(quantized.HardSwish, i8(0.0039875, 1), i8(0.0015771, -1), 256), all(), "6148d2b621511996"},
	{"hard_swish of large numbers", function(quantized.HardSwish, u8(0.3527424, 103), u8(0.2518271, 9), 256), all(), "536681e2a75f5978"},
	{"sigmoid", function(quantized.Sigmoid, u8(0.0734333, 100), u8(1.0/256, 0), 256), all(), "35267b55c9ab8a70"},
	{"tanh", function(quantized.Tanh, u8(0.0297533, 100), i8(1.0/128, 0), 256), all(), "8be54161c2403c7c"},
	{"softmax of 3", function(quantized.Softmax, i8(0.0371, 3), u8(1.0/256, 0), 3), noisy(3 * 20000), "8db583cd1baab50b"},
	{"softmax of 10", function(quantized.Softmax, i8(0.02, 3), u8(1.0/256, 0), 10), noisy(10 * 20000), "157399990f3b956d"},
	{"softmax of 100", function(quantized.Softmax, u8(0.05, 30), u8(1.0/256, 0), 100), noisy(100 * 2000), "ba04710ce60bbd9d"},
	{"means, unsigned", means(u8(0.05, 3)), noisy(4 * 20000), "f529375e5f1f1c06"},
	{"means, signed", means(i8(0.05, -20)), noisy(4 * 20000), "ba4b027df2d2f87c"},
	{"means, 4 bits", means(quantized.Quant{Format: affine.Format{Bits: 4, Unsigned: true}, Scale: 0.5}), nibbles(4 * 20000), "f354cf3dba20f884"},
	{"sum", sum(u8(0.0915617, 100), u8(0.0398682, 7), i8(0.0651447, -3)), pairs(), "2ddaa054bc153a5c"},
	{"sum of halves", sum(u8(0.05, 0), u8(0.05, 0), u8(0.1, 0)), pairs(), "7edbf4eb9d0bef69"},
	{"sum, unequal", sum(u8(0.0192261, 103), u8(0.0909567, 0), i8(0.0904953, 0)), pairs(), "934a10882d0e2e60"},
}

func TestTFLiteGolden(t *testing.T) {
	for _, c := range golden {
		e := engine(t, c.model, integer.Options{Requantization: integer.XNNPACK})
		n := len(c.inputs) / e.InputSize()
		y := make([]byte, n*e.OutputSize())
		if err := e.RunBytes(y, c.inputs, n); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(y))[:16]; got != c.sha256 {
			t.Errorf("%s: the outputs' SHA-256 is %s, TensorFlow Lite's %s", c.name, got, c.sha256)
		}
	}
}

func u8(s float32, z int32) quantized.Quant {
	return quantized.Quant{Format: affine.Uint8, Scale: s, Zero: z}
}

func i8(s float32, z int32) quantized.Quant {
	return quantized.Quant{Format: affine.Int8, Scale: s, Zero: z}
}

// all are the 256 bytes.
func all() (x []byte) {
	for i := range 256 {
		x = append(x, byte(i))
	}
	return x
}

// pairs are the 65,536 pairs of bytes.
func pairs() (x []byte) {
	for i := range 1 << 16 {
		x = append(x, byte(i>>8), byte(i))
	}
	return x
}

func noisy(n int) []byte {
	rng, x := rand.New(rand.NewPCG(51, 52)), make([]byte, n)
	for i := range x {
		x[i] = byte(rng.IntN(256))
	}
	return x
}

// nibbles are numbers of four bits.
func nibbles(n int) []byte {
	x := noisy(n)
	for i := range x {
		x[i] &= 15
	}
	return x
}

// means is a model that averages images of 2 × 2.
func means(q quantized.Quant) *quantized.Model {
	m := function(quantized.ReLU, q, q, 1)
	m.Input.Shape, m.Nodes[0].Output.Shape = []int{1, 2, 2}, []int{1, 1, 1}
	m.Nodes[0].Op, m.Nodes[0].Func = quantized.AvgPool, quantized.Identity
	m.Nodes[0].Window = quantized.Window{Kernel: [2]int{2, 2}, Stride: [2]int{2, 2}}
	return m
}

// function is a model that is a function of its input.
func function(f quantized.Func, from, to quantized.Quant, width int) *quantized.Model {
	n := quantized.Node{Name: "y", Op: quantized.Activate, Func: f, Inputs: []string{"x"},
		Output: quantized.Activation{Name: "y", Shape: []int{width}, Quant: to}}
	if f == quantized.LeakyReLU {
		n.Slope = 0.1
	}
	return &quantized.Model{
		Name: "function", Output: "y", Origin: quantized.Origin{Version: "test", Dataset: "none", Method: "ptq"},
		Input: quantized.Input{Activation: quantized.Activation{Name: "x", Shape: []int{width}, Quant: from}, PixelScale: 1},
		Nodes: []quantized.Node{n},
	}
}

// sum is a model that adds its two inputs: linear layers choose them, q for q.
func sum(a, b, y quantized.Quant) *quantized.Model {
	m := function(quantized.ReLU, u8(0.5, a.Zero), y, 1)
	m.Input.Shape = []int{2}
	add := m.Nodes[0]
	add.Op, add.Func, add.Inputs, m.Nodes = quantized.Add, quantized.Identity, []string{"a", "b"}, nil
	for i, q := range []quantized.Quant{a, b} {
		row, s := []int8{0, 0}, q.Scale/0.5
		row[i] = 1
		name := string(rune('a' + i))
		m.Nodes = append(m.Nodes, quantized.Node{Name: name, Op: quantized.Linear, Inputs: []string{"x"},
			Weights: &quantized.Weights{Shape: []int{1, 2}, Format: affine.Int8Narrow, Scale: []float32{s}, Q: row},
			Output:  quantized.Activation{Name: name, Shape: []int{1}, Quant: q}})
	}
	m.Nodes = append(m.Nodes, add)
	return m
}
