package carray_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/carray"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
)

// tiny is a network whose files a person can read.
func tiny() *quantized.Model {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 1, 4, 4)
	x := b.Conv(b.Input(), 2, quantizedtest.Same(3), 1, quantized.ReLU)
	x = b.Pool(quantized.MaxPool, x, quantizedtest.Valid(2, 2))
	m := b.Model(b.Linear(b.Flatten(x), 3, quantized.Identity))
	m.Name, m.Classes = "tiny", []string{"cat", "dog", `"other"?`}
	return m
}

// tinyReals has a layer of blocks, one of integers that gives floats, and functions
// of floats.
func tinyReals() *quantized.Model {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.Scheme{Positive: affine.Uint8, Block: 2,
		Weights: affine.Format{Bits: 4, Unsigned: true}, ZeroPoints: true}, 2, 4, 4)
	x := b.Conv(b.Input(), 2, quantizedtest.Same(3), 1, quantized.ReLU)
	x = b.Pool(quantized.AvgPool, x, quantizedtest.Valid(2, 2))
	x = b.Conv(x, 1, quantizedtest.Valid(1, 1), 1, quantized.ReLU6)
	m := b.Model(b.Activate(b.Linear(b.Flatten(x), 3, quantized.Identity), quantized.Softmax))
	m.Name = "tiny"
	return m
}

// TestGolden compares the files of tiny models with those in testdata.
func TestGolden(t *testing.T) {
	for name, c := range map[string]struct {
		model *quantized.Model
		how   integer.Requantization
	}{
		"tiny": {tiny(), integer.Float32}, "tiny_fixed": {tiny(), integer.Gemmlowp},
		"tiny_reals": {tinyReals(), integer.Single},
	} {
		files, err := carray.Encode(c.model, carray.Options{Name: name, Requantization: c.how,
			Facts: map[string]string{"board": "*/ a \"test\" /*"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			path := filepath.Join("testdata", f.Name)
			if *carray.Update {
				if err := os.WriteFile(path, f.Data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(f.Data)); diff != "" {
				t.Errorf("%s: -testdata +written:\n%s", path, diff)
			}
		}
	}
}

func TestPaddingIsThatOfTopAndLeft(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 1, 4, 4)
	w := quantizedtest.Same(3)
	w.PadBegin = [2]int{0, 2}
	m := b.Model(b.Linear(b.Flatten(b.Conv(b.Input(), 2, w, 1, quantized.ReLU)), 3, quantized.Identity))
	files, err := carray.Encode(m, carray.Options{Name: "padded"})
	if err != nil {
		t.Fatal(err)
	}
	if text := string(files[1].Data); !strings.Contains(text, ".pad_top = 0, .pad_left = 2") {
		t.Errorf("no padding of 0 above and 2 on the left in %s", files[1].Name)
	}
}

func TestIdentifier(t *testing.T) {
	for name, want := range map[string]string{
		"cnn": "cnn", "CNN_2": "CNN_2", "mobilenet-v1-0.25": "mobilenet_v1_0_25",
		"2 layers": "model_2_layers", "__x": "x", "größer": "gr_er", "": "model", "…": "model",
		"string": "string_model", "Math": "Math_model", "int": "int",
	} {
		if got := carray.Identifier(name); got != want {
			t.Errorf("Identifier(%q) = %q, want %q", name, got, want)
		}
		if again := carray.Identifier(want); again != want {
			t.Errorf("Identifier(%q) = %q: not itself", want, again)
		}
	}
}

// TestRefusals: what has no form in C is named, and nothing is written.
func TestRefusals(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 20)
	x := b.Linear(b.Input(), 3, quantized.Identity)
	apart := b.Model(b.Add(x, x, quantized.Identity))
	apart.Nodes[1].Output.Quant.Scale = 0x1p-126
	for name, c := range map[string]struct {
		model   *quantized.Model
		options carray.Options
		want    []string
	}{
		"invalid": {&quantized.Model{}, carray.Options{}, []string{"carray: quantized: "}},
		"scales":  {apart, carray.Options{}, []string{"carray: add_2: inputs' scales", "want quotients below 2¹⁰⁰"}},
		"name": {tiny(), carray.Options{Name: "a-b"},
			[]string{`carray: name "a-b": want a C identifier, such as "a_b"`}},
		"header's name": {tiny(), carray.Options{Name: "stdint"},
			[]string{`want a C identifier, such as "stdint_model"`}},
		"requantization": {tiny(), carray.Options{Requantization: integer.XNNPACK},
			[]string{"carray: requantization xnnpack: want float32, gemmlowp or single"}},
		"layout": {apart, carray.Options{Planes: true},
			[]string{"carray: channels first: the input is [20]: want an image or a signal"}},
		"fact": {tiny(), carray.Options{Facts: map[string]string{"export": ""}},
			[]string{`carray: fact "export": petrify writes that itself`}},
	} {
		dir := filepath.Join(t.TempDir(), "c")
		err := carray.Write(dir, c.model, c.options)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", name, err, want)
			}
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s: something was written: %v", name, err)
		}
	}
}

