package tflite_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/tflite"
	"petrify/quantized/tflite/schema"
)

// file writes a model and reads what was written.
func file(t *testing.T, m *quantized.Model, o tflite.Options) *schema.Model {
	t.Helper()
	data, err := tflite.Encode(m, o)
	if err != nil {
		t.Fatal(err)
	}
	f, err := schema.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// build is a model of the scheme; its input is an image.
func build(s quantizedtest.Scheme, layers func(b *quantizedtest.Builder) string, shape ...int) *quantized.Model {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), s, shape...)
	return b.Model(layers(b))
}

// tensor finds a tensor by its name.
func tensor(t *testing.T, f *schema.Model, name string) (schema.Tensor, []byte) {
	t.Helper()
	i := slices.IndexFunc(f.Graph.Tensors, func(x schema.Tensor) bool { return x.Name == name })
	if i < 0 {
		t.Fatalf("no tensor %q", name)
	}
	x := f.Graph.Tensors[i]
	return x, f.Buffers[x.Buffer]
}

// codes are the operators in order.
func codes(f *schema.Model) string {
	var all []string
	for _, o := range f.Graph.Operators {
		all = append(all, o.Code.String())
	}
	return strings.Join(all, " ")
}

// TestWeightLayouts: each weight is where TensorFlow Lite looks for it.
func TestWeightLayouts(t *testing.T) {
	m := build(quantizedtest.W8A8, func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 4, quantized.Window{Kernel: [2]int{3, 2}, Stride: [2]int{1, 1}}, 1, quantized.ReLU)
		x = b.Conv(x, 8, quantized.Window{Kernel: [2]int{2, 3}, Stride: [2]int{1, 1}}, 4, quantized.ReLU)
		return b.Linear(b.Flatten(x), 5, quantized.Identity)
	}, 3, 6, 7)
	f := file(t, m, tflite.Options{})
	conv, depthwise, linear := m.Nodes[0].Weights, m.Nodes[1].Weights, m.Nodes[3].Weights

	w, q := tensor(t, f, "conv2d_1/weight")
	if !slices.Equal(w.Shape, []int32{4, 3, 2, 3}) || w.Quant.Axis != 0 || !slices.Equal(w.Quant.Scale, conv.Scale) {
		t.Errorf("weights of a convolution: %v, %v", w.Shape, w.Quant)
	}
	for at := range conv.Q {
		o, i, h, v := at/18, at/6%3, at/2%3, at%2
		if got := int8(q[((o*3+h)*2+v)*3+i]); got != conv.Q[at] {
			t.Fatalf("weight %d %d %d %d is %d, want %d", o, i, h, v, got, conv.Q[at])
		}
	}

	w, q = tensor(t, f, "conv2d_2/weight")
	if !slices.Equal(w.Shape, []int32{1, 2, 3, 8}) || w.Quant.Axis != 3 || len(w.Quant.Scale) != 8 {
		t.Errorf("weights of a depthwise convolution: %v, %v", w.Shape, w.Quant)
	}
	for at := range depthwise.Q {
		o, h, v := at/6, at/3%2, at%3
		if got := int8(q[(h*3+v)*8+o]); got != depthwise.Q[at] {
			t.Fatalf("depthwise weight %d %d %d is %d, want %d", o, h, v, got, depthwise.Q[at])
		}
	}

	w, q = tensor(t, f, "linear_4/weight") // of 8 × 3 × 4 features
	if !slices.Equal(w.Shape, []int32{5, 1, 1, 96}) {
		t.Errorf("weights of a linear layer: %v", w.Shape)
	}
	for at := range linear.Q {
		o, c, pixel := at/96, at/12%8, at%12
		if got := int8(q[o*96+pixel*8+c]); got != linear.Q[at] {
			t.Fatalf("linear weight %d %d %d is %d, want %d", o, c, pixel, got, linear.Q[at])
		}
	}
	b, data := tensor(t, f, "linear_4/bias")
	if b.Type != schema.Int32 || b.Quant.Scale[2] != m.Nodes[2].Output.Quant.Scale*linear.Scale[2] ||
		int32(binary.LittleEndian.Uint32(data[8:])) != m.Nodes[3].Bias.Q[2] {
		t.Errorf("bias %v, %v", b, data)
	}
}

