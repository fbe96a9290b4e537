package integer_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"petrify/fakequant/affine"
	"petrify/internal/sample"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/reference"
)

type builder = quantizedtest.Builder

// builders add a small network around one operation.
var builders = map[string]func(b *builder) string{
	"linear": func(b *builder) string {
		return b.Linear(b.Linear(b.Flatten(b.Input()), 17, quantized.ReLU), 10, quantized.Identity)
	},
	"conv": func(b *builder) string {
		return b.Conv(b.Conv(b.Input(), 5, quantizedtest.Same(3), 1, quantized.ReLU), 4, quantizedtest.Valid(3, 2),
			1, quantized.ReLU6)
	},
	"conv 1×1": func(b *builder) string {
		return b.Conv(b.Input(), 8, quantizedtest.Valid(1, 1), 1, quantized.Identity)
	},
	"conv 3×2 dilated, uneven padding": func(b *builder) string {
		w := quantized.Window{Kernel: [2]int{3, 2}, Stride: [2]int{1, 2}, Dilation: [2]int{2, 3},
			PadBegin: [2]int{3, 0}, PadEnd: [2]int{1, 2}}
		return b.Conv(b.Input(), 5, w, 1, quantized.ReLU)
	},
	"depthwise": func(b *builder) string {
		return b.Conv(b.Conv(b.Input(), 4, quantizedtest.Same(3), 4, quantized.ReLU), 8, quantizedtest.Same(3), 4,
			quantized.Identity)
	},
	"groups": func(b *builder) string {
		return b.Conv(b.Input(), 6, quantizedtest.Same(3), 2, quantized.ReLU)
	},
	"max pool": func(b *builder) string {
		w := quantizedtest.Same(3)
		w.Stride = [2]int{2, 1}
		x := b.Pool(quantized.MaxPool, b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU), w)
		return b.Conv(x, 3, quantizedtest.Valid(1, 1), 1, quantized.Identity)
	},
	"average pool": func(b *builder) string {
		return b.Pool(quantized.AvgPool, b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU),
			quantizedtest.Valid(2, 2))
	},
	"average pool, padded": func(b *builder) string {
		return b.Pool(quantized.AvgPool, b.Input(), quantizedtest.Same(3))
	},
	"average pool, padding counts": func(b *builder) string {
		return b.Pool(quantized.AvgPool, b.Input(), quantized.Window{Kernel: [2]int{3, 2}, Stride: [2]int{1, 2},
			PadBegin: [2]int{2, 0}, PadEnd: [2]int{1, 1}, CountIncludePad: true})
	},
	"average pool, padding counts, beyond": func(b *builder) string {
		return b.Pool(quantized.AvgPool, b.Input(), quantized.Window{Kernel: [2]int{3, 4}, Stride: [2]int{2, 3},
			PadBegin: [2]int{1, 2}, PadEnd: [2]int{2, 2}, CountIncludePad: true, Overhang: [2]int{1, 2}})
	},
	"global average": func(b *builder) string {
		return b.Linear(b.Flatten(b.GlobalAvgPool(b.Conv(b.Input(), 7, quantizedtest.Same(3), 1, quantized.ReLU))),
			10, quantized.Identity)
	},
	"residual": func(b *builder) string {
		x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU)
		y := b.Conv(x, 4, quantizedtest.Same(3), 1, quantized.Identity)
		z := b.Add(x, y, quantized.ReLU)
		return b.Add(b.Conv(z, 4, quantizedtest.Valid(1, 1), 1, quantized.Identity), z, quantized.Identity)
	},
	"concat": func(b *builder) string {
		x := b.Conv(b.Input(), 3, quantizedtest.Same(3), 1, quantized.ReLU)
		y := b.Conv(b.Input(), 5, quantizedtest.Same(1), 1, quantized.Identity)
		return b.Conv(b.Concat(x, y, x), 4, quantizedtest.Valid(1, 1), 1, quantized.Identity)
	},
	"flatten that moves, read twice": func(b *builder) string {
		x := b.Flatten(b.Conv(b.Input(), 3, quantizedtest.Same(3), 1, quantized.ReLU))
		return b.Concat(b.Linear(x, 5, quantized.Identity), b.Activate(x, quantized.LeakyReLU))
	},
	"reshape": func(b *builder) string {
		x := b.Reshape(b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU), 16, 4, 4)
		return b.Linear(b.Flatten(b.Conv(x, 3, quantizedtest.Same(3), 1, quantized.ReLU)), 5, quantized.Identity)
	},
	"functions": func(b *builder) string {
		x := b.Linear(b.Flatten(b.Input()), 40, quantized.Identity)
		var all []string
		for f := quantized.ReLU; f <= quantized.Softmax; f++ {
			all = append(all, b.Activate(x, f))
		}
		return b.Concat(all...)
	},
}

// bits is a scheme of that many bits.
func bits(n int) quantizedtest.Scheme {
	return quantizedtest.Scheme{Weights: affine.Format{Bits: n, Narrow: n > 2},
		Positive: affine.Format{Bits: n, Unsigned: true}, Signed: affine.Format{Bits: n}}
}

