package config

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/train"
)

// everyRule is a network in which every rule of placement decides something.
const everyRule = `
dataset: digits
network:
  - conv2d: {name: first, filters: 4, kernel: 3, padding: same}
  - batch_norm
  - relu: {name: first_relu}
  - conv2d: {name: left, filters: 4, kernel: 3, padding: same}
  - batch_norm: {name: left_bn}
  - add: {name: residual, from: [left_bn, first_relu]}
  - relu: {name: residual_relu}
  - conv2d: {name: right, filters: 4, kernel: 1}
  - relu6: {name: right_relu}
  - add: {name: both, from: [residual_relu, right_relu]}
  - conv2d: {name: signed, filters: 4, kernel: 1}
  - add: {name: mixed, from: [signed, both]}
  - conv2d: {name: a, filters: 2, kernel: 1, from: both}
  - relu: {name: a_relu}
  - conv2d: {name: b, filters: 2, kernel: 1, from: both}
  - relu: {name: b_relu}
  - concat: {name: unsigned_concat, from: [a_relu, b_relu]}
  - conv2d: {name: c, filters: 4, kernel: 1, from: unsigned_concat}
  - relu: {name: c_relu}
  - concat: {name: signed_concat, from: [c_relu, mixed]}
  - max_pool: {name: max, kernel: 2}
  - conv2d: {name: narrow, filters: 4, kernel: 1}
  - sigmoid: {name: gate}
  - avg_pool: {name: mean, kernel: 2}
  - flatten: {name: flat}
  - dropout: {name: drop, rate: 0.5}
  - linear: {name: last, features: 10}
  - tanh: {name: squash}
`

// placed is where a configuration of Core ML Tools puts quantizers in a
// network: the tensors that have one, in the words of describePlacement.
func placed(t *testing.T, network, quantization string) (map[string]string, train.Config) {
	t.Helper()
	block := "\n  " + strings.ReplaceAll(quantization, "\n", "\n  ") + "\n"
	c, err := Parse("q.yaml", []byte(network+"quantization:"+block))
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Model(graph.Shape{C: 1, H: 8, W: 8}, 10)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range m.Placements() {
		got[p.Tensor] = describePlacement(p)
	}
	run, faults := c.training()
	if faults != nil {
		t.Fatal(faults)
	}
	return got, run
}

// describePlacement says the bits of a quantizer, u for unsigned, the scheme
// where it is not symmetric, and which activations share it.
func describePlacement(p graph.Placement) string {
	text := fmt.Sprint(p.Config.Format.Bits)
	if p.Config.Format.Unsigned {
		text = "u" + text
	}
	if p.Config.Scheme == affine.Affine {
		text += " affine"
	}
	if p.Config.Granularity.Kind == affine.PerChannel {
		text += " per channel"
	}
	if len(p.Shared) > 0 {
		text += " with " + strings.Join(p.Shared, " ")
	}
	return text
}

