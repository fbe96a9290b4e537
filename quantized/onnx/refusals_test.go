package onnx_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
)

func TestRefusals(t *testing.T) {
	blocks := quantizedtest.WeightOnly
	blocks.Block = 4
	vector := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 3)
	image := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 3, 4, 4)
	broken := network(quantizedtest.W8A8)
	broken.Output = "nowhere"
	clash := network(quantizedtest.W8A8)
	clash.Nodes[1].Name, clash.Nodes[1].Output.Name = "conv2d_1/weight", "conv2d_1/weight"
	clash.Nodes[2].Inputs[1], clash.Nodes[3].Inputs[1] = "conv2d_1/weight", "conv2d_1/weight"
	s := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 3)
	softmax := s.Model(s.Activate(s.Input(), quantized.Softmax))
	softmax.Nodes[0].Output.Quant.Scale = 0.0047
	s = quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 1)
	lonely := s.Model(s.Activate(s.Input(), quantized.Softmax))
	s = quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 2)
	certain := s.Model(s.Activate(s.Input(), quantized.Softmax))
	for _, tt := range []struct {
		name    string
		options onnx.Options
		model   *quantized.Model
		want    string
	}{
		{"scale of softmax", onnx.Options{}, softmax, "activate_1: scale 0.0047"},
		{"softmax of one feature", onnx.Options{}, lonely,
			"activate_1: width 1 at scale 1/256: ONNX Runtime's softmax overflows: want a width of 2 or more"},
		{"softmax in int8", onnx.Options{Signed: true}, certain,
			"activate_1: a probability of 1 at scale 1/256 is the integer 128, which ONNX Runtime's int8 softmax " +
				"makes -128"},
		{"opset", onnx.Options{Opset: 12}, network(quantizedtest.W8A8), "opset 12: want 13 or 21"},
		{"batch", onnx.Options{Batch: -1}, network(quantizedtest.W8A8), "batch of -1"},
		{"result", onnx.Options{Result: 9}, network(quantizedtest.W8A8), "result 9"},
		{"target", onnx.Options{Target: 9}, network(quantizedtest.W8A8), "target 9"},
		{"invalid model", onnx.Options{}, broken, `output "nowhere"`},
		{"blocks", onnx.Options{}, network(blocks), "a scale a block need opset 21"},
		{"blocks that are not there", onnx.Options{NBits: true}, network(quantizedtest.W8A8),
			"there is nothing to pack in blocks"},
		{"8-bit weights for AVX2", onnx.Options{Target: onnx.X64AVX2}, network(quantizedtest.W8A8),
			"conv2d_1: a weight of magnitude 127"},
		{"image of a vector", onnx.Options{Image: true},
			vector.Model(vector.Linear(vector.Input(), 2, quantized.Identity)), "shape [3] is no image"},
		{"class of an image", onnx.Options{Result: onnx.Class},
			image.Model(image.Conv(image.Input(), 2, quantizedtest.Same(1), 1, quantized.Identity)),
			"shape [2 4 4]: probabilities and classes"},
		{"names that clash", onnx.Options{}, clash, `two values would be called "conv2d_1/weight/`},
	} {
		_, err := tt.options.Encode(tt.model)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "onnx: ") {
			t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

// TestAVX2 has models pass whose pairs of products fit 16 bits: 7-bit weights,
// 8-bit ones where the activations have 4, and layers that compute with floats.
func TestAVX2(t *testing.T) {
	for name, s := range map[string]quantizedtest.Scheme{
		"7-bit weights": {Weights: affine.Format{Bits: 7, Narrow: true}, Positive: affine.Uint8, Signed: affine.Int8},
		"4-bit inputs": {Weights: affine.Int8Narrow, Positive: affine.Format{Bits: 4, Unsigned: true},
			Signed: affine.Format{Bits: 4, Unsigned: true}, Affine: true},
		"weight-only": quantizedtest.WeightOnly,
	} {
		if _, err := (onnx.Options{Opset: 21, Target: onnx.X64AVX2}).Encode(network(s)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWriteFile(t *testing.T) {
	m := network(quantizedtest.W8A8)
	path := filepath.Join(t.TempDir(), "model.onnx")
	if err := onnx.WriteFile(path, m); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := (onnx.Options{}).Write(&b, m); err != nil || !bytes.Equal(b.Bytes(), file) {
		t.Errorf("Write and WriteFile differ, %v", err)
	}
	m.Output = "nowhere"
	if err := onnx.WriteFile(path, m); err == nil {
		t.Error("an invalid model was written")
	}
	if again, _ := os.ReadFile(path); !bytes.Equal(again, file) {
		t.Error("a failed write changed the file")
	}
}
