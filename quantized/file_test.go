package quantized_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

func TestSaveAndLoad(t *testing.T) {
	unsigned := quantizedtest.W8A8Affine
	unsigned.Weights, unsigned.ZeroPoints, unsigned.PerTensor = affine.Uint8, true, true
	blocks := quantizedtest.WeightOnly
	blocks.Block, blocks.ZeroPoints = 3, true
	for name, scheme := range map[string]quantizedtest.Scheme{
		"W8A8": quantizedtest.W8A8, "W8A8 affine": quantizedtest.W8A8Affine, "W4A4": quantizedtest.W4A4,
		"W2A2":    quantizedtest.W2A2,
		"ternary": quantizedtest.Ternary, "binary": quantizedtest.Binary,
		"weight-only": quantizedtest.WeightOnly, "float": {}, "blocks": blocks,
		"unsigned weights": unsigned,
	} {
		t.Run(name, func(t *testing.T) {
			_, want := residual(scheme)
			want.Classes[0] = `a "quoted, [bracketed] <name> {` + "\n\u2028"
			folder := filepath.Join(t.TempDir(), "new", "folder")
			if err := want.Save(folder); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{folder, filepath.Join(folder, quantized.ManifestFile),
				filepath.Join(folder, quantized.TensorsFile)} {
				got, err := quantized.Load(path)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("read back\n%+v\nwant\n%+v", got, want)
				}
			}
		})
	}
}

func TestEncodeIsDeterministic(t *testing.T) {
	_, m := residual(quantizedtest.W8A8)
	a, b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	c, d, err := m.Encode()
	if err != nil || !bytes.Equal(a, c) || !bytes.Equal(b, d) {
		t.Errorf("two encodings differ, %v", err)
	}
}

func TestEncodeRefusesAnInvalidModel(t *testing.T) {
	_, m := residual(quantizedtest.W8A8)
	m.Output = "nowhere"
	if err := m.Save(t.TempDir()); err == nil {
		t.Error("no error")
	}
}

// TestLoadedNumbersAgree makes model.json's decimal scales and
// model.safetensors' bits disagree in the last place.
func TestLoadedNumbersAgree(t *testing.T) {
	_, m := residual(quantizedtest.W8A8)
	_, manifest, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	old := fmt.Sprint(m.Nodes[0].Output.Quant.Scale)
	m.Nodes[0].Output.Quant.Scale *= 1.0000001
	m.Nodes[1].Bias.Scale = nil
	for _, s := range m.Nodes[1].Weights.Scale {
		m.Nodes[1].Bias.Scale = append(m.Nodes[1].Bias.Scale, s*m.Nodes[0].Output.Quant.Scale)
	}
	tensors, other, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(other), fmt.Sprint(m.Nodes[0].Output.Quant.Scale), old, 1)
	if text == string(other) {
		t.Fatal("the scale was not found in the text")
	}
	if _, err := quantized.Decode(tensors, []byte(text)); err == nil ||
		!strings.Contains(err.Error(), "does not match its checksum") {
		t.Errorf("edited text: got error %v", err)
	}
	if _, err := quantized.Decode(tensors, manifest); err == nil ||
		!strings.Contains(err.Error(), "belongs to a file of") {
		t.Errorf("another model's text: got error %v", err)
	}
	if _, err := quantized.Decode(tensors, unsealed(text)); err == nil ||
		!strings.Contains(err.Error(), "bias 0: scale") {
		t.Errorf("unsealed text: got error %v", err)
	}
}

// unsealed is a manifest without its checksum.
func unsealed(text string) []byte {
	at := strings.LastIndex(text, ",\n  \"checksum\"")
	return []byte(text[:at] + "\n}\n")
}