// In the symmetric scheme, activations that are never negative are unsigned:
// ReLUs, sums and concatenations of nothing else, sigmoids. One signed input
// makes a sum or a concatenation signed, and with a concatenation all that
// share its scale.
func TestSymmetricPlacement(t *testing.T) {
	want := map[string]string{
		"input": "8", "first": "u8", "left": "8", "residual": "u8", "right": "u8", "both": "u8",
		"signed": "8", "a": "u8 with b unsigned_concat", "mixed": "8 with c signed_concat max",
		"narrow": "8", "gate": "u8 with mean flat drop", "last": "8", "squash": "8",
	}
	withWeights(want, "8 per channel", "first", "left", "right", "signed", "a", "b", "c", "narrow", "last")
	got, _ := placed(t, everyRule, "global_config: {quantization_scheme: symmetric}")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The affine scheme gives every activation a zero point, weights none.
func TestAffinePlacement(t *testing.T) {
	want := map[string]string{"a": "u8 affine with b unsigned_concat",
		"mixed": "u8 affine with c signed_concat max", "gate": "u8 affine with mean flat drop"}
	for _, name := range []string{"input", "first", "left", "residual", "right", "both", "signed", "narrow", "last",
		"squash"} {
		want[name] = "u8 affine"
	}
	withWeights(want, "8 per channel", "first", "left", "right", "signed", "a", "b", "c", "narrow", "last")
	got, _ := placed(t, everyRule, "global_config: {quantization_scheme: affine}")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// withWeights adds the same description for the weights of the layers.
func withWeights(to map[string]string, description string, layers ...string) {
	for _, name := range layers {
		to[name+".weight"] = description
	}
}

// documented is a network with the layers that Core ML Tools' documents name.
const documented = `
network:
  - conv2d: {name: first_layer, filters: 4, kernel: 3}
  - relu
  - conv2d: {name: module2.conv1, filters: 4, kernel: 3}
  - relu
  - flatten: {name: flat}
  - linear: {name: module2.linear, features: 8}
  - relu
  - linear: {name: final_layer, features: 10}
`

// The configurations are those of Core ML Tools' guide, tutorials and API
// reference on LinearQuantizerConfig, as YAML.
func TestDocumentedConfigurationsArePlaced(t *testing.T) {
	schedule := func(observe, quantize, settle, freeze int) train.Milestones {
		return train.Milestones{Observe: train.Steps(observe), Quantize: train.Steps(quantize),
			Settle: train.Steps(settle), FreezeBatchNorm: train.Steps(freeze)}
	}
	everything := map[string]string{
		"input": "8", "first_layer": "u8", "module2.conv1": "u8 with flat", "module2.linear": "u8", "final_layer": "8",
		"first_layer.weight": "8 per channel", "module2.conv1.weight": "8 per channel",
		"module2.linear.weight": "8 per channel", "final_layer.weight": "8 per channel",
	}
	with := func(changes ...string) map[string]string {
		m := maps.Clone(everything)
		for i := 0; i < len(changes); i += 2 {
			if m[changes[i]] = changes[i+1]; changes[i+1] == "" {
				delete(m, changes[i])
			}
		}
		return m
	}
	const linear, conv, first, final = "module2.linear.weight", "module2.conv1.weight", "first_layer.weight",
		"final_layer.weight"
	for _, c := range []struct {
		name, document string
		want           map[string]string
		milestones     train.Milestones // of global_config
	}{
		{"no configuration", "global_config: {}", everything, train.Milestones{}},
		{"quantization-aware training", `global_config:
  quantization_scheme: symmetric
  milestones: [0, 100, 400, 200]`, everything, schedule(0, 100, 400, 200)},
		{"of the API reference", `global_config:
  quantization_scheme: symmetric
  milestones: [0, 100, 400, 400]`, everything, schedule(0, 100, 400, 400)},
		{"of the tutorial", `global_config:
  quantization_scheme: symmetric
  milestones: [0, 100, 300, 200]`, everything, schedule(0, 100, 300, 200)},
		{"calibration only", `global_config:
  quantization_scheme: symmetric
  milestones: [0, 1000, 1000, 0]`, everything, schedule(0, 1000, 1000, 0)},
		{"first and last layer stay float", `global_config:
  quantization_scheme: symmetric
  milestones:
    - 0
    - 100
    - 400
    - 200
module_name_configs:
  first_layer: null
  final_layer: null`,
			// The layers between ask for the activations that they take.
			with("input", "", first, "", final, "", "final_layer", ""), schedule(0, 100, 400, 200)},
		{"weights only", `global_config:
  weight_dtype: qint8
  activation_dtype: float32`,
			with("input", "", "first_layer", "", "module2.conv1", "", "module2.linear", "", "final_layer", ""),
			train.Milestones{}},
		{"activations only", `global_config: {weight_dtype: float32, activation_dtype: quint8}`,
			with(first, "", conv, "", linear, "", final, ""), train.Milestones{}},
		{"weights of 4 bits", `global_config: {weight_dtype: qint4, quantization_scheme: symmetric}`,
			with(first, "4 per channel", conv, "4 per channel", linear, "4 per channel", final, "4 per channel"),
			train.Milestones{}},
		{"weights of 4 bits, affine",
			`global_config: {weight_dtype: qint4, weight_per_channel: false, quantization_scheme: affine}`,
			with(first, "4", conv, "4", linear, "4", final, "4", "input", "u8 affine", "first_layer", "u8 affine",
				"module2.conv1", "u8 affine with flat", "module2.linear", "u8 affine", "final_layer", "u8 affine"),
			train.Milestones{}},
		{"a type alone leaves the rest float", `module_type_configs:
  Linear: {weight_dtype: quint8}`,
			with("input", "", first, "", "first_layer", "", conv, ""), train.Milestones{}},
		{"types, and names over types", `module_type_configs:
  Linear:
    weight_dtype: qint8
    milestones: [0, 100, 400, 200]
  torch.nn.Conv2d:
    weight_dtype: qint4
    milestones: [0, 100, 400, 200]
module_name_configs:
  module2.conv1:
    weight_per_channel: false
    milestones: [0, 100, 400, 200]
  module2.linear: null`,
			with(first, "4 per channel", conv, "8", linear, ""), train.Milestones{}},
		{"null for a type, names over null", `global_config: {}
module_type_configs: {Conv2d: null}
module_name_configs: {module2.conv1: {weight_dtype: qint4}}`,
			with("input", "", first, "", conv, "4 per channel"), train.Milestones{}},
		{"a regular expression for the whole name", `global_config: {}
module_name_configs:
  'module\d\..*': {weight_dtype: qint4}
  layer: null`,
			with(conv, "4 per channel", linear, "4 per channel"), train.Milestones{}},
		{"learned scales", `global_config:
  algorithm: learnable
  weight_observer: min_max
  activation_observer: ema_min_max
  quantization_scheme: symmetric`, everything, train.Milestones{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, run := placed(t, documented, c.document)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if run.Milestones != c.milestones {
				t.Errorf("milestones %v, want %v", run.Milestones, c.milestones)
			}
		})
	}
}
