package mil

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

func TestPack(t *testing.T) {
	for _, c := range []struct {
		d        DataType
		elements []float64
		want     []byte
	}{
		{Int4, []float64{1, -2, 7, -8, 3}, []byte{0xe1, 0x87, 0x03}},
		{UInt4, []float64{1, 15, 7}, []byte{0xf1, 0x07}},
		{Int8, []float64{-1, 127, -128}, []byte{0xff, 0x7f, 0x80}},
		{UInt8, []float64{0, 255}, []byte{0, 0xff}},
		{Float16, []float64{1, -2}, []byte{0, 0x3c, 0, 0xc0}},
		{Float32, []float64{1}, []byte{0, 0, 0x80, 0x3f}},
	} {
		got := pack(c.d, c.elements)
		if !bytes.Equal(got, c.want) {
			t.Errorf("%v %v in % x: want % x", c.d, c.elements, got, c.want)
		}
		if back, err := unpack(c.d, len(c.elements), got); !slices.Equal(back, c.elements) || err != nil {
			t.Errorf("%v % x holds %v, %v: want %v", c.d, got, back, err, c.elements)
		}
	}
}

// TestRecords writes two records and looks at every byte of the file.
func TestRecords(t *testing.T) {
	var b Blobs
	if at := b.Append(Int8, 3, []byte{7, 0xf9, 0x23}); at != 64 {
		t.Errorf("first record at %d: want 64", at)
	}
	if at := b.Append(Int4, 5, []byte{0xe1, 0x87, 0x03}); at != 192 {
		t.Errorf("second record at %d: want 192", at)
	}
	want := make([]byte, 192+64+3)
	put := binary.LittleEndian
	copy(want[0:], []byte{2, 0, 0, 0, 2, 0, 0, 0})
	copy(want[64:], []byte{0xef, 0xbe, 0xad, 0xde, 4, 0, 0, 0, 3})
	put.PutUint64(want[64+16:], 128)
	copy(want[128:], []byte{7, 0xf9, 0x23})
	copy(want[192:], []byte{0xef, 0xbe, 0xad, 0xde, 8, 0, 0, 0, 3})
	put.PutUint64(want[192+16:], 256)
	put.PutUint64(want[192+24:], 4) // bits of the last byte that no element has
	copy(want[256:], []byte{0xe1, 0x87, 0x03})
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("file\n% x\nwant\n% x", b.Bytes(), want)
	}
}

func TestTensor(t *testing.T) {
	nine, ten := make([]float64, 9), make([]float64, 10)
	for _, c := range []struct {
		meaning  string
		t        Type
		elements []float64
		blob     bool
		fault    string
	}{
		{"nine stay", TensorOf(Float32, 9), nine, false, ""},
		{"ten go to the weight file", TensorOf(Float16, 2, 5), ten, true, ""},
		{"ten of four bits", TensorOf(Int4, 10), ten, true, ""},
		{"shapes stay", TensorOf(Int32, 10), ten, false, ""},
		{"a scalar", TensorOf(UInt8), []float64{255}, false, ""},
		{"too few", TensorOf(Float32, 2), nine, false, "9 elements for tensor<fp32, [2]>"},
		{"beyond float16", TensorOf(Float16), []float64{65520}, false, "element 0: 65520 is not finite in fp16"},
		{"beyond int8", TensorOf(Int8), []float64{128}, false, "element 0: 128 is not an integer of int8, -128 to 127"},
		{"not an integer", TensorOf(UInt8), []float64{0.5}, false, "element 0: 0.5 is not an integer"},
		{"a type that is not written", TensorOf(Float64), []float64{1}, false,
			"element 0: tensors of fp64 are not written"},
	} {
		var b Blobs
		v, err := b.Tensor(c.t, c.elements)
		if c.fault != "" {
			if err == nil || !strings.HasPrefix(err.Error(), c.fault) {
				t.Errorf("%s: %v: want %s", c.meaning, err, c.fault)
			}
			continue
		}
		if err != nil || (v.Blob != nil) != c.blob {
			t.Errorf("%s: %v, blob %v: want %v", c.meaning, err, v.Blob, c.blob)
			continue
		}
		if back, err := b.Numbers(&v); err != nil || !slices.Equal(back, c.elements) {
			t.Errorf("%s: reads back as %v, %v: want %v", c.meaning, back, err, c.elements)
		}
	}
}

func TestTornWeightFiles(t *testing.T) {
	var b Blobs
	b.Append(Int8, 3, []byte{1, 2, 3})
	good := b.Bytes()
	for _, c := range []struct {
		meaning string
		tear    func(file []byte) []byte
		want    string
	}{
		{"cut in the header", func(f []byte) []byte { return f[:63] }, "shorter than its header"},
		{"cut in a record's header", func(f []byte) []byte { return f[:100] }, "no record at offset 64"},
		{"cut in the data", func(f []byte) []byte { return f[:130] }, "do not fit a file of 130 bytes"},
		{"another version", func(f []byte) []byte { f[4] = 1; return f }, "version 1"},
		{"no mark", func(f []byte) []byte { f[64] = 0; return f }, "is not a record's mark"},
		{"wrong count", func(f []byte) []byte { f[0] = 2; return f }, "header says 2 records, found 1"},
		{"a length beyond the file", func(f []byte) []byte { f[64+15] = 0xff; return f }, "do not fit"},
		{"data elsewhere", func(f []byte) []byte { f[64+16] = 64; return f }, "do not fit"},
	} {
		_, err := ParseBlobs(c.tear(bytes.Clone(good)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v: want %s", c.meaning, err, c.want)
		}
	}
}

func FuzzParseBlobs(f *testing.F) {
	var b Blobs
	b.Append(Int8, 3, []byte{1, 2, 3})
	b.Append(UInt4, 3, []byte{0xf1, 0x07})
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		b, err := ParseBlobs(file)
		if err != nil {
			return
		}
		records, err := b.Records()
		if err != nil {
			t.Fatalf("a file that parses has records that do not: %v", err)
		}
		for _, r := range records {
			if r.Offset%64 != 0 || len(r.Data) > len(file) {
				t.Fatalf("record %d of %d bytes in a file of %d", r.Offset, len(r.Data), len(file))
			}
		}
	})
}
