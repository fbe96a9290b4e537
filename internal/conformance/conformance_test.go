package conformance_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"petrify/fakequant/affine"
	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/reference"
)

func TestMain(m *testing.M) {
	version, err := conformance.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ONNX Runtime", version)
	os.Exit(m.Run())
}

// open loads a model into ONNX Runtime until the test ends.
func open(t *testing.T, o onnx.Options, s conformance.Settings, m *quantized.Model) *conformance.Session {
	t.Helper()
	file, err := o.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	session, err := conformance.Open(file, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

// outputs runs a model with ONNX Runtime.
func outputs(t *testing.T, o onnx.Options, s conformance.Settings, m *quantized.Model, x []float32) []float32 {
	t.Helper()
	y, err := open(t, o, s, m).Run(x)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// defined computes the outputs for all inputs in x as the definition says.
func defined(t *testing.T, mode reference.Mode, m *quantized.Model, x []float32) []float32 {
	t.Helper()
	size := 1
	for _, d := range m.Input.Shape {
		size *= d
	}
	var y []float32
	for i := 0; i < len(x); i += size {
		values, err := reference.Run(m, mode, x[i:i+size])
		if err != nil {
			t.Fatal(err)
		}
		for j := range values[m.Output].Len() {
			y = append(y, values[m.Output].Real(j))
		}
	}
	return y
}

// same expects the outputs y of ONNX Runtime to be the definition's, element
// for element.
func same(t *testing.T, m *quantized.Model, x, y []float32) {
	t.Helper()
	equal(t, defined(t, reference.ONNXRuntime, m, x), y)
}

// near expects the definition's outputs in y to within a millionth of the
// greatest.
func near(t *testing.T, m *quantized.Model, x, y []float32) {
	t.Helper()
	alike(t, defined(t, reference.ONNXRuntime, m, x), y, 1e-6)
}

// alike expects the given outputs in y to within a fraction of the greatest.
func alike(t *testing.T, want, y []float32, fraction float64) {
	t.Helper()
	if len(y) != len(want) {
		t.Fatalf("%d elements, want %d", len(y), len(want))
	}
	var greatest, difference float64
	for i := range y {
		greatest = max(greatest, math.Abs(float64(want[i])))
		difference = max(difference, math.Abs(float64(y[i])-float64(want[i])))
	}
	if !(difference <= fraction*greatest) {
		t.Errorf("differs by %v, the greatest output is %v", difference, greatest)
	}
}

// builders add a small network around one operation.
var builders = map[string]func(b *quantizedtest.Builder) string{
	"linear": func(b *quantizedtest.Builder) string {
		return b.Linear(b.Flatten(b.Input()), 10, quantized.Identity)
	},
	"linear relu": func(b *quantizedtest.Builder) string {
		return b.Linear(b.Linear(b.Flatten(b.Input()), 17, quantized.ReLU), 10, quantized.Identity)
	},
	"conv": func(b *quantizedtest.Builder) string {
		return b.Conv(b.Input(), 5, quantizedtest.Same(3), 1, quantized.Identity)
	},
	"conv relu": func(b *quantizedtest.Builder) string {
		return b.Conv(b.Conv(b.Input(), 5, quantizedtest.Same(3), 1, quantized.ReLU), 4, quantizedtest.Valid(3, 2),
			1, quantized.ReLU6)
	},
	"conv 1×1": func(b *quantizedtest.Builder) string {
		return b.Conv(b.Input(), 8, quantizedtest.Valid(1, 1), 1, quantized.ReLU)
	},
	"conv 5×2 dilated, uneven padding": func(b *quantizedtest.Builder) string {
		w := quantized.Window{Kernel: [2]int{3, 2}, Stride: [2]int{1, 2}, Dilation: [2]int{2, 3},
			PadBegin: [2]int{3, 0}, PadEnd: [2]int{1, 2}}
		return b.Conv(b.Input(), 5, w, 1, quantized.ReLU)
	},
	"conv 4×1, a stride beyond the kernel": func(b *quantizedtest.Builder) string {
		w := quantized.Window{Kernel: [2]int{4, 1}, Stride: [2]int{3, 2}, PadBegin: [2]int{1, 0}, PadEnd: [2]int{1, 0}}
		return b.Conv(b.Input(), 5, w, 1, quantized.ReLU)
	},
	"depthwise": func(b *quantizedtest.Builder) string {
		return b.Conv(b.Input(), 4, quantizedtest.Same(3), 4, quantized.ReLU)
	},
	"depthwise, two filters": func(b *quantizedtest.Builder) string {
		return b.Conv(b.Input(), 8, quantizedtest.Same(3), 4, quantized.Identity)
	},
	"groups": func(b *quantizedtest.Builder) string {
		return b.Conv(b.Input(), 6, quantizedtest.Same(3), 2, quantized.ReLU)
	},
	"max pool": func(b *quantizedtest.Builder) string {
		w := quantizedtest.Same(3)
		w.Stride = [2]int{2, 1}
		return b.Pool(quantized.MaxPool, b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU), w)
	},
	"average pool": func(b *quantizedtest.Builder) string {
		return b.Pool(quantized.AvgPool, b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU),
			quantizedtest.Valid(2, 2))
	},
	"average pool, padded": func(b *quantizedtest.Builder) string {
		return b.Pool(quantized.AvgPool, b.Input(), quantizedtest.Same(3))
	},
	"average pool, padding counts": func(b *quantizedtest.Builder) string {
		return b.Pool(quantized.AvgPool, b.Input(), quantized.Window{Kernel: [2]int{3, 2}, Stride: [2]int{1, 2},
			PadBegin: [2]int{2, 0}, PadEnd: [2]int{1, 1}, CountIncludePad: true})
	},
	"average pool, padding counts, beyond": func(b *quantizedtest.Builder) string {
		return b.Pool(quantized.AvgPool, b.Input(), quantized.Window{Kernel: [2]int{3, 4}, Stride: [2]int{2, 3},
			PadBegin: [2]int{1, 2}, PadEnd: [2]int{2, 2}, CountIncludePad: true, Overhang: [2]int{1, 2}})
	},
	"global average": func(b *quantizedtest.Builder) string {
		return b.Linear(b.Flatten(b.GlobalAvgPool(b.Conv(b.Input(), 7, quantizedtest.Same(3), 1, quantized.ReLU))),
			10, quantized.Identity)
	},
	"residual": func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU)
		y := b.Conv(x, 4, quantizedtest.Same(3), 1, quantized.Identity)
		z := b.Add(x, y, quantized.ReLU)
		return b.Add(b.Conv(z, 4, quantizedtest.Valid(1, 1), 1, quantized.Identity), z, quantized.Identity)
	},
	"mul": func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU)
		y := b.Conv(x, 4, quantizedtest.Same(3), 1, quantized.Identity)
		return b.Mul(b.Mul(x, y, quantized.ReLU), y, quantized.Identity)
	},
	"squeeze and excite": func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.Identity)
		return b.Mul(x, b.Activate(b.GlobalAvgPool(x), quantized.Sigmoid), quantized.Identity)
	},
	"add numbers of channels": func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.Identity)
		return b.Add(x, b.GlobalAvgPool(x), quantized.ReLU)
	},
	"sub": func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU)
		y := b.Conv(x, 4, quantizedtest.Same(3), 1, quantized.Identity)
		z := b.Pair(quantized.Sub, x, y, quantized.ReLU)
		return b.Pair(quantized.Sub, z, b.GlobalAvgPool(y), quantized.Identity)
	},
	"max and min": func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU)
		y := b.Conv(x, 4, quantizedtest.Same(3), 1, quantized.Identity)
		z := b.Pair(quantized.Max, x, b.Pair(quantized.Max, y, y, quantized.Identity), quantized.Identity)
		return b.Pair(quantized.Min, z, b.GlobalAvgPool(y), quantized.Identity)
	},
	"a layer and itself": func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.Identity)
		y := b.Concat(b.Mul(x, x, quantized.Identity), b.Add(x, x, quantized.ReLU))
		return b.Conv(b.Mul(y, y, quantized.ReLU), 4, quantizedtest.Same(1), 1, quantized.Identity)
	},
	"slice": func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 6, quantizedtest.Same(3), 1, quantized.Identity)
		y := b.Slice(x, []int{1, 2, 3}, []int{4, 5, 3})
		return b.Linear(b.Slice(b.Flatten(y), []int{7}, []int{30}), 12, quantized.Identity)
	},
	"prelu": func(b *quantizedtest.Builder) string {
		x := b.PReLU(b.Conv(b.Input(), 6, quantizedtest.Same(3), 1, quantized.Identity))
		return b.Linear(b.PReLU(b.Flatten(x)), 10, quantized.Identity)
	},
	"pad": func(b *quantizedtest.Builder) string {
		x := b.Pad(b.Conv(b.Input(), 3, quantizedtest.Same(3), 1, quantized.ReLU), []int{2, 1, 0}, []int{6, 10, 11}, 0)
		y := b.Pad(b.Conv(x, 4, quantizedtest.Same(3), 1, quantized.Identity), []int{0, 0, 3}, []int{4, 11, 14}, -0.37)
		z := b.Pad(b.Flatten(b.Pad(y, []int{1, 0, 0}, []int{5, 11, 14}, 10)), []int{3}, []int{777}, 0.5)
		return b.Linear(z, 10, quantized.Identity)
	},
	"shuffle": func(b *quantizedtest.Builder) string {
		x := b.Shuffle(b.Conv(b.Input(), 12, quantizedtest.Same(3), 1, quantized.ReLU), 3)
		x = b.Shuffle(b.Conv(x, 8, quantizedtest.Same(3), 4, quantized.Identity), 4)
		x = b.Shuffle(b.Linear(b.Flatten(x), 10, quantized.Identity), 5)
		return b.Linear(x, 10, quantized.Identity)
	},
	"concat": func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 3, quantizedtest.Same(3), 1, quantized.ReLU)
		y := b.Conv(b.Input(), 5, quantizedtest.Same(1), 1, quantized.Identity)
		return b.Conv(b.Concat(x, y), 4, quantizedtest.Valid(1, 1), 1, quantized.Identity)
	},
	"stretch": func(b *quantizedtest.Builder) string {
		x := b.Stretch(b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.Identity), 2, 3)
		return b.Conv(b.Concat(b.Stretch(b.Input(), 2, 3), x), 3, quantizedtest.Same(3), 1, quantized.Identity)
	},
	"resize": func(b *quantizedtest.Builder) string {
		x := b.Resize(b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU), 2, 3)
		return b.Conv(b.Concat(b.Resize(b.Input(), 2, 3), x), 3, quantizedtest.Same(3), 1, quantized.Identity)
	},
	"reshape": func(b *quantizedtest.Builder) string {
		x := b.Reshape(b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU), 16, 4, 4)
		return b.Linear(b.Flatten(b.Conv(x, 3, quantizedtest.Same(3), 1, quantized.ReLU)), 5, quantized.Identity)
	},
}

