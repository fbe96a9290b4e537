package onnx

import (
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

// What the tables lack is refused by the layer's name, without code of its own.
func TestLayersWithoutAFormAreRefused(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 4)
	layer := b.Activate(b.Input(), quantized.Tanh)
	m := b.Model(layer)
	tanh := functions[quantized.Tanh]
	delete(functions, quantized.Tanh)
	defer func() { functions[quantized.Tanh] = tanh }()
	_, err := Options{}.Encode(m)
	if err == nil || !strings.Contains(err.Error(), "onnx: layer "+layer+": tanh has no form there") {
		t.Errorf("error = %v, want one that names layer and function", err)
	}
}
