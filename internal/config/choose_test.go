package config

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"petrify/graph"
)

// What is chosen is what the printed configuration makes of the network.
func TestChoose(t *testing.T) {
	c, err := Parse("test", []byte(`
network: resnet8
quantization:
  global_config: {algorithm: learnable, weight_bits: 4, activation_bits: 4}
  module_type_configs:
    conv2d: {averaging_constant: 0.2} # which has no effect below 8 bits
    linear: {weight_per_channel: false, activation_observer: moving_average_min_max, averaging_constant: 0.5}
  module_name_configs:
    conv1: {activation_observer: percentile, percentile: 99}
`))
	if err != nil {
		t.Fatal(err)
	}
	in := graph.Shape{C: 3, H: 32, W: 32}
	m, err := c.Model(in, 10, 0)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var layers []LayerBits
	weights, activations := map[string]int{}, map[string]int{}
	for _, p := range m.Placements() {
		bits := activations
		if p.Weights {
			bits = weights
		}
		if bits[p.Layer] == 0 {
			bits[p.Layer] = 2 + rng.IntN(7)
		}
	}
	for _, d := range m.Domains() {
		layers = append(layers, LayerBits{d.Layer, weights[d.Layer], activations[d.Layer]})
	}
	var b bytes.Buffer
	if err := c.Choose(m, layers).Print(&b); err != nil {
		t.Fatal(err)
	}
	again, err := Parse("chosen", b.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, &b)
	}
	got, err := again.Model(in, 10, 0)
	if err != nil {
		t.Fatal(err)
	}
	before := m.Placements()
	for i, p := range got.Placements() {
		want := activations[p.Layer]
		if p.Weights {
			want = weights[p.Layer]
		}
		if p.Config.Format.Bits != want {
			t.Errorf("%s: %d bits, want %d", p.Tensor, p.Config.Format.Bits, want)
		}
		if p.Config.Granularity != before[i].Config.Granularity || p.Layer != before[i].Layer {
			t.Errorf("%s: %v of %s, was %v of %s", p.Tensor, p.Config.Granularity, p.Layer, before[i].Config.Granularity,
				before[i].Layer)
		}
	}
}