// functions are layers of their own.
var functions = []quantized.Func{quantized.ReLU, quantized.ReLU6, quantized.LeakyReLU, quantized.HardSwish,
	quantized.HardSigmoid, quantized.Sigmoid, quantized.Tanh, quantized.SiLU, quantized.GELU, quantized.ELU,
	quantized.Softplus, quantized.Clip}

var schemes = map[string]quantizedtest.Scheme{
	"W8A8": quantizedtest.W8A8, "W8A8 affine": quantizedtest.W8A8Affine,
	"W4A8": quantizedtest.W4A8, "W4A4": quantizedtest.W4A4,
	"W2A2": {Weights: affine.Format{Bits: 2}, Positive: affine.Format{Bits: 2, Unsigned: true},
		Signed: affine.Format{Bits: 2}},
	"binary": quantizedtest.Binary,
	"ties":   {Weights: affine.Int8Narrow, Positive: affine.Uint8, Signed: affine.Int8, PowersOfTwo: true},
	"per tensor": {Weights: affine.Int8, PerTensor: true, Positive: affine.Uint8, Signed: affine.Uint8,
		Affine: true},
	"zero points": {Weights: affine.Int8, ZeroPoints: true, Positive: affine.Uint8, Signed: affine.Uint8,
		Affine: true},
	"unsigned weights, no zero points": {Weights: affine.Format{Bits: 6, Unsigned: true}, Positive: affine.Uint8,
		Signed: affine.Int8},
	"unsigned weights": {Weights: affine.Uint8, PerTensor: true, ZeroPoints: true, Positive: affine.Uint8,
		Signed: affine.Uint8, Affine: true},
}

