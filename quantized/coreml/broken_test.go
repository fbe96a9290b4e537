package coreml_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/coreml"
)

func TestTargets(t *testing.T) {
	for _, c := range []struct {
		meaning string
		v       variant
		asked   coreml.Target
		want    string // target in the metadata, or an error
	}{
		{"8-bit weights", w8, coreml.Lowest, "iOS16"},
		{"8-bit weights for a newer system", w8, coreml.IOS18, "iOS18"},
		{"8-bit activations", w8a8, coreml.Lowest, "iOS17"},
		{"8-bit activations on iOS 16", w8a8, coreml.IOS16,
			`coreml: layer "x": int8 activations need iOS17, the target is iOS16: the lowest target that fits the ` +
				`model is iOS17`},
		{"4-bit weights", w4a8, coreml.Lowest, "iOS18"},
		{"4-bit weights on iOS 17", w4a8, coreml.IOS17,
			`coreml: layer "fc1": int4_narrow weights need iOS18, the target is iOS17: the lowest target that ` +
				`fits the model is iOS18`},
		{"blocks of 8-bit weights", variant{weights: affine.Int8Narrow, block: 32}, coreml.IOS16,
			`coreml: layer "fc1": weights with a scale per block of 32 need iOS18, the target is iOS16: the ` +
				`lowest target that fits the model is iOS18`},
		{"6-bit weights, stored in 8", variant{weights: affine.Format{Bits: 6}}, coreml.IOS16, "iOS16"},
	} {
		p, err := coreml.Translate(quantize(zoo("mlp", true, 1), c.v),
			coreml.Options{Target: c.asked, Precision: coreml.Float32})
		switch {
		case err != nil:
			if err.Error() != c.want {
				t.Errorf("%s: %v: want %s", c.meaning, err, c.want)
			}
		case p.Model.Metadata.Custom["petrify.target"] != c.want:
			t.Errorf("%s: written for %s: want %s", c.meaning, p.Model.Metadata.Custom["petrify.target"], c.want)
		}
	}
}

// TestBrokenModels: each fault is an error that names the layer, and leaves no
// file behind.
func TestBrokenModels(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		meaning string
		breaks  func(m *quantized.Model) // nodes of lenet5: conv1 pool1 conv2 pool2 flatten fc1 fc2 fc3
		want    string
	}{
		{"two layers of one name", func(m *quantized.Model) {
			m.Nodes[1].Name, m.Nodes[1].Output.Name = "conv1", "conv1"
		}, `conv1: the name occurs twice`},
		{"a layer without a name", func(m *quantized.Model) { m.Nodes[1].Name, m.Nodes[1].Output.Name = "", "" },
			`layer 2: name ""`},
		{"an input that comes later", func(m *quantized.Model) { m.Nodes[0].Inputs = []string{"fc1"} },
			`conv1: input "fc1"`},
		{"an output that is no layer", func(m *quantized.Model) { m.Output = "fc9" }, `output "fc9"`},
		{"rank 6", func(m *quantized.Model) { m.Nodes[4].Output.Shape = []int{2, 2, 2, 1, 9} },
			`flatten: shape [2 2 2 1 9]`},
		{"activation scale 0", func(m *quantized.Model) { m.Nodes[2].Output.Quant.Scale = 0 }, `conv2: scale 0`},
		{"activation scale negative", func(m *quantized.Model) { m.Nodes[2].Output.Quant.Scale = -1 },
			`conv2: scale -1`},
		{"activation scale NaN", func(m *quantized.Model) { m.Nodes[2].Output.Quant.Scale = nan }, `conv2: scale NaN`},
		{"activation of 16 bits", func(m *quantized.Model) {
			m.Nodes[7].Output.Quant.Format = affine.Format{Bits: 16}
		}, `fc3: affine: 16 bits: want 2 to 8`},
		{"zero point out of range", func(m *quantized.Model) { m.Nodes[2].Output.Quant.Zero = 256 },
			`conv2: zero point 256`},
		{"weight scale 0", func(m *quantized.Model) { m.Nodes[2].Weights.Scale[3] = 0 },
			`conv2: weights: scale 3: scale 0`},
		{"weight scale infinite", func(m *quantized.Model) { m.Nodes[2].Weights.Scale[3] = inf },
			`conv2: weights: scale 3: scale +Inf`},
		{"a scale too few", func(m *quantized.Model) { m.Nodes[2].Weights.Scale = m.Nodes[2].Weights.Scale[1:] },
			`conv2: weights: 7 scales`},
		{"integers outside of the format", func(m *quantized.Model) { m.Nodes[2].Weights.Format.Bits = 4 },
			`conv2: weights: element`},
		{"wrong output shape", func(m *quantized.Model) { m.Nodes[2].Output.Shape = []int{8, 5, 6} },
			`conv2: output of shape [8 5 6]`},
		{"channels that do not fit", func(m *quantized.Model) { m.Nodes[2].Groups = 2 },
			`conv2: weights of shape [8 6 5 5]`},
		{"unknown operation", func(m *quantized.Model) { m.Nodes[1].Op = 99 }, `pool1: `},
	} {
		m := quantize(zoo("lenet5", true, 1), w8a8)
		c.breaks(m)
		folder := t.TempDir()
		err := coreml.Write(filepath.Join(folder, "m.mlpackage"), m, coreml.Options{Precision: coreml.Float32})
		if err == nil || !strings.HasPrefix(err.Error(), "coreml: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v: want %s", c.meaning, err, c.want)
		}
		if left, _ := os.ReadDir(folder); len(left) != 0 {
			t.Errorf("%s: left %v behind", c.meaning, left)
		}
	}
}

