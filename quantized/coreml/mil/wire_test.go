package mil

import (
	"bytes"
	"encoding/hex"
	"io"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

// TestWire compares small messages with bytes written by hand from the format
// definition: tag = field·8 + wire type (0 varint, 2 length).
func TestWire(t *testing.T) {
	floats := Value{Type: TensorOf(Float32, 1), Floats: []float32{1}}
	ints := IntsValue(-1)
	for _, c := range []struct {
		meaning string
		got     wire
		want    string
	}{
		{"a scalar has neither rank nor dimensions", TensorOf(Float16).wire(), "0a 02 08 0a"},
		{"tensor<fp16, [2, 3]>", TensorOf(Float16, 2, 3).wire(),
			"0a 10 08 0a 10 02  1a 04 0a 02 08 02  1a 04 0a 02 08 03"},
		{"list<string, 2>", ListOf(TensorOf(String), 2).wire(), "12 0c 0a 04 0a 02 08 02  12 04 0a 02 08 02"},
		{"dict<string, fp64>", DictOf(TensorOf(String), TensorOf(Float64)).wire(),
			"22 0c 0a 04 0a 02 08 02  12 04 0a 02 08 0c"},
		{"float 1 is packed in floats", floats.wire(),
			"12 0c 0a 0a 08 0b 10 01 1a 04 0a 02 08 01  1a 0a 0a 08 0a 06 0a 04 00 00 80 3f"},
		{"int −1 takes ten bytes", ints.wire(),
			"12 0c 0a 0a 08 17 10 01 1a 04 0a 02 08 01  1a 10 0a 0e 12 0c 0a 0a ff ff ff ff ff ff ff ff ff 01"},
		{"int8 is in bytes", (&Value{Type: TensorOf(Int8), Bytes: []byte{0}}).wire(),
			"12 04 0a 02 08 15  1a 07 0a 05 3a 03 0a 01 00"},
		{"false is written", (&Value{Type: TensorOf(Bool), Bools: []bool{false}}).wire(),
			"12 04 0a 02 08 01  1a 07 0a 05 1a 03 0a 01 00"},
		{"a blob", (&Value{Type: TensorOf(Int8), Blob: &BlobRef{"f", 64}}).wire(),
			"12 04 0a 02 08 15  2a 05 0a 01 66 10 40"},
		{"a string feature", (&Feature{Name: "l", Kind: Text}).wire(), "0a 01 6c  1a 02 1a 00"},
		{"a dictionary feature", (&Feature{Name: "p", Kind: TextTable}).wire(), "0a 01 70  1a 04 32 02 12 00"},
		{"an array feature", (&Feature{Name: "x", Kind: Array, Element: Float32, Shape: []int{1, 200}}).wire(),
			"0a 01 78  1a 0b 2a 09 0a 03 01 c8 01 10 a0 80 04"},
		{"an image feature", (&Feature{Name: "x", Kind: Image, Width: 8, Height: 9, Color: Gray}).wire(),
			"0a 01 78  1a 08 22 06 08 08 10 09 18 0a"},
		{"map entries are sorted", (&Metadata{Custom: map[string]string{"b": "", "a": "c"}}).wire(),
			"a2 06 06 0a 01 61 12 01 63  a2 06 05 0a 01 62 12 00"},
	} {
		want, err := hex.DecodeString(strings.ReplaceAll(c.want, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(c.got, want) {
			t.Errorf("%s:\n% x\nwant\n% x", c.meaning, []byte(c.got), want)
		}
	}
}

// TestPackageRoundTrip: what is written reads back equal, in every field.
func TestPackageRoundTrip(t *testing.T) {
	s := perceptron()
	big := make([]float64, 12)
	s.op("add", "z", TensorOf(Float32, 6, 2), "x", "y", "y", s.tensor(Float32, []int{6, 2}, big...))
	s.p.Model.Metadata = Metadata{Description: "d", Version: "v", Author: "a", License: "l",
		Custom: map[string]string{"k": "v", "e": ""}}
	s.p.Model.Inputs[0].Description = "i"
	dir := filepath.Join(t.TempDir(), "m.mlpackage")
	if err := s.p.Write(dir); err != nil {
		t.Fatal(err)
	}
	back, err := ReadPackage(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back.Model.Marshal(), s.p.Model.Marshal()) || !bytes.Equal(back.Blobs.Bytes(), s.p.Blobs.Bytes()) {
		t.Error("bytes changed")
	}
	again, err := UnmarshalModel(back.Model.Marshal())
	if err != nil || !reflect.DeepEqual(*again, back.Model) {
		t.Errorf("%v: the model read twice differs", err)
	}
	if back.Model.Metadata.Custom["k"] != "v" || back.Model.Inputs[0].Description != "i" ||
		len(back.Model.Program.Operations) != len(s.p.Model.Program.Operations) {
		t.Errorf("read %+v", back.Model)
	}
}

func TestPackagesThatCannotBeRead(t *testing.T) {
	if _, err := ReadPackage(t.TempDir()); err == nil || !strings.Contains(err.Error(), "Manifest.json") {
		t.Errorf("an empty folder: %v", err)
	}
	for _, c := range []struct {
		meaning string
		model   []byte
		want    string
	}{
		{"not protobuf", []byte{0xff}, "mil: model: not a protobuf message"},
		{"no program", []byte{0x08, 0x08}, "mil: model: holds no ML program"},
		{"a field cut short", []byte{0x12, 0x05, 0x0a}, "mil: model: field 2"},
	} {
		if _, err := UnmarshalModel(c.model); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v: want %s", c.meaning, err, c.want)
		}
	}
}

func TestManifestsThatCannotBeRead(t *testing.T) {
	for _, c := range []struct{ meaning, manifest, want string }{
		{"not JSON", `{`, "Manifest.json: unexpected end"},
		{"another version", `{"fileFormatVersion": "2.0.0"}`, `version "2.0.0": want 1.0.0`},
		{"no root", `{"fileFormatVersion": "1.0.0", "rootModelIdentifier": "a"}`, `root model "a" is not listed`},
		{"a path out of the package",
			`{"fileFormatVersion": "1.0.0", "rootModelIdentifier": "a", "itemInfoEntries": {"a": {"path": ` +
				`"../../x"}}}`, `root model "a" is not listed with a path inside`},
		{"a model that is missing",
			`{"fileFormatVersion": "1.0.0", "rootModelIdentifier": "a", "itemInfoEntries": {"a": {"path": ` +
				`"com.apple.CoreML/x"}}}`, "no such file"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "Manifest.json"), []byte(c.manifest), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadPackage(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v: want %s", c.meaning, err, c.want)
		}
	}
}

// FuzzUnmarshalModel: any bytes give an error or a model that can be printed,
// checked and written, and that reads back as itself.
func FuzzUnmarshalModel(f *testing.F) {
	f.Add(perceptron().p.Model.Marshal())
	s := newSketch(9, 1, 4)
	s.op("constexpr_blockwise_shift_scale", "w", TensorOf(Float32, 2, 4), "data",
		s.tensor(Int4, []int{2, 4}, 1, 1, 2, 2, 3, 3, -8, 7),
		"scale", s.tensor(Float32, []int{2, 2}, 1, 10, 100, 1000))
	s.op("linear", "y", TensorOf(Float32, 1, 2), "x", "x", "weight", "w", "bias", s.tensor(Float32, []int{2}, 0, 0))
	f.Add(s.p.Model.Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := UnmarshalModel(b)
		if err != nil {
			return
		}
		p := &Package{Model: *m}
		var text strings.Builder
		if err := Print(&text, p); err != nil {
			t.Fatal(err)
		}
		again, err := UnmarshalModel(m.Marshal())
		if err != nil {
			t.Fatalf("a model that was read is written as one that is not: %v", err)
		}
		if !bytes.Equal(again.Marshal(), m.Marshal()) {
			t.Fatal("written, read and written again, the model changed")
		}
		if err := Check(p); err != nil || elements(&m.Program) > 1<<16 {
			return
		}
		if _, err := NewMachine(p); err != nil {
			t.Fatalf("a program that is valid does not run: %v", err)
		}
	})
}

// FuzzPackage: whatever the files of a package hold, they give an error or a
// package that can be measured and printed, and that runs if it is valid.
func FuzzPackage(f *testing.F) {
	files, err := perceptron().p.Files()
	if err != nil {
		f.Fatal(err)
	}
	model, weights := path.Join("Data", packageAuthor, modelFile),
		path.Join("Data", packageAuthor, weightsFolder, weightsName)
	f.Add(files["Manifest.json"], files[model], files[weights])
	f.Add([]byte(`{"fileFormatVersion": "1.0.0", "rootModelIdentifier": "a", "itemInfoEntries": {"a": {"path": `+
		`"com.apple.CoreML/../com.apple.CoreML/model.mlmodel"}}}`), files[model], []byte{})
	f.Fuzz(func(t *testing.T, manifest, program, blobs []byte) {
		p, err := readPackage(fstest.MapFS{"Manifest.json": {Data: manifest}, model: {Data: program},
			weights: {Data: blobs}})
		if err != nil {
			return
		}
		if err := Print(io.Discard, p); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Sizes(); err != nil {
			t.Fatal(err)
		}
		if err := Check(p); err != nil || elements(&p.Model.Program) > 1<<16 {
			return
		}
		if _, err := NewMachine(p); err != nil {
			t.Fatalf("a program that is valid does not run: %v", err)
		}
	})
}
