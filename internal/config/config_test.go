package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/observers"
	"petrify/train"
)

func TestEveryMistakeIsListedWithItsLine(t *testing.T) {
	const document = `dataset: digit
sed: 3
batch: 0
float:
  epochs: nine
  optimizer: {method: adam, momentum: 0.9}
  epochs: 3
qat: [1, 2]
network:
  - conv2d: {filters: 16, kernal: 3}
  - rellu
  - linear: {features: -1}
quantization:
  global_config:
    weight_bits: 9
    quantization_scheme: symetric
    milestones: [0, 100]
  module_type_configs:
    Conf2d: null
  module_name_configs:
    "conv(": null
`
	_, err := Parse("run.yaml", []byte(document), Override{"--set data.dri=x", "data.dri", "x"})
	var faults Faults
	if !errors.As(err, &faults) {
		t.Fatalf("got %v, want Faults", err)
	}
	want := []string{
		`run.yaml:1: dataset: want one of digits, mnist, fashion-mnist`,
		`run.yaml:2: sed: unknown key: did you mean seed?`,
		`run.yaml:3: batch: want a whole number from 1 to 1048576, got "0"`,
		`run.yaml:5: float.epochs: want a whole number from 0 to 1048576, got "nine"`,
		`run.yaml:7: float.epochs: stands there twice, first at run.yaml:5`,
		`run.yaml:8: qat: want a block of keys (epochs, learning_rate, optimizer, schedule, smoothing, patience, ` +
			`clip, average), got a list`,
		`run.yaml:10: network.0.conv2d.kernal: unknown key: did you mean kernel?`,
		`run.yaml:11: network.1: unknown layer "rellu": did you mean relu?`,
		`run.yaml:12: network.2.linear.features: want a whole number from 1 to 2147483647, got "-1"`,
		`run.yaml:15: quantization.global_config.weight_bits: want a whole number from 2 to 8, got "9"`,
		`run.yaml:16: quantization.global_config.quantization_scheme: want one of symmetric, affine`,
		`run.yaml:17: quantization.global_config.milestones: want a list of four, such as [0, 100, 400, 200], ` +
			`got a list`,
		`run.yaml:19: quantization.module_type_configs: unknown layer type "Conf2d": did you mean conv2d?`,
		"run.yaml:21: quantization.module_name_configs: want a regular expression: error parsing regexp: missing " +
			"closing ): `conv(`",
		`--set data.dri=x: data.dri: unknown key: did you mean dir?`,
		`run.yaml:6: float.optimizer.momentum: 0.9 has no effect on adam: want sgd`,
	}
	for i := range max(len(want), len(faults)) {
		switch {
		case i >= len(faults):
			t.Errorf("missing: %s", want[i])
		case i >= len(want):
			t.Errorf("too many: %s", faults[i])
		case !strings.HasPrefix(faults[i].String(), want[i]):
			t.Errorf("fault %d:\ngot  %s\nwant %s", i, faults[i], want[i])
		}
	}
}

