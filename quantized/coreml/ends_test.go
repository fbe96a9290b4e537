package coreml_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"petrify/quantized"
	"petrify/quantized/coreml"
	"petrify/quantized/coreml/mil"
)

// TestNormalisationInside: raw values in, the model gives what the network
// gives for values normalised outside. The difference of the two roundings is
// far below a step of the quantized input, which hides it.
func TestNormalisationInside(t *testing.T) {
	for _, c := range []struct {
		network string
		numbers int // means and deviations
	}{{"cnn", 1}, {"resnet8", 3}, {"resnet8", 1}, {"resnet8", 0}} {
		network := c.network
		m := quantize(zoo(network, true, 1), w8)
		m.Input.Mean, m.Input.Std = m.Input.Mean[:c.numbers], m.Input.Std[:c.numbers]
		outside, _ := written(t, m, coreml.Options{Precision: coreml.Float32})
		for _, o := range []coreml.Options{
			{Precision: coreml.Float32, Normalize: true},
			{Precision: coreml.Float32, Image: true},
		} {
			inside, p := written(t, m, o)
			rng := rand.New(rand.NewPCG(5, 5))
			pixels, r := make([]float32, size(m.Input.Shape)), make([]float32, size(m.Input.Shape))
			for i := range pixels {
				channel := i / (len(pixels) / m.Input.Shape[0])
				pixels[i] = float32(rng.IntN(256))
				r[i] = pixels[i] * m.Input.PixelScale
				if c.numbers > 0 {
					k := min(channel, c.numbers-1)
					r[i] = (r[i] - m.Input.Mean[k]) / m.Input.Std[k]
				}
			}
			got, want := output(t, inside, m, pixels), output(t, outside, m, r)
			for i := range want {
				if math.Abs(got[i]-want[i]) > 1e-5*(1+math.Abs(want[i])) {
					t.Errorf("%s %+v: output %d is %v: want %v", network, o, i, got[i], want[i])
				}
			}
			if kind := p.Model.Inputs[0].Kind; o.Image != (kind == mil.Image) {
				t.Errorf("%s: input %v: want an image only if asked for", network, p.Model.Inputs[0])
			}
		}
	}
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func output(t *testing.T, machine *mil.Machine, m *quantized.Model, x []float32) []float64 {
	t.Helper()
	results, err := machine.Run(map[string][]float32{"x": x})
	if err != nil {
		t.Fatal(err)
	}
	return results[coreml.EncodeName(m.Output)].Numbers
}

func TestImageInterface(t *testing.T) {
	for network, want := range map[string]mil.Feature{
		"lenet5":  {Name: "x", Description: "pixels 0 to 255", Kind: mil.Image, Width: 12, Height: 12, Color: mil.Gray},
		"ds-cnn":  {Name: "x", Description: "pixels 0 to 255", Kind: mil.Image, Width: 5, Height: 13, Color: mil.Gray},
		"resnet8": {Name: "x", Description: "pixels 0 to 255", Kind: mil.Image, Width: 8, Height: 8, Color: mil.RGB},
	} {
		_, p := written(t, zoo(network, true, 1), coreml.Options{Image: true})
		if got := p.Model.Inputs[0]; got.String() != want.String() || got.Width != want.Width ||
			got.Height != want.Height {
			t.Errorf("%s: %v: want %v", network, got, want)
		}
	}
}

// TestClassifier: the probabilities are the softmax of the network's output,
// or that output if it is one; the label is the likeliest class.
func TestClassifier(t *testing.T) {
	for _, network := range []string{"mlp", "branches"} {
		for _, v := range []variant{w8, w8a8} {
			m := quantize(zoo(network, true, 1), v)
			machine, p := written(t, m, coreml.Options{Precision: coreml.Float32, Classifier: true})
			x := randomInput(m, rand.New(rand.NewPCG(5, 5)))
			results, err := machine.Run(map[string][]float32{"x": x})
			if err != nil {
				t.Fatal(err)
			}
			want := run(m, x)[m.Output]
			if network == "mlp" {
				sum := 0.0
				for i, r := range want {
					want[i] = math.Exp(r)
					sum += want[i]
				}
				for i := range want {
					want[i] /= sum
				}
			}
			scores := results["classLabel_probs"].Scores
			if len(scores) != len(m.Classes) {
				t.Fatalf("%s %s: %d probabilities: want %d", network, v.name, len(scores), len(m.Classes))
			}
			for i, class := range m.Classes {
				if math.Abs(scores[class]-want[i]) > 1e-6 {
					t.Errorf("%s %s: %s has %v: want %v", network, v.name, class, scores[class], want[i])
				}
			}
			if label := results["classLabel"].Label; label != m.Classes[best(want)] {
				t.Errorf("%s %s: label %q: want %q", network, v.name, label, m.Classes[best(want)])
			}
			if p.Model.Label != "classLabel" || p.Model.Scores != "classLabel_probs" || len(p.Model.Outputs) != 2 {
				t.Errorf("%s %s: interface %q %q %v", network, v.name, p.Model.Label, p.Model.Scores, p.Model.Outputs)
			}
		}
	}
}

// TestFloat16IsNear: in float16 outputs move by a few of its steps where
// nothing is quantized, and predictions rarely change.
func TestFloat16IsNear(t *testing.T) {
	for _, network := range []string{"cnn", "resnet8", "autoencoder"} {
		m := quantize(zoo(network, true, 1), w8)
		machine, _ := written(t, m, coreml.Options{})
		rng := rand.New(rand.NewPCG(5, 5))
		for range 20 {
			x := randomInput(m, rng)
			want, got := run(m, x)[m.Output], output(t, machine, m, x)
			most := 0.0
			for _, r := range want {
				most = max(most, math.Abs(r))
			}
			for i := range want {
				if math.Abs(got[i]-want[i]) > most*0x1p-7 {
					t.Errorf("%s: output %d is %v: want %v", network, i, got[i], want[i])
				}
			}
		}
	}
}

func TestMetadata(t *testing.T) {
	m := quantize(zoo("lenet5", true, 1), w3a4)
	p, err := coreml.Translate(m, coreml.Options{
		Image: true, Classifier: true,
		Metadata: coreml.Metadata{Author: "A", License: "L", Version: "1.2", Description: "D",
			Facts: map[string]string{"proof": "0 differ"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	digests, err := m.Digests()
	if err != nil {
		t.Fatal(err)
	}
	got := p.Model.Metadata
	if got.Author != "A" || got.License != "L" || got.Version != "1.2" || got.Description != "D" {
		t.Errorf("metadata %+v", got)
	}
	for key, want := range map[string]string{
		"petrify.version":                  "0.0.0",
		"petrify.network":                  "lenet5",
		"petrify.dataset":                  "random",
		"petrify.method":                   "ptq",
		"petrify.seed":                     "1",
		"petrify.target":                   "iOS18",
		"petrify.precision":                "float16",
		"petrify.export":                   "classifier image",
		"petrify.proof":                    "0 differ",
		"petrify.model.safetensors.sha256": digests[0].SHA256,
		"petrify.model.json.sha256":        digests[1].SHA256,
		"petrify.input":                    "(x / 255 - [0.4]) / [0.25]",
		"petrify.weights":                  "int3 per channel stored as int4: conv1, conv2, fc1, fc2, fc3",
		"petrify.activations": "int4 symmetric stored as int8: x, pool2, flatten, fc3; " +
			"uint4 symmetric stored as uint8: conv1, pool1, conv2, fc1, fc2",
		"com.apple.coreml.model.preview.type": "imageClassifier",
	} {
		if got.Custom[key] != want {
			t.Errorf("%s is %q: want %q", key, got.Custom[key], want)
		}
		delete(got.Custom, key)
	}
	if len(got.Custom) != 0 {
		t.Errorf("also %v", got.Custom)
	}
}
