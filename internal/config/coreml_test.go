package config

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/observers"
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
	m, err := c.Model(graph.Shape{C: 1, H: 8, W: 8}, 10, 0)
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

// placedConfiguration is one of Core ML Tools' documentation, and where it puts
// quantizers.
type placedConfiguration struct {
	name, document string
	want           map[string]string
	milestones     train.Milestones // of global_config
}

// everyPlace is where quantizers are by default.
var everyPlace = map[string]string{
	"input": "8", "first_layer": "u8", "module2.conv1": "u8 with flat", "module2.linear": "u8", "final_layer": "8",
	first: "8 per channel", conv: "8 per channel", linear: "8 per channel", final: "8 per channel",
}

// The weights of the documented network.
const (
	first  = "first_layer.weight"
	conv   = "module2.conv1.weight"
	linear = "module2.linear.weight"
	final  = "final_layer.weight"
)

// with is everyPlace with changes: pairs of a place and what is there, "" for
// nothing.
func with(changes ...string) map[string]string {
	m := maps.Clone(everyPlace)
	for i := 0; i < len(changes); i += 2 {
		if m[changes[i]] = changes[i+1]; changes[i+1] == "" {
			delete(m, changes[i])
		}
	}
	return m
}

func inSteps(observe, quantize, settle, freeze int) train.Milestones {
	return train.Milestones{Observe: train.Steps(observe), Quantize: train.Steps(quantize),
		Settle: train.Steps(settle), FreezeBatchNorm: train.Steps(freeze)}
}

