package onnx_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"petrify/quantized"
	"petrify/quantized/onnx"
	"petrify/quantized/onnx/onnxpb"
	"petrify/quantized/quantizedtest"
)

// TestInt8QuantizersHaveOneReader: in a file of int8, one DQ follows each Q and one
// operator each DQ, whatever the bits and however many layers read an activation.
// ONNX Runtime on x86-64 leaves convolutions in float where that is not so.
func TestInt8QuantizersHaveOneReader(t *testing.T) {
	for schemeName, s := range schemes {
		for seed := range uint64(30) {
			_, m := quantizedtest.Random(rand.New(rand.NewPCG(seed, 4)), s, int(seed%12))
			data, err := onnx.Options{Signed: true}.Encode(m)
			if err != nil {
				continue // a softmax that ONNX Runtime has not in int8
			}
			oneReader(t, fmt.Sprintf("%s/%d", schemeName, seed), data, m)
		}
	}
}

func oneReader(t *testing.T, name string, data []byte, m *quantized.Model) {
	t.Helper()
	tapped, _, err := onnx.Tapped(data, m)
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{data, tapped} {
		file, err := onnxpb.Unmarshal(data)
		if err != nil {
			t.Fatal(err)
		}
		readers := map[string][]string{}
		for _, n := range file.Graph.Nodes {
			for _, in := range n.Inputs {
				readers[in] = append(readers[in], n.Op)
			}
		}
		for _, out := range file.Graph.Outputs {
			readers[out.Name] = append(readers[out.Name], "output")
		}
		for _, n := range file.Graph.Nodes {
			r := readers[n.Outputs[0]]
			if n.Op == "QuantizeLinear" && (len(r) != 1 || r[0] != "DequantizeLinear") ||
				n.Op == "DequantizeLinear" && len(r) != 1 {
				t.Errorf("%s: %v read %s %s", name, r, n.Op, n.Name)
			}
		}
	}
}
