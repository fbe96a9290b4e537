package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"petrify/internal/safetensors"
)

func ExampleEncode() {
	var file bytes.Buffer
	err := safetensors.Encode(&file, []safetensors.Tensor{
		safetensors.Of("q", []int{2, 3}, []int8{-127, 0, 1, 2, 3, 127}),
		safetensors.Of("s", nil, []float32{0.5}),
	}, map[string]string{"format": "example"})
	if err != nil {
		fmt.Println(err)
		return
	}
	header := file.Bytes()[8:]
	fmt.Println(string(header[:len(header)-10]))
	back, err := safetensors.Decode(file.Bytes())
	if err != nil {
		fmt.Println(err)
		return
	}
	q, _ := back.Tensor("q")
	fmt.Println(safetensors.Values[int8](q))
	// Output:
	// {"__metadata__":{"format":"example"},"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"q":{"dtype":"I8","shape":[2,3],"data_offsets":[4,10]}}
	// [-127 0 1 2 3 127] <nil>
}

// everyType has one tensor of each dtype.
func everyType() []safetensors.Tensor {
	return []safetensors.Tensor{
		safetensors.Of("u8", []int{2}, []uint8{0, 255}),
		safetensors.Of("i8", []int{2}, []int8{-128, 127}),
		safetensors.Of("u16", []int{2}, []uint16{0, math.MaxUint16}),
		safetensors.Of("i16", []int{2}, []int16{math.MinInt16, math.MaxInt16}),
		safetensors.Of("u32", []int{2}, []uint32{1, math.MaxUint32}),
		safetensors.Of("i32", []int{2}, []int32{math.MinInt32, math.MaxInt32}),
		safetensors.Of("f32", []int{2, 2}, []float32{-0.1, math.MaxFloat32, math.SmallestNonzeroFloat32,
			float32(math.Inf(-1))}),
		safetensors.Of("u64", []int{1}, []uint64{math.MaxUint64}),
		safetensors.Of("i64", []int{1}, []int64{math.MinInt64}),
		safetensors.Of("f64", nil, []float64{math.Pi}),
		safetensors.Of("none", []int{3, 0}, []float32{}),
		{Name: "f16", DType: safetensors.F16, Shape: []int{1}, Data: []byte{0, 0x3c}},
		{Name: "bf16", DType: safetensors.BF16, Shape: []int{1}, Data: []byte{0x80, 0x3f}},
	}
}

