package onnx_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/internal/onnxpb"
	"petrify/quantized"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
)

// TestVerify: a file is what its own options make of the model, and says so.
func TestVerify(t *testing.T) {
	m := network(quantizedtest.W8A8)
	for want, o := range map[string]onnx.Options{
		`{"opset":13}`:                               {},
		`{"opset":21,"batch":2,"signed":true}`:       {Opset: 21, Batch: 2, Signed: true},
		`{"opset":13,"image":true,"result":"class"}`: {Image: true, Result: onnx.Class},
		`{"opset":13,"result":"probabilities"}`: {Result: onnx.Probabilities,
			Metadata: map[string]string{"proof": "abc"}},
		`{"opset":13,"target":"x64-avx2"}`:                   {Target: onnx.X64AVX2},
		`{"opset":21,"nbits":true,"result":"probabilities"}`: {Opset: 21, NBits: true, Result: onnx.Probabilities},
	} {
		m := m
		switch {
		case o.Target == onnx.X64AVX2:
			m = network(quantizedtest.W4A8)
		case o.NBits:
			m = blocks()
		}
		data, err := o.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := onnx.Verify(data, m); err != nil {
			t.Errorf("%s: %v", want, err)
		}
		facts, err := onnx.Metadata(data)
		if err != nil || facts["export"] != want || facts["proof"] != o.Metadata["proof"] {
			t.Errorf("export %s, proof %q, %v: want %s", facts["export"], facts["proof"], err, want)
		}
	}
}

// blocks is a model with a scale for each 16 weights.
func blocks() *quantized.Model {
	s := quantizedtest.WeightOnly
	s.Block = 16
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), s, 32)
	return b.Model(b.Linear(b.Input(), 3, quantized.Identity))
}

// TestVerifyNamesTheChange: whatever is changed in a file is found, and named.
func TestVerifyNamesTheChange(t *testing.T) {
	m := network(quantizedtest.W8A8)
	for name, c := range map[string]struct {
		change func(file *onnxpb.Model)
		want   string
	}{
		"a weight": {func(f *onnxpb.Model) {
			w, _ := f.Graph.Initializer("conv2d_1/weight/quantized")
			w.Raw[5] ^= 1 // aliases the file
		}, `onnx: the file's tensor "conv2d_1/weight/quantized" is not what the model gives`},
		"an operator": {func(f *onnxpb.Model) { f.Graph.Nodes[4].Op = "Relu" }, `operator Relu "`},
		"an output": {func(f *onnxpb.Model) { f.Graph.Outputs[0].Shape[1].Value++ },
			"inputs or outputs are not what"},
		"producer": {func(f *onnxpb.Model) { f.Producer = "another" }, "bytes are not what"},
		"classes":  {func(f *onnxpb.Model) { set(f, "classes", `["cat","dog"]`) }, `metadata "classes" is not what`},
		"model": {func(f *onnxpb.Model) { set(f, quantized.TensorsKey, "1234") },
			"onnx: the file was made of another model: model.safetensors.sha256 is 1234, this model's is "},
		"no model": {func(f *onnxpb.Model) { f.Metadata = nil },
			"does not say which model it was made of: no model.safetensors.sha256"},
		"other options": {func(f *onnxpb.Model) { set(f, "export", `{"opset":13,"signed":true}`) },
			`tensor "input/zero" is not what`},
		"no options": {func(f *onnxpb.Model) { set(f, "export", "") }, `onnx: the file's metadata "export": ""`},
		"wrong options": {func(f *onnxpb.Model) { set(f, "export", `{"opset":14}`) },
			"onnx: the file's options: onnx: opset 14"},
	} {
		file := encode(t, onnx.Options{}, m)
		c.change(file)
		if err := onnx.Verify(file.Marshal(), m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if err := onnx.Verify([]byte("no file"), m); err == nil {
		t.Error("anything is an ONNX file")
	}
	other := *m
	other.Name = "renamed"
	data, err := onnx.Options{}.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := onnx.Verify(data, &other); err == nil || !strings.Contains(err.Error(), "model.json.sha256 is") ||
		strings.Contains(err.Error(), "model.safetensors") {
		t.Errorf("a model of the same weights and another name: %v", err)
	}
}

func set(f *onnxpb.Model, key, value string) {
	for i := range f.Metadata {
		if f.Metadata[i].Key == key {
			f.Metadata[i].Value = value
		}
	}
}

func TestMetadataIsNotReplaced(t *testing.T) {
	_, err := onnx.Options{Metadata: map[string]string{"origin": "elsewhere"}}.Encode(network(quantizedtest.W8A8))
	if err == nil || err.Error() != `onnx: metadata "origin": petrify writes that itself: choose another key` {
		t.Error(err)
	}
}

func TestInspect(t *testing.T) {
	data, err := onnx.Options{Result: onnx.Class,
		Metadata: map[string]string{"colour": "\x1b[31mred"}}.Encode(network(quantizedtest.W8A8))
	if err != nil {
		t.Fatal(err)
	}
	var w bytes.Buffer
	if err := onnx.Inspect(&w, data); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"opset", "13\n", "input FLOAT batch × ", "class INT64 batch\n",
		`{"opset":13,"result":"class"}`, "model.safetensors.sha256", "QuantizeLinear", "the file's bytes",
		`"\x1b[31mred"`} {
		if !strings.Contains(w.String(), want) {
			t.Errorf("no %q in\n%s", want, w.String())
		}
	}
	if err := onnx.Inspect(&w, nil); err == nil || err.Error() !=
		"onnx: inspect: is no model: it names no set of operators" {
		t.Errorf("an empty file: %v", err)
	}
	if err := onnx.Inspect(&w, []byte("no file")); err == nil {
		t.Error("anything is an ONNX file")
	}
}

func TestNamesAreRead(t *testing.T) {
	for r := onnx.Logits; r <= onnx.Class; r++ {
		var back onnx.Result
		if err := back.UnmarshalText([]byte(r.String())); err != nil || back != r {
			t.Errorf("%v: %v, %v", r, back, err)
		}
	}
	for target := onnx.AnyTarget; target <= onnx.X64AVX2; target++ {
		var back onnx.Target
		if err := back.UnmarshalText([]byte(target.String())); err != nil || back != target {
			t.Errorf("%v: %v, %v", target, back, err)
		}
	}
	var o onnx.Options
	if err := json.Unmarshal([]byte(`{"result":"certainty"}`), &o); err == nil ||
		!strings.Contains(err.Error(), `result "certainty": want one of logits, probabilities, class`) {
		t.Error(err)
	}
	if got := onnx.Target(9).String(); got != "Target(9)" {
		t.Error(got)
	}
}

// FuzzVerify: whatever a file holds, looking at it gives an error or an answer.
func FuzzVerify(f *testing.F) {
	m := network(quantizedtest.W8A8)
	for _, o := range []onnx.Options{{}, {Opset: 21, Image: true, Result: onnx.Class, Batch: 3}} {
		data, err := o.Encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, unreadable := onnx.Metadata(data)
		inspected, verified := onnx.Inspect(io.Discard, data), onnx.Verify(data, m)
		if unreadable != nil && (inspected == nil || verified == nil) {
			t.Fatalf("inspected: %v, verified: %v, but not read: %v", inspected, verified, unreadable)
		}
	})
}
