package conformance_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"petrify/fakequant/affine"
	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
)

// engineOutputs runs the integer engine on inputs N C H W.
func engineOutputs(t *testing.T, m *quantized.Model, x []float32) []float32 {
	t.Helper()
	return engineWith(t, integer.Options{}, m, x)
}

func engineWith(t *testing.T, o integer.Options, m *quantized.Model, x []float32) []float32 {
	t.Helper()
	e, err := integer.New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	n := len(x) / e.InputSize()
	y := make([]float32, n*e.OutputSize())
	if err := e.Run(y, channelsLast(x, m.Input.Shape), n); err != nil {
		t.Fatal(err)
	}
	return y
}

// channelsLast turns N C H W into N H W C.
func channelsLast(x []float32, shape []int) []float32 {
	if len(shape) < 3 {
		return x
	}
	y := make([]float32, len(x))
	plane := shape[1] * shape[2]
	size := shape[0] * plane
	for i := range x {
		image, c, at := i/size, i/plane%shape[0], i%plane
		y[image*size+at*shape[0]+c] = x[i]
	}
	return y
}

// TestEngine: the integer engine and ONNX Runtime give the same elements for
// every operation and every network of MLPerf Tiny, in every scheme, on 1,000
// inputs with extremes and ties.
func TestEngine(t *testing.T) {
	for schemeName, scheme := range schemes {
		for name, build := range builders {
			t.Run(schemeName+"/"+name, func(t *testing.T) {
				b := quantizedtest.New(rand.New(rand.NewPCG(21, 22)), scheme, 4, 8, 8)
				m := b.Model(build(b))
				x := b.Inputs(m, 1000)
				equal(t, engineOutputs(t, m, x), outputs(t, onnx.Options{}, conformance.Settings{}, m, x))
			})
		}
		for _, f := range functions {
			t.Run(schemeName+"/"+f.String(), func(t *testing.T) {
				b := quantizedtest.New(rand.New(rand.NewPCG(23, 24)), scheme, 100)
				m := b.Model(b.Activate(b.Linear(b.Input(), 40, quantized.Identity), f))
				x := b.Inputs(m, 1000)
				equal(t, engineOutputs(t, m, x), outputs(t, onnx.Options{}, conformance.Settings{}, m, x))
			})
		}
	}
	for name, build := range zoo {
		for schemeName, scheme := range schemes {
			t.Run(schemeName+"/"+name, func(t *testing.T) {
				b, m := build(rand.New(rand.NewPCG(25, 26)), scheme)
				x := b.Inputs(m, 100)
				equal(t, engineOutputs(t, m, x), outputs(t, onnx.Options{}, conformance.Settings{}, m, x))
			})
		}
	}
}

// TestEngineSoftmax: on rows with ties and extremes, of several widths and
// scales, in files of uint8 and of int8, the integer engine and the reference
// give ONNX Runtime's elements.
func TestEngineSoftmax(t *testing.T) {
	four := affine.Format{Bits: 4, Unsigned: true}
	for name, c := range map[string]struct {
		to     quantized.Quant
		inInt8 bool // 127 or less represents 1
	}{
		"1/256":       {quantized.Quant{Format: affine.Uint8, Scale: 1.0 / 256}, false},
		"1/16":        {quantized.Quant{Format: four, Scale: 1.0 / 16}, true},
		"int8, 1/128": {quantized.Quant{Format: affine.Int8, Scale: 1.0 / 128}, false},
		"int8, 1/127": {quantized.Quant{Format: affine.Int8, Scale: 1.0 / 127}, true},
		"z = 30":      {quantized.Quant{Format: affine.Uint8, Scale: 1.0 / 200, Zero: 30}, true},
	} {
		for _, from := range []quantized.Quant{
			{Format: affine.Int8, Scale: 0.0371}, {Format: affine.Uint8, Scale: 0.11, Zero: 77},
			{Format: affine.Int8, Scale: 1e-4}, {Format: affine.Int8, Scale: 60}, {Format: four, Scale: 0.25},
		} {
			for _, width := range []int{2, 3, 10, 40, 1000} {
				m := softmaxOf(width, from, c.to)
				x := softmaxRows(rand.New(rand.NewPCG(23, uint64(width))), max(20, 4000/width), width, from)
				t.Run(fmt.Sprintf("%s/%v %v/%d", name, from.Format, from.Scale, width), func(t *testing.T) {
					y := outputs(t, onnx.Options{}, conformance.Settings{}, m, x)
					equal(t, engineOutputs(t, m, x), y)
					same(t, m, x, y)
					if c.inInt8 {
						equal(t, y, outputs(t, onnx.Options{Signed: true}, signed, m, x))
					}
				})
			}
		}
	}
}

// softmaxOf is a model that is a softmax of its input.
func softmaxOf(width int, from, to quantized.Quant) *quantized.Model {
	from.Origin, to.Origin = "test", "test"
	shape := []int{width}
	return &quantized.Model{
		Name: "softmax", Output: "y", Origin: quantized.Origin{Version: "test", Dataset: "random", Method: "ptq"},
		Input: quantized.Input{Activation: quantized.Activation{Name: "x", Shape: shape, Quant: from}, PixelScale: 1},
		Nodes: []quantized.Node{{
			Name: "y", Op: quantized.Activate, Func: quantized.Softmax, Inputs: []string{"x"},
			Output: quantized.Activation{Name: "y", Shape: shape, Quant: to},
		}},
	}
}

// softmaxRows are real numbers on the grid q: rows whose integers are equal,
// next to each other, near the greatest, and anywhere.
func softmaxRows(rng *rand.Rand, rows, width int, q quantized.Quant) []float32 {
	lo, hi := q.Format.Min(), q.Format.Max()
	x := make([]float32, rows*width)
	for row := range rows {
		top := hi - rng.Int32N((hi-lo)/4)*int32(row%2)
		span := min([]int32{1, 2, 5, 20, 60, 256}[row%6], top-lo+1)
		for i := range width {
			x[row*width+i] = float32(top-rng.Int32N(span)-q.Zero) * q.Scale
		}
	}
	return x
}
