package conformance_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/reference"
)

// int8Sessions are the sessions that run files of int8: in one ONNX Runtime makes
// the activations uint8, as it does by default on x86-64; in the other it keeps them.
var int8Sessions = map[string]struct {
	settings conformance.Settings
	mode     reference.Mode
}{
	"default":      {conformance.Settings{Threads: 1}, reference.ONNXRuntime},
	"int8 allowed": {signed, reference.ONNXRuntimeInt8},
}

// floatKernels are the operators with an integer kernel that these tests want
// instead, as they are called where they compute with floats.
var floatKernels = []string{"Conv", "FusedConv", "Gemm", "FusedGemm", "MatMul", "Add", "Concat", "AveragePool",
	"GlobalAveragePool"}

// TestSigned: every operation in every scheme, and random networks, as files of
// int8: no element differs, and everything but the limits of few bits and the copies
// for several readers is an integer kernel.
func TestSigned(t *testing.T) {
	for schemeName, scheme := range schemes {
		for name, build := range builders {
			b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), scheme, 4, 8, 8)
			m := b.Model(build(b))
			signedAgrees(t, schemeName+"/"+name, m, b.Inputs(m, 60))
		}
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), scheme, 5)
		var many []string
		for range 11 { // more than the readers' quantizers have axes
			many = append(many, b.Linear(b.Input(), 3, quantized.ReLU))
		}
		m := b.Model(b.Concat(many...))
		signedAgrees(t, schemeName+"/many readers", m, b.Inputs(m, 60))
		for seed := range uint64(15) {
			b, m := quantizedtest.Random(rand.New(rand.NewPCG(seed, 3)), scheme, int(seed%10))
			signedAgrees(t, fmt.Sprintf("%s/%d", schemeName, seed), m, b.Inputs(m, 8))
		}
	}
}

func signedAgrees(t *testing.T, name string, m *quantized.Model, x []float32) {
	t.Helper()
	file, err := onnx.Options{Signed: true}.Encode(m)
	if err != nil {
		if !strings.Contains(err.Error(), "softmax") {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	for session, s := range int8Sessions {
		t.Run(name+"/"+session, func(t *testing.T) {
			equal(t, defined(t, s.mode, m, x), outputs(t, onnx.Options{Signed: true}, s.settings, m, x))
			operators, err := conformance.Operators(file, s.settings)
			if err != nil {
				t.Fatal(err)
			}
			own := 0 // additions of GELUs, which are functions of real numbers
			for i := range m.Nodes {
				if m.Nodes[i].Func == quantized.GELU {
					own++
				}
			}
			for _, o := range operators {
				if own > 0 && o == "Add" {
					own--
				} else if slices.Contains(floatKernels, o) {
					t.Errorf("%s computes with floats, in %v", o, operators)
				}
			}
		})
	}
}
