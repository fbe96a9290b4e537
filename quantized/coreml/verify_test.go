package coreml_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/quantized/coreml"
)

// TestVerify: a package is what its own options make of the model.
func TestVerify(t *testing.T) {
	m := quantize(zoo("lenet5", true, 1), binary)
	for name, o := range map[string]coreml.Options{
		"default":    {},
		"palette":    {WeightsEncoding: coreml.Palette},
		"classifier": {Classifier: true, Image: true, Precision: coreml.Float32},
		"unsigned":   {Normalize: true, WeightsEncoding: coreml.Unsigned, Target: coreml.IOS18},
		"words": {Metadata: coreml.Metadata{Author: "A", License: "L", Version: "1.2", Description: "D",
			Facts: map[string]string{"proof": "0 differ"}}},
	} {
		dir := filepath.Join(t.TempDir(), "m.mlpackage")
		if err := coreml.Write(dir, m, o); err != nil {
			t.Fatal(err)
		}
		if err := coreml.Verify(dir, m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		facts, err := coreml.Facts(dir)
		if err != nil || facts["proof"] != o.Metadata.Facts["proof"] {
			t.Errorf("%s: proof %q, %v", name, facts["proof"], err)
		}
	}
}

// TestVerifyNamesTheChange: whatever is changed in a package is found, and
// named.
func TestVerifyNamesTheChange(t *testing.T) {
	m := quantize(zoo("lenet5", true, 1), w8a8)
	const model, weights = "Data/com.apple.CoreML/model.mlmodel", "Data/com.apple.CoreML/weights/weight.bin"
	edit := func(name, old, new string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			changed := bytes.Replace(content, []byte(old), []byte(new), 1)
			if bytes.Equal(changed, content) {
				t.Fatalf("no %q in %s", old, name)
			}
			if err := os.WriteFile(filepath.Join(dir, name), changed, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, dir string)
		want   string
	}{
		"a weight": {func(t *testing.T, dir string) {
			file, err := os.OpenFile(filepath.Join(dir, weights), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if _, err := file.WriteAt([]byte{77}, 130); err != nil {
				t.Fatal(err)
			}
		}, "the package's " + weights + " is not what the model gives"},
		"an operator":  {edit(model, "max_pool", "min_pool"), "the package's " + model + " is not"},
		"a fact":       {edit(model, "random", "rondom"), `metadata "petrify.dataset" is not`},
		"a target":     {edit(model, "iOS17", "iOS99"), `target "iOS99"`},
		"the manifest": {edit("Manifest.json", "Specification", "specification"), "Manifest.json is not"},
		"a file more": {func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "more"), nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}, "the package's more is not"},
		"a model": {edit(model, "model.json.sha256", "model.json.sha255"),
			"does not say which model it was made of: no model.json.sha256"},
	} {
		dir := filepath.Join(t.TempDir(), "m.mlpackage")
		if err := coreml.Write(dir, m, coreml.Options{}); err != nil {
			t.Fatal(err)
		}
		c.change(t, dir)
		if err := coreml.Verify(dir, m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if err := coreml.Verify(t.TempDir(), m); err == nil {
		t.Error("an empty folder is a package")
	}
}

func TestFactsAreNotReplaced(t *testing.T) {
	_, err := coreml.Translate(quantize(zoo("mlp", true, 1), w8),
		coreml.Options{Metadata: coreml.Metadata{Facts: map[string]string{"seed": "7"}}})
	if err == nil || err.Error() != `coreml: fact "seed": petrify writes that itself: choose another key` {
		t.Error(err)
	}
}