func placedConfigurations() []placedConfiguration {
	return []placedConfiguration{
		{"no configuration", "global_config: {}", everyPlace, train.Milestones{}},
		{"quantization-aware training", `global_config:
  quantization_scheme: symmetric
  milestones: [0, 100, 400, 200]`, everyPlace, inSteps(0, 100, 400, 200)},
		{"of the API reference", `global_config:
  quantization_scheme: symmetric
  milestones: [0, 100, 400, 400]`, everyPlace, inSteps(0, 100, 400, 400)},
		{"of the tutorial", `global_config:
  quantization_scheme: symmetric
  milestones: [0, 100, 300, 200]`, everyPlace, inSteps(0, 100, 300, 200)},
		{"calibration only", `global_config:
  quantization_scheme: symmetric
  milestones: [0, 1000, 1000, 0]`, everyPlace, inSteps(0, 1000, 1000, 0)},
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
			with("input", "", first, "", final, "", "final_layer", ""), inSteps(0, 100, 400, 200)},
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
  quantization_scheme: symmetric`, everyPlace, train.Milestones{}},
	}
}

// The configurations are those of Core ML Tools' guide, tutorials and API
// reference on LinearQuantizerConfig, as YAML.
func TestDocumentedConfigurationsArePlaced(t *testing.T) {
	for _, c := range placedConfigurations() {
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

// ofCoreMLTools are sections of quantization as they are written for Core ML Tools.
var ofCoreMLTools = map[string]struct {
	document string
	want     func(q graph.Quantization) (got, want any)
}{
	"global": {`
  global_config:
    quantization_scheme: symmetric
    milestones: [0, 100, 400, 200]
`, func(q graph.Quantization) (any, any) { return q.Default.Activations.Format, affine.Int8 }},
	"affine activations keep symmetric weights": {`
  global_config: {quantization_scheme: affine}
`, func(q graph.Quantization) (any, any) {
		return []any{q.Default.Activations.Scheme, q.Default.Weights.Scheme, q.Default.Weights.Format},
			[]any{affine.Affine, affine.Symmetric, affine.Int8Narrow}
	}},
	"weights only, four bits": {`
  global_config: {weight_dtype: qint4, activation_dtype: float32, weight_per_channel: true}
`, func(q graph.Quantization) (any, any) {
		return []any{q.Default.Weights.Format, q.Default.Activations.Format},
			[]any{affine.Format{Bits: 4, Narrow: true}, affine.Format{}}
	}},
	"by type alone leaves the rest float": {`
  module_type_configs:
    Linear: {weight_observer: min_max}
`, func(q graph.Quantization) (any, any) {
		return []any{q.Default, q.Kinds[graph.KindLinear].Weights.Observer.Kind},
			[]any{(*fakequant.Scheme)(nil), observers.MinMax}
	}},
	"null leaves a type float": {`
  global_config: {}
  module_type_configs: {torch.nn.Conv2d: null}
`, func(q graph.Quantization) (any, any) {
		s, listed := q.Kinds[graph.KindConv2D]
		return []any{s, listed, q.Default != nil}, []any{(*fakequant.Scheme)(nil), true, true}
	}},
	"by name": {`
  global_config: {weight_dtype: qint8}
  module_name_configs:
    conv1: null
    'conv\d': {weight_dtype: qint4}
`, func(q graph.Quantization) (any, any) {
		return []any{q.Names[0].Pattern, q.Names[0].Scheme, q.Names[1].Scheme.Weights.Format.Bits},
			[]any{"conv1", (*fakequant.Scheme)(nil), 4}
	}},
	"learned scales": {`
  global_config: {algorithm: learnable, learned_lr_factor: 0.1}
`, func(q graph.Quantization) (any, any) {
		return []any{q.Default.Weights.Method, q.Default.Activations.Method, q.Default.Weights.LRFactor},
			[]any{fakequant.LSQ, fakequant.LSQ, float32(0.1)}
	}},
	"learned scales start from the least squared error": {`
  global_config: {algorithm: learnable}
`, func(q graph.Quantization) (any, any) { return observersOf(q), both(observers.MSE) }},
	"so do those of methods that learn": {`
  global_config: {activation_method: pact, weight_method: lsq}
`, func(q graph.Quantization) (any, any) { return observersOf(q), both(observers.MSE) }},
	"what PACT rounds may be negative, unless a ReLU makes it": {`
  global_config: {activation_method: pact}
`, func(q graph.Quantization) (any, any) { return q.Default.Activations.Format.Unsigned, false }},
	"not those of other methods": {`
  global_config: {algorithm: learnable, activation_method: ste}
`, func(q graph.Quantization) (any, any) {
		return observersOf(q), [2]observers.Kind{observers.MSE, observers.MovingAverage}
	}},
	"unless an observer is named": {`
  global_config: {algorithm: learnable, weight_observer: min_max, activation_observer: moving_average_min_max}
`, func(q graph.Quantization) (any, any) {
		return observersOf(q), [2]observers.Kind{observers.MinMax, observers.MovingAverage}
	}},
	"few bits start from the least squared error": {`
  global_config: {weight_bits: 4, activation_bits: 7}
`, func(q graph.Quantization) (any, any) {
		return observersOf(q), [2]observers.Kind{observers.LastMSE, observers.MSE}
	}},
	"each for itself": {`
  global_config: {weight_dtype: qint4}
`, func(q graph.Quantization) (any, any) {
		return observersOf(q), [2]observers.Kind{observers.LastMSE, observers.MovingAverage}
	}},
	"not in another tool's dialect, nor on a grid of the method's own": {`
  global_config: {weight_bits: 4, activation_bits: 4, dialect: coreml}
  module_type_configs: {conv2d: {weight_bits: 2, weight_method: ternary}}
`, func(q graph.Quantization) (any, any) {
		return []any{observersOf(q), q.Kinds[graph.KindConv2D].Weights.Observer.Kind},
			[]any{[2]observers.Kind{observers.LastValue, observers.MovingAverage}, observers.LastValue}
	}},
	"few bits with an observer that is named": {`
  global_config: {weight_bits: 4, activation_bits: 4, weight_observer: last_value, activation_observer: histogram}
`, func(q graph.Quantization) (any, any) {
		return observersOf(q), [2]observers.Kind{observers.LastValue, observers.Histogram}
	}},
	"learned scales and zero points": {`
  global_config: {algorithm: learnable, quantization_scheme: affine, weight_method: dorefa}
`, func(q graph.Quantization) (any, any) {
		return []any{q.Default.Weights.Method, q.Default.Activations.Method},
			[]any{fakequant.DoReFa, fakequant.LSQPlus}
	}},
	"as Core ML Tools writes it": {`
  global_config:
    activation_dtype: quint8
    activation_observer: moving_average_min_max
    algorithm: vanilla
    milestones: null
    quantization_scheme: symmetric
    weight_dtype: qint8
    weight_observer: moving_average_min_max
    weight_per_channel: true
  module_name_configs: {}
  module_type_configs: {}
  non_traceable_module_names: []
  preserved_attributes: []
`, func(q graph.Quantization) (any, any) { return q.Default.Weights.Observer.Kind, observers.MovingAverage }},
	"nothing is the default": {" {}\n", func(q graph.Quantization) (any, any) {
		want := fakequant.Int8()
		return *q.Default, want
	}},
}

// observersOf are those of weights and of activations.
func observersOf(q graph.Quantization) [2]observers.Kind {
	return [2]observers.Kind{q.Default.Weights.Observer.Kind, q.Default.Activations.Observer.Kind}
}

func both(k observers.Kind) [2]observers.Kind { return [2]observers.Kind{k, k} }

// The configurations are of the shapes that Core ML Tools documents: a global
// one, one by type, one by name, and exclusion by null.
func TestCoreMLToolsConfigurations(t *testing.T) {
	for name, c := range ofCoreMLTools {
		config, err := Parse("q.yaml", []byte("quantization:"+c.document))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		q, faults := config.quantization()
		got, want := c.want(q)
		if diff := cmp.Diff(want, got); diff != "" || faults != nil {
			t.Errorf("%s: %v\n%s", name, faults, diff)
		}
	}
}
