package coreml

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
	err := validate(m)
	if err == nil || !strings.Contains(err.Error(), "coreml: layer "+layer+": tanh has no form there") {
		t.Errorf("error = %v, want one that names layer and function", err)
	}
}

// Core ML's averages count their padding or do not.
func TestPaddingOfWhichAPartCountsIsRefused(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 4, 6, 6)
	layer := b.Pool(quantized.AvgPool, b.Input(), quantized.Window{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2},
		PadBegin: [2]int{1, 1}, PadEnd: [2]int{2, 2}, CountIncludePad: true, Overhang: [2]int{0, 1}})
	err := validate(b.Model(layer))
	if err == nil || !strings.Contains(err.Error(), "coreml: "+layer+": avg_pool counts a part") {
		t.Errorf("error = %v, want one that names the layer", err)
	}
}
