package schema_test

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"

	"petrify/quantized/tflite/schema"
)

// small is a file with every kind of field.
func small() *schema.Model {
	return &schema.Model{
		Description: "a test",
		Graph: schema.Graph{
			Name: "graph",
			Tensors: []schema.Tensor{
				{Name: "x", Type: schema.Int8, Shape: []int32{1, 2, 2, 1},
					Quant: schema.Quant{Scale: []float32{0.5}, Zero: []int64{-128}}},
				{Name: "w", Type: schema.Int8, Shape: []int32{1, 1, 1, 2}, Buffer: 1,
					Quant: schema.Quant{Scale: []float32{0.25, 2}, Zero: []int64{0, 0}, Axis: 3}},
				{Name: "b", Type: schema.Int32, Shape: []int32{2}, Buffer: 2},
				{Name: "y", Type: schema.Int8, Shape: []int32{1, 2, 2, 2}},
				{Name: "z", Shape: []int32{1, 8}},
			},
			Inputs: []int32{0}, Outputs: []int32{4},
			Operators: []schema.Operator{
				{Code: schema.DepthwiseConv2D, Version: 3, Inputs: []int32{0, 1, 2}, Outputs: []int32{3},
					Attributes: []schema.Attribute{
						{Name: "padding", Int: schema.Valid}, {Name: "stride_w", Int: 1},
						{Name: "stride_h", Int: 2}, {Name: "depth_multiplier", Int: 2}}},
				{Code: schema.LeakyReLU, Version: 2, Inputs: []int32{3, -1}, Outputs: []int32{3},
					Attributes: []schema.Attribute{{Name: "alpha", Float: 0.125}}},
				{Code: schema.Reshape, Version: 1, Inputs: []int32{3}, Outputs: []int32{4},
					Attributes: []schema.Attribute{{Name: "new_shape", Ints: []int32{-1, 8}}}},
				{Code: schema.DepthwiseConv2D, Version: 3, Inputs: []int32{0, 1, 2}, Outputs: []int32{3}},
				{Code: schema.Tanh, Version: 1, Inputs: []int32{3}, Outputs: []int32{3}},
			},
		},
		Buffers:  [][]byte{nil, {1, 255}, {1, 0, 0, 0, 2, 0, 0, 0}},
		Metadata: []schema.Entry{{Key: "a", Value: "what it says"}, {Key: "b", Value: "ü"}},
	}
}

func marshal(t testing.TB, m *schema.Model) []byte {
	t.Helper()
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRoundTrip(t *testing.T) {
	data := marshal(t, small())
	if again := marshal(t, small()); !bytes.Equal(data, again) {
		t.Error("the same model gives other bytes")
	}
	got, err := schema.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	if want := small(); !reflect.DeepEqual(got, want) {
		t.Errorf("read back:\n%+v\nwant\n%+v", got, want)
	}
}

// TestBytes walks a file as the format's definition says, without the package.
func TestBytes(t *testing.T) {
	data := marshal(t, small())
	u32 := func(at int) int { return int(binary.LittleEndian.Uint32(data[at:])) }
	field := func(table, slot int) int { // where the field is
		vtable := table - int(int32(u32(table)))
		if vtable%2 != 0 || table%4 != 0 {
			t.Fatalf("vtable at %d, table at %d", vtable, table)
		}
		return table + int(binary.LittleEndian.Uint16(data[vtable+4+2*slot:]))
	}
	if string(data[4:8]) != "TFL3" {
		t.Errorf("identifier %q", data[4:8])
	}
	root := u32(0)
	if v := u32(field(root, 0)); v != 3 {
		t.Errorf("version %d", v)
	}
	codes := field(root, 1)
	codes += u32(codes)
	if n := u32(codes); n != 4 {
		t.Errorf("%d operator codes: want one for each of the 4 pairs of operator and version", n)
	}
	second := codes + 8
	second += u32(second)
	if code, old := u32(field(second, 3)), data[field(second, 0)]; code != 98 || old != 98 {
		t.Errorf("second operator %d, in a byte %d: want LEAKY_RELU, 98", code, old)
	}
	buffers := field(root, 4)
	buffers += u32(buffers)
	if n := u32(buffers); n != 5 {
		t.Errorf("%d buffers: want 3 and one for each entry of the metadata", n)
	}
	weights := buffers + 8
	weights += u32(weights)
	bytes := field(weights, 0)
	bytes += u32(bytes)
	if n := u32(bytes); n != 2 || data[bytes+5] != 255 || (bytes+4)%16 != 0 {
		t.Errorf("buffer of %d bytes at %d: want 2, at a multiple of 16", n, bytes+4)
	}
}

func TestMarshalRefuses(t *testing.T) {
	for want, o := range map[string]schema.Operator{
		`schema: petrify does not write the operator Code(77)`: {Code: 77},
		`schema: TANH has no attribute "padding"`: {Code: schema.Tanh,
			Attributes: []schema.Attribute{{Name: "padding"}}},
		`schema: CONV_2D has no attribute "depth_multiplier"`: {Code: schema.Conv2D,
			Attributes: []schema.Attribute{{Name: "depth_multiplier"}}},
	} {
		m := &schema.Model{Graph: schema.Graph{Operators: []schema.Operator{o}}}
		if _, err := m.Marshal(); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	change := func(f func(m *schema.Model)) []byte {
		m := small()
		f(m)
		return marshal(t, m)
	}
	whole := marshal(t, small())
	version := bytes.Clone(whole)
	root := int(binary.LittleEndian.Uint32(version))
	vtable := root - int(int32(binary.LittleEndian.Uint32(version[root:])))
	version[root+int(binary.LittleEndian.Uint16(version[vtable+4:]))] = 2
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":        {nil, `schema: not a TensorFlow Lite file: it does not hold "TFL3"`},
		"another":        {[]byte("PK\x03\x04 a zip file"), "not a TensorFlow Lite file"},
		"half a file":    {whole[:len(whole)/2], "is cut off"},
		"a root outside": {append([]byte{255, 255, 255, 127}, whole[4:]...), "is cut off"},
		"an old version": {version, "schema: version 2: want 3"},
		"a tensor":       {change(func(m *schema.Model) { m.Graph.Inputs[0] = 5 }), "schema: tensor 5 of 5"},
		"a buffer": {change(func(m *schema.Model) { m.Graph.Tensors[0].Buffer = 3 }),
			`schema: tensor "x" is in buffer 3 of 3`},
	} {
		if _, err := schema.Unmarshal(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// FuzzUnmarshal: no file makes the reader panic or read without end, and what
// it reads is the same after it is written and read again.
func FuzzUnmarshal(f *testing.F) {
	data := marshal(f, small())
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add(marshal(f, &schema.Model{Buffers: [][]byte{nil}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := schema.Unmarshal(data)
		if err != nil {
			return
		}
		again, err := schema.Unmarshal(marshal(t, m))
		if err != nil {
			t.Fatal(err)
		}
		if len(again.Graph.Operators) != len(m.Graph.Operators) ||
			len(again.Graph.Tensors) != len(m.Graph.Tensors) || len(again.Metadata) != len(m.Metadata) {
			t.Errorf("read again: %+v, first %+v", again, m)
		}
	})
}