// TestFormats: activations are the model's integers, shifted to the type that
// TensorFlow Lite requires.
func TestFormats(t *testing.T) {
	layers := func(b *quantizedtest.Builder) string {
		return b.Conv(b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU), 2, quantizedtest.Same(1), 1,
			quantized.Identity)
	}
	for name, c := range map[string]struct {
		scheme      quantizedtest.Scheme
		input, relu int64 // zero points less the model's
		operators   string
	}{
		"W8A8":   {quantizedtest.W8A8, 0, -128, "CONV_2D CONV_2D"},
		"affine": {quantizedtest.W8A8Affine, -128, -128, "CONV_2D CONV_2D"},
		"W4A4":   {quantizedtest.W4A4, 120, 112, "MAXIMUM CONV_2D CONV_2D MAXIMUM"},
	} {
		m := build(c.scheme, layers, 3, 4, 4)
		f := file(t, m, tflite.Options{})
		if got := codes(f); got != c.operators {
			t.Errorf("%s: %s, want %s", name, got, c.operators)
		}
		in, _ := tensor(t, f, "input")
		relu, _ := tensor(t, f, "conv2d_1")
		if in.Quant.Zero[0] != c.input+int64(m.Input.Quant.Zero) || relu.Quant.Zero[0] != c.relu ||
			in.Quant.Scale[0] != m.Input.Quant.Scale {
			t.Errorf("%s: input %v, after a ReLU %v", name, in.Quant, relu.Quant)
		}
		if a, _ := f.Graph.Operators[len(f.Graph.Operators)-1].Attribute("fused_activation_function"); a.Int !=
			schema.NoActivation {
			t.Errorf("%s: the last layer has function %d", name, a.Int)
		}
	}
}

// TestPadding: a padding has a word, or an operator.
func TestPadding(t *testing.T) {
	for name, c := range map[string]struct {
		window    quantized.Window
		operators string
		padding   int32
	}{
		"none":              {quantizedtest.Valid(3, 2), "CONV_2D", schema.Valid},
		"same":              {quantizedtest.Same(3), "CONV_2D", schema.Same},
		"same, even kernel": {quantizedtest.Same(4), "CONV_2D", schema.Same},
		"TensorFlow's halving": {quantized.Window{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, PadEnd: [2]int{1, 1}},
			"CONV_2D", schema.Same},
		"PyTorch's halving": {quantized.Window{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, PadBegin: [2]int{1, 1},
			PadEnd: [2]int{1, 1}}, "PAD CONV_2D", schema.Valid},
		"full": {quantized.Window{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, PadBegin: [2]int{2, 2},
			PadEnd: [2]int{2, 2}}, "PAD CONV_2D", schema.Valid},
		"same, dilated": {quantized.Window{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{2, 2},
			PadBegin: [2]int{2, 2}, PadEnd: [2]int{2, 2}}, "CONV_2D", schema.Same},
		"same, only across": {quantized.Window{Kernel: [2]int{1, 3}, Stride: [2]int{1, 1}, PadBegin: [2]int{0, 1},
			PadEnd: [2]int{0, 1}}, "CONV_2D", schema.Same},
	} {
		m := build(quantizedtest.W8A8, func(b *quantizedtest.Builder) string {
			return b.Conv(b.Input(), 2, c.window, 1, quantized.ReLU)
		}, 1, 8, 8)
		f := file(t, m, tflite.Options{})
		p, _ := f.Graph.Operators[len(f.Graph.Operators)-1].Attribute("padding")
		if got := codes(f); got != c.operators || p.Int != c.padding {
			t.Errorf("%s: %s with padding %d, want %s with %d", name, got, p.Int, c.operators, c.padding)
		}
	}
	m := build(quantizedtest.W8A8, func(b *quantizedtest.Builder) string {
		return b.Pool(quantized.MaxPool, b.Input(), quantized.Window{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2},
			PadBegin: [2]int{1, 1}, PadEnd: [2]int{1, 1}})
	}, 1, 8, 8)
	f := file(t, m, tflite.Options{})
	if got := codes(f); got != "PADV2 MAX_POOL_2D" {
		t.Errorf("a maximum pads with %s", got)
	}
	if _, least := tensor(t, f, "max_pool_1/least"); int8(least[0]) != -128 {
		t.Errorf("a maximum pads with %d", int8(least[0]))
	}
}

