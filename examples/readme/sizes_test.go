package readme

import (
	"context"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/quantized"
	"petrify/quantized/carray"
	"petrify/quantized/coreml"
	"petrify/quantized/onnx"
	"petrify/quantized/tflite"
	"petrify/train"
)

// TestSizes compares the README's table of 4-bit files with files of the same network.
// Its weights are untrained, and texts in the metadata are shorter: sizes agree to 1 %.
func TestSizes(t *testing.T) {
	m := fourBits(t)
	sizes := map[string]int{}
	tensors, _, err := m.Encode()
	keep(t, sizes, "`model.safetensors`", tensors, err)
	file, err := onnx.Options{}.Encode(m)
	keep(t, sizes, "ONNX", file, err)
	file, err = tflite.Encode(m, tflite.Options{})
	keep(t, sizes, "TensorFlow Lite", file, err)
	file, err = tflite.Encode(m, tflite.Options{Int4: true})
	keep(t, sizes, "TensorFlow Lite, `--int4`", file, err)

	p, err := coreml.Translate(m, coreml.Options{})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := p.Sizes()
	if err != nil {
		t.Fatal(err)
	}
	sizes["Core ML for iOS 18"] = parts.Total()
	for name, o := range map[string]carray.Options{"C": {}, "C, `--no-pack`": {Unpacked: true}} {
		files, err := carray.Encode(m, o)
		if err != nil {
			t.Fatal(err)
		}
		flash := regexp.MustCompile(`Flash +(\d+) bytes`).FindSubmatch(files[0].Data)
		if flash == nil {
			t.Fatalf("%s does not say how much flash it takes", files[0].Name)
		}
		sizes[name], _ = strconv.Atoi(string(flash[1]))
	}

	for name, size := range sizes {
		row := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(name) + ` \| ([\d,]+)`).FindStringSubmatch(readme(t))
		if row == nil {
			t.Errorf("README.md has no row %q", name)
			continue
		}
		said, _ := strconv.Atoi(strings.ReplaceAll(row[1], ",", ""))
		if math.Abs(float64(said-size)) > 0.01*float64(size) {
			t.Errorf("README.md says that %s takes %d bytes, here it takes %d", name, said, size)
		}
	}
}

// keep records the size of an encoded file.
func keep(t *testing.T, sizes map[string]int, name string, file []byte, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	sizes[name] = len(file)
}

// fourBits is the network of configs/fashion-cnn-w4a4.yaml, calibrated on noise.
func fourBits(t *testing.T) *quantized.Model {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	noise := &datasets.Split{Images: make([]uint8, 64*28*28), Labels: make([]int32, 64)}
	for i := range noise.Images {
		noise.Images[i] = uint8(rng.UintN(256))
	}
	data, err := datasets.New(datasets.Set{
		Name: "noise", Shape: [3]int{1, 28, 28}, Train: noise, Test: noise,
		Classes: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
	})
	if err != nil {
		t.Fatal(err)
	}
	network, err := graph.Builtin("cnn", len(data.Classes))
	if err != nil {
		t.Fatal(err)
	}
	result, err := train.Run(context.Background(), train.Config{
		Data: data, Network: network, Batch: 32, Quantization: graph.Uniform(fakequant.Bits(4)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return result.Model
}