var quantizations = map[string]quantizedtest.Scheme{
	"W8A8": quantizedtest.W8A8, "W8A8 affine": quantizedtest.W8A8Affine, "W4A8": quantizedtest.W4A8,
	"2 bits": bits(2), "3 bits": bits(3), "4 bits": bits(4), "5 bits": bits(5), "6 bits": bits(6), "7 bits": bits(7),
	"ternary": quantizedtest.Ternary, "binary": quantizedtest.Binary,
	"ties":         {Weights: affine.Int8Narrow, Positive: affine.Uint8, Signed: affine.Int8, PowersOfTwo: true},
	"ties, 4 bits": {Weights: affine.Format{Bits: 4}, Positive: affine.Uint8, Signed: affine.Int8, PowersOfTwo: true},
	"per tensor": {Weights: affine.Int8, PerTensor: true, Positive: affine.Uint8, Signed: affine.Uint8,
		Affine: true},
	"unsigned weights": {Weights: affine.Uint8, ZeroPoints: true, Positive: affine.Uint8, Signed: affine.Uint8,
		Affine: true},
	"affine weights": {Weights: affine.Int8, PerTensor: true, ZeroPoints: true, Positive: affine.Uint8,
		Signed: affine.Int8},
	"affine 4 bits": {Weights: affine.Format{Bits: 4, Unsigned: true}, ZeroPoints: true, Positive: affine.Uint8,
		Signed: affine.Int8},
}

// modes are the options that compute as each mode of the definition.
var modes = map[reference.Mode]integer.Options{
	reference.ONNXRuntime: {}, reference.ONNXRuntimeInt8: {Signed: true},
	reference.XNNPACK:     {Requantization: integer.XNNPACK},
	reference.XNNPACKInt4: {Requantization: integer.XNNPACK, Int4: true},
	reference.Gemmlowp:    {Requantization: integer.Gemmlowp}, reference.Single: {Requantization: integer.Single},
}

// TestEngineIsTheDefinition: every operation in every number format and mode, on
// extremes, ties and noise, gives the definition's numbers, layer by layer.
func TestEngineIsTheDefinition(t *testing.T) {
	count := 0
	for _, scheme := range slices.Sorted(maps.Keys(quantizations)) {
		for _, name := range slices.Sorted(maps.Keys(builders)) {
			if count++; sample.Skips(count, 6) {
				continue
			}
			b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizations[scheme], 4, 8, 8)
			m := b.Model(builders[name](b))
			x := b.Inputs(m, 7)
			for _, mode := range reference.Modes() {
				t.Run(fmt.Sprintf("%s/%s/%v", scheme, name, mode),
					func(t *testing.T) { defined(t, m, mode, modes[mode], x) })
			}
		}
	}
}

// defined expects the definition's numbers in every activation, and its
// integers from bytes to bytes.
func defined(t *testing.T, m *quantized.Model, mode reference.Mode, o integer.Options, x []float32) {
	t.Helper()
	size := elements(m.Input.Shape)
	got := activations(t, m, o, x)
	for i := range got {
		if err := reference.Compare(m, mode, got[i]); err != nil {
			t.Fatalf("image %d: %v", i, err)
		}
	}
	out, _ := m.Activation(m.Output)
	if m.Input.Quant.IsFloat() || out.Quant.IsFloat() {
		return
	}
	e := engine(t, m, o)
	q := make([]uint8, len(x)/size*e.OutputSize())
	if err := e.RunBytes(q, hwc(inputBytes(m, x), m.Input.Shape), len(x)/size); err != nil {
		t.Fatal(err)
	}
	for i := range got {
		for j, want := range reference.Of(out, got[i][m.Output]).Q {
			if b := q[i*e.OutputSize()+j]; b != uint8(want) {
				t.Fatalf("image %d, element %d: %d of bytes, %d of real numbers", i, j, b, uint8(want))
			}
		}
	}
}