func TestOneMistakeIsOneLine(t *testing.T) {
	_, err := Parse("a.yaml", []byte("seed: -1\n"))
	if got, want := err.Error(),
		`config: a.yaml:1: seed: want a whole number from 0 to 18446744073709551615, got "-1"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A file that is not a document at all is a mistake in the configuration too.
func TestDocumentsThatAreNone(t *testing.T) {
	for document, want := range map[string]string{
		"a: [b":                       "config: a.yaml: line 2: did not find",
		"seed: 1\n---\nseed: 2\n":     "config: a.yaml: line 2: a second document begins: want only one",
		"seed: 1\n--- {\n":            "config: a.yaml: line ",
		"dataset: \"\xc3(\"\n":        "config: a.yaml: ",
		"\x00":                        "config: a.yaml: ",
		strings.Repeat("a: [", 20000): "config: a.yaml: ",
	} {
		_, err := Parse("a.yaml", []byte(document))
		var faults Faults
		if !errors.As(err, &faults) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.20q: got %v, want faults that begin %q", document, err, want)
		}
	}
	_, err := Parse("a.yaml", nil, Override{Flag: "--set dataset=?", Key: "dataset", Value: "\xff\xfe"})
	if want := `config: --set dataset=?: dataset: "\xff\xfe" is not UTF-8`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestPrintedConfigurationReadsBackAsItself(t *testing.T) {
	for name, document := range map[string]string{
		"defaults": "",
		"everything else": `
dataset: fashion-mnist
data: {dir: /d, offline: true, label: "-1", test_fraction: 0.25, shape: [1, 4, 2], size: [8, 9]}
network:
  - conv2d: {name: c, filters: 16, kernel: [3, 5], stride: 2, padding: same}
  - conv2d: {filters: 4, kernel: 3, padding: [1, 0, 1, 2]}
  - batch_norm
  - relu: {name: "123"}
  - max_pool: {kernel: 2}
  - flatten
  - linear: {features: 10}
seed: 18446744073709551615
calibration: 7
oscillation: {watch: true, momentum: 0.02, dampen: 0.01, freeze: 0.01, freeze_start: 0.04}
reestimate: 50
checkpoint: 500 steps
float:
  epochs: 0
  learning_rate: 1e-3
  optimizer: {method: sgd, momentum: 0.9, nesterov: true}
  schedule: {shape: step, every: 1.5 epochs}
quantization:
  global_config:
    weight_dtype: qint4
    activation_bits: 4
    weight_observer: fixed
    fixed_range: [-0.5, 1]
    weight_rounding: floor
    quantization_scheme: affine
    milestones: [0, 1 epochs, -1, never]
  module_type_configs: {Linear: null, conv2d: {weight_bits: 3, weight_per_channel: false}}
  module_name_configs: {'fc\d': {activation_dtype: float32}}
  edge_bits: 8
  float_output: true
  batch_norm_folding: batch
out: runs/a b
`,
	} {
		first, err := Parse(name, []byte(document))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var printed bytes.Buffer
		if err := first.Print(&printed); err != nil {
			t.Fatal(err)
		}
		second, err := Parse("printed", printed.Bytes())
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, printed.String())
		}
		same := cmp.Options{cmpopts.IgnoreFields(Config{}, "where"),
			cmp.Comparer(func(a, b train.Span) bool { return a == b }), cmpopts.EquateEmpty()}
		if diff := cmp.Diff(first, second, same); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestCommandLineOverridesTheFile(t *testing.T) {
	c, err := Parse("f", []byte("float: {epochs: 3}\nseed: 1\n"),
		Override{"--set float.epochs=5", "float.epochs", "5"},
		Override{"--set float.optimizer.method=sgd", "float.optimizer.method", "sgd"},
		Override{"--seed 9", "seed", "9"},
		Override{"--set network=mlp", "network", "mlp"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Float.Epochs != 5 || c.Float.Optimizer.Method != train.SGD || c.Seed != 9 || c.Network.Builtin != "mlp" {
		t.Errorf("got %+v seed %d network %+v", c.Float, c.Seed, c.Network)
	}
	_, err = Parse("f", []byte("float: {epochs: 3}\n"), Override{"--set float.epochs.x=5", "float.epochs.x", "5"})
	if err == nil || !strings.Contains(err.Error(), "float.epochs: is not a block of keys") {
		t.Errorf("got %v", err)
	}
	if _, err := ParseOverride("float.epochs"); err == nil {
		t.Error("an override without a value was accepted")
	}
}

// The configurations are of the shapes that Core ML Tools documents: a global
// one, one by type, one by name, and exclusion by null.
func TestCoreMLToolsConfigurations(t *testing.T) {
	int8, narrow := affine.Format{Bits: 8}, affine.Format{Bits: 8, Narrow: true}
	for name, c := range map[string]struct {
		document string
		want     func(q graph.Quantization) (got, want any)
	}{
		"global": {`
  global_config:
    quantization_scheme: symmetric
    milestones: [0, 100, 400, 200]
`, func(q graph.Quantization) (any, any) { return q.Default.Activations.Format, int8 }},
		"affine activations keep symmetric weights": {`
  global_config: {quantization_scheme: affine}
`, func(q graph.Quantization) (any, any) {
			return []any{q.Default.Activations.Scheme, q.Default.Weights.Scheme, q.Default.Weights.Format},
				[]any{affine.Affine, affine.Symmetric, narrow}
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
	} {
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

func TestQuantizationFromAFileOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("coreml.yaml", "global_config:\n  weight_dtype: qint4\n")
	run := write("run.yaml", "quantization: coreml.yaml\n")
	c, err := Load(run)
	if err != nil || c.Quantization.Global.WeightDtype != "qint4" {
		t.Fatalf("got %v, %+v", err, c)
	}
	bad := write("coreml.yaml", "global_config:\n  weight_type: qint4\n")
	if _, err := Load(run); err == nil || !strings.Contains(err.Error(),
		bad+":2: quantization.global_config.weight_type: unknown key") {
		t.Errorf("got %v", err)
	}
}

func TestSchemaDescribesEveryKey(t *testing.T) {
	var out bytes.Buffer
	if err := Schema(&out); err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct{ Description string }
	}
	if err := json.Unmarshal(out.Bytes(), &schema); err != nil {
		t.Fatal(err)
	}
	for _, key := range Default().section().keys() {
		if schema.Properties[key].Description == "" {
			t.Errorf("%s: no description", key)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"epocs", "epochs", 1}, {"sede", "seed", 1}, {"kitten", "sitting", 3},
		{"flaw", "lawn", 2}} {
		if got := edits(c.a, c.b); got != c.want {
			t.Errorf("edits(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := edits(c.b, c.a); got != c.want {
			t.Errorf("edits(%q, %q) = %d, want %d", c.b, c.a, got, c.want)
		}
	}
	if got := suggest("zzzzzz", []string{"epochs", "seed"}); !slices.Contains(strings.Fields(got), "epochs,") {
		t.Errorf("got %q, want all the words", got)
	}
}

// Whatever the document, Parse returns an error or a configuration that
// prints to itself; it does not panic.
func FuzzParse(f *testing.F) {
	f.Add([]byte("seed: 3\nnetwork: [relu, {conv2d: {filters: 3}}]\nquantization: {global_config: null}\n"))
	f.Add([]byte("a: &x [*x]\n? {b: c}\n: d\n<<: *x\n"))
	f.Fuzz(func(t *testing.T, document []byte) {
		c, err := Parse("f", document)
		if err != nil {
			return
		}
		var printed bytes.Buffer
		if err := c.Print(&printed); err != nil {
			t.Fatal(err)
		}
		if _, err := Parse("printed", printed.Bytes()); err != nil {
			t.Fatalf("%v\n%s", err, printed.String())
		}
	})
}

func TestShippedConfigurationsAreRight(t *testing.T) {
	files, err := filepath.Glob("../../configs/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("found %v, %v", files, err)
	}
	for _, file := range files {
		if _, err := Load(file); err != nil {
			t.Error(err)
		}
	}
}

func TestConstantsGoToTheObserversThatUseThem(t *testing.T) {
	c, err := Parse("q.yaml", []byte(`quantization:
  global_config:
    activation_observer: streaming_percentile
    percentile: 99.5
    weight_observer: ema_min_max
    averaging_constant: 0.2
`))
	if err != nil {
		t.Fatal(err)
	}
	q, _ := c.quantization()
	want := [2]observers.Config{{Kind: observers.EMA, Constant: 0.2},
		{Kind: observers.StreamingPercentile, Percentile: 99.5}}
	if got := [2]observers.Config{q.Default.Weights.Observer, q.Default.Activations.Observer}; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	_, err = Parse("q.yaml", []byte("quantization:\n  global_config:\n    sigmas: 4\n"))
	if want := "q.yaml:3: quantization.global_config.sigmas: has no effect: no observer and no method of the " +
		"block uses it"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDocumentsAreUpToDate(t *testing.T) {
	for name, write := range map[string]func(io.Writer) error{
		"configuration.yaml": Default().Print, "configuration.schema.json": Schema,
	} {
		var want bytes.Buffer
		if err := write(&want); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("../../docs", name))
		if err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("docs/%s is out of date (%v): run make generate", name, err)
		}
	}
}