func TestDecodeSaysWhere(t *testing.T) {
	_, m := residual(quantizedtest.W8A8)
	tensors, manifest, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	plain := string(unsealed(string(manifest)))
	if _, err := quantized.Decode(tensors, []byte(plain)); err != nil {
		t.Fatalf("without its checksum the model is refused: %v", err)
	}
	for _, tt := range []struct{ name, old, new, want string }{
		{"unknown key", `"name": "random"`, `"Name": "random"`, `model.json: 4:3: key "Name" is unknown`},
		{"key twice", `"name": "random"`, `"name": "random", "name": "x"`,
			`4:21: key "name" is unknown or occurs twice`},
		{"null", `"name": "random"`, `"name": null`, "4:11: got <nil>, want a string"},
		{"string for a number", `"pixel_scale": 0.003921569`, `"pixel_scale": "1"`, "want a number"},
		{"number for a string", `"name": "random"`, `"name": 1`, "got 1, want a string"},
		{"fraction for an integer", `"zero": 0`, `"zero": 0.5`, "0.5 is no int32"},
		{"large integer", `"zero": 0`, `"zero": 2147483648`, "2147483648 is no int32"},
		{"large number", `"pixel_scale": 0.003921569`, `"pixel_scale": 1e39`, "1e39 is no float32"},
		{"number format", `"format": "uint8"`, `"format": "uint9"`, "9 bits"},
		{"format's type", `"format": "uint8"`, `"format": 8`, "got 8, want a string"},
		{"operation", `"op": "conv2d"`, `"op": "conv3d"`, `operation "conv3d": want one of conv2d,`},
		{"function", `"function": "relu"`, `"function": "swoosh"`, `function "swoosh": want one of identity,`},
		{"short window", `"kernel": [3, 3]`, `"kernel": [3]`, "1 elements, want 2"},
		{"long window", `"kernel": [3, 3]`, `"kernel": [3, 3, 3]`, "more than 2 elements"},
		{"number for an object", `"origin": {`, `"origin": 1, "x": {`, "got 1, want an object"},
		{"number for an array", `"inputs": ["input"]`, `"inputs": 1`, "want an array"},
		{"version", `"version": 1`, `"version": 2`, "version 2: want"},
		{"missing comma", `"version": 1,`, `"version": 1`, "invalid character"},
		{"cut off", plain[len(plain)/2:], "", "the text ends too early"},
		{"more text", "", "{}", "text after the end"},
		{"nothing", plain, "", "the text ends too early"},
		{"other tensors", `"bytes": `, `"bytes": 1`, "belongs to a file of 1"},
		{"another layer", `"name": "linear_11"`, `"name": "linear_12"`, "linear_1"},
	} {
		text := strings.Replace(plain, tt.old, tt.new, 1)
		if text == plain {
			t.Fatalf("%s: %q is not in the text", tt.name, tt.old)
		}
		_, err := quantized.Decode(tensors, []byte(text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

// TestEveryBitCounts flips single bits of both files: each flip is an error.
func TestEveryBitCounts(t *testing.T) {
	_, m := residual(quantizedtest.W8A8)
	tensors, manifest, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		for _, file := range [][]byte{tensors, manifest} {
			i, bit := rng.IntN(len(file)), byte(1)<<rng.IntN(8)
			file[i] ^= bit
			if _, err := quantized.Decode(tensors, manifest); err == nil {
				t.Errorf("bit %#x of byte %d of %d may flip", bit, i, len(file))
			}
			file[i] ^= bit
		}
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	folder := t.TempDir()
	if _, err := quantized.Load(folder); err == nil || !strings.Contains(err.Error(),
		filepath.Join(folder, "model.json")) {
		t.Errorf("empty folder: got error %v", err)
	}
	if _, err := quantized.Load(filepath.Join(folder, "missing")); err == nil {
		t.Error("missing folder: no error")
	}
	_, m := residual(quantizedtest.W8A8)
	if err := m.Save(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(folder, quantized.TensorsFile), 100); err != nil {
		t.Fatal(err)
	}
	if _, err := quantized.Load(folder); err == nil || !strings.Contains(err.Error(), folder) {
		t.Errorf("torn file: got error %v", err)
	}
}

var tensorsEntry = regexp.MustCompile(`"bytes": \d+,\s+"sha256": "[0-9a-f]*"`)

// adopt is a manifest without its checksum, whose size and checksum of the tensors are made to fit,
// so that fuzzing gets past them.
func adopt(manifest, tensors []byte) []byte {
	at := bytes.LastIndex(manifest, []byte(",\n  \"checksum\""))
	if at >= 0 {
		manifest = append(bytes.Clone(manifest[:at]), "\n}\n"...)
	}
	entry := fmt.Sprintf(`"bytes": %d, "sha256": "%x"`, len(tensors), sha256.Sum256(tensors))
	return tensorsEntry.ReplaceAll(manifest, []byte(entry))
}

// FuzzDecode: whatever the two files hold, Decode returns an error or a valid
// model that encodes to something that decodes to it.
func FuzzDecode(f *testing.F) {
	for _, s := range []quantizedtest.Scheme{quantizedtest.W8A8, quantizedtest.WeightOnly} {
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), s, 1, 4, 4)
		x := b.Conv(b.Input(), 2, quantizedtest.Same(3), 1, quantized.ReLU)
		m := b.Model(b.Linear(b.Flatten(x), 2, quantized.Identity))
		tensors, manifest, err := m.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(tensors, manifest)
		f.Add(tensors, unsealed(string(manifest)))
	}
	f.Fuzz(func(t *testing.T, tensors, manifest []byte) {
		m, err := quantized.Decode(tensors, adopt(manifest, tensors))
		if err != nil {
			return
		}
		a, b, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := quantized.Decode(a, b)
		if err != nil || !reflect.DeepEqual(back, m) {
			t.Fatalf("read back %+v, %v; want %+v", back, err, m)
		}
	})
}

// TestRandomModels saves and reads networks of all shapes.
func TestRandomModels(t *testing.T) {
	for seed := range uint64(40) {
		_, want := quantizedtest.Random(rand.New(rand.NewPCG(seed, 2)), quantizedtest.W8A8Affine, int(seed%8))
		tensors, manifest, err := want.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := quantized.Decode(tensors, manifest)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: read back %+v, %v; want %+v", seed, got, err, want)
		}
	}
}

// TestManifestIsTidy: no line ends in a space, and none is empty.
func TestManifestIsTidy(t *testing.T) {
	_, m := residual(quantizedtest.WeightOnly)
	_, manifest, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(manifest), "\n"), "\n") {
		if line != strings.TrimRight(line, " ") || line == "" {
			t.Errorf("line %d is %q", i+1, line)
		}
	}
}
