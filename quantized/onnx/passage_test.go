package onnx_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/internal/onnxpb"
	"petrify/quantized"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
)

// TestInt8QuantizersHaveOneReader: in a file of int8, one DQ follows each Q and one
// operator each DQ, whatever the bits and however many layers read an activation, and
// no two Qs are the same operator on the same number. ONNX Runtime on x86-64 leaves
// convolutions in float where that is not so, and makes one of the two Qs.
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
		seen := map[string]bool{}
		for _, n := range file.Graph.Nodes {
			what := fmt.Sprint(n.Op, n.Inputs, n.Attributes)
			if n.Op == "QuantizeLinear" && seen[what] {
				t.Errorf("%s: %s is a second %s", name, n.Name, what)
			}
			seen[what] = true
			r := readers[n.Outputs[0]]
			if n.Op == "QuantizeLinear" && (len(r) != 1 || r[0] != "DequantizeLinear") ||
				n.Op == "DequantizeLinear" && len(r) != 1 {
				t.Errorf("%s: %v read %s %s", name, r, n.Op, n.Name)
			}
		}
	}
}

// TestInt8Limits: the Clip of an activation of few bits has the ends of its grid.
func TestInt8Limits(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W4A4, 1, 4, 4)
	m := b.Model(b.Conv(b.Input(), 2, quantizedtest.Same(3), 1, quantized.Identity))
	q := &m.Input.Quant
	q.Zero = -3
	for i := range m.Nodes[0].Bias.Q {
		m.Nodes[0].Bias.Q[i] = 0
	}
	file := encode(t, onnx.Options{Signed: true}, m)
	for name, end := range map[string]int32{"input/min": q.Format.Min(), "input/max": q.Format.Max()} {
		i := slices.IndexFunc(file.Graph.Initializers, func(c onnxpb.Tensor) bool { return c.Name == name })
		if i < 0 {
			t.Fatalf("no %s in\n%s", name, listing(&file.Graph))
		}
		want := q.Scale * float32(end-q.Zero)
		if got := math.Float32frombits(binary.LittleEndian.Uint32(file.Graph.Initializers[i].Raw)); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// TestInt8ManyReaders: more layers read an activation than its axes can tell apart.
func TestInt8ManyReaders(t *testing.T) {
	for _, scheme := range []quantizedtest.Scheme{quantizedtest.W8A8, quantizedtest.W4A4} {
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), scheme, 5)
		var all []string
		for range 11 {
			all = append(all, b.Linear(b.Input(), 3, quantized.ReLU))
		}
		m := b.Model(b.Concat(all...))
		sound(t, "many readers", &encode(t, onnx.Options{Signed: true}, m).Graph)
		data, err := onnx.Options{Signed: true}.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		oneReader(t, "many readers", data, m)
	}
}
