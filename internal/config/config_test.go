package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
    conv2d: {fixed_range: [3, 1]}
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
			`monitor, clip, average), got a list`,
		`run.yaml:10: network.0.conv2d.kernal: unknown key: did you mean kernel?`,
		`run.yaml:11: network.1: unknown layer "rellu": did you mean relu?`,
		`run.yaml:12: network.2.linear.features: want a whole number from 1 to 2147483647, got "-1"`,
		`run.yaml:15: quantization.global_config.weight_bits: want a whole number from 1 to 8, binary or ` +
			`ternary, got "9"`,
		`run.yaml:16: quantization.global_config.quantization_scheme: want one of symmetric, affine`,
		`run.yaml:17: quantization.global_config.milestones: want a list of four, such as [0, 100, 400, 200], ` +
			`got a list`,
		`run.yaml:19: quantization.module_type_configs: unknown layer type "Conf2d": did you mean conv2d?`,
		`run.yaml:20: quantization.module_type_configs.conv2d.fixed_range: [3, 1]: want a minimum below the maximum`,
		"run.yaml:22: quantization.module_name_configs: want a regular expression: error parsing regexp: missing " +
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
data: {dir: /d, offline: true, label: "-1", header: true, columns: [a, 2..5, "!id"], test_fraction: 0.25,
  shape: [1, 4, 2], size: [8, 9], mean: [0.5, 0.25, 1], std: 0.5}
network:
  - conv2d: {name: c, filters: 16, kernel: [3, 5], stride: 2, padding: same}
  - conv2d: {filters: 4, kernel: 3, padding: [1, 0, 1, 2]}
  - batch_norm
  - batch_norm: {epsilon: 1e-3}
  - relu: {name: "123"}
  - leaky_relu: {slope: -1.5}
  - clip: {min: -1, max: 0.5}
  - clip: {min: 0}
  - clip: {min: null, max: 4}
  - max_pool: {kernel: 2}
  - avg_pool: {kernel: 3, stride: 2, padding: 1, ceil_mode: true, count_include_pad: true}
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
		same := cmp.Options{cmpopts.IgnoreFields(Config{}, "where", "takes"),
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
	folder, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, file := range files {
		file = filepath.Join(folder, "configs", filepath.Base(file))
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// Data that a program in examples writes are not there yet.
		name := regexp.MustCompile("(?m)^dataset: (.*)$").FindSubmatch(text)
		if name != nil && !slices.Contains(published(), string(name[1])) {
			if err := os.MkdirAll(string(name[1]), 0o777); err != nil {
				t.Fatal(err)
			}
		}
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