// activations is what the engine gives for each input, every activation by name.
func activations(t *testing.T, m *quantized.Model, o integer.Options, x []float32) []map[string][]float32 {
	t.Helper()
	size := elements(m.Input.Shape)
	all := make([]map[string][]float32, len(x)/size)
	for i := range all {
		all[i] = map[string][]float32{m.Input.Name: x[i*size : (i+1)*size]}
	}
	for _, n := range m.Nodes {
		e := engine(t, m.Until(n.Name), o)
		y := outputs(t, e, hwc(x, m.Input.Shape))
		for i := range all {
			all[i][n.Name] = y[i*e.OutputSize() : (i+1)*e.OutputSize()]
		}
	}
	return all
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func engine(t *testing.T, m *quantized.Model, o integer.Options) *integer.Engine {
	t.Helper()
	e, err := integer.New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// hwc permutes images from C H W.
func hwc[T any](x []T, shape []int) []T {
	pixels := 1
	for _, d := range shape[1:] {
		pixels *= d
	}
	y := make([]T, len(x))
	for i, v := range x {
		size := pixels * shape[0]
		y[i/size*size+i%pixels*shape[0]+i%size/pixels] = v
	}
	return y
}

// inputBytes is the input's integers as bytes.
func inputBytes(m *quantized.Model, x []float32) []uint8 {
	q := make([]uint8, len(x))
	for i, r := range x {
		q[i] = uint8(affine.Quantize(r, m.Input.Quant.Scale, m.Input.Quant.Zero, m.Input.Quant.Format))
	}
	return q
}

// TestConcatClips: an input of more bits than the output, on the same scale, is
// limited to the output's integers.
func TestConcatClips(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 2, 4, 4)
	x := b.Conv(b.Input(), 3, quantizedtest.Same(3), 1, quantized.ReLU)
	m := b.Model(b.Concat(x, x))
	m.Nodes[1].Output.Quant = quantized.Quant{Format: affine.Format{Bits: 4, Unsigned: true},
		Scale: m.Nodes[0].Output.Quant.Scale}
	for _, mode := range reference.Modes() {
		defined(t, m, mode, modes[mode], b.Inputs(m, 5))
	}
}

// floating are schemes in which sums are of floats.
var floating = map[string]quantizedtest.Scheme{
	"weight-only":         quantizedtest.WeightOnly,
	"weight-only, 4 bits": {Weights: affine.Format{Bits: 4, Narrow: true}},
	"weight-only, blocks": {Weights: affine.Format{Bits: 4, Unsigned: true}, ZeroPoints: true, Block: 16},
	"blocks": {Weights: affine.Format{Bits: 4, Narrow: true}, Block: 5, Positive: affine.Uint8,
		Signed: affine.Int8, FloatOutput: true},
	"float":         {},
	"float output":  {Weights: affine.Int8Narrow, Positive: affine.Uint8, Signed: affine.Int8, FloatOutput: true},
	"float weights": {Positive: affine.Uint8, Signed: affine.Int8, FloatOutput: true},
}

// TestFloatsAreTheDefinitions: where sums are of floats, they are within what the
// definition allows, all else is equal; and weights dequantized just in time are
// those dequantized at load.
func TestFloatsAreTheDefinitions(t *testing.T) {
	for schemeName, scheme := range floating {
		for name, build := range builders {
			t.Run(schemeName+"/"+name, func(t *testing.T) {
				b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), scheme, 4, 8, 8)
				m := b.Model(build(b))
				x := b.Inputs(m, 6)
				defined(t, m, reference.ONNXRuntime, integer.Options{}, x)
				y := outputs(t, engine(t, m, integer.Options{}), hwc(x, m.Input.Shape))
				inTime := outputs(t, engine(t, m, integer.Options{Weights: integer.JustInTime}), hwc(x, m.Input.Shape))
				for i := range y {
					if y[i] != inTime[i] {
						t.Fatalf("element %d: %v at load, %v just in time", i, y[i], inTime[i])
					}
				}
			})
		}
	}
}

func outputs(t *testing.T, e *integer.Engine, x []float32) []float32 {
	t.Helper()
	n := len(x) / e.InputSize()
	y := make([]float32, n*e.OutputSize())
	if err := e.Run(y, x, n); err != nil {
		t.Fatal(err)
	}
	return y
}

// network has most kinds of layers.
func network(s quantizedtest.Scheme) (*builder, *quantized.Model) {
	b := quantizedtest.New(rand.New(rand.NewPCG(5, 6)), s, 3, 12, 12)
	x := b.Conv(b.Input(), 8, quantizedtest.Same(3), 1, quantized.ReLU)
	x = b.Pool(quantized.MaxPool, x, quantizedtest.Valid(2, 2))
	y := b.Conv(b.Conv(x, 8, quantizedtest.Same(3), 8, quantized.ReLU6), 8, quantizedtest.Valid(1, 1), 1,
		quantized.Identity)
	x = b.Concat(b.Add(x, y, quantized.ReLU), y)
	x = b.Linear(b.Flatten(b.Pool(quantized.AvgPool, x, quantizedtest.Valid(2, 2))), 20, quantized.ReLU)
	return b, b.Model(b.Linear(x, 6, quantized.Identity))
}

// TestBatchesDoNotMatter: an image's outputs do not depend on the images
// around it, on the batch's size, or on the processors.
func TestBatchesDoNotMatter(t *testing.T) {
	for name, s := range map[string]quantizedtest.Scheme{"integers": quantizedtest.W8A8,
		"floats": quantizedtest.WeightOnly} {
		b, m := network(s)
		x := hwc(b.Inputs(m, 70), m.Input.Shape)
		all := outputs(t, engine(t, m, integer.Options{}), x)
		for _, procs := range []int{1, 2, 5} {
			before := runtime.GOMAXPROCS(procs)
			e := engine(t, m, integer.Options{})
			for n := 1; n <= 70; n += 23 {
				y := outputs(t, e, x[:n*e.InputSize()])
				for i := range y {
					if y[i] != all[i] {
						t.Fatalf("%s, batch of %d on %d processors: element %d is %v, in a batch of 70 %v", name, n,
							procs, i, y[i], all[i])
					}
				}
			}
			runtime.GOMAXPROCS(before)
		}
	}
}
