package fromonnx_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"petrify/graph/fromonnx"
	"petrify/internal/imported"
	"petrify/internal/onnxpb"
)

// TestNames: a layer is called after its weights, or by its kind and number; two
// layers never have one name.
func TestNames(t *testing.T) {
	f := newFile(4)
	for i, name := range []string{"onnx::MatMul_7", "linear_1.weight", "features.0.weight", "fc/kernel",
		"same.weight"} {
		f.add("MatMul", list(f.random(4, 4))).add("Relu", nil)
		f.Graph.Initializers[i].Name = name
		f.Graph.Nodes[2*i].Inputs[1] = name
	}
	f.Graph.Nodes[0].Name = "/block/block.3/MatMul"
	m, err := fromonnx.Decode(f.bytes(), "", fromonnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range m.Network.Layers {
		if l.Name != "" {
			names = append(names, l.Name)
		}
	}
	if got, want := fmt.Sprint(names), "[block.3 linear_2 features.0 fc same]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestRefusals: what cannot be imported is refused by name, all of it at once.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name string
		file *file
		want []string
	}{
		{"several operators", newFile(4).add("LSTM", nil).add("Conjure", nil).domain("com.example"), []string{
			`node "LSTM0" (LSTM): no layer for operator LSTM; petrify has no recurrent layers`,
			`node "Conjure1" (com.example.Conjure): no layer`}},
		{"several forms", func() *file {
			f := newFile(2, 6, 6)
			f.add("MaxPool", nil, ints("kernel_shape", 2, 2), ints("dilations", 2, 2)).add("Relu", nil)
			return f.add("Pad", list(f.ints(0, 0, 1, 1, 0, 0, 1, 1)), word("mode", "reflect")).add("Mul", list("v1"))
		}(), []string{`node "MaxPool0" (MaxPool): dilations [2 2]`, `node "Pad2" (Pad): mode "reflect"`}},
		{"branches", newFile(4).add("If", nil), []string{"so that its graph has no branches and loops"}},
		{"a product of values that are no image and its channels", newFile(3, 4, 4).
			add("ReduceMean", nil, ints("axes", 2)).add("Mul", list("x")),
			[]string{"values of shapes [1 3 1 4] and [1 3 4 4]"}},
		{"circular padding", func() *file {
			f := newFile(1, 4, 4)
			f.add("Slice", list(f.ints(3), f.ints(4), f.ints(2))).add("Concat", list("x"), integer("axis", 2))
			return f.add("Conv", list(f.random(2, 1, 2, 1)))
		}(), []string{"it joins values of shapes [1 1 1 4] and [1 1 4 4] along axis 2", "circular padding"}},
		{"a map for all channels", func() *file {
			f := newFile(3, 4, 4)
			return f.add("Conv", list(f.random(1, 3, 1, 1))).add("Mul", list("x"))
		}(), []string{"values of shapes [1 1 4 4] and [1 3 4 4]", "one number for each of its channels"}},
		{"weights that two layers share", func() *file {
			f := newFile(4)
			w := f.random(4, 4)
			return f.add("MatMul", list(w)).add("Relu", nil).add("MatMul", list(w))
		}(), []string{`it shares the weights "c0" with node "MatMul0"`}},
		{"a transposition between layers", func() *file {
			f := newFile(2, 4, 4)
			return f.add("Transpose", nil, ints("perm", 0, 1, 3, 2)).add("Conv", list(f.random(2, 2, 3, 3)))
		}(), []string{"transposed in a way that no layer can do"}},
		{"the class of each pixel", newFile(3, 4, 4).add("Relu", nil).add("ArgMax", nil, integer("axis", 1)),
			[]string{"no layer for operator ArgMax"}},
		{"a mean over channels and width", newFile(2, 4, 4).add("ReduceMean", nil, ints("axes", 1, 3)),
			[]string{"it reduces over axes [1 3]"}},
		{"a mean over the batch", newFile(4).add("ReduceMean", nil, ints("axes", 0)), []string{"inputs of a batch"}},
		{"the batch among the features", func() *file {
			f := newFile(4, 6)
			return f.add("Reshape", list(f.ints(-1, 6)))
		}(), []string{"mixes inputs of a batch"}},
		{"an input of open size", func() *file {
			f := newFile(3, 0, 0)
			return f.add("Relu", nil)
		}(), []string{"--shape 3,32,32"}},
		{"NaN among the weights", func() *file {
			f := newFile(2)
			zero := float32(0)
			return f.add("MatMul", list(f.floats([]float32{1, zero / zero}, 2, 1)))
		}(), []string{"element 1 is NaN"}},
		{"two inputs", func() *file {
			f := newFile(4)
			f.Graph.Inputs = append(f.Graph.Inputs, onnxpb.Value{Name: "z", Type: onnxpb.Float})
			return f.add("Add", list("z"))
		}(), []string{`has 2 inputs ["x" "z"]: want one`}},
		{"two outputs", newFile(4).add("Relu", nil).from("x").add("Tanh", nil).output("v0", onnxpb.Float).
			output("v1", onnxpb.Float), []string{"has 2 outputs that are computed apart"}},
		{"constants that take more than petrify is for", func() *file {
			f := newFile(4)
			f.from(f.ints(2048, 2048))
			for i := range 5 {
				f.from("c0").add("ConstantOfShape", nil)
				f.add("ReduceMean", nil, integer("keepdims", 0))
				if f.add("Add", list("x")); i > 0 {
					f.add("Add", list(fmt.Sprint("v", 4*i-2)))
				}
			}
			return f
		}(), []string{"constants that nodes compute take more than"}},
		{"an input larger than petrify is for", newFile(2049, 2048).add("Relu", nil),
			[]string{"want at most 4194304 elements"}},
	} {
		_, err := fromonnx.Decode(tt.file.bytes(), "", fromonnx.Options{})
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got error %v\nwant one with %s", tt.name, err, want)
			}
		}
	}
}

// FuzzDecode: no file makes it panic, and what it imports computes what the file
// does.
func FuzzDecode(f *testing.F) {
	for _, tt := range slices.Concat(forms, fieldForms, moves, attentionForms, quotientForms) {
		f.Add(tt.file.bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := fromonnx.Decode(data, "", fromonnx.Options{})
		if err != nil {
			return
		}
		elements := m.Input.Size() * max(1, m.Facts.Input.Batch)
		for _, l := range m.Layers {
			elements += l.Shape.Size() + l.Parameters
		}
		if elements > 1<<14 {
			return
		}
		n, err := imported.New(m.Network, m.Weights, m.Facts)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := imported.Compare(m, 1); err != nil && strings.Contains(err.Error(), "outputs, the file has") {
			t.Fatal(err)
		}
	})
}