func encode(t testing.TB, tensors []safetensors.Tensor, metadata map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := safetensors.Encode(&b, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	tensors := everyType()
	path := filepath.Join(t.TempDir(), "a.safetensors")
	if err := safetensors.WriteFile(path, tensors, map[string]string{"k": "v", "<&>": "\u2028"}); err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Tensors) != len(tensors) {
		t.Fatalf("got %d tensors, want %d", len(f.Tensors), len(tensors))
	}
	for _, want := range tensors {
		got, ok := f.Tensor(want.Name)
		if want.Shape == nil {
			want.Shape = []int{}
		}
		if !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if want := map[string]string{"k": "v", "<&>": "\u2028"}; !reflect.DeepEqual(f.Metadata, want) {
		t.Errorf("metadata: got %v, want %v", f.Metadata, want)
	}
	if _, ok := f.Tensor("missing"); ok {
		t.Error("found a tensor that is not there")
	}
}

func TestLayout(t *testing.T) {
	tensors := everyType()
	a := encode(t, tensors, nil)
	slices.Reverse(tensors)
	if b := encode(t, tensors, nil); !bytes.Equal(a, b) {
		t.Error("the tensors' order changes the bytes")
	}
	f, err := safetensors.Decode(a)
	if err != nil {
		t.Fatal(err)
	}
	if f.Header%8 != 0 {
		t.Errorf("the data begin at byte %d, not a multiple of 8", f.Header)
	}
	offset := f.Header
	for _, x := range f.Tensors {
		if offset%x.DType.Size() != 0 {
			t.Errorf("%s of %v is at byte %d", x.Name, x.DType, offset)
		}
		offset += len(x.Data)
	}
}

// TestWiden compares every float16 with its value computed as a fraction.
func TestWiden(t *testing.T) {
	all := safetensors.Tensor{Name: "h", DType: safetensors.F16, Shape: []int{1 << 16}}
	for h := range 1 << 16 {
		all.Data = binary.LittleEndian.AppendUint16(all.Data, uint16(h))
	}
	got, err := all.Float32()
	if err != nil {
		t.Fatal(err)
	}
	for h, v := range got {
		exponent, fraction := h>>10&31, h&1023
		if exponent == 31 {
			if nan := fraction != 0; nan != math.IsNaN(float64(v)) || !nan && !math.IsInf(float64(v), 0) {
				t.Fatalf("%04x: got %v", h, v)
			}
			continue
		}
		if exponent == 0 {
			exponent = 1
		} else {
			fraction += 1024
		}
		want := new(big.Float).SetMantExp(big.NewFloat(float64(fraction)), exponent-25)
		if math.Abs(float64(v)) != first(want.Float64()) || math.Signbit(float64(v)) != (h>>15 == 1) {
			t.Fatalf("%04x: got %v, want ±%v", h, v, want)
		}
	}
}

func first(v float64, _ big.Accuracy) float64 { return v }

func TestFloat32(t *testing.T) {
	for _, tt := range []struct {
		name   string
		tensor safetensors.Tensor
		want   float32
	}{
		{"F32", safetensors.Of("x", nil, []float32{0.1}), 0.1},
		{"F64 rounds", safetensors.Of("x", nil, []float64{0.1}), 0.1},
		{"BF16", safetensors.Tensor{DType: safetensors.BF16, Data: []byte{0xc0, 0x3f}}, 1.5},
	} {
		got, err := tt.tensor.Float32()
		if err != nil || len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: got %v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
	if _, err := safetensors.Of("x", nil, []int8{1}).Float32(); err == nil {
		t.Error("integers became floats")
	}
	if _, err := safetensors.Values[int8](safetensors.Of("x", nil, []uint8{1})); err == nil {
		t.Error("U8 was read as I8")
	}
}

// file builds a file from a header's text and the number of bytes after it.
func file(header string, body int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, body)...)
}

