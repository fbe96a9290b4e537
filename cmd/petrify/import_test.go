package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/internal/onnxpb"
)

// importedTiny imports what [tiny] writes, without ONNX Runtime: the file, and the folder of
// the import next to it.
func importedTiny(t *testing.T) (file, imported string) {
	t.Helper()
	t.Setenv(ortrunVariable, "")
	file = tiny(t, t.TempDir(), nil)
	ends(t, exitOK, "import", file)
	return file, strings.TrimSuffix(file, ".onnx")
}

// tiny writes an ONNX file: softmax(relu(x·W₁)·W₂) of 64 numbers as N×1×8×8,
// for ten classes.
func tiny(t *testing.T, folder string, change func(m *onnxpb.Model)) string {
	t.Helper()
	weights := func(name string, in, out int64) onnxpb.Tensor {
		w := onnxpb.Tensor{Name: name, Type: onnxpb.Float, Dims: []int64{in, out}}
		for i := range in * out {
			w.Floats = append(w.Floats, float32(i%7)/7-0.4)
		}
		return w
	}
	node := func(op, out string, in ...string) onnxpb.Node {
		return onnxpb.Node{Op: op, Inputs: in, Outputs: []string{out}, Name: "/" + out + "/" + op}
	}
	m := &onnxpb.Model{Opsets: []onnxpb.Opset{{Version: 13}}, Producer: "a test", Graph: onnxpb.Graph{
		Inputs: []onnxpb.Value{{Name: "x", Type: onnxpb.Float,
			Shape: []onnxpb.Dim{{Name: "N"}, {Value: 1}, {Value: 8}, {Value: 8}}}},
		Outputs:      []onnxpb.Value{{Name: "y", Type: onnxpb.Float, Shape: []onnxpb.Dim{{Name: "N"}, {Value: 10}}}},
		Initializers: []onnxpb.Tensor{weights("fc1.weight", 64, 16), weights("fc2.weight", 16, 10)},
		Nodes: []onnxpb.Node{node("Flatten", "flat", "x"), node("MatMul", "a", "flat", "fc1.weight"),
			node("Relu", "b", "a"), node("MatMul", "c", "b", "fc2.weight"), node("Softmax", "y", "c")},
	}}
	if change != nil {
		change(m)
	}
	path := filepath.Join(folder, "tiny.onnx")
	if err := os.WriteFile(path, m.Marshal(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// ends runs a command line, which must end with the given exit code.
func ends(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(context.Background(), args, nil, &out, &errs); got != code {
		t.Fatalf("petrify %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, &out, &errs)
	}
	return out.String(), errs.String()
}

func TestImport(t *testing.T) {
	t.Setenv(ortrunVariable, "")
	folder := t.TempDir()
	file := tiny(t, folder, nil)
	out, _ := ends(t, exitOK, "import", file)
	for _, want := range []string{"fc1        linear   16×1×1  1,040       /a/MatMul",
		"tiny.onnx, opset 13 by a test: 4 layers",
		"cut off at the end", "softmax", "on 64 random inputs"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	imported := filepath.Join(folder, "tiny")
	network, err := os.ReadFile(filepath.Join(imported, "network.yaml"))
	if err != nil || !strings.Contains(string(network), "- linear: {name: fc1, features: 16}\n- relu\n") {
		t.Errorf("network.yaml is\n%s%v", network, err)
	}
	var record map[string]any
	text, err := os.ReadFile(filepath.Join(imported, "import.json"))
	if err == nil {
		err = json.Unmarshal(text, &record)
	}
	if err != nil || len(record["sha256"].(string)) != 64 || record["opset"] != 13.0 {
		t.Errorf("import.json is\n%s%v", text, err)
	}
	ends(t, exitOK, "import", file, "--out", imported) // again
	other := filepath.Join(folder, "other")
	if err := os.Mkdir(other, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "network.yaml"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	_, errs := ends(t, exitFailed, "import", file, "--out", other)
	if !strings.Contains(errs, "choose another folder") {
		t.Errorf("over another file: %s", errs)
	}
}

// TestImportOfWhatIsNone: one clear error, and no folder.
func TestImportOfWhatIsNone(t *testing.T) {
	folder := t.TempDir()
	loop := func(m *onnxpb.Model) { m.Graph.Nodes[2].Op, m.Graph.Nodes[1].Op = "Loop", "Einsum" }
	_, errs := ends(t, exitFailed, "import", tiny(t, folder, loop))
	for _, want := range []string{`node "/b/Relu" (Loop)`, `node "/a/MatMul" (Einsum)`} {
		if !strings.Contains(errs, want) {
			t.Errorf("no %s in %s", want, errs)
		}
	}
	if exists(filepath.Join(folder, "tiny")) {
		t.Error("a refused file left a folder")
	}
	text := filepath.Join(folder, "text.onnx")
	if err := os.WriteFile(text, []byte("no model"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, errs := ends(t, exitFailed, "import", text); !strings.Contains(errs, "is no ONNX file") {
		t.Errorf("a text: %s", errs)
	}
}

// npz writes a file with an array x of 128 numbers.
func npz(t *testing.T, folder, name string, shape ...int) string {
	t.Helper()
	x := make([]float32, 2*64)
	for i := range x {
		x[i] = float32(i) / 100
	}
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	w, err := z.Create("x.npy")
	if err == nil {
		err = datasets.WriteNPY(w, shape, x)
	}
	path := filepath.Join(folder, name)
	if err = errors.Join(err, z.Close(), os.WriteFile(path, file.Bytes(), 0o666)); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestImportPredicts: predict gives what the file gives, from the array x of an
// npz file in the file's layout.
func TestImportPredicts(t *testing.T) {
	file, imported := importedTiny(t)
	folder := filepath.Dir(file)
	y := filepath.Join(folder, "y.npy")
	good := npz(t, folder, "good.npz", 2, 1, 8, 8)
	ends(t, exitOK, "predict", imported, good, "--float", "--out", y)
	data, err := os.ReadFile(y)
	if err != nil || !bytes.Contains(data, []byte("'shape': (2, 10, )")) {
		t.Fatalf("y.npy: %v %.80q", err, data)
	}
	sum := float32(0)
	for _, v := range floats(data[len(data)-40:]) {
		sum += v
	}
	if sum < 0.9999 || sum > 1.0001 {
		t.Errorf("the last outputs add up to %v, want the probabilities of the file's softmax", sum)
	}
	if _, errs := ends(t, exitUsage, "predict", imported, good); !strings.Contains(errs, "--float") {
		t.Errorf("without --float: %s", errs)
	}
	bad := npz(t, folder, "bad.npz", 2, 64)
	if _, errs := ends(t, exitFailed, "predict", imported, bad, "--float"); !strings.Contains(errs,
		"takes NCHW, [1 8 8] after the number of inputs") {
		t.Errorf("another shape: %s", errs)
	}
}

// TestImportTrains: a configuration takes the file or the folder, and begins
// with its weights.
func TestImportTrains(t *testing.T) {
	file, imported := importedTiny(t)
	folder := filepath.Dir(file)
	var summaries []string
	for _, network := range []string{file, imported} {
		run := filepath.Join(folder, "run"+filepath.Ext(network))
		_, errs := ends(t, exitOK, "train", "--set", "network="+network, "--set", "float.epochs=0", "--set",
			"qat.epochs=1", "--out", run)
		// The import of the folder was compared already.
		const said = "tiny.onnx: compared with the ONNX graph by definition on 64 random inputs"
		if strings.Contains(errs, said) != (network == file) {
			t.Errorf("training %s said\n%s", network, errs)
		}
		text, err := os.ReadFile(filepath.Join(run, "metrics.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		summaries = append(summaries, first)
		config, err := os.ReadFile(filepath.Join(run, "config.yaml"))
		if err != nil || !strings.Contains(string(config), "name: fc2, features: 10") {
			t.Errorf("config.yaml: %v\n%s", err, config)
		}
	}
	if summaries[0] != summaries[1] {
		t.Errorf("the file and the folder begin differently:\n%s\n%s", summaries[0], summaries[1])
	}
	fresh := filepath.Join(folder, "fresh")
	ends(t, exitOK, "train", "--set", "network="+file, "--set", "weights=null", "--set", "float.epochs=0", "--set",
		"qat.epochs=1", "--out", fresh)
	if text, err := os.ReadFile(filepath.Join(fresh, "metrics.jsonl")); err != nil ||
		strings.HasPrefix(string(text), summaries[0]) {
		t.Errorf("weights: null begins with the file's weights, or %v", err)
	}
}

// TestExportInTheSourcesLayout: a run that began with an import exports files
// whose input is like that of the file.
func TestExportInTheSourcesLayout(t *testing.T) {
	t.Setenv(ortrunVariable, "")
	folder := t.TempDir()
	last := func(m *onnxpb.Model) { // channels last
		m.Graph.Inputs[0].Shape = []onnxpb.Dim{{Name: "N"}, {Value: 8}, {Value: 8}, {Value: 1}}
		m.Graph.Nodes = append([]onnxpb.Node{
			{Op: "Transpose", Inputs: []string{"x"}, Outputs: []string{"first"}, Attributes: []onnxpb.Attribute{
				{Name: "perm", Type: onnxpb.IntsAttribute, Ints: []int64{0, 3, 1, 2}}}},
			{Op: "MaxPool", Inputs: []string{"first"}, Outputs: []string{"same"}, Attributes: []onnxpb.Attribute{
				{Name: "kernel_shape", Type: onnxpb.IntsAttribute, Ints: []int64{1, 1}}}}}, m.Graph.Nodes...)
		m.Graph.Nodes[2].Inputs[0] = "same"
	}
	run := filepath.Join(folder, "run")
	ends(t, exitOK, "train", "--set", "network="+tiny(t, folder, last), "--set", "float.epochs=0", "--set",
		"qat.epochs=0", "--out", run)
	for layout, want := range map[string]int64{"source": 1, "nhwc": 1, "nchw": 8} {
		file := filepath.Join(run, layout+".onnx")
		ends(t, exitOK, "export", run, "--input-layout", layout, "--out", file)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := onnxpb.Unmarshal(data)
		if err != nil || m.Graph.Inputs[0].Shape[3].Value != want {
			t.Errorf("%s: %v, %v, want %d last", layout, m.Graph.Inputs[0].Shape, err, want)
		}
	}
	if out, errs := ends(t, exitOK, "verify", run); strings.Contains(out, "import.json is not listed") {
		t.Errorf("verify says\n%s%s", out, errs)
	}
	if _, errs := ends(t, exitFailed, "export", run, "--input-layout", "nlc"); !strings.Contains(errs, "no layout nlc") {
		t.Errorf("nlc: %s", errs)
	}
	ends(t, exitUsage, "export", run, "--input-layout", "hwc")
	for layout, first := range map[string]bool{"source": false, "nhwc": false, "nchw": true} {
		header := filepath.Join(run, layout, "tiny.h")
		ends(t, exitOK, "export", run, "--format", "c", "--input-layout", layout, "--out", header)
		text, err := os.ReadFile(header)
		if err != nil || bytes.Contains(text, []byte("channel by channel")) != first {
			t.Errorf("c, %s: %v\n%s", layout, err, text)
		}
		code := exitOK
		if first {
			code = exitFailed
		}
		if _, errs := ends(t, code, "export", run, "--format", "tflite", "--input-layout", layout); first &&
			!strings.Contains(errs, "have channels last: want nhwc or nlc") {
			t.Errorf("tflite, %s: %s", layout, errs)
		}
	}
	ends(t, exitOK, "verify", run)
	ends(t, exitFailed, "export", run, "--format", "c", "--input-layout", "ncl")
	ends(t, exitUsage, "export", run, "--format", "coreml", "--input-layout", "source")
	other := filepath.Join(folder, "other")
	ends(t, exitOK, "train", "--set", "network=mlp", "--set", "float.epochs=0", "--set", "qat.epochs=0", "--out", other)
	if _, errs := ends(t, exitFailed, "export", other, "--input-layout", "source"); !strings.Contains(errs,
		"does not say what file it comes from") {
		t.Errorf("a run of no import: %s", errs)
	}
}

// TestPredictInTheSourcesLayout: a run that began with an import computes of the file's inputs what the
// file does: in float the same, and with integers nearly.
func TestPredictInTheSourcesLayout(t *testing.T) {
	file, _ := importedTiny(t)
	folder := filepath.Dir(file)
	run := filepath.Join(folder, "run")
	ends(t, exitOK, "train", "--set", "network="+file, "--set", "float.epochs=0", "--set", "qat.epochs=0", "--out", run)
	x := npz(t, folder, "x.npz", 2, 1, 8, 8)
	predicted := func(args ...string) []float32 {
		y := filepath.Join(folder, "y.npy")
		ends(t, exitOK, append(append([]string{"predict"}, args...), "--out", y)...)
		data, err := os.ReadFile(y)
		if err != nil || !bytes.Contains(data, []byte("'shape': (2, 10, )")) {
			t.Fatalf("y.npy: %v %.80q", err, data)
		}
		return floats(data[len(data)-80:])
	}
	want := predicted(filepath.Join(folder, "tiny"), x, "--float")
	for most, args := range map[float64][]string{1e-6: {run, x, "--input-layout", "source", "--float"},
		0.1: {run, x, "--input-layout", "source"}} {
		for i, v := range predicted(args...) {
			if d := math.Abs(float64(v - want[i])); !(d <= most) {
				t.Errorf("%v: output %d is %v, the file's %v", args, i, v, want[i])
			}
		}
	}
	ends(t, exitUsage, "predict", run, x, "--input-layout", "nhwc")
	other := filepath.Join(folder, "other")
	ends(t, exitOK, "train", "--set", "network=mlp", "--set", "float.epochs=0", "--set", "qat.epochs=0", "--out", other)
	if _, errs := ends(t, exitFailed, "predict", other, x, "--input-layout", "source"); !strings.Contains(errs,
		"does not say what file it comes from") {
		t.Errorf("a run of no import: %s", errs)
	}
}
