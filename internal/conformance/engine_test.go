package conformance_test

import (
	"math/rand/v2"
	"testing"

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

// TestEngineSoftmax: the engine sums exponentials in float64 where ONNX Runtime
// does in float32, so that a quotient at a tie may fall to the other side: one
// step, in at most one of 10,000 elements. The reference, which adds in float32,
// gives the runtime's elements (see TestFunctions).
func TestEngineSoftmax(t *testing.T) {
	for name, scheme := range schemes {
		b := quantizedtest.New(rand.New(rand.NewPCG(23, 24)), scheme, 100)
		m := b.Model(b.Activate(b.Linear(b.Input(), 40, quantized.Identity), quantized.Softmax))
		x := b.Inputs(m, 1000)
		y := outputs(t, onnx.Options{}, conformance.Settings{}, m, x)
		out, _ := m.Activation(m.Output)
		differ := 0
		for i, want := range engineOutputs(t, m, x) {
			switch steps := (y[i] - want) / out.Quant.Scale; {
			case steps == 0:
			case steps < 1.5 && steps > -1.5:
				differ++
			default:
				t.Fatalf("%s: element %d: got %v, want %v, %v steps away", name, i, y[i], want, steps)
			}
		}
		if differ > len(y)/10000 {
			t.Errorf("%s: %d of %d elements differ", name, differ, len(y))
		}
	}
}
