package tflite_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/tflite"
	"petrify/quantized/tflite/schema"
)

// network has a layer of most kinds.
func network(s quantizedtest.Scheme) *quantized.Model {
	return build(s, func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU)
		y := b.Conv(x, 4, quantizedtest.Same(3), 4, quantized.Identity)
		x = b.Pool(quantized.MaxPool, b.Add(x, y, quantized.ReLU), quantizedtest.Valid(2, 2))
		return b.Linear(b.Flatten(x), 3, quantized.Identity)
	}, 3, 6, 6)
}

// TestVerify: a file is what its own options make of the model, and says so.
func TestVerify(t *testing.T) {
	m := network(quantizedtest.W4A8)
	for want, o := range map[string]tflite.Options{
		`{}`:                      {},
		`{"batch":3}`:             {Batch: 3},
		`{"batch":1,"int4":true}`: {Batch: 1, Int4: true, Metadata: map[string]string{"proof": "abc"}},
	} {
		data, err := tflite.Encode(m, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := tflite.Verify(data, m); err != nil {
			t.Errorf("%s: %v", want, err)
		}
		facts, err := tflite.Metadata(data)
		if err != nil || facts["export"] != want || facts["proof"] != o.Metadata["proof"] {
			t.Errorf("export %s, proof %q, %v: want %s", facts["export"], facts["proof"], err, want)
		}
	}
}

// TestVerifyNamesTheChange: whatever is changed in a file is found, and named.
func TestVerifyNamesTheChange(t *testing.T) {
	m := network(quantizedtest.W8A8)
	for name, c := range map[string]struct {
		change func(f *schema.Model)
		want   string
	}{
		"a weight": {func(f *schema.Model) {
			f.Buffers[1] = bytes.Clone(f.Buffers[1])
			f.Buffers[1][5] ^= 1
		}, `tflite: the file's tensor "conv2d_1/weight" is not what the model gives`},
		"a scale": {func(f *schema.Model) { f.Graph.Tensors[0].Quant.Scale[0]++ }, `tensor "input" is not what`},
		"an operator": {func(f *schema.Model) { f.Graph.Operators[1].Version = 2 },
			"operator 1, DEPTHWISE_CONV_2D, is not what"},
		"an output": {func(f *schema.Model) { f.Graph.Outputs[0]-- }, "inputs or outputs are not what"},
		"a name":    {func(f *schema.Model) { f.Description = "another" }, "bytes are not what"},
		"classes":   {func(f *schema.Model) { set(f, "classes", `["cat"]`) }, `metadata "classes" is not what`},
		"model": {func(f *schema.Model) { set(f, quantized.TensorsKey, "1234") },
			"tflite: the file was made of another model: model.safetensors.sha256 is 1234, this model's is "},
		"no model":      {func(f *schema.Model) { f.Metadata = nil }, "does not say which model it was made of"},
		"other options": {func(f *schema.Model) { set(f, "export", `{"batch":2}`) }, `tensor "input" is not what`},
		"wrong options": {func(f *schema.Model) { set(f, "export", `{"int4":true}`) },
			"tflite: the file's options: tflite: model: no linear layer"},
		"no options": {func(f *schema.Model) { set(f, "export", "") }, `tflite: the file's metadata "export": ""`},
	} {
		f := file(t, m, tflite.Options{})
		c.change(f)
		data, err := f.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if err := tflite.Verify(data, m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if err := tflite.Verify([]byte("no file"), m); err == nil {
		t.Error("anything is a TensorFlow Lite file")
	}
}

func set(f *schema.Model, key, value string) {
	for i := range f.Metadata {
		if f.Metadata[i].Key == key {
			f.Metadata[i].Value = value
		}
	}
}

func TestInspect(t *testing.T) {
	m := network(quantizedtest.W8A8)
	m.Name = "a\x1b[31m name"
	data, err := tflite.Encode(m, tflite.Options{Batch: 2})
	if err != nil {
		t.Fatal(err)
	}
	var w bytes.Buffer
	if err := tflite.Inspect(&w, data); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"a\x1b[31m name"`, "petrify test", "input INT8 2 × 6 × 6 × 3, s=0.0", "z=-128", `{"batch":2}`,
		"model.safetensors.sha256",
		"CONV_2D", "INT8, 4 scales along axis 0", "INT8, 4 scales along axis 3", "linear_6 INT8 2 × 3, s=",
		"the file's bytes",
	} {
		if !strings.Contains(w.String(), want) {
			t.Errorf("no %q in\n%s", want, w.String())
		}
	}
	if err := tflite.Inspect(&w, []byte("no file")); err == nil {
		t.Error("anything is a TensorFlow Lite file")
	}
}

// FuzzInspect: whatever is in a file, it is shown or refused.
func FuzzInspect(f *testing.F) {
	for _, s := range []quantizedtest.Scheme{quantizedtest.W8A8, quantizedtest.W4A4, {}} {
		data, err := tflite.Encode(network(s), tflite.Options{})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := tflite.Inspect(io.Discard, data); err != nil && !strings.HasPrefix(err.Error(), "tflite: ") {
			t.Errorf("error %q does not begin with the package", err)
		}
	})
}
