package onnx_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
)

// The accuracy of a model of floats from 0 to 1 falls to that of chance if it
// is exported for images of bytes: that is refused. What was fed is among the
// facts.
func TestImagesThatContradictTheData(t *testing.T) {
	for kind, want := range map[string]string{"uint8": "", "float32": "trained on float32 0 to 1", "uint16": "uint16"} {
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 1)), quantizedtest.W8A8, 1, 2, 2)
		m := b.Model(b.Linear(b.Flatten(b.Input()), 2, 0))
		m.Input.Raw = &quantized.Raw{Type: kind, Greatest: 1}
		file, err := onnx.Options{}.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		facts, err := onnx.Metadata(file)
		if got := facts["input.raw"]; err != nil || got != `{"type":"`+kind+`","least":0,"greatest":1}` {
			t.Errorf("input.raw is %s, %v", got, err)
		}
		_, err = onnx.Options{Image: true}.Encode(m)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s as an image: %v, want %q", kind, err, want)
		}
	}
}
