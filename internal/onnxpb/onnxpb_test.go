package onnxpb_test

import (
	"reflect"
	"strings"
	"testing"

	"petrify/internal/onnxpb"
)

// full has every field set.
func full() *onnxpb.Model {
	return &onnxpb.Model{
		IRVersion: 7, Producer: "petrify", ProducerVersion: "1", Doc: "a test",
		Graph: onnxpb.Graph{
			Name: "net",
			Nodes: []onnxpb.Node{{
				Inputs: []string{"x", "", "b"}, Outputs: []string{"y"}, Name: "n", Op: "Conv", Domain: "d",
				Attributes: []onnxpb.Attribute{
					{Name: "f", Type: onnxpb.FloatAttribute, Float: -0.5},
					{Name: "i", Type: onnxpb.IntAttribute, Int: -1},
					{Name: "is", Type: onnxpb.IntsAttribute, Ints: []int64{1, 0, 1 << 40}},
					{Name: "s", Type: onnxpb.StringAttribute, String: "SAME_UPPER"},
					{Name: "ss", Type: onnxpb.StringsAttribute, Strings: []string{"a", ""}},
					{Name: "fs", Type: onnxpb.FloatsAttribute, Floats: []float32{0, -1}},
					{Name: "t", Type: onnxpb.TensorAttribute, Tensor: &onnxpb.Tensor{Type: onnxpb.Int64,
						Dims: []int64{2}, Int64s: []int64{-1, 1 << 40}}},
					{Name: "p", Type: onnxpb.FloatAttribute, Parameter: "alpha"},
				},
			}},
			Initializers: []onnxpb.Tensor{{Name: "w", Type: onnxpb.Int8, Dims: []int64{2, 1}, Raw: []byte{1, 255}},
				{Name: "floats", Type: onnxpb.Float, Dims: []int64{2}, Floats: []float32{1, -2}},
				{Name: "halves", Type: onnxpb.Float16, Dims: []int64{1}, Int32s: []int64{0x3c00}},
				{Name: "doubles", Type: onnxpb.Double, Dims: []int64{1}, Doubles: []float64{0.5}},
				{Name: "unsigned", Type: onnxpb.Uint64, Dims: []int64{1}, Uint64s: []int64{-1}},
				{Name: "words", Type: onnxpb.String, Dims: []int64{1}, Strings: []string{"word"}},
				{Name: "beside", Type: onnxpb.Float, Dims: []int64{1}, Outside: true, Segment: true,
					External: []onnxpb.Entry{{Key: "location", Value: "weights.bin"}}}},
			Sparse: 1,
			Inputs: []onnxpb.Value{{Name: "x", Type: onnxpb.Float,
				Shape: []onnxpb.Dim{{Name: "batch"}, {Value: 3}}}},
			Outputs: []onnxpb.Value{{Name: "y", Type: onnxpb.Int64, Shape: []onnxpb.Dim{{Value: 1}}},
				{Name: "any", Type: onnxpb.Float, Unranked: true}, {Name: "map"}},
		},
		Opsets:   []onnxpb.Opset{{Version: 13}, {Domain: "com.microsoft", Version: 1}},
		Metadata: []onnxpb.Entry{{Key: "k", Value: ""}},
		Functions: []onnxpb.Function{{Name: "f", Domain: "local", Inputs: []string{"x"}, Outputs: []string{"y"},
			Parameters: []string{"alpha"}, Nodes: []onnxpb.Node{{Op: "Identity", Inputs: []string{"x"},
				Outputs: []string{"y"}}}, Defaults: []onnxpb.Attribute{{Name: "d", Type: onnxpb.IntAttribute}}}},
	}
}

func TestRoundTrip(t *testing.T) {
	want := full()
	got, err := onnxpb.Unmarshal(want.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	n := got.Graph.Nodes[0]
	if a, ok := n.Attribute("i"); !ok || a.Int != -1 {
		t.Errorf("attribute i: got %v, %v", a, ok)
	}
	if _, ok := n.Attribute("missing"); ok {
		t.Error("found an attribute that is not there")
	}
	if w, ok := got.Graph.Initializer("w"); !ok || w.Type != onnxpb.Int8 {
		t.Errorf("initializer w: got %v, %v", w, ok)
	}
	if _, ok := got.Graph.Initializer("x"); ok {
		t.Error("found an initializer that is not there")
	}
}

func TestUnmarshalSkipsAndAcceptsBothListForms(t *testing.T) {
	// ModelProto { field 99: "abc"; graph 7 { initializer 5 { dims 1 packed: 2 3 } } }
	data := []byte{0x9a, 0x06, 3, 'a', 'b', 'c', 7<<3 | 2, 6, 5<<3 | 2, 4, 1<<3 | 2, 2, 2, 3}
	m, err := onnxpb.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Graph.Initializers[0].Dims, []int64{2, 3}; !reflect.DeepEqual(got, want) {
		t.Errorf("got dims %v, want %v", got, want)
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"a string for a number", []byte{1<<3 | 2, 1, 'x'}, "field 1 has wire type 2"},
		{"a number for a string", []byte{2 << 3, 1}, "field 2 has wire type 0"},
		{"a number for a message", []byte{7 << 3, 1}, "field 7 has wire type 0"},
		{"a length beyond the end", []byte{7<<3 | 2, 100}, "EOF"},
		{"half a tag", []byte{0x80}, "EOF"},
	} {
		_, err := onnxpb.Unmarshal(tt.data)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

func TestDataTypeNames(t *testing.T) {
	for d, want := range map[onnxpb.DataType]string{onnxpb.Float: "FLOAT", onnxpb.Int4: "INT4", 99: "DataType(99)"} {
		if got := d.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// FuzzUnmarshal: no input makes it panic, and what it reads it can write.
func FuzzUnmarshal(f *testing.F) {
	f.Add(full().Marshal())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := onnxpb.Unmarshal(data)
		if err != nil {
			return
		}
		if _, err := onnxpb.Unmarshal(m.Marshal()); err != nil {
			t.Fatal(err)
		}
	})
}
