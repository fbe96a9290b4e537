package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"petrify/datasets"
	"petrify/train"
)

// turns runs the quantized stage of a configuration, 12 steps, and returns for
// each layer with something to switch the steps at which its observers began,
// its fake quantization began, its observers stopped, and its batch norm came to rest;
// "-" for what did not happen.
func turns(t *testing.T, document string) map[string]string {
	t.Helper()
	run := runOf(t, document)
	at := map[string]*[4]string{}
	run.Out = ""
	run.Events.Turn = func(turn train.Turn) {
		for _, layer := range turn.Layers {
			if at[layer] == nil {
				at[layer] = &[4]string{"-", "-", "-", "-"}
			}
			s := at[layer]
			for i, happened := range []bool{
				turn.Switches.Observe, turn.Switches.Quantize, s[0] != "-" && !turn.Switches.Observe,
				turn.Switches.BatchNormFrozen,
			} {
				if happened && s[i] == "-" {
					s[i] = fmt.Sprint(turn.Step)
				}
			}
		}
	}
	if _, err := train.Run(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for layer, s := range at {
		got[layer] = strings.Join(s[:], " ")
	}
	return got
}

// short is a run of 12 quantized steps.
const short = `
dataset: digits
batch: 115
calibration: 1
float: {epochs: 0}
qat: {epochs: 1}
` + documented

// The layer's name takes precedence over its type, and that over the global
// configuration, for milestones as for everything else.
func TestLayersTurnAtTheMilestonesOfTheirRule(t *testing.T) {
	for _, c := range []struct {
		name, quantization string
		want               map[string]string
	}{
		{"global", `
  global_config: {milestones: [0, 2, 8, 4]}`,
			map[string]string{"first_layer": "0 2 8 4", "module2.conv1": "0 2 8 4", "module2.linear": "0 2 8 4",
				"final_layer": "0 2 8 4"}},
		{"a type over global", `
  global_config: {milestones: [0, 2, 8, 4]}
  module_type_configs: {torch.nn.Linear: {milestones: [1, 3, 9, 5]}}`,
			map[string]string{"first_layer": "0 2 8 4", "module2.conv1": "0 2 8 4", "module2.linear": "1 3 9 5",
				"final_layer": "1 3 9 5"}},
		{"a name over a type over global", `
  global_config: {milestones: [0, 2, 8, 4]}
  module_type_configs: {Linear: {milestones: [1, 3, 9, 5]}}
  module_name_configs: {'module\d\.linear': {milestones: [2, 0.5 epochs, -1, -1]}}`,
			map[string]string{"first_layer": "0 2 8 4", "module2.conv1": "0 2 8 4", "module2.linear": "2 6 - -",
				"final_layer": "1 3 9 5"}},
		{"null for a type and for a name", `
  global_config: {milestones: [0, 2, 8, 4]}
  module_type_configs: {Conv2d: null}
  module_name_configs: {module2.conv1: {milestones: [1, 3, 9, 5]}, module2.linear: null}`,
			map[string]string{"module2.conv1": "1 3 9 5", "final_layer": "0 2 8 4"}},
		{"a rule without milestones follows global_config's", `
  global_config: {milestones: [0, 2, 8, 4]}
  module_type_configs: {Linear: {weight_dtype: qint4}}`,
			map[string]string{"first_layer": "0 2 8 4", "module2.conv1": "0 2 8 4", "module2.linear": "0 2 8 4",
				"final_layer": "0 2 8 4"}},
		{"rules alone", `
  module_type_configs: {Linear: {milestones: [0, 2, 8, 4]}}
  module_name_configs: {final_layer: {}}`,
			map[string]string{"module2.linear": "0 2 8 4", "final_layer": "0 0 8 6"}},
		{"learned scales settle before the first step", `
  global_config: {}
  module_name_configs: {final_layer: {algorithm: learnable}}`,
			map[string]string{"first_layer": "0 0 8 6", "module2.conv1": "0 0 8 6", "module2.linear": "0 0 8 6",
				"final_layer": "- 0 - 6"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, turns(t, short+"quantization:"+c.quantization)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFaultsOfMilestonesStandAtTheirRule(t *testing.T) {
	document := short + `quantization:
  global_config: {milestones: [0, 2, 8, 4]}
  module_type_configs:
    Linear:
      milestones: [5, 3, 9, 5]
  module_name_configs:
    'module\d\.conv1':
      milestones: [0, 1, 1, 100]
`
	lines := strings.Split(document, "\n")
	line := func(text string) int {
		for i, l := range lines {
			if strings.Contains(l, text) {
				return i + 1
			}
		}
		t.Fatalf("no line %q", text)
		return 0
	}
	_, err := Parse("q.yaml", []byte(document))
	want := fmt.Sprintf("config: q.yaml:%d: quantization.module_type_configs.linear.milestones: 3 steps is before "+
		"observe (5 steps): want ranges before they are used", line("[5, 3, 9, 5]"))
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	c, err := Parse("q.yaml", []byte(strings.Replace(document, "[5, 3", "[0, 3", 1)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := datasets.Open("digits", datasets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Train(data)
	want = fmt.Sprintf(`config: q.yaml:%d: quantization.module_name_configs.module\d\.conv1.milestones: 100 steps `+
		`is not reached: the stage has 12 steps; want an earlier step, or never`, line("[0, 1, 1, 100]"))
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
