package onnxeval_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"petrify/internal/onnxeval"
	"petrify/internal/onnxpb"
)

// node is a node of a test's graph.
func node(op string, inputs []string, outputs ...string) onnxpb.Node {
	return onnxpb.Node{Op: op, Inputs: inputs, Outputs: outputs}
}

// model is a file with an input x of one number, and an output y.
func model(nodes ...onnxpb.Node) *onnxpb.Model {
	return &onnxpb.Model{Opsets: []onnxpb.Opset{{Version: 13}}, Graph: onnxpb.Graph{
		Nodes:   nodes,
		Inputs:  []onnxpb.Value{{Name: "x", Type: onnxpb.Float, Shape: []onnxpb.Dim{{Value: 1}}}},
		Outputs: []onnxpb.Value{{Name: "y", Type: onnxpb.Float}},
	}}
}

// compute runs a file on x = 2.
func compute(m *onnxpb.Model) (float64, error) {
	g, err := onnxeval.Load(m, "")
	if err != nil {
		return 0, err
	}
	x := onnxeval.Floats([]int{1}, []float64{2})
	results, err := g.Run(map[string]*onnxeval.Tensor{"x": x}, onnxeval.Options{})
	if err != nil {
		return 0, err
	}
	return results["y"].F[0], nil
}

func TestOrderOfNodes(t *testing.T) {
	y, err := compute(model(node("Exp", []string{"b"}, "y"), node("Neg", []string{"a"}, "b"),
		node("Add", []string{"x", "x"}, "a")))
	if want := 0.01831563934683799743652; err != nil || y != want { // e⁻⁴ in float32
		t.Errorf("got %v, %v, want %v", y, err, want)
	}
}

func TestFunctionsOfTheFile(t *testing.T) {
	m := model(
		onnxpb.Node{Op: "Twice", Domain: "own", Inputs: []string{"x"}, Outputs: []string{"a"}},
		onnxpb.Node{Op: "Twice", Domain: "own", Inputs: []string{"a"}, Outputs: []string{"b"}},
		onnxpb.Node{Op: "Leaky", Domain: "own", Inputs: []string{"b"}, Outputs: []string{"c"},
			Attributes: []onnxpb.Attribute{{Name: "slope", Type: onnxpb.FloatAttribute, Float: 0.5}}},
		onnxpb.Node{Op: "Leaky", Domain: "own", Inputs: []string{"c"}, Outputs: []string{"y"}})
	inner := node("Neg", []string{"in"}, "minus")
	leaky := node("LeakyRelu", []string{"minus"}, "out")
	leaky.Attributes = []onnxpb.Attribute{{Name: "alpha", Type: onnxpb.FloatAttribute, Parameter: "slope"}}
	m.Functions = []onnxpb.Function{
		{Name: "Twice", Domain: "own", Inputs: []string{"in"}, Outputs: []string{"out"},
			Nodes: []onnxpb.Node{node("Identity", []string{"in"}, "again"),
				node("Add", []string{"in", "again"}, "out")}},
		{Name: "Leaky", Domain: "own", Inputs: []string{"in"}, Outputs: []string{"out"}, Parameters: []string{"slope"},
			Nodes:    []onnxpb.Node{inner, leaky},
			Defaults: []onnxpb.Attribute{{Name: "slope", Type: onnxpb.FloatAttribute, Float: 0.25}}},
	}
	// 2 → 4 → 8 → −8·½ = −4 → 4
	if y, err := compute(m); err != nil || y != 4 {
		t.Errorf("got %v, %v, want 4", y, err)
	}
	recursive := node("Twice", []string{"in"}, "out")
	recursive.Domain = "own"
	m.Functions[0].Nodes = []onnxpb.Node{recursive, recursive}
	m.Functions[0].Nodes[1].Outputs = []string{"other"}
	if _, err := compute(m); err == nil || !strings.Contains(err.Error(), "more than 32 deep") {
		t.Errorf("a function that calls itself: got error %v", err)
	}
}

