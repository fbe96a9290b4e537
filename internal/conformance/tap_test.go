package conformance_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/agree"
	"petrify/quantized/integer"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
)

// TestTaps: reading a file's activations changes none of its outputs, and each
// layer gives what the engine gives from ONNX Runtime's own inputs: exactly where
// it computes with integers, and elsewhere within the error of float sums.
func TestTaps(t *testing.T) {
	real := maps.Clone(floating)
	real["weight-only, binary"] = quantizedtest.Scheme{Weights: affine.Binary}
	all := maps.Clone(schemes)
	maps.Copy(all, real)
	for name, scheme := range all {
		_, floats := real[name]
		for seed := range uint64(30) {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) {
				b, m := quantizedtest.Random(rand.New(rand.NewPCG(seed, 1)), scheme, int(seed%10))
				x := b.Inputs(m, 8)
				for _, o := range []onnx.Options{{}, {Signed: true}}[:1+(seed+1)%2] {
					layers, elements := tappedLayers(t, o, m, x)
					for _, l := range layers {
						if l.Beyond > 0 || !floats {
							t.Errorf("%+v: %+v, of %d", o, l, elements)
						}
					}
				}
			})
		}
	}
}

// tappedLayers are the layers in which ONNX Runtime differs from the engine.
func tappedLayers(t *testing.T, o onnx.Options, m *quantized.Model, x []float32) ([]quantized.LayerComparison, int) {
	t.Helper()
	file, err := o.Encode(m)
	if o.Signed && err != nil && strings.Contains(err.Error(), "softmax") {
		return nil, 0
	}
	if err != nil {
		t.Fatal(err)
	}
	tapped, taps, err := onnx.Tapped(file, m)
	if err != nil {
		t.Fatal(err)
	}
	shipped, read := runAll(t, file, x)[0], runAll(t, tapped, x)
	if !bytes.Equal(shipped, read[0]) {
		t.Fatal("other outputs when activations are read")
	}
	activations := map[string][]float32{"": x, m.Output: make([]float32, len(shipped)/4)}
	for i := range activations[m.Output] {
		activations[m.Output][i] = math.Float32frombits(binary.LittleEndian.Uint32(shipped[4*i:]))
	}
	elements := 0
	for i, tap := range taps {
		activations[tap.Name] = tap.Reals(read[1+i])
		elements += len(activations[tap.Name])
	}
	c, err := agree.New(m, integer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 1
	for _, d := range m.Input.Shape {
		n *= d
	}
	if err := c.Add(activations, len(x)/n); err != nil {
		t.Fatal(err)
	}
	return c.Layers(), elements
}

func runAll(t *testing.T, file []byte, x []float32) [][]byte {
	t.Helper()
	s, err := conformance.Open(file, conformance.Settings{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all, err := s.RunAll(x)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
