package config

import (
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
)

// Every integer gets as many bits as are asked for, in all rules and at the edges; what is
// float stays float, and the rest is as it was.
func TestAtBits(t *testing.T) {
	c, err := Parse("test", []byte(`
quantization:
  edge_bits: 8
  float_output: true
  global_config: {weight_dtype: qint4, weight_per_channel: false, averaging_constant: 0.1}
  module_type_configs:
    linear: {weight_bits: ternary, activation_dtype: float32}
  module_name_configs:
    conv1: {weight_bits: binary, algorithm: learnable}
    conv2: null
    fc1: {weight_method: ternary, weight_bits: 2, activation_bits: 3}
`))
	if err != nil {
		t.Fatal(err)
	}
	for bits := affine.MinBits; bits <= affine.MaxBits; bits++ {
		q := c.AtBits(bits)
		if err := q.Validate(); err != nil {
			t.Errorf("%d bits: %v", bits, err)
		}
		if q.EdgeBits != bits || !q.FloatOutput || len(q.Names) != 3 || len(q.Kinds) != 1 || q.Names[1].Scheme != nil {
			t.Errorf("%d bits: %+v", bits, q)
		}
		schemes := []*fakequant.Scheme{q.Default, q.Names[0].Scheme, q.Names[2].Scheme}
		for _, s := range q.Kinds {
			schemes = append(schemes, s)
			if !s.Activations.Format.IsFloat() {
				t.Errorf("%d bits: %v for activations that were float", bits, s.Activations.Format)
			}
		}
		for _, s := range schemes {
			if s.Weights.Format.Bits != bits || !s.Weights.Method.Traits().Format.IsFloat() ||
				s.Activations.Format.Bits != bits && !s.Activations.Format.IsFloat() {
				t.Errorf("%d bits: weights %v by %v, activations %v", bits, s.Weights.Format, s.Weights.Method,
					s.Activations.Format)
			}
		}
		if g := q.Default.Weights.Granularity.Kind; g != affine.PerTensor {
			t.Errorf("%d bits: granularity %v", bits, g)
		}
	}
	if c.Quantization.EdgeBits != 8 || c.Quantization.Global.WeightBits != 0 {
		t.Error("the configuration itself has changed")
	}
}
