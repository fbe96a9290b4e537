package integer_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"testing"

	"petrify/fakequant/affine"
	"petrify/internal/sample"
	"petrify/quantized"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/reference"
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
	{"relu, s_x < s_y/2", quantizedtest.Function(quantized.ReLU, u8(0.0353304, 103), u8(0.093503, 0), 256), all(),
		"74ea9a64ac7eadd6"},
	{"relu, s_x > s_y", quantizedtest.Function(quantized.ReLU, u8(0.07088, 100), i8(0.0377, 5), 256), all(),
		"404d198de5ee981c"},
	{"relu6", quantizedtest.Function(quantized.ReLU6, u8(0.0787685, 100), u8(0.0317057, 0), 256), all(),
		"279fe1484c6fcf7f"},
	{"relu6 around a zero point", quantizedtest.Function(quantized.ReLU6, i8(0.0787685, -7), u8(0.0317057, 30),
		256), all(), "7757ea4256114fc9"},
	{"leaky_relu", quantizedtest.Function(quantized.LeakyReLU, u8(0.0137818, 100), i8(0.0858086, -2), 256), all(),
		"3918c817af43e8fe"},
	{"leaky_relu, s_x > s_y", quantizedtest.Function(quantized.LeakyReLU, i8(0.0775445, 3), i8(0.0579677, 1), 256),
		all(), "10727c93f9fff7cb"},
	{"hard_swish", quantizedtest.Function(quantized.HardSwish, u8(0.0456970, 100), i8(0.0583182, -2), 256), all(),
		"ea986b0a8fad4911"},
	{"hard_swish of small numbers", quantizedtest.Function(quantized.HardSwish, i8(0.0039875, 1), i8(0.0015771, -1),
		256), all(), "6148d2b621511996"},
	{"hard_swish of large numbers", quantizedtest.Function(quantized.HardSwish, u8(0.3527424, 103),
		u8(0.2518271, 9), 256), all(), "536681e2a75f5978"},
	{"sigmoid", quantizedtest.Function(quantized.Sigmoid, u8(0.0734333, 100), u8(1.0/256, 0), 256), all(),
		"35267b55c9ab8a70"},
	{"tanh", quantizedtest.Function(quantized.Tanh, u8(0.0297533, 100), i8(1.0/128, 0), 256), all(),
		"8be54161c2403c7c"},
	{"softmax of 3", quantizedtest.Function(quantized.Softmax, i8(0.0371, 3), u8(1.0/256, 0), 3), noisy(3 * 20000),
		"8db583cd1baab50b"},
	{"softmax of 10", quantizedtest.Function(quantized.Softmax, i8(0.02, 3), u8(1.0/256, 0), 10), noisy(10 * 20000),
		"157399990f3b956d"},
	{"softmax of 100", quantizedtest.Function(quantized.Softmax, u8(0.05, 30), u8(1.0/256, 0), 100),
		noisy(100 * 2000), "ba04710ce60bbd9d"},
	{"means, unsigned", quantizedtest.Mean(quantized.AvgPool, 2, 2, u8(0.05, 3), u8(0.05, 3)), noisy(4 * 20000),
		"f529375e5f1f1c06"},
	{"means, signed", quantizedtest.Mean(quantized.AvgPool, 2, 2, i8(0.05, -20), i8(0.05, -20)), noisy(4 * 20000),
		"ba4b027df2d2f87c"},
	{"means, 4 bits", quantizedtest.Mean(quantized.AvgPool, 2, 2, u4, u4), nibbles(4 * 20000), "f354cf3dba20f884"},
	{"sum", quantizedtest.Pairs(quantized.Add, 256, u8(0.0915617, 100), u8(0.0398682, 7), i8(0.0651447, -3)), pairs(),
		"2ddaa054bc153a5c"},
	{"sum of halves", quantizedtest.Pairs(quantized.Add, 256, u8(0.05, 0), u8(0.05, 0), u8(0.1, 0)), pairs(), "7edbf4eb9d0bef69"},
	{"sum, unequal", quantizedtest.Pairs(quantized.Add, 256, u8(0.0192261, 103), u8(0.0909567, 0), i8(0.0904953, 0)), pairs(),
		"934a10882d0e2e60"},
}

func TestTFLiteGolden(t *testing.T) {
	for _, c := range golden {
		y := defines(t, c.name, c.model, reference.XNNPACK, c.inputs)
		if got := fmt.Sprintf("%x", sha256.Sum256(y))[:16]; got != c.sha256 {
			t.Errorf("%s: the SHA-256 of engine and definition is %s, of TensorFlow Lite %s", c.name, got, c.sha256)
		}
	}
}

// TestRoundingIsTheDefinitions needs no TensorFlow Lite, and uses random grids
// and every mode.
func TestRoundingIsTheDefinitions(t *testing.T) {
	for seed := range sample.Of(uint64(12), 6) {
		for _, c := range quantizedtest.Rounding(rand.New(rand.NewPCG(seed, 7))) {
			for _, mode := range reference.Modes() {
				t.Run(fmt.Sprint(seed, " ", c.Name, " ", mode),
					func(t *testing.T) { defined(t, c.Model, mode, modes[mode], c.X) })
			}
		}
	}
}

// defines expects the definition's integers for all inputs, H W C, and returns them.
func defines(t *testing.T, name string, m *quantized.Model, mode reference.Mode, x []byte) []byte {
	t.Helper()
	e := engine(t, m, modes[mode])
	size := e.InputSize()
	n := len(x) / size
	y := make([]byte, n*e.OutputSize())
	if err := e.RunBytes(y, x, n); err != nil {
		t.Fatal(err)
	}
	q, real := m.Input.Quant, make([]float32, size)
	for i := range n {
		for j, b := range x[i*size : (i+1)*size] {
			v := int32(b)
			if !q.Format.Unsigned {
				v = int32(int8(b))
			}
			real[j] = affine.Dequantize(v, q.Scale, q.Zero)
		}
		values, err := reference.Run(m, mode, chw(real, m.Input.Shape))
		if err != nil {
			t.Fatal(err)
		}
		for j, want := range values[m.Output].Q {
			if got := y[i*e.OutputSize()+j]; got != uint8(want) {
				t.Errorf("%s, %v: input %d, element %d: %d, want %d", name, mode, i, j, got, uint8(want))
				return y
			}
		}
	}
	return y
}

// chw permutes an image from H W C.
func chw[T any](x []T, shape []int) []T {
	y := make([]T, len(x))
	for i := range x {
		y[i%shape[0]*(len(x)/shape[0])+i/shape[0]] = x[i]
	}
	return y
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

var u4 = quantized.Quant{Format: affine.Format{Bits: 4, Unsigned: true}, Scale: 0.5}
