package quantized_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

// residual is a small model with a node of every kind.
func residual(s quantizedtest.Scheme) (*quantizedtest.Builder, *quantized.Model) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), s, 2, 8, 8)
	x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU)
	y := b.Conv(x, 4, quantizedtest.Same(3), 4, quantized.Identity)
	x = b.Concat(b.Add(x, y, quantized.ReLU6), y)
	x = b.Pool(quantized.MaxPool, b.Activate(x, quantized.HardSwish), quantizedtest.Valid(2, 2))
	x = b.Pool(quantized.AvgPool, x, quantizedtest.Same(3))
	x = b.Reshape(b.GlobalAvgPool(x), 1, 2, 4)
	return b, b.Model(b.Linear(b.Flatten(x), 5, quantized.Identity))
}

func TestValidModels(t *testing.T) {
	float := quantizedtest.Scheme{}
	unsigned := quantizedtest.W8A8
	unsigned.Weights, unsigned.ZeroPoints = affine.Uint8, true
	perTensor := quantizedtest.W8A8Affine
	perTensor.PerTensor = true
	blocks := quantizedtest.WeightOnly
	blocks.Block = 4
	for name, s := range map[string]quantizedtest.Scheme{
		"float": float, "W8A8": quantizedtest.W8A8, "W8A8 affine": quantizedtest.W8A8Affine,
		"W4A8": quantizedtest.W4A8, "W4A4": quantizedtest.W4A4, "W2A2": quantizedtest.W2A2,
		"ternary": quantizedtest.Ternary, "binary": quantizedtest.Binary,
		"weight-only":      quantizedtest.WeightOnly,
		"unsigned weights": unsigned, "per tensor": perTensor, "blocks": blocks,
	} {
		_, m := residual(s)
		if err := m.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var nan = float32(math.NaN())

// faults are ways to spoil a model, and what is said of each.
var faults = []struct {
	name  string
	spoil func(m *quantized.Model)
	want  string
}{
	{"no nodes", func(m *quantized.Model) { m.Nodes = nil }, `model: output "linear_11": want the name of a layer`},
	{"unknown output", func(m *quantized.Model) { m.Output = "x" }, `model: output "x"`},
	{"unread layer", func(m *quantized.Model) { m.Output = "conv2d_1" }, `linear_11: no layer reads its output`},
	{"classes", func(m *quantized.Model) { m.Classes = m.Classes[1:] }, "4 class names for 5 outputs"},
	{"pixel scale", func(m *quantized.Model) { m.Input.PixelScale = 0 }, "input: pixel scale 0"},
	{"standard deviation", func(m *quantized.Model) { m.Input.Std[1] = 0 },
		"standard deviation [1.3135684 0]: want numbers > 0"},
	{"mean", func(m *quantized.Model) { m.Input.Mean[0] = nan }, "mean [NaN"},
	{"means", func(m *quantized.Model) { m.Input.Mean = make([]float32, 3) },
		"3 means or deviations for 2 channels"},
	{"means and deviations", func(m *quantized.Model) { m.Input.Mean = nil }, "0 means, 2 standard deviations"},
	{"name twice", func(m *quantized.Model) {
		m.Nodes[1].Name, m.Nodes[1].Output.Name = "conv2d_1",
			"conv2d_1"
	}, "conv2d_1: the name occurs twice"},
	{"no name", func(m *quantized.Model) { m.Nodes[1].Name, m.Nodes[1].Output.Name = "", "" }, `layer 2: name ""`},
	{"output's name", func(m *quantized.Model) { m.Nodes[1].Output.Name = "y" },
		`conv2d_2: its output is called "y"`},
	{"order", func(m *quantized.Model) { m.Nodes[0].Inputs[0] = "add_3" },
		`conv2d_1: input "add_3": want the model's input or a layer before`},
	{"operation", func(m *quantized.Model) { m.Nodes[1].Op = 77 }, "conv2d_2: Op(77) is not an operation"},
	{"inputs", func(m *quantized.Model) { m.Nodes[2].Inputs = m.Nodes[2].Inputs[:1] },
		"add_3: 1 inputs: add takes 2"},
	{"inputs of concat", func(m *quantized.Model) { m.Nodes[3].Inputs = m.Nodes[3].Inputs[:1] },
		"concat_4: 1 inputs: concat takes 2 or more"},
	{"function", func(m *quantized.Model) { m.Nodes[0].Func = quantized.Tanh }, "tanh cannot be fused into conv2d"},
	{"function's number", func(m *quantized.Model) { m.Nodes[0].Func = 99 }, "Func(99) is not a function"},
	{"function of a pool", func(m *quantized.Model) { m.Nodes[5].Func = quantized.ReLU },
		"max_pool has no function, got relu"},
	{"no function", func(m *quantized.Model) { m.Nodes[4].Func = quantized.Identity },
		"activate without a function"},
	{"bounds", func(m *quantized.Model) { m.Nodes[0].Max = 1 },
		"bounds [0 1]: relu has none"},
	{"slope", func(m *quantized.Model) { m.Nodes[0].Slope = 1 },
		"slope 1: want a number for leaky_relu, 0 for relu"},
	{"stride", func(m *quantized.Model) { m.Nodes[0].Window.Stride[1] = 0 },
		"conv2d_1: kernel [3 3], stride [1 0]"},
	{"padding", func(m *quantized.Model) { m.Nodes[0].Window.PadEnd[0] = -1 }, "padding [1 1] and [-1 1]"},
	{"dilation", func(m *quantized.Model) { m.Nodes[0].Window.Dilation[0] = 0 }, "dilation [0 1]"},
	{"groups", func(m *quantized.Model) { m.Nodes[0].Groups = 0 }, "0 groups"},
	{"groups that do not divide", func(m *quantized.Model) { m.Nodes[1].Groups = 3 }, "in 3 groups"},
	{"window of a linear layer", func(m *quantized.Model) { m.Nodes[10].Groups = 1 },
		"linear has no window and no groups"},
	{"dilated pool", func(m *quantized.Model) { m.Nodes[5].Window.Dilation[0] = 2 }, "neither dilation nor groups"},
	{"a maximum that counts padding", func(m *quantized.Model) { m.Nodes[5].Window.CountIncludePad = true },
		"count_include_pad has no effect on max_pool"},
	{"overhang without padding that counts", func(m *quantized.Model) { m.Nodes[6].Window.Overhang[1] = 1 },
		"overhang [0 1]: want numbers from 0 to the padding [1 1], and 0 where padding does not count"},
	{"pool in the padding", func(m *quantized.Model) { m.Nodes[5].Window.PadBegin[0] = 2 },
		"could lie entirely in it"},
	{"window too large", func(m *quantized.Model) { m.Nodes[0].Window.Dilation[0] = 9 },
		"window of 19 does not fit"},
	{"no weights", func(m *quantized.Model) { m.Nodes[0].Weights = nil }, "conv2d without weights"},
	{"weights of a pool", func(m *quantized.Model) { m.Nodes[5].Weights = m.Nodes[0].Weights },
		"max_pool has no weights"},
	{"kernel", func(m *quantized.Model) { m.Nodes[0].Window.Kernel[0] = 1 }, "the kernel is [1 3]"},
	{"features", func(m *quantized.Model) { m.Nodes[10].Inputs[0] = "reshape_9" },
		"weights of shape [5 8]: the input's is [1 2 4]"},
	{"weights' rank", func(m *quantized.Model) { m.Nodes[10].Weights.Shape = []int{5, 8, 1} },
		"want 2 dimensions for linear"},
	{"weights' count", func(m *quantized.Model) { w := m.Nodes[0].Weights; w.Q = w.Q[1:] },
		"71 integers and 0 floats for shape [4 2 3 3]"},
	{"both kinds", func(m *quantized.Model) { m.Nodes[0].Weights.Float = make([]float32, 72) },
		"72 integers and 72 floats"},
	{"weights' range", func(m *quantized.Model) { m.Nodes[0].Weights.Q[3] = -128 },
		"element 3 is -128: want -127 to 127"},
	{"weights' step", func(m *quantized.Model) { m.Nodes[0].Weights.Step = 4 },
		"step 4 of int8_narrow: want 1, or 0 for none"},
	{"weights' axis", func(m *quantized.Model) { m.Nodes[0].Weights.Axis = 1 }, "along axis 1"},
	{"weights' scale", func(m *quantized.Model) { m.Nodes[0].Weights.Scale[2] = nan },
		"weights: scale 2: scale NaN"},
	{"weights' scales", func(m *quantized.Model) { w := m.Nodes[0].Weights; w.Scale = w.Scale[1:] },
		"3 scales and 0 zero points for shape [4 2 3 3]: want 4"},
	{"weights' zero points", func(m *quantized.Model) { m.Nodes[0].Weights.Zero = make([]int32, 1) },
		"1 zero points"},
	{"bias' count", func(m *quantized.Model) { b := m.Nodes[0].Bias; b.Q = b.Q[1:] }, "bias: 3 integers"},
	{"bias' scale", func(m *quantized.Model) { m.Nodes[0].Bias.Scale[1] *= 1.01 }, "bias 1: scale"},
	{"float bias", func(m *quantized.Model) { m.Nodes[0].Bias = &quantized.Bias{Float: make([]float32, 4)} },
		"want 4 integers, no floats"},
	{"activation's scale", func(m *quantized.Model) { m.Nodes[0].Output.Quant.Scale = -1 }, "conv2d_1: scale -1"},
	{"activation's tiny scale", func(m *quantized.Model) { m.Nodes[0].Output.Quant.Scale = 1e-40 },
		"at least 2⁻¹²⁶"},
	{"activation's zero point", func(m *quantized.Model) { m.Nodes[0].Output.Quant.Zero = 256 },
		"zero point 256: want one from 0 to 255 for uint8"},
	{"binary activation", func(m *quantized.Model) { m.Nodes[0].Output.Quant.Format = affine.Binary },
		"binary activations: that format is for weights"},
	{"activation's format", func(m *quantized.Model) { m.Nodes[0].Output.Quant.Format.Bits = 9 }, "9 bits"},
	{"float with a scale", func(m *quantized.Model) { m.Nodes[0].Output.Quant.Format = affine.Format{} },
		"stays float32"},
	{"pool's quantizer", func(m *quantized.Model) { m.Nodes[5].Output.Quant.Zero++ },
		"max_pool passes its input's numbers on"},
	{"output's shape", func(m *quantized.Model) { m.Nodes[0].Output.Shape = []int{4, 7, 8} },
		"output of shape [4 7 8]: its inputs give [4 8 8]"},
	{"dimension", func(m *quantized.Model) { m.Input.Shape[1] = -8 }, "input: shape [2 -8 8]"},
	{"overflowing shape", func(m *quantized.Model) { m.Input.Shape = []int{1 << 24, 1 << 24, 1 << 24} },
		"more than"},
	{"no dimension", func(m *quantized.Model) { m.Input.Shape = nil }, "input: shape []"},
	{"unequal summands", func(m *quantized.Model) { m.Nodes[2].Inputs[1] = "input" },
		"add_3: inputs of shapes [4 8 8] and [2 8 8]"},
	{"reshape", func(m *quantized.Model) { m.Nodes[8].Output.Shape = []int{3} }, "cannot take the shape [3]"},
	{"sum beyond int32", func(m *quantized.Model) { m.Nodes[0].Bias.Q[0] = math.MaxInt32 }, "conv2d_1: sums from"},
}

func TestValidateNamesTheFault(t *testing.T) {
	for _, tt := range faults {
		_, m := residual(quantizedtest.W8A8)
		tt.spoil(m)
		err := m.Validate()
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.want)
			continue
		}
		for line := range strings.Lines(err.Error()) {
			if !strings.HasPrefix(line, "quantized: ") {
				t.Errorf("%s: line %q does not begin with the package", tt.name, line)
			}
		}
	}
}

