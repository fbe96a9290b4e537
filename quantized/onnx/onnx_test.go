package onnx_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/internal/onnxpb"
	"petrify/quantized"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
)

// network is a small model with a layer of every kind.
func network(s quantizedtest.Scheme) *quantized.Model {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), s, 2, 8, 8)
	x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU)
	y := b.Conv(x, 4, quantizedtest.Same(3), 4, quantized.Identity)
	x = b.Concat(b.Add(x, y, quantized.ReLU6), y)
	for _, f := range []quantized.Func{quantized.HardSwish, quantized.LeakyReLU, quantized.Tanh, quantized.Sigmoid,
		quantized.ReLU, quantized.ReLU6} {
		x = b.Activate(x, f)
	}
	x = b.Pool(quantized.MaxPool, x, quantizedtest.Valid(2, 2))
	x = b.Pool(quantized.AvgPool, x, quantizedtest.Same(3))
	x = b.Reshape(b.GlobalAvgPool(x), 1, 2, 4)
	return b.Model(b.Linear(b.Flatten(x), 5, quantized.Identity))
}

func encode(t *testing.T, o onnx.Options, m *quantized.Model) *onnxpb.Model {
	t.Helper()
	data, err := o.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	file, err := onnxpb.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

var schemes = map[string]quantizedtest.Scheme{
	"float": {}, "W8A8": quantizedtest.W8A8, "W8A8 affine": quantizedtest.W8A8Affine,
	"W4A8": quantizedtest.W4A8, "W4A4": quantizedtest.W4A4, "weight-only": quantizedtest.WeightOnly,
	"ternary": quantizedtest.Ternary, "binary": quantizedtest.Binary, "binary weight-only": {Weights: affine.Binary},
	"unsigned weights": {Weights: affine.Uint8, ZeroPoints: true, Positive: affine.Uint8, Signed: affine.Uint8,
		Affine: true},
	"float output": {Weights: affine.Int8Narrow, Positive: affine.Uint8, Signed: affine.Int8, FloatOutput: true},
}

var options = map[string]onnx.Options{
	"default": {}, "signed": {Signed: true}, "batch of 3": {Batch: 3}, "image": {Image: true},
	"channels last": {InputLayout: onnx.NHWC},
	"probabilities": {Result: onnx.Probabilities}, "class": {Result: onnx.Class}, "opset 21": {Opset: 21},
}

// sound checks what ONNX asks of a graph: each value is defined once and before
// it is read, each initializer has the bytes of its shape, everything is read,
// and the outputs are defined.
func sound(t *testing.T, name string, g *onnxpb.Graph) {
	t.Helper()
	defined, read := map[string]bool{}, map[string]bool{}
	define := func(v string) {
		if v == "" || defined[v] {
			t.Errorf("%s: value %q is defined twice or nameless", name, v)
		}
		defined[v] = true
	}
	for _, in := range g.Inputs {
		define(in.Name)
	}
	bits := map[onnxpb.DataType]int64{onnxpb.Float: 32, onnxpb.Int32: 32, onnxpb.Int64: 64, onnxpb.Uint8: 8,
		onnxpb.Int8: 8, onnxpb.Int4: 4}
	for _, c := range g.Initializers {
		define(c.Name)
		n := int64(1)
		for _, d := range c.Dims {
			n *= d
		}
		if b := bits[c.Type]; b == 0 || (n*b+7)/8 != int64(len(c.Raw)) {
			t.Errorf("%s: %q: %d bytes for %v of %v", name, c.Name, len(c.Raw), c.Type, c.Dims)
		}
	}
	for _, n := range g.Nodes {
		for _, v := range n.Inputs {
			if v != "" && !defined[v] {
				t.Errorf("%s: %s reads %q before it is defined", name, n.Name, v)
			}
			read[v] = true
		}
		define(n.Outputs[0])
	}
	for _, out := range g.Outputs {
		read[out.Name] = true
	}
	for v := range defined {
		if !read[v] {
			t.Errorf("%s: nothing reads %q", name, v)
		}
	}
}

func TestGraphIsSound(t *testing.T) {
	for schemeName, s := range schemes {
		for optionName, o := range options {
			sound(t, schemeName+", "+optionName, &encode(t, o, network(s)).Graph)
		}
		for seed := range uint64(20) {
			_, m := quantizedtest.Random(rand.New(rand.NewPCG(seed, 3)), s, int(seed%8))
			sound(t, fmt.Sprintf("%s, random network %d", schemeName, seed), &encode(t, onnx.Options{}, m).Graph)
		}
	}
}

// listing is a graph as text: a line an operator.
func listing(g *onnxpb.Graph) string {
	var b strings.Builder
	for _, n := range g.Nodes {
		fmt.Fprintf(&b, "%s = %s(%s)", n.Outputs[0], n.Op, strings.Join(n.Inputs, ", "))
		for _, a := range n.Attributes {
			switch a.Type {
			case onnxpb.IntAttribute:
				fmt.Fprintf(&b, " %s=%d", a.Name, a.Int)
			case onnxpb.IntsAttribute:
				fmt.Fprintf(&b, " %s=%d", a.Name, a.Ints)
			case onnxpb.FloatAttribute:
				fmt.Fprintf(&b, " %s=%v", a.Name, a.Float)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestListings compares the operators of two networks with the lists that are
// kept; run with GOLDEN=write to keep others.
func TestListings(t *testing.T) {
	for _, tt := range []struct {
		name   string
		scheme quantizedtest.Scheme
	}{{"w8a8", quantizedtest.W8A8}, {"w4a4", quantizedtest.W4A4}, {"weight-only", quantizedtest.WeightOnly}} {
		file := encode(t, onnx.Options{}, network(tt.scheme))
		got, golden := listing(&file.Graph), filepath.Join("testdata", tt.name+".txt")
		if os.Getenv("GOLDEN") == "write" {
			if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, want)
		}
	}
}

// TestNumbers reads the constants of a layer back and compares them with the
// model's.
func TestNumbers(t *testing.T) {
	m := network(quantizedtest.W8A8)
	g := encode(t, onnx.Options{}, m).Graph
	n := &m.Nodes[1] // signed output: z = 0 becomes 128
	raw := func(name string) []byte {
		c, ok := g.Initializer(name)
		if !ok {
			t.Fatalf("no initializer %q", name)
		}
		return c.Raw
	}
	for i, b := range raw(n.Name + "/weight/quantized") {
		if int8(b) != n.Weights.Q[i] {
			t.Fatalf("weight %d: got %d, want %d", i, int8(b), n.Weights.Q[i])
		}
	}
	x, _ := m.Activation(n.Inputs[0])
	for o := range n.Weights.Shape[0] {
		if got := float32At(raw(n.Name+"/weight/scale"), o); got != n.Weights.Scale[o] {
			t.Errorf("weight scale %d: got %v, want %v", o, got, n.Weights.Scale[o])
		}
		if got, want := float32At(raw(n.Name+"/bias/scale"), o), x.Quant.Scale*n.Weights.Scale[o]; got != want {
			t.Errorf("bias scale %d: got %v, want %v", o, got, want)
		}
		if got := int32(binary.LittleEndian.Uint32(raw(n.Name + "/bias/quantized")[4*o:])); got != n.Bias.Q[o] {
			t.Errorf("bias %d: got %d, want %d", o, got, n.Bias.Q[o])
		}
	}
	if got := float32At(raw(n.Name+"/scale"), 0); got != n.Output.Quant.Scale {
		t.Errorf("scale: got %v, want %v", got, n.Output.Quant.Scale)
	}
	if got := raw(n.Name + "/zero"); got[0] != 128 {
		t.Errorf("zero point: got %v, want 128", got)
	}
}

func float32At(raw []byte, i int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
}

func TestInputsAndOutputs(t *testing.T) {
	batch := onnxpb.Dim{Name: "batch"}
	dim := func(n int64) onnxpb.Dim { return onnxpb.Dim{Value: n} }
	input := onnxpb.Value{Name: "input", Type: onnxpb.Float, Shape: []onnxpb.Dim{batch, dim(2), dim(8), dim(8)}}
	logits := onnxpb.Value{Name: "logits", Type: onnxpb.Float, Shape: []onnxpb.Dim{batch, dim(5)}}
	for _, tt := range []struct {
		name    string
		options onnx.Options
		in, out onnxpb.Value
	}{
		{"default", onnx.Options{}, input, logits},
		{"fixed batch", onnx.Options{Batch: 4},
			onnxpb.Value{Name: "input", Type: onnxpb.Float, Shape: []onnxpb.Dim{dim(4), dim(2), dim(8), dim(8)}},
			onnxpb.Value{Name: "logits", Type: onnxpb.Float, Shape: []onnxpb.Dim{dim(4), dim(5)}}},
		{"image", onnx.Options{Image: true},
			onnxpb.Value{Name: "image", Type: onnxpb.Uint8, Shape: []onnxpb.Dim{batch, dim(8), dim(8), dim(2)}},
			logits},
		{"probabilities", onnx.Options{Result: onnx.Probabilities}, input,
			onnxpb.Value{Name: "probabilities", Type: onnxpb.Float, Shape: logits.Shape}},
		{"class", onnx.Options{Result: onnx.Class}, input,
			onnxpb.Value{Name: "class", Type: onnxpb.Int64, Shape: []onnxpb.Dim{batch}}},
	} {
		g := encode(t, tt.options, network(quantizedtest.W8A8)).Graph
		if got := fmt.Sprint(g.Inputs, g.Outputs); got != fmt.Sprint([]onnxpb.Value{tt.in}, []onnxpb.Value{tt.out}) {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}

// TestSoftmaxOnce: a model that ends in softmax gets no second one.
func TestSoftmaxOnce(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 3)
	m := b.Model(b.Activate(b.Linear(b.Input(), 2, quantized.Identity), quantized.Softmax))
	for _, r := range []onnx.Result{onnx.Logits, onnx.Probabilities} {
		g := encode(t, onnx.Options{Result: r}, m).Graph
		if n := strings.Count(listing(&g), "Softmax("); n != 1 || g.Outputs[0].Name != "probabilities" {
			t.Errorf("result %d: %d softmax operators, output %q", r, n, g.Outputs[0].Name)
		}
	}
}

func TestMetadata(t *testing.T) {
	m := network(quantizedtest.W8A8)
	file := encode(t, onnx.Options{Metadata: map[string]string{"proof": "abc"}}, m)
	var keys []string
	for _, e := range file.Metadata {
		keys = append(keys, e.Key)
		if e.Key == "classes" && e.Value != `["class 0","class 1","class 2","class 3","class 4"]` {
			t.Errorf("classes: got %s", e.Value)
		}
	}
	if got, want := strings.Join(keys, " "),
		"classes export input.mean input.pixel_scale input.std model.json.sha256 model.safetensors.sha256 "+
			"origin proof"; got != want {
		t.Errorf("got keys %s, want %s", got, want)
	}
	if file.IRVersion != 7 || !slices.Equal(file.Opsets, []onnxpb.Opset{{Version: 13}}) {
		t.Errorf("got version %d, opsets %v", file.IRVersion, file.Opsets)
	}
}

// TestBlocks reads 4-bit weights with a scale for 16 of them back, in both
// orders.
func TestBlocks(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)),
		quantizedtest.Scheme{Weights: affine.Format{Bits: 4}, Block: 16}, 40)
	m := b.Model(b.Linear(b.Input(), 5, quantized.Identity))
	w := m.Nodes[0].Weights
	for _, tt := range []struct {
		options      onnx.Options
		dims, scales string
		weight       func(o, i int) int // where weight o, i is written
		scale        func(o, b int) int // where the scale of block b of output o is
	}{
		{onnx.Options{Opset: 21}, "[5 40]", "[5 3]",
			func(o, i int) int { return 40*o + i }, func(o, b int) int { return 3*o + b }},
		{onnx.Options{Opset: 21, NBits: true}, "[40 5]", "[3 5]",
			func(o, i int) int { return 5*i + o }, func(o, b int) int { return 5*b + o }},
	} {
		g := encode(t, tt.options, m).Graph
		q, _ := g.Initializer("linear_1/weight/quantized")
		s, _ := g.Initializer("linear_1/weight/scale")
		if q.Type != onnxpb.Int4 || fmt.Sprint(q.Dims) != tt.dims || fmt.Sprint(s.Dims) != tt.scales {
			t.Fatalf("got %v %v, scales %v", q.Type, q.Dims, s.Dims)
		}
		for o := range 5 {
			for i := range 40 {
				k := tt.weight(o, i)
				nibble := int8(q.Raw[k/2]<<(4*(1-k%2))) >> 4
				if nibble != w.Q[o*40+i] {
					t.Fatalf("weight %d, %d: got %d, want %d", o, i, nibble, w.Q[o*40+i])
				}
				if got, want := float32At(s.Raw, tt.scale(o, i/16)), w.Scale[w.ScaleIndex(o*40+i)]; got != want {
					t.Fatalf("scale of weight %d, %d: got %v, want %v", o, i, got, want)
				}
			}
		}
	}
}

// TestPaddingIsAllBeginningsThenAllEnds, as ONNX orders it.
func TestPaddingIsAllBeginningsThenAllEnds(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 2, 8, 8)
	w := quantizedtest.Same(3)
	w.PadBegin, w.PadEnd = [2]int{0, 1}, [2]int{2, 3}
	m := b.Model(b.Linear(b.Flatten(b.Conv(b.Input(), 4, w, 1, quantized.ReLU)), 3, quantized.Identity))
	for _, n := range encode(t, onnx.Options{}, m).Graph.Nodes {
		if n.Op != "Conv" {
			continue
		}
		if a, _ := n.Attribute("pads"); !slices.Equal(a.Ints, []int64{0, 1, 2, 3}) {
			t.Errorf("pads %v, want 0 1 2 3", a.Ints)
		}
	}
}