// TestScalesInFloat16: a scale that float16 moves by more than half a step of
// its greatest integer is refused by name; a channel of zeros takes any scale.
func TestScalesInFloat16(t *testing.T) {
	for _, c := range []struct {
		meaning string
		breaks  func(m *quantized.Model) // nodes of mlp: flatten fc1 fc2
		want    string
	}{
		{"weights vanish", func(m *quantized.Model) { m.Nodes[1].Weights.Scale[2] = 1e-9 },
			`coreml: layer "fc1": weights, scale 2 of 32: 1e-09 cannot be represented in float16, nearest is 0`},
		{"weights lose precision", func(m *quantized.Model) { m.Nodes[1].Weights.Scale[2] = 2.5e-7 },
			`coreml: layer "fc1": weights, scale 2 of 32: 2.5e-07 cannot be represented in float16, nearest is ` +
				`2.4192158e-07`},
		{"weights subnormal but near", func(m *quantized.Model) { m.Nodes[1].Weights.Scale[2] = 3e-5 }, ""},
		{"weights all zero", func(m *quantized.Model) {
			clear(m.Nodes[1].Weights.Q[2*64 : 3*64])
			m.Nodes[1].Weights.Scale[2] = 1e-9
		}, ""},
		{"activation vanishes", func(m *quantized.Model) { m.Nodes[1].Output.Quant.Scale = 1e-9 },
			`coreml: layer "fc2": weights, scale 0 of 10: `},
		{"activation overflows", func(m *quantized.Model) { m.Nodes[1].Output.Quant.Scale = 1e5 },
			`coreml: layer "fc2": bias: element 0: -`},
		{"bias overflows", func(m *quantized.Model) { m.Nodes[1].Bias.Q[0] = 1 << 30 },
			`coreml: layer "fc1": bias: element 0: 92`},
	} {
		m := quantize(zoo("mlp", true, 1), w8a8)
		c.breaks(m)
		rescale(m)
		_, err := coreml.Translate(m, coreml.Options{})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.meaning, err)
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
			t.Errorf("%s: %v: want %s", c.meaning, err, c.want)
		}
		if _, err := coreml.Translate(m, coreml.Options{Precision: coreml.Float32}); err != nil {
			t.Errorf("%s: in float32: %v", c.meaning, err)
		}
	}
}

// rescale makes the biases of the mlp fit its scales again.
func rescale(m *quantized.Model) {
	in := m.Input.Quant.Scale
	for _, n := range m.Nodes[1:] {
		for o, s := range n.Weights.Scale {
			n.Bias.Scale[o] = in * s
		}
		in = n.Output.Quant.Scale
	}
}

func TestOptionsThatDoNotFit(t *testing.T) {
	for _, c := range []struct {
		meaning string
		network string
		o       coreml.Options
		want    string
	}{
		{"target", "mlp", coreml.Options{Target: 9}, "coreml: target Target(9): want"},
		{"precision", "mlp", coreml.Options{Precision: 9}, "coreml: precision Precision(9): want"},
		{"encoding", "mlp", coreml.Options{WeightsEncoding: 9}, "coreml: weights encoding Encoding(9): want"},
		{"text", "mlp", coreml.Options{Metadata: coreml.Metadata{Author: "A\xff"}},
			`coreml: metadata "A\xff": want UTF-8`},
		{"encoding without integer weights", "mlp", coreml.Options{WeightsEncoding: coreml.Unsigned},
			"coreml: weights encoding uint8: the model has no signed integer weights"},
		{"palette without few bits", "mlp", coreml.Options{WeightsEncoding: coreml.Palette},
			"coreml: weights encoding palette: the model has no weights of 2 bits or fewer"},
		{"classifier without classes", "autoencoder", coreml.Options{Classifier: true},
			`coreml: layer "fc10": output of shape [64] with 0 class names`},
		{"image of a vector", "autoencoder", coreml.Options{Image: true}, `coreml: layer "x": shape [64] as an image`},
	} {
		_, err := coreml.Translate(zoo(c.network, true, 1), c.o)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v: want %s", c.meaning, err, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]coreml.Target{"": coreml.Lowest, "iOS16": coreml.IOS16,
		"macOS14": coreml.IOS17, "ios18": coreml.IOS18} {
		if got, err := coreml.ParseTarget(text); got != want || err != nil {
			t.Errorf("ParseTarget(%q) = %v, %v: want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]coreml.Precision{"": coreml.Float16, "float16": coreml.Float16,
		"float32": coreml.Float32} {
		if got, err := coreml.ParsePrecision(text); got != want || err != nil {
			t.Errorf("ParsePrecision(%q) = %v, %v: want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]coreml.Encoding{"": coreml.Signed, "int8": coreml.Signed,
		"uint8": coreml.Unsigned, "palette": coreml.Palette} {
		if got, err := coreml.ParseEncoding(text); got != want || err != nil {
			t.Errorf("ParseEncoding(%q) = %v, %v: want %v", text, got, err, want)
		}
	}
	if _, err := coreml.ParseTarget("iOS15"); err == nil {
		t.Error("ParseTarget takes iOS15")
	}
	if _, err := coreml.ParsePrecision("half"); err == nil {
		t.Error("ParsePrecision takes half")
	}
	if _, err := coreml.ParseEncoding("int4"); err == nil {
		t.Error("ParseEncoding takes int4")
	}
}