// Integers with a step are its multiples, and their quotients have the format.
func TestValidateChecksTheStep(t *testing.T) {
	zeros := quantizedtest.W2A2
	zeros.Weights, zeros.ZeroPoints = affine.Format{Bits: 2, Unsigned: true}, true
	for _, tt := range []struct {
		scheme quantizedtest.Scheme
		spoil  func(w *quantized.Weights)
		want   string
	}{
		{quantizedtest.W2A2, func(w *quantized.Weights) { w.Step = 4 }, "step 4 of int2: want 2, or 0 for none"},
		{quantizedtest.W2A2, func(w *quantized.Weights) { w.Q[5] = 1 }, "element 5: 1 is no multiple of the step, 2"},
		{quantizedtest.W2A2, func(w *quantized.Weights) { w.Q[5] = 4 }, "element 5 is 4: want -4 to 2 for int2"},
		{quantizedtest.W2A2, func(w *quantized.Weights) { w.Step = 0 }, "element 0 is -4: want -2 to 1 for int2"},
		{quantizedtest.Binary, func(w *quantized.Weights) { w.Q[5] = 0 }, "element 5 is 0: want -4 or 4 for binary"},
		{quantizedtest.Binary, func(w *quantized.Weights) { w.Q[5] = 2 }, "element 5: 2 is no multiple of the step, 4"},
		{quantizedtest.Binary, func(w *quantized.Weights) { w.Zero = make([]int32, len(w.Scale)) },
			"zero points of binary weights: want none"},
		{zeros, func(w *quantized.Weights) { w.Zero[1] = 3 }, "scale 1: 3 is no multiple of the step, 2"},
		{zeros, func(w *quantized.Weights) { w.Zero[1] = 8 }, "scale 1: zero point 4: want one from 0 to 3"},
	} {
		_, m := residual(tt.scheme)
		tt.spoil(m.Nodes[0].Weights)
		if err := m.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got error %v, want one with %q", err, tt.want)
		}
	}
}

