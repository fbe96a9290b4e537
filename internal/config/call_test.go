package config

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"petrify/graph"
)

// A convolution by another name is the layers that Go's constructor of that
// name makes, with the settings that a two-dimensional one has.
func TestConvolutionsByOtherNames(t *testing.T) {
	separable := graph.Separable(8, 3)
	strided := graph.Separable(8, 5)
	strided[0] = strided[0].Same().Strided(2).Dilated(2).Taking("a").Named("s_depthwise")
	strided[1] = strided[1].Named("s")
	conv1D := graph.Conv1D(4, 9).Grouped(2).Named("c").Taking("a")
	conv1D.Stride, conv1D.Dilation = [2]int{1, 2}, [2]int{1, 3}
	conv1D.Padding = graph.Padding{Left: 4, Right: 5}
	for _, tt := range []struct {
		name, document string
		want           []graph.Layer
	}{
		{"conv1d", "conv1d: {filters: 4, kernel: 3}", []graph.Layer{graph.Conv1D(4, 3)}},
		{"conv1d padded alike", "conv1d: {filters: 4, kernel: 3, padding: same}",
			[]graph.Layer{graph.Conv1D(4, 3).Same()}},
		{"conv1d with everything",
			"conv1d: {name: c, from: a, filters: 4, groups: 2, kernel: 9, stride: 2, dilation: 3, padding: [4, 5]}",
			[]graph.Layer{conv1D}},
		{"separable", "separable_conv2d: {filters: 8, kernel: 3}", separable},
		{"separable with everything",
			"separable_conv2d: {name: s, from: a, filters: 8, kernel: 5, stride: 2, dilation: 2, padding: same}",
			strided},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Parse("f", []byte("network:\n  - relu\n  - "+tt.document+"\n  - flatten\n"))
			if err != nil {
				t.Fatal(err)
			}
			want := append(append([]graph.Layer{graph.ReLU()}, tt.want...), graph.Flatten())
			if diff := cmp.Diff(want, c.Network.Layers); diff != "" {
				t.Error(diff)
			}
			var printed bytes.Buffer
			if err := c.Print(&printed); err != nil {
				t.Fatal(err)
			}
			again, err := Parse("printed", printed.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, again.Network.Layers); diff != "" {
				t.Errorf("printed and read back:\n%s", diff)
			}
		})
	}
}

func TestMistakesInConvolutionsByOtherNames(t *testing.T) {
	for document, want := range map[string]string{
		"conv1d: {filters: 4, kernel: [1, 3]}": "f:2: network.0.conv1d.kernel: " +
			"want a whole number from 1 to 65536, got a list",
		"conv1d: {filters: 4, kernel: 3, padding: [1, 2, 3]}": "f:2: network.0.conv1d.padding: " +
			"want same, a whole number of at least 0, or a list of 2, got a list",
		"conv1d: {filters: 4, kernel: 3, strid: 2}": "f:2: network.0.conv1d.strid: " +
			"unknown key: did you mean stride?",
		"separable_conv2d: {filters: 4, groups: 2}": "f:2: network.0.separable_conv2d.groups: unknown key",
		"separable_conv: {filters: 4, kernel: 3}": `f:2: network.0: ` +
			`unknown layer "separable_conv": did you mean separable_conv2d?`,
	} {
		_, err := Parse("f", []byte("network:\n  - "+document+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\ngot  %v\nwant %s", document, err, want)
		}
	}
}

// PyTorch's types of one and two dimensions are one kind here, so a file must
// say the same about both.
func TestTypesOfOneAndTwoDimensions(t *testing.T) {
	const network = `
dataset: digits
network:
  - batch_norm: {name: bn}
  - conv1d: {name: one, filters: 4, kernel: 3}
  - relu
  - batch_norm: {name: late}
  - flatten
  - linear: {name: fc, features: 10}
`
	got, _ := placed(t, network, `global_config: {activation_dtype: float32}
module_type_configs:
  Conv1d: {weight_dtype: qint4, activation_dtype: float32}
  torch.nn.Conv2d: {weight_dtype: qint4, activation_dtype: float32}
  BatchNorm1d: null
  torch.nn.modules.batchnorm.BatchNorm2d: null`)
	if diff := cmp.Diff(map[string]string{"one.weight": "4 per channel", "fc.weight": "8 per channel"},
		got); diff != "" {
		t.Error(diff)
	}
	for types, want := range map[string]string{
		"{Conv1d: null, Conv2d: {weight_bits: 3}}": "f:2: quantization.module_type_configs: " +
			"Conv2d is conv2d, which has another configuration above: want the same",
		"{BatchNorm2d: {weight_dtype: qint8}, torch.BatchNorm1d: null}": "f:2: quantization.module_type_configs: " +
			"torch.BatchNorm1d is batch_norm, which has another configuration above",
	} {
		_, err := Parse("f", []byte("quantization:\n  module_type_configs: "+types+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\ngot  %v\nwant %s", types, err, want)
		}
	}
}
