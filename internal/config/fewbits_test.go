package config

import (
	"testing"

	"petrify/datasets"
	"petrify/graph"
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
			if q := quantizationOf(t, "quantization:\n  "+tt.block+"\n"); q.EdgeBits != tt.want {
				t.Errorf("edges have %d bits, want %d", q.EdgeBits, tt.want)
			}
		})
	}
}

// quantizationOf is that of a document on the embedded digits.
func quantizationOf(t *testing.T, document string) graph.Quantization {
	t.Helper()
	c, err := Parse("f", []byte(document))
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
	return run.Quantization
}