// TestForeignFilesStay: a file of the same name that petrify did not write is
// left alone; one that it did is replaced.
func TestForeignFilesStay(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tiny.c")
	if err := os.WriteFile(path, []byte("int main(void) {}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	err := carray.Write(dir, tiny(), carray.Options{})
	if err == nil || !strings.Contains(err.Error(), "tiny.c is not of petrify") {
		t.Errorf("got %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "int main(void) {}\n" {
		t.Errorf("the file became %q", text)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := carray.Write(dir, tiny(), carray.Options{}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestVerify: files are verified with the options that the header names; what
// was changed is named.
func TestVerify(t *testing.T) {
	other := tiny()
	other.Nodes[0].Weights.Q[0]++
	for name, c := range map[string]struct {
		file, old, new string
		model          *quantized.Model
		want           string
	}{
		"as written": {},
		"a weight":   {file: "x.c", old: "{\n    ", new: "{\n    1", want: "of x.c is not what the model gives"},
		"the header": {file: "x.h", old: "bytes of arena", new: "bits of arena", want: "of x.h is not"},
		"a fact":     {file: "x.h", old: `"version": "test"`, new: `"version": "best"`, want: "of x.h is not"},
		"the test":   {file: "x_test.c", old: "TRIES 8", new: "TRIES 0", want: "line 10 of x_test.c is not"},
		"the end":    {file: "x_test.c", old: "}\n", new: "", want: "of x_test.c is not"},
		"the options": {file: "x.h", old: `gemmlowp\"`, new: `toaster\"`,
			want: `requantization "toaster": want one of float32`},
		"no options":      {file: "x.h", old: `"export":`, new: `"exports":`, want: `the header's fact "export"`},
		"a foreign file":  {file: "x.h", old: "written by petrify", new: "written by me", want: "is not of petrify"},
		"another model":   {model: other, want: "the header was made of another model: model.safetensors.sha256"},
		"no source":       {file: "x.c", want: "x.c: no such file"},
		"no such header":  {file: "x.h", want: "x.h: no such file"},
		"a fact's escape": {file: "x.h", old: `"version": "test"`, new: `"version": "\q"`, want: "carray: fact"},
		"the weights": {file: "x.h", old: `a byte each\"`, new: `two bytes\"`,
			want: `weights "two bytes": want "a byte each"`},
		"the layout": {file: "x.h", old: `channels first\"`, new: `upside down\"`,
			want: `input "upside down": want "channels first"`},
	} {
		t.Run(name, func(t *testing.T) {
			dir, m := t.TempDir(), tiny()
			if err := carray.Write(dir, m, carray.Options{Name: "x", Requantization: integer.Gemmlowp, Planes: true,
				Unpacked: true, Facts: map[string]string{"who": "me"}}); err != nil {
				t.Fatal(err)
			}
			if c.file != "" {
				change(t, filepath.Join(dir, c.file), c.old, c.new)
			}
			if c.model != nil {
				m = c.model
			}
			err := carray.Verify(filepath.Join(dir, "x.h"), m)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// change replaces the first old text of a file; it removes the file if there is
// none to replace.
func change(t *testing.T, path, old, new string) {
	t.Helper()
	if old == "" {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), old, new, 1)
	if changed == string(text) {
		t.Fatalf("%s does not hold %q", path, old)
	}
	if err := os.WriteFile(path, []byte(changed), 0o666); err != nil {
		t.Fatal(err)
	}
}

// petrify's files are told from others by how they begin.
func TestWrote(t *testing.T) {
	dir := t.TempDir()
	if err := carray.Write(dir, tiny(), carray.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, path := range carray.Parts(filepath.Join(dir, "tiny.h")) {
		text, err := os.ReadFile(path)
		if err != nil || !carray.Wrote(text[:512]) {
			t.Errorf("%s is not recognised: %v", path, err)
		}
	}
	if carray.Wrote([]byte("#define LED 13\n")) {
		t.Error("another file is")
	}
}
