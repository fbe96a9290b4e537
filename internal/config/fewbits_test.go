package config

import (
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/train"
)

// TestEdgesOfLearnedFewBits gives the edges 8 bits where scales of fewer are learned,
// unless the file says otherwise.
func TestEdgesOfLearnedFewBits(t *testing.T) {
	for _, tt := range []struct {
		name, block string
		want        int
	}{
		{"2 bits", "global_config: {algorithm: learnable, weight_bits: 2, activation_bits: 2}", 8},
		{"few bits of the weights alone", "global_config: {algorithm: learnable, weight_bits: 4}", 8},
		{"few bits of the activations alone", "global_config: {algorithm: learnable, activation_bits: 7}", 8},
		{"a method that learns", "global_config: {weight_method: lsq, weight_bits: 2}", 8},
		{"a key of the file", "edge_bits: 2\n  global_config: {algorithm: learnable, weight_bits: 2}", 2},
		{"8 bits", "global_config: {algorithm: learnable}", 0},
		{"nothing learned", "global_config: {weight_bits: 2, activation_bits: 2}", 0},
		{"few bits that learn nothing", "global_config: {weight_bits: 4, activation_method: lsq}", 0},
		{"float", "global_config: {algorithm: learnable, weight_dtype: float32, activation_dtype: float32}", 0},
		{"no scheme", "global_config: null", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if q := runOf(t, "quantization:\n  "+tt.block+"\n").Quantization; q.EdgeBits != tt.want {
				t.Errorf("edges have %d bits, want %d", q.EdgeBits, tt.want)
			}
		})
	}
}

// TestZeroPointsOfLearnedFewBits gives activations of 2 or 3 bits a zero point if they
// learn their scales, unless the file asks for something else.
func TestZeroPointsOfLearnedFewBits(t *testing.T) {
	for _, tt := range []struct {
		name, block string
		scheme      affine.Scheme
		method      fakequant.Method
	}{
		{"2 bits", "algorithm: learnable, activation_bits: 2", affine.Affine, fakequant.LSQPlus},
		{"3 bits", "algorithm: learnable, activation_bits: 3", affine.Affine, fakequant.LSQPlus},
		{"4 bits", "algorithm: learnable, activation_bits: 4", affine.Symmetric, fakequant.LSQ},
		{"few bits of the weights alone", "algorithm: learnable, weight_bits: 2", affine.Symmetric, fakequant.LSQ},
		{"nothing learned", "activation_bits: 2", affine.Symmetric, fakequant.STE},
		{"a scheme of the file", "algorithm: learnable, activation_bits: 2, quantization_scheme: symmetric",
			affine.Symmetric, fakequant.LSQ},
		{"a method of the file", "algorithm: learnable, activation_bits: 2, activation_method: lsq",
			affine.Symmetric, fakequant.LSQ},
		{"another tool's dialect", "algorithm: learnable, activation_bits: 2, dialect: tflite", affine.Symmetric,
			fakequant.LSQ},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := runOf(t, "quantization: {global_config: {"+tt.block+"}}\n").Quantization.Default.Activations
			if got.Scheme != tt.scheme || got.Method != tt.method {
				t.Errorf("%v with %v, want %v with %v", got.Scheme, got.Method, tt.scheme, tt.method)
			}
		})
	}
}

// runOf is the run of a document on the embedded digits.
func runOf(t *testing.T, document string) train.Config {
	t.Helper()
	c, err := Parse("f.yaml", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	data, err := datasets.Open("digits", datasets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run, err := c.Train(data)
	if err != nil {
		t.Fatal(err)
	}
	return run
}