// Refined weights represent the same numbers, and give a bias a finer scale.
func TestRefine(t *testing.T) {
	for text, step := range map[string]int32{
		"binary": 4, "int2_narrow": 4, "int2": 2, "uint2": 2, "int3_narrow": 2, "int3": 1, "uint3": 1, "int4": 1, "uint4": 1,
		"int4_narrow": 1, "int8_narrow": 1,
	} {
		f, err := affine.ParseFormat(text)
		if got := quantized.FinestStep(f); err != nil || got != step {
			t.Errorf("%s: step %d, want %d, %v", text, got, step, err)
		}
		w := quantized.Weights{Shape: []int{2, 2}, Format: f, Scale: []float32{0.3, 0.7}, Zero: []int32{0, 1},
			Q: []int8{int8(f.Min()), 1, 0, int8(f.Max())}}
		fine := w
		fine.Q = slices.Clone(w.Q)
		fine.Refine(step)
		if got, want := fine.Real(), w.Real(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
		if want := w.Scale[1] / float32(step); fine.Scale[1] != want || w.Scale[1] != 0.7 {
			t.Errorf("%s: scale %v of %v, want %v", text, fine.Scale[1], w.Scale[1], want)
		}
	}
}

func TestValidateListsAllFaults(t *testing.T) {
	_, m := residual(quantizedtest.W8A8)
	m.Nodes[0].Weights.Scale[0] = 0
	m.Nodes[2].Inputs[0] = "nowhere"
	m.Nodes[4].Output.Quant.Scale = float32(math.Inf(1))
	m.Input.PixelScale = -1
	err := m.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"input: ", "conv2d_1: ", "add_3: ", "activate_5: "} {
		if !strings.Contains(err.Error(), "quantized: "+name) {
			t.Errorf("no fault of %q in\n%v", name, err)
		}
	}
}

