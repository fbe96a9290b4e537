package torchfile

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// expected is what testdata/generate.py puts into its files.
var expected = map[string][]float32{
	"conv.weight": {-0.75, -0.25, 0.25, 0.75, 1.25, 1.75},
	"conv.bias":   {-0.75, -0.5, -0.25},
	"fc.weight":   {-1, -0.5, 0, -0.75, -0.25, 0.25},
	"fc.bias":     {-0.75, -0.5},
	"none":        {},
}

// TestReadFile: every way in which PyTorch stores a state_dict gives the same
// tensors.
func TestReadFile(t *testing.T) {
	files, err := filepath.Glob("testdata/*.pt*")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			all, err := ReadFile(file)
			if strings.Contains(file, "refused-") {
				if err == nil || strings.Count(err.Error(), "\n") > 0 || !strings.HasPrefix(err.Error(), file+": ") {
					t.Errorf("got %v and error %v, want one error", all, err)
				}
				t.Log(err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := map[string][]float32{}
			for _, tensor := range all {
				if strings.HasSuffix(tensor.Name, ".num_batches_tracked") {
					continue
				}
				if got[tensor.Name], err = tensor.Float32(); err != nil {
					t.Error(err)
				}
			}
			if !reflect.DeepEqual(got, expected) {
				t.Errorf("got %v, want %v", got, expected)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for file, want := range map[string]string{
		"refused-deep":       "holds dictionaries in each other, and no state_dict in the first 3",
		"refused-whole":      "holds an object of torch.nn.modules.container.Sequential and no state_dict: save",
		"refused-list":       "holds a list and no state_dict",
		"refused-dictionary": `holds a dictionary of "a" "b" without a state_dict`,
		"refused-script":     "TorchScript module: save its state_dict() with torch.save",
	} {
		if _, err := ReadFile("testdata/" + file + ".pt"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", file, err, want)
		}
	}
}

// TestHostile: pickles that lie.
func TestHostile(t *testing.T) {
	const head = "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}."
	for name, file := range map[string]string{
		"empty":           "",
		"other":           "hello, world",
		"no end":          head + "\x80\x02",
		"long string":     head + "\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f",
		"long integer":    head + "\x80\x02\x8b\xff\xff\xff\x7f",
		"empty stack":     head + "\x80\x020.",
		"nothing":         head + "\x80\x02.",
		"no mark":         head + "\x80\x02t.",
		"reduced":         head + "\x80\x02R.",
		"unknown memory":  head + "\x80\x02h\x07.",
		"unknown":         head + "\xff",
		"extension":       head + "\x80\x02\x82\x01.",
		"calls":           head + "\x80\x02cos\nsystem\nU\x04true\x85R.\x80\x02].",
		"within itself":   head + "\x80\x02}q\x00U\x05modelh\x00s.\x80\x02].",
		"many objects":    head + strings.Repeat("]", 1<<22),
		"negative places": head + "\x80\x02g-1\n.",
		"huge storage": head + "\x80\x02}U\x01wctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x010" +
			"U\x03cpuJ\xff\xff\xff\x7ftQK\x00J\xff\xff\xff\x7f\x85K\x01\x85\x89NtRs.\x80\x02]U\x010a.\xff\xff\xff\x7f\x00\x00\x00\x00",
		"outside": head + "\x80\x02}U\x01wctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x010" +
			"U\x03cpuK\x01tQK\x01K\x01\x85K\x01\x85\x89NtRs.\x80\x02]U\x010a.\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x3f",
	} {
		tensors, err := Decode([]byte(file))
		if err == nil {
			t.Errorf("%s: got %v, want an error", name, tensors)
			continue
		}
		t.Log(name, err)
	}
}

// TestLazyNegative: a view whose numbers PyTorch negates when it reads them is refused, and one
// that could be is read.
func TestLazyNegative(t *testing.T) {
	file := func(bit string) []byte {
		return []byte("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.\x80\x02}U\x01w" +
			"ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x01tQK\x00K\x01\x85" +
			"K\x01\x85\x89N}" + bit + "stRs.\x80\x02]U\x010a.\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x3f")
	}
	for bit, want := range map[string]string{"U\x03neg\x88": "tensor.resolve_neg()", "U\x04conj\x88": "tensor.resolve_conj()",
		"U\x03neg\x89": "", "U\x05other\x88": ""} {
		_, err := Decode(file(bit))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", bit, err, want)
		}
	}
}

// TestHostileZip: a file whose local header puts its content beyond the end.
func TestHostileZip(t *testing.T) {
	data, err := os.ReadFile("testdata/float16.pt")
	if err != nil {
		t.Fatal(err)
	}
	beyond := 0
	for at := 0; ; at += 4 {
		next := bytes.Index(data[at:], []byte("PK\x03\x04"))
		if next < 0 {
			break
		}
		at += next
		changed := bytes.Clone(data)
		binary.LittleEndian.PutUint16(changed[at+28:], 0xffff) // the length of the extra field
		if _, err := Decode(changed); err != nil && strings.Contains(err.Error(), "cut off") {
			beyond++
		}
	}
	if beyond == 0 {
		t.Error("no file was found to be cut off")
	}
}

// FuzzDecode: a file gives tensors that hold what their shapes say, or an error.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.pt*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tensors, err := Decode(data)
		if err != nil {
			return
		}
		for _, tensor := range tensors {
			n := tensor.DType.Size()
			for _, d := range tensor.Shape {
				n *= d
			}
			if n != len(tensor.Data) {
				t.Errorf("tensor %q: %d bytes of shape %v and type %v", tensor.Name, len(tensor.Data), tensor.Shape,
					tensor.DType)
			}
		}
	})
}