func TestBrokenGraphs(t *testing.T) {
	bad := func(change func(m *onnxpb.Model)) *onnxpb.Model {
		m := model(node("Neg", []string{"x"}, "y"))
		change(m)
		return m
	}
	initializer := func(one onnxpb.Tensor) *onnxpb.Model {
		one.Name = "w"
		return bad(func(m *onnxpb.Model) { m.Graph.Initializers = []onnxpb.Tensor{one} })
	}
	for _, tt := range []struct {
		name string
		m    *onnxpb.Model
		want string
	}{
		{"a cycle", model(node("Add", []string{"x", "y"}, "a"), node("Neg", []string{"a"}, "y")), "has a cycle"},
		{"an unknown value", model(node("Neg", []string{"z"}, "y")), `nothing computes its input "z"`},
		{"a value twice", model(node("Neg", []string{"x"}, "y"), node("Exp", []string{"x"}, "y")), `computed twice`},
		{"no output", model(node("Neg", []string{"x"}, "z")), `nothing computes "y"`},
		{"an unknown operator", model(node("Conjure", []string{"x"}, "y")), "Conjure is not supported"},
		{"branches", model(node("If", []string{"x"}, "y")), "If is not supported"},
		{"no opset", bad(func(m *onnxpb.Model) { m.Opsets = nil }), "does not say which version"},
		{"sparse weights", bad(func(m *onnxpb.Model) { m.Graph.Sparse = 1 }), "sparse initializers"},
		{"a negative size", initializer(onnxpb.Tensor{Type: onnxpb.Float, Dims: []int64{-1}}), "want sizes of 0 to"},
		{"a size of 2⁶²", initializer(onnxpb.Tensor{Type: onnxpb.Float, Dims: []int64{1 << 62, 4}}),
			"want sizes of 0 to"},
		{"sizes that overflow",
			initializer(onnxpb.Tensor{Type: onnxpb.Float, Dims: []int64{1 << 24, 1 << 24, 1 << 24}}),
			"want at most 33554432 elements"},
		{"fewer bytes", initializer(onnxpb.Tensor{Type: onnxpb.Float, Dims: []int64{2}, Raw: []byte{1, 2, 3}}),
			"takes 8 bytes, there are 3"},
		{"fewer numbers", initializer(onnxpb.Tensor{Type: onnxpb.Float, Dims: []int64{2}, Floats: []float32{1}}),
			"but 1 elements"},
		{"complex numbers", initializer(onnxpb.Tensor{Type: onnxpb.Complex64, Dims: []int64{1}, Raw: make([]byte, 8)}),
			"COMPLEX64 are not supported"},
		{"a segment", initializer(onnxpb.Tensor{Type: onnxpb.Float, Segment: true}), "segments"},
	} {
		if _, err := compute(tt.m); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

func TestTypesOfInitializers(t *testing.T) {
	for _, tt := range []struct {
		name string
		t    onnxpb.Tensor
		want float64
	}{
		{"float in raw data", onnxpb.Tensor{Type: onnxpb.Float, Raw: []byte{0, 0, 0xc0, 0x3f}}, 1.5},
		{"float in its list", onnxpb.Tensor{Type: onnxpb.Float, Floats: []float32{1.5}}, 1.5},
		{"double in raw data", onnxpb.Tensor{Type: onnxpb.Double, Raw: []byte{0, 0, 0, 0, 0, 0, 0xf8, 0x3f}}, 1.5},
		{"double in its list", onnxpb.Tensor{Type: onnxpb.Double, Doubles: []float64{1.5}}, 1.5},
		{"float16 in raw data", onnxpb.Tensor{Type: onnxpb.Float16, Raw: []byte{0, 0x3e}}, 1.5},
		{"float16 in int32s", onnxpb.Tensor{Type: onnxpb.Float16, Int32s: []int64{0x3e00}}, 1.5},
		{"the least float16", onnxpb.Tensor{Type: onnxpb.Float16, Raw: []byte{1, 0}}, 1.0 / (1 << 24)},
		{"bfloat16 in raw data", onnxpb.Tensor{Type: onnxpb.Bfloat16, Raw: []byte{0xc0, 0x3f}}, 1.5},
		{"bfloat16 in int32s", onnxpb.Tensor{Type: onnxpb.Bfloat16, Int32s: []int64{0x3fc0}}, 1.5},
		{"int8", onnxpb.Tensor{Type: onnxpb.Int8, Raw: []byte{0xff}}, -1},
		{"uint8 in int32s", onnxpb.Tensor{Type: onnxpb.Uint8, Int32s: []int64{200}}, 200},
		{"int16", onnxpb.Tensor{Type: onnxpb.Int16, Raw: []byte{0xfe, 0xff}}, -2},
		{"int64 in its list", onnxpb.Tensor{Type: onnxpb.Int64, Int64s: []int64{-5}}, -5},
		{"uint32 in uint64s", onnxpb.Tensor{Type: onnxpb.Uint32, Uint64s: []int64{7}}, 7},
		{"bool", onnxpb.Tensor{Type: onnxpb.Bool, Raw: []byte{1}}, 1},
	} {
		d, err := onnxeval.Decode(&tt.t, "")
		if err != nil || len(d.Numbers()) != 1 || d.Numbers()[0] != tt.want {
			t.Errorf("%s: got %+v, %v, want %v", tt.name, d, err, tt.want)
		}
	}
}

// TestFloat16 rounds each of the 65,536 numbers of float16, which stay what they
// are, and the middle of each two neighbours, which becomes the even one.
func TestFloat16(t *testing.T) {
	number := func(bits int) float64 {
		d, err := onnxeval.Decode(&onnxpb.Tensor{Type: onnxpb.Float16, Int32s: []int64{int64(bits)}}, "")
		if err != nil {
			t.Fatal(err)
		}
		return d.F[0]
	}
	var x, want []float64
	for bits := range 0x7c00 { // from 0 to the greatest
		x, want = append(x, number(bits)), append(want, number(bits))
		if bits+1 < 0x7c00 {
			x, want = append(x, (number(bits)+number(bits+1))/2), append(want, number(bits+bits%2))
		}
	}
	m := model(onnxpb.Node{Op: "Cast", Inputs: []string{"x"}, Outputs: []string{"y"},
		Attributes: []onnxpb.Attribute{{Name: "to", Type: onnxpb.IntAttribute, Int: int64(onnxpb.Float16)}}})
	g, err := onnxeval.Load(m, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, sign := range []float64{1, -1} {
		in := &onnxeval.Tensor{Type: onnxpb.Double, Shape: []int{len(x)}}
		for _, v := range x {
			in.F = append(in.F, sign*v)
		}
		results, err := g.Run(map[string]*onnxeval.Tensor{"x": in}, onnxeval.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range results["y"].F {
			if v != sign*want[i] {
				t.Fatalf("%v becomes %v, want %v", sign*x[i], v, sign*want[i])
			}
		}
	}
}

// TestDataOutsideTheFile reads weights from files beside the model, and from
// nowhere else.
func TestDataOutsideTheFile(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "model")
	if err := os.MkdirAll(filepath.Join(folder, "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	data := []byte{9, 9, 9, 9, 0, 0, 0xc0, 0x3f}
	for _, name := range []string{"weights.bin", "sub/weights.bin", "../weights.bin"} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../weights.bin", filepath.Join(folder, "link.bin")); err != nil {
		t.Fatal(err)
	}
	place := func(location, offset, length string) *onnxpb.Tensor {
		return &onnxpb.Tensor{Type: onnxpb.Float, Dims: []int64{1}, Outside: true, External: []onnxpb.Entry{
			{Key: "location", Value: location}, {Key: "offset", Value: offset}, {Key: "length", Value: length}}}
	}
	for _, location := range []string{"weights.bin", "sub/weights.bin"} {
		d, err := onnxeval.Decode(place(location, "4", "4"), folder)
		if err != nil || !slices.Equal(d.F, []float64{1.5}) {
			t.Errorf("%s: got %+v, %v", location, d, err)
		}
	}
	for _, tt := range []struct{ location, offset, length, want string }{
		{"../weights.bin", "4", "4", "want a path within the model's folder"},
		{"sub/../../weights.bin", "4", "4", "want a path within the model's folder"},
		{filepath.Join(folder, "weights.bin"), "4", "4", "want a path within the model's folder"},
		{"", "4", "4", "want a path within the model's folder"},
		{"link.bin", "4", "4", "escapes"},
		{"sub", "0", "4", `"sub", which is no regular file`},
		{"missing.bin", "4", "4", "no such file"},
		{"weights.bin", "5", "4", `the 4 bytes from 5 on of "weights.bin", which has 8`},
		{"weights.bin", "9223372036854775807", "4", "which has 8"},
		{"weights.bin", "-4", "4", `offset "-4"`},
		{"weights.bin", "0", "8", "takes 4 bytes"},
	} {
		_, err := onnxeval.Decode(place(tt.location, tt.offset, tt.length), folder)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: got error %v", tt, err)
		}
	}
	if _, err := onnxeval.Decode(place("weights.bin", "4", "4"), ""); err == nil {
		t.Error("read a file though there is no folder")
	}
}

// TestDeepGraph: 100,000 nodes one after the other.
func TestDeepGraph(t *testing.T) {
	var nodes []onnxpb.Node
	last := "x"
	for i := range 100_000 {
		nodes = append(nodes, node("Neg", []string{last}, fmt.Sprint("v", i)))
		last = fmt.Sprint("v", i)
	}
	slices.Reverse(nodes)
	if y, err := compute(model(append(nodes, node("Identity", []string{last}, "y"))...)); err != nil || y != 2 {
		t.Errorf("got %v, %v", y, err)
	}
}
