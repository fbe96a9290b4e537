package coreml_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"petrify/internal/sample"
	"petrify/quantized"
	"petrify/quantized/coreml"
	"petrify/quantized/coreml/mil"
)

// TestProgramAgreesWithIntegers writes every network in every variant, reads
// the package back and runs it by the operations' definitions, on 200 inputs
// each, or -images if that is more: no quantized output differs from the
// definition of the integers. Without quantized activations all outputs differ by
// at most 1e-5.
func TestProgramAgreesWithIntegers(t *testing.T) {
	inputs := sample.Of(max(200, *images), 20)
	for _, name := range zooNames {
		float := zoo(name, true, 3)
		for _, c := range []struct {
			target coreml.Target
			v      variant
		}{
			{coreml.IOS16, w8}, {coreml.IOS17, w8a8}, {coreml.IOS17, w8a8affine}, {coreml.IOS18, w4a8},
			{coreml.IOS18, w4block},
		} {
			t.Run(fmt.Sprintf("%s/%v %s", name, c.target, c.v.name), func(t *testing.T) {
				m := quantize(float, c.v)
				agree(t, m, coreml.Options{Target: c.target, Precision: coreml.Float32}, inputs)
			})
		}
	}
}

// TestRareFormatsAgree covers what the usual variants do not: weights with
// zero points or one scale for all, 3 bits and fewer in 4, activations of 4 bits in 8 with
// and without zero points, unsigned encoding, and weights in floats.
func TestRareFormatsAgree(t *testing.T) {
	inputs := sample.Of(50, 25)
	for _, name := range []string{"cnn", "branches", "resnet8", "lenet5"} {
		float := zoo(name, true, 4)
		for _, v := range []variant{w8affine, w8tensor, w8a8tensor, w4ragged, w3a4, w4a4affine, ternary,
			binary} {
			t.Run(name+"/"+v.name, func(t *testing.T) {
				agree(t, quantize(float, v), coreml.Options{Precision: coreml.Float32}, inputs)
			})
		}
		for _, v := range []variant{w2affine, ternary, binary} {
			t.Run(name+"/"+v.name+" as a palette", func(t *testing.T) {
				agree(t, quantize(float, v), coreml.Options{Precision: coreml.Float32,
					WeightsEncoding: coreml.Palette}, inputs)
			})
		}
		for _, v := range []variant{w8a8, w4a8, w4block} {
			t.Run(name+"/"+v.name+" unsigned", func(t *testing.T) {
				agree(t, quantize(float, v), coreml.Options{Precision: coreml.Float32,
					WeightsEncoding: coreml.Unsigned}, inputs)
			})
		}
		t.Run(name+"/float", func(t *testing.T) {
			agree(t, float, coreml.Options{Precision: coreml.Float32}, inputs)
		})
	}
}

func agree(t *testing.T, m *quantized.Model, o coreml.Options, inputs int) {
	t.Helper()
	machine, _ := written(t, m, o)
	rng := rand.New(rand.NewPCG(11, 11))
	tolerance := 1e-5
	var out *quantized.Activation
	for i := range m.Nodes {
		if m.Nodes[i].Name == m.Output {
			out = &m.Nodes[i].Output
		}
	}
	if !out.Quant.Format.IsFloat() {
		tolerance = 0
	}
	var near, same int
	worst := 0.0
	for range inputs {
		x := randomInput(m, rng)
		want := run(m, x)[m.Output]
		results, err := machine.Run(map[string][]float32{"x": x})
		if err != nil {
			t.Fatal(err)
		}
		got := results[coreml.EncodeName(m.Output)].Numbers
		off := 0.0
		for i := range want {
			off = max(off, math.Abs(got[i]-want[i]))
		}
		worst = max(worst, off)
		if off <= tolerance {
			near++
		}
		if best(got) == best(want) {
			same++
		}
	}
	t.Logf("largest difference %.3g of %.3g allowed, %d of %d inputs within, %d predictions equal", worst,
		tolerance, near, inputs, same)
	if near < inputs || same < inputs {
		t.Errorf("largest difference %v: want %v; of %d inputs, %d within, %d predictions equal", worst, tolerance,
			inputs, near, same)
	}
}

// written writes the package, reads it back and prepares it to run.
func written(t *testing.T, m *quantized.Model, o coreml.Options) (*mil.Machine, *mil.Package) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "m.mlpackage")
	if err := coreml.Write(dir, m, o); err != nil {
		t.Fatal(err)
	}
	p, err := mil.ReadPackage(dir)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, "Data", "com.apple.CoreML", "model.mlmodel"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(p.Model.Marshal(), file) {
		t.Error("the model read and written again differs from its file")
	}
	machine, err := mil.NewMachine(p)
	if err != nil {
		t.Fatal(err)
	}
	return machine, p
}

func best(r []float64) int {
	most := 0
	for i := range r {
		if r[i] > r[most] {
			most = i
		}
	}
	return most
}
