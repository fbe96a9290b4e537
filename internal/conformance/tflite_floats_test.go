package conformance_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"petrify/quantized"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/tflite"
)

// TestTFLiteFloats: where sums are of floats, outputs agree to two millionths of
// the greatest.
func TestTFLiteFloats(t *testing.T) {
	runtimes := startTFLite(t)
	for schemeName, scheme := range floating {
		names := []string{"linear", "linear relu", "conv relu", "depthwise", "groups", "residual", "global average",
			"concat", "reshape"}
		if !scheme.FloatOutput { // a pool's output is quantized as its input
			names = append(names, "max pool", "average pool, padded")
		}
		check := func(name string, in []int, build func(b *quantizedtest.Builder) string) {
			t.Run(schemeName+"/"+name, func(t *testing.T) {
				b := quantizedtest.New(rand.New(rand.NewPCG(43, 44)), scheme, in...)
				m := b.Model(build(b))
				tfliteNears(t, runtimes, m, b.Inputs(m, 20))
			})
		}
		for _, name := range names {
			check(name, []int{4, 8, 8}, builders[name])
		}
		for _, f := range append(functions, quantized.Softmax) {
			check(f.String(), []int{20}, func(b *quantizedtest.Builder) string {
				return b.Activate(b.Linear(b.Input(), 12, quantized.Identity), f)
			})
		}
	}
}

// tfliteNears compares the runtimes' outputs of sums of floats with the engine's.
func tfliteNears(t *testing.T, runtimes tflites, m *quantized.Model, x []float32) {
	t.Helper()
	share(t, m)
	file, err := tflite.Encode(m, tflite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	in := floatBytes(channelsLast(x, m.Input.Shape))
	if !m.Input.Quant.IsFloat() {
		in = moved(integersOf(m, x), m.Input.Quant.Format, false)
	}
	out, _ := m.Activation(m.Output)
	want := channelsLast(engineOutputs(t, m, x), out.Shape)
	for _, runtime := range runtimes {
		data, err := runtime.Run(file, in)
		if err != nil {
			t.Fatal(err)
		}
		alike(t, want, floatsOf(data), 2e-6)
	}
}

func floatBytes(x []float32) (data []byte) {
	for _, r := range x {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(r))
	}
	return data
}

func floatsOf(data []byte) (x []float32) {
	for ; len(data) > 0; data = data[4:] {
		x = append(x, math.Float32frombits(binary.LittleEndian.Uint32(data)))
	}
	return x
}

// TestTFLiteExcluded: layers that stay in floats between integer ones. XNNPACK
// quantizes by a product with 1/s, so that an element may be a step away.
func TestTFLiteExcluded(t *testing.T) {
	runtimes := startTFLite(t)
	for schemeName, scheme := range writable {
		t.Run(schemeName, func(t *testing.T) {
			b := quantizedtest.New(rand.New(rand.NewPCG(47, 48)), scheme, 4, 8, 8)
			x := b.Conv(b.Input(), 8, quantizedtest.Same(3), 1, quantized.ReLU)
			x = b.Conv(b.Conv(x, 4, quantizedtest.Same(3), 1, quantized.ReLU), 4, quantizedtest.Same(3), 2,
				quantized.ReLU)
			m := b.Model(b.Conv(x, 2, quantizedtest.Same(3), 1, quantized.Identity))
			for i := 1; i < 3; i++ {
				n := &m.Nodes[i]
				n.Weights, n.Bias = &quantized.Weights{Shape: n.Weights.Shape, Float: n.Weights.Real()}, nil
			}
			q := integersOf(m, b.Inputs(m, 60))
			y := tfliteBytes(t, runtimes, tflite.Options{}, m, q)
			if count, most := differing(t, xnnpack, m, q, y); count > len(y)/1000 || most > 1 {
				t.Errorf("%d of %d elements differ, by %d at most: want a thousandth, by one", count, len(y), most)
			}
		})
	}
}