func TestDecodeRefuses(t *testing.T) {
	const one = `"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]}`
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "at least 8"},
		{"header longer than the file", append(binary.LittleEndian.AppendUint64(nil, 100), '{'), "header of 100 bytes"},
		{"header length that overflows", binary.LittleEndian.AppendUint64(nil, math.MaxUint64),
			"header of 18446744073709551615 bytes"},
		{"no header", file("", 0), "begin with {"},
		{"spaces before the header", file(" {}", 0), "begin with {"},
		{"array", file("[]", 0), "begin with {"},
		{"not UTF-8", file("{\"\xff\":1}", 0), "UTF-8"},
		{"cut off", file(`{"a":`, 0), "EOF"},
		{"text after the object", file(`{} x`, 0), "continues"},
		{"second object", file(`{}{}`, 0), "continues"},
		{"name twice", file(`{`+one+`,`+one+`}`, 2), `name "a" occurs twice`},
		{"key twice", file(`{"a":{"dtype":"I8","dtype":"I8","shape":[2],"data_offsets":[0,2]}}`, 2),
			`"dtype" occurs twice`},
		{"unknown key", file(`{"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2],"x":1}}`, 2), `key "x"`},
		{"key in capitals", file(`{"a":{"DTYPE":"I8","shape":[2],"data_offsets":[0,2]}}`, 2), `key "DTYPE"`},
		{"unknown dtype", file(`{"a":{"dtype":"I4","shape":[2],"data_offsets":[0,2]}}`, 2), "U8 I8"},
		{"no dtype", file(`{"a":{"shape":[2],"data_offsets":[0,2]}}`, 2), `dtype ""`},
		{"no shape", file(`{"a":{"dtype":"I8","data_offsets":[0,1]}}`, 1), "do not hold"},
		{"no offsets", file(`{"a":{"dtype":"I8","shape":[0]}}`, 0), "do not hold"},
		{"null tensor", file(`{"a":null}`, 0), "want a JSON object"},
		{"negative dimension", file(`{"a":{"dtype":"I8","shape":[-1,-2],"data_offsets":[0,2]}}`, 2), "do not hold"},
		{"shape that overflows", file(`{"a":{"dtype":"F64","shape":[2147483647,2147483647],"data_offsets":[0,0]}}`,
			0), "do not hold"},
		{"size that disagrees", file(`{"a":{"dtype":"I16","shape":[2],"data_offsets":[0,2]}}`, 2), "do not hold"},
		{"offsets backwards", file(`{"a":{"dtype":"I8","shape":[0],"data_offsets":[2,0]}}`, 2), "do not hold"},
		{"negative offset", file(`{"a":{"dtype":"I8","shape":[2],"data_offsets":[-2,0]}}`, 2), "do not hold"},
		{"beyond the end", file(`{`+one+`}`, 1), "does not fit the 1 bytes"},
		{"bytes left over", file(`{`+one+`}`, 3), "1 bytes belong to no tensor"},
		{"gap", file(`{`+one+`,"b":{"dtype":"I8","shape":[1],"data_offsets":[3,4]}}`, 4),
			`"b" begins at data offset 3`},
		{"overlap", file(`{`+one+`,"b":{"dtype":"I8","shape":[2],"data_offsets":[1,3]}}`, 3),
			`"b" begins at data offset 1`},
		{"metadata of numbers", file(`{"__metadata__":{"a":1}}`, 0), `"a" is not a string`},
		{"metadata of null", file(`{"__metadata__":{"a":null}}`, 0), `"a" is not a string`},
		{"gigabytes announced", file(`{"a":{"dtype":"I8","shape":[2147483647],"data_offsets":[0,2147483647]}}`, 2),
			"does not fit the 2 bytes"},
	} {
		_, err := safetensors.Decode(tt.data)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	good := safetensors.Of("a", []int{1}, []int8{1})
	for _, tt := range []struct {
		name    string
		tensors []safetensors.Tensor
		want    string
	}{
		{"name twice", []safetensors.Tensor{good, good}, "is taken"},
		{"name of the metadata", []safetensors.Tensor{{Name: "__metadata__", DType: safetensors.I8}}, "is taken"},
		{"shape that disagrees", []safetensors.Tensor{safetensors.Of("a", []int{3}, []int8{1})},
			"1 bytes do not fit I8 of shape [3]"},
		{"no dtype", []safetensors.Tensor{{Name: "a"}}, "DType(0)"},
		{"name that is not UTF-8", []safetensors.Tensor{safetensors.Of("\xff", []int{1}, []int8{1})}, "UTF-8"},
	} {
		err := safetensors.Encode(&bytes.Buffer{}, tt.tensors, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

func TestReadFileNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "torn.safetensors")
	if err := os.WriteFile(path, []byte("abc"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, path + ".missing"} {
		if _, err := safetensors.ReadFile(p); err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("got error %v, want one that names %s", err, p)
		}
	}
}

// FuzzDecode: no input makes Decode panic, and what it accepts survives
// encoding.
func FuzzDecode(f *testing.F) {
	f.Add(encode(f, everyType(), map[string]string{"a": "b"}))
	f.Add(encode(f, nil, nil))
	f.Add(file(`{"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]}}`, 2))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := safetensors.Decode(data)
		if err != nil {
			return
		}
		second, err := safetensors.Decode(encode(t, first.Tensors, first.Metadata))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range first.Tensors {
			got, ok := second.Tensor(want.Name)
			if !ok || got.DType != want.DType || !slices.Equal(got.Shape, want.Shape) ||
				!bytes.Equal(got.Data, want.Data) {
				t.Fatalf("got %+v, want %+v", got, want)
			}
		}
	})
}