// TestIntegers: every operation in every scheme, on random inputs, extremes
// and ties: no element differs.
func TestIntegers(t *testing.T) {
	for schemeName, scheme := range schemes {
		for name, build := range builders {
			t.Run(schemeName+"/"+name, func(t *testing.T) {
				b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), scheme, 4, 8, 8)
				m := b.Model(build(b))
				x := b.Inputs(m, 60)
				same(t, m, x, outputs(t, onnx.Options{}, conformance.Settings{Threads: 1}, m, x))
			})
		}
	}
}

// floating are schemes in which the outputs are sums of floats.
var floating = map[string]quantizedtest.Scheme{
	"weight-only": quantizedtest.WeightOnly, "weight-only, 4 bits": {Weights: affine.Format{Bits: 4, Narrow: true}},
	"float":        {},
	"float output": {Weights: affine.Int8Narrow, Positive: affine.Uint8, Signed: affine.Int8, FloatOutput: true},
}

// TestFloats: the order of float sums affects the last bits, so outputs agree
// to within a millionth of the greatest.
func TestFloats(t *testing.T) {
	for schemeName, scheme := range floating {
		for _, name := range []string{"linear", "linear relu", "conv relu", "groups", "residual", "global average",
			"concat", "reshape", "sub", "max and min", "slice", "pad", "shuffle", "resize", "stretch"} {
			t.Run(schemeName+"/"+name, func(t *testing.T) {
				b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), scheme, 4, 8, 8)
				m := b.Model(builders[name](b))
				x := b.Inputs(m, 20)
				near(t, m, x, outputs(t, onnx.Options{}, conformance.Settings{Threads: 1}, m, x))
			})
		}
	}
}