// TestReshapes: where another order in memory is another order of elements, they
// move, unless linear layers alone read them.
func TestReshapes(t *testing.T) {
	conv := func(b *quantizedtest.Builder) string {
		return b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU)
	}
	for want, layers := range map[string]func(b *quantizedtest.Builder) string{
		"CONV_2D TRANSPOSE RESHAPE": func(b *quantizedtest.Builder) string { return b.Flatten(conv(b)) },
		"CONV_2D RESHAPE CONV_2D RESHAPE": func(b *quantizedtest.Builder) string {
			return b.Linear(b.Flatten(conv(b)), 3, quantized.Identity)
		},
		"CONV_2D DEPTHWISE_CONV_2D RESHAPE CONV_2D CONV_2D RESHAPE": func(b *quantizedtest.Builder) string {
			return b.Linear(b.Linear(b.Flatten(b.GlobalAvgPool(conv(b))), 3, quantized.ReLU), 2, quantized.Identity)
		},
		"CONV_2D TRANSPOSE RESHAPE TRANSPOSE CONV_2D": func(b *quantizedtest.Builder) string {
			return b.Conv(b.Reshape(conv(b), 16, 2, 2), 3, quantizedtest.Same(3), 1, quantized.ReLU)
		},
		"CONV_2D TRANSPOSE RESHAPE TANH": func(b *quantizedtest.Builder) string {
			y := b.Activate(b.Flatten(conv(b)), quantized.Tanh)
			return y
		},
	} {
		m := build(quantizedtest.W8A8, layers, 3, 4, 4)
		for i := range m.Nodes {
			if m.Nodes[i].Func == quantized.Tanh {
				m.Nodes[i].Output.Quant.Scale = 1.0 / 128
			}
		}
		if got := codes(file(t, m, tflite.Options{})); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestFloats: layers that do not compute with integers compute in float32.
func TestFloats(t *testing.T) {
	layers := func(b *quantizedtest.Builder) string {
		return b.Linear(b.Flatten(b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU)), 3,
			quantized.Identity)
	}
	m := build(quantizedtest.WeightOnly, layers, 3, 4, 4)
	f := file(t, m, tflite.Options{})
	if got := codes(f); got != "CONV_2D RESHAPE FULLY_CONNECTED" {
		t.Errorf("weight-only: %s", got)
	}
	w, data := tensor(t, f, "conv2d_1/weight")
	p := m.Nodes[0].Weights
	if want := float32(p.Q[27]) * p.Scale[1]; w.Type != schema.Float32 ||
		math.Float32frombits(binary.LittleEndian.Uint32(data[4*27:])) != want {
		t.Errorf("weight-only: weights %v, want float32 beginning in channel 1 with %v", w.Type, want)
	}
	mixed := quantizedtest.W8A8
	mixed.FloatOutput = true
	f = file(t, build(mixed, layers, 3, 4, 4), tflite.Options{})
	if got := codes(f); got != "CONV_2D RESHAPE DEQUANTIZE FULLY_CONNECTED" {
		t.Errorf("float output: %s", got)
	}
	if y := f.Graph.Tensors[f.Graph.Outputs[0]]; y.Type != schema.Float32 {
		t.Errorf("float output: %v", y)
	}
	excluded := build(quantizedtest.W8A8, layers, 3, 4, 4)
	n := &excluded.Nodes[0]
	n.Weights, n.Bias = &quantized.Weights{Shape: n.Weights.Shape, Float: n.Weights.Real()}, nil
	if got := codes(file(t, excluded, tflite.Options{})); got != "DEQUANTIZE CONV_2D QUANTIZE RESHAPE CONV_2D RESHAPE" {
		t.Errorf("an excluded layer: %s", got)
	}
	n = &excluded.Nodes[2]
	n.Weights, n.Bias = &quantized.Weights{Shape: n.Weights.Shape, Float: n.Weights.Real()}, nil
	if got := codes(file(t, excluded, tflite.Options{})); got !=
		"DEQUANTIZE CONV_2D QUANTIZE RESHAPE DEQUANTIZE FULLY_CONNECTED QUANTIZE" {
		t.Errorf("two excluded layers: %s", got)
	}
}

// TestMixes: whatever layers stay in floats, a file is written, or refused for
// what the layers are and not for how they are mixed.
func TestMixes(t *testing.T) {
	written := 0
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 5))
		scheme := []quantizedtest.Scheme{quantizedtest.W8A8, quantizedtest.W8A8Affine, quantizedtest.W4A4}[seed%3]
		_, m := quantizedtest.Random(rng, scheme, int(seed%12))
		for i := range m.Nodes {
			if n := &m.Nodes[i]; n.Weights != nil && rng.IntN(2) == 0 {
				n.Weights, n.Bias = &quantized.Weights{Shape: n.Weights.Shape, Float: n.Weights.Real()}, nil
			}
		}
		data, err := tflite.Encode(m, tflite.Options{})
		if err != nil {
			if !strings.Contains(err.Error(), "TensorFlow Lite") && !strings.Contains(err.Error(), "XNNPACK") {
				t.Errorf("seed %d: %v", seed, err)
			}
			continue
		}
		written++
		if err := tflite.Verify(data, m); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	if written < 40 {
		t.Errorf("%d of 300 networks were written: want 40 at least", written)
	}
}