func TestNamesRoundTrip(t *testing.T) {
	for o := quantized.Conv2D; o <= quantized.Activate; o++ {
		text, err := o.MarshalText()
		var back quantized.Op
		if err != nil || back.UnmarshalText(text) != nil || back != o {
			t.Errorf("%v: read back as %v", o, back)
		}
	}
	for f := quantized.Identity; f <= quantized.Softmax; f++ {
		text, err := f.MarshalText()
		var back quantized.Func
		if err != nil || back.UnmarshalText(text) != nil || back != f {
			t.Errorf("%v: read back as %v", f, back)
		}
	}
	var o quantized.Op
	if err := o.UnmarshalText([]byte("")); err == nil {
		t.Error("the empty name is an operation")
	}
}

// TestUnknownOperationHasNoShape: nothing is passed on as it came.
func TestUnknownOperationHasNoShape(t *testing.T) {
	n := quantized.Node{Op: quantized.AttentionValues + 1}
	if shape, err := n.OutputShape([]int{3}); err == nil {
		t.Errorf("%v has the shape %v", n.Op, shape)
	}
}

// TestLimits compares clipping integers with applying the function to reals.
func TestLimits(t *testing.T) {
	for _, q := range []quantized.Quant{
		{Format: affine.Uint8, Scale: 0.1},
		{Format: affine.Uint8, Scale: 0.1, Zero: 77},
		{Format: affine.Uint8, Scale: 6.0 / 255},
		{Format: affine.Int8, Scale: 0.07, Zero: -128},
		{Format: affine.Format{Bits: 4}, Scale: 1.3, Zero: 2},
		{Format: affine.Format{Bits: 2, Unsigned: true}, Scale: 2},
	} {
		for _, f := range []quantized.Func{quantized.Identity, quantized.ReLU, quantized.ReLU6} {
			n := quantized.Node{Op: quantized.Add, Func: f, Output: quantized.Activation{Quant: q}}
			lo, hi := n.Limits()
			for i := -4000; i <= 4000; i++ {
				r := float64(i) / 100
				applied := r
				if f != quantized.Identity {
					applied = max(applied, 0)
				}
				if f == quantized.ReLU6 {
					applied = min(applied, 6)
				}
				got := clip(r, q, float64(lo), float64(hi))
				want := clip(applied, q, float64(q.Format.Min()), float64(q.Format.Max()))
				if got != want {
					t.Fatalf("%v of %v to %v: got %v, want %v", f, r, q, got, want)
				}
			}
		}
	}
}

func clip(r float64, q quantized.Quant, lo, hi float64) float64 {
	v := math.RoundToEven(float64(float32(r)/q.Scale)) + float64(q.Zero)
	return max(lo, min(hi, v))
}

// TestUntil: a model that ends earlier has everything it needs, and is valid.
func TestUntil(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 2, 4, 4)
	x := b.Conv(b.Input(), 3, quantizedtest.Same(3), 1, quantized.ReLU)
	y := b.Conv(b.Input(), 3, quantizedtest.Same(1), 1, quantized.ReLU)
	z := b.Add(x, y, quantized.Identity)
	m := b.Model(b.Linear(b.Flatten(z), 5, quantized.Identity))
	for name, want := range map[string]int{x: 1, y: 1, z: 3, m.Output: 5} {
		until := m.Until(name)
		if err := until.Validate(); err != nil || until.Output != name || len(until.Nodes) != want {
			t.Errorf("until %s: %d nodes and output %s, %v; want %d", name, len(until.Nodes), until.Output, err, want)
		}
	}
	if len(m.Nodes) != 5 || len(m.Classes) != 5 {
		t.Errorf("the model has changed: %d nodes, %d classes", len(m.Nodes), len(m.Classes))
	}
}
