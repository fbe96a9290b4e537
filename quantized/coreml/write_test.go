package coreml_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"petrify/quantized/coreml"
	"petrify/quantized/coreml/mil"
)

// content is all files of a folder by their path, and their modes.
func content(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestPackageIsReproducible(t *testing.T) {
	m := quantize(zoo("resnet8", true, 1), w8a8)
	folder := t.TempDir()
	first, second := filepath.Join(folder, "a.mlpackage"), filepath.Join(folder, "b.mlpackage")
	for _, dir := range []string{first, second, second} { // the last replaces the second
		if err := coreml.Write(dir, m, coreml.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	a, b := content(t, first), content(t, second)
	want := []string{"Data/com.apple.CoreML/model.mlmodel", "Data/com.apple.CoreML/weights/weight.bin", "Manifest.json"}
	for _, name := range want {
		if len(a[name]) == 0 || !bytes.Equal(a[name], b[name]) {
			t.Errorf("%s: %d and %d bytes that differ", name, len(a[name]), len(b[name]))
		}
	}
	if len(a) != len(want) || len(b) != len(want) {
		t.Errorf("%d and %d files: want %d", len(a), len(b), len(want))
	}
	if list, _ := os.ReadDir(folder); len(list) != 2 {
		t.Errorf("the folder holds %v: want the two packages alone", list)
	}
}

func TestOtherModelsHaveOtherIdentifiers(t *testing.T) {
	manifest := func(seed uint64) []byte {
		dir := filepath.Join(t.TempDir(), "m.mlpackage")
		if err := coreml.Write(dir, quantize(zoo("mlp", true, seed), w8), coreml.Options{}); err != nil {
			t.Fatal(err)
		}
		return content(t, dir)["Manifest.json"]
	}
	if bytes.Equal(manifest(1), manifest(2)) {
		t.Error("two models share their identifiers")
	}
}

func TestWriteReplacesPackagesOnly(t *testing.T) {
	m := quantize(zoo("mlp", true, 1), w8)
	for _, c := range []struct {
		meaning string
		prepare func(dir string) error
		want    string // part of the error, "" for none
	}{
		{"nothing there", func(string) error { return nil }, ""},
		{"an older package", func(dir string) error {
			return coreml.Write(dir, quantize(zoo("mlp", true, 2), w8),
				coreml.Options{})
		}, ""},
		{"a file", func(dir string) error { return os.WriteFile(dir, []byte("mine"), 0o644) }, "not replaced"},
		{"a folder of something else", func(dir string) error {
			return os.MkdirAll(filepath.Join(dir, "mine"), 0o755)
		}, "not replaced"},
	} {
		folder := t.TempDir()
		dir := filepath.Join(folder, "m.mlpackage")
		if err := c.prepare(dir); err != nil {
			t.Fatal(err)
		}
		err := coreml.Write(dir, m, coreml.Options{})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.meaning, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v: want %s", c.meaning, err, c.want)
		case c.want == "":
			if _, err := mil.ReadPackage(dir); err != nil {
				t.Errorf("%s: %v", c.meaning, err)
			}
		}
		if list, _ := os.ReadDir(folder); len(list) != 1 {
			t.Errorf("%s: the folder holds %v", c.meaning, list)
		}
	}
	if err := coreml.Write(filepath.Join(t.TempDir(), "no", "m.mlpackage"), m, coreml.Options{}); err == nil {
		t.Error("wrote into a folder that does not exist")
	}
}

// TestCanonicalForm: the operations of a network are those that Core ML Tools
// emits for a network trained with quantization.
func TestCanonicalForm(t *testing.T) {
	for _, c := range []struct {
		network string
		v       variant
		target  coreml.Target
		want    string
	}{
		{"cnn", w8, coreml.IOS16,
			"cast affine conv relu max_pool affine conv relu max_pool reshape affine linear cast"},
		{"cnn", w8a8, coreml.IOS17,
			"cast quantize dequantize affine conv relu quantize dequantize max_pool quantize dequantize " +
				"affine conv relu quantize dequantize max_pool quantize reshape dequantize affine linear quantize " +
				"dequantize cast"},
		{"mlp", w4a8, coreml.IOS18,
			"cast quantize reshape dequantize blockwise linear relu quantize dequantize blockwise linear quantize " +
				"dequantize cast"},
		{"mlp", binary, coreml.IOS18,
			"cast quantize reshape dequantize lut linear relu quantize dequantize lut linear quantize dequantize cast"},
	} {
		o := coreml.Options{Target: c.target}
		if c.v == binary {
			o.WeightsEncoding = coreml.Palette
		}
		p, err := coreml.Translate(quantize(zoo(c.network, true, 1), c.v), o)
		if err != nil {
			t.Fatal(err)
		}
		var ops []string
		for _, op := range p.Model.Program.Operations {
			switch op.Type {
			case "const":
				continue
			case "constexpr_affine_dequantize":
				op.Type = "affine"
			case "constexpr_blockwise_shift_scale":
				op.Type = "blockwise"
			case "constexpr_lut_to_dense":
				op.Type = "lut"
			case "quantize", "dequantize":
				if op.Argument("zero_point") != nil {
					t.Errorf("%s: %s has a zero point in the symmetric scheme", c.network, op.Name())
				}
			}
			ops = append(ops, op.Type)
		}
		if got := strings.Join(ops, " "); got != c.want {
			t.Errorf("%s %s:\n%s\nwant\n%s", c.network, c.v.name, got, c.want)
		}
	}
}

// TestEachReaderDequantizes: a quantized tensor with two readers has two
// dequantize operations, as Core ML Tools writes it.
func TestEachReaderDequantizes(t *testing.T) {
	p, err := coreml.Translate(quantize(zoo("resnet8", true, 1), w8a8), coreml.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var readers []string
	for _, op := range p.Model.Program.Operations {
		if op.Type == "dequantize" && op.Argument("input")[0].Name == "stem_q" {
			readers = append(readers, op.Name())
		}
	}
	if want := []string{"stem_r", "stem_r_2"}; !slices.Equal(readers, want) {
		t.Errorf("readers %v: want %v", readers, want)
	}
}

// TestUint8Around128 is int8 without a zero point.
func TestUint8Around128(t *testing.T) {
	m := quantize(zoo("mlp", true, 1), w8a8affine)
	m.Input.Quant.Zero, m.Nodes[0].Output.Quant.Zero = 128, 128 // input and flatten
	p, err := coreml.Translate(m, coreml.Options{Precision: coreml.Float32})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range p.Model.Program.Operations {
		if op.Name() == "x_q" && (op.Outputs[0].Type.Data != mil.Int8 || op.Argument("zero_point") != nil) {
			t.Errorf("x_q is %v with zero point %v: want int8 without", op.Outputs[0].Type, op.Argument("zero_point"))
		}
	}
	agree(t, m, coreml.Options{Precision: coreml.Float32}, 20)
}