func TestBatch(t *testing.T) {
	m := build(quantizedtest.W8A8, func(b *quantizedtest.Builder) string { return b.Flatten(b.Input()) }, 2, 3, 4)
	f := file(t, m, tflite.Options{Batch: 5})
	x, y := f.Graph.Tensors[f.Graph.Inputs[0]], f.Graph.Tensors[f.Graph.Outputs[0]]
	if !slices.Equal(x.Shape, []int32{5, 3, 4, 2}) || !slices.Equal(y.Shape, []int32{5, 24}) {
		t.Errorf("input %v, output %v", x.Shape, y.Shape)
	}
}

func TestSameBytes(t *testing.T) {
	_, m := quantizedtest.ResNet8(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8)
	first, err := tflite.Encode(m, tflite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var w bytes.Buffer
	if err := tflite.Write(&w, m, tflite.Options{}); err != nil || !bytes.Equal(first, w.Bytes()) {
		t.Errorf("the same model gives other bytes, %v", err)
	}
}

// TestRefusals: what TensorFlow Lite cannot hold is named.
func TestRefusals(t *testing.T) {
	image := func(layers func(b *quantizedtest.Builder) string) *quantized.Model {
		return build(quantizedtest.W8A8, layers, 2, 6, 6)
	}
	conv := func(b *quantizedtest.Builder) string {
		return b.Conv(b.Input(), 2, quantizedtest.Same(3), 1, quantized.ReLU6)
	}
	least := image(conv)
	least.Nodes[0].Weights.Format = affine.Int8
	least.Nodes[0].Weights.Q[7] = -128
	tie := image(conv)
	tie.Nodes[0].Output.Quant.Scale = 6 / 12.5
	flat := image(conv)
	flat.Nodes[0].Output.Quant.Scale = 100
	far := image(conv)
	far.Nodes[0].Output.Quant.Scale = 1e-9
	sum := image(func(b *quantizedtest.Builder) string { return b.Add(b.Input(), b.Input(), quantized.Identity) })
	sum.Nodes[0].Output.Quant.Scale = 4096 * sum.Input.Quant.Scale
	mean := image(func(b *quantizedtest.Builder) string { return b.GlobalAvgPool(b.Input()) })
	mean.Nodes[0].Output.Quant.Scale = mean.Input.Quant.Scale / 1e9
	renamed := image(conv)
	renamed.Nodes[0].Name, renamed.Nodes[0].Output.Name, renamed.Output = "input/unclipped", "input/unclipped",
		"input/unclipped"
	renamed.Input.Quant.Format.Narrow = true
	for want, c := range map[string]struct {
		model   *quantized.Model
		options tflite.Options
	}{
		"tflite: conv2d_1: a weight is -128 from its zero point: TensorFlow Lite's are −127..127 around 0": {least,
			tflite.Options{}},
		"tflite: conv2d_1: 6 is 12.5 steps of 0.48: runtimes disagree on where it rounds to": {tie, tflite.Options{}},
		"tflite: conv2d_1: 6 is 0.05999999865889549 steps of 100, so that every output is 0": {flat, tflite.Options{}},
		"XNNPACK takes less than 256": {far, tflite.Options{}},
		`tflite: add_1: input "input" has 0.00024414063 times the output's scale: XNNPACK takes`: {sum,
			tflite.Options{}},
		`tflite: global_avg_pool_1: input's scale`: {mean, tflite.Options{}},
		"tflite: avg_pool_1: input is int8 scale": {image(func(b *quantizedtest.Builder) string {
			return b.Pool(quantized.AvgPool, b.Input(), quantizedtest.Valid(2, 2))
		}), tflite.Options{}},
		"tflite: model: no linear layer or ordinary convolution that computes with integers has weights of 4 bits " +
			"or less: there is nothing to pack two to a byte": {image(conv), tflite.Options{Int4: true}},
		"tflite: batch of -1: want 0 (for 1) or more": {image(conv),
			tflite.Options{Batch: -1}},
		`tflite: quantized: layer 0: name ""`: {&quantized.Model{},
			tflite.Options{}},
		`tflite: two tensors would be called "input/unclipped": rename a layer`: {renamed, tflite.Options{}},
		`tflite: metadata "origin": petrify writes that itself: choose another key`: {image(conv),
			tflite.Options{Metadata: map[string]string{"origin": "here"}}},
	} {
		if _, err := tflite.Encode(c.model, c.options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}
