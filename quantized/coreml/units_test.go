package coreml_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/quantized"
	"petrify/quantized/coreml"
	"petrify/quantized/coreml/mil"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
)

// TestMeansAreThoseOfTheIntegers: of 64 integers, every 64th mean lies on a tie,
// which no rounding of s·q may move.
func TestMeansAreThoseOfTheIntegers(t *testing.T) {
	network := graph.Chain(graph.Conv2D(4, 1), graph.ReLU(), graph.GlobalAvgPool())
	m := trained(t, network, graph.Shape{C: 4, H: 8, W: 8}, graph.Uniform(fakequant.Int8()))
	r, err := coreml.NewRunner(m, coreml.Options{Precision: coreml.Float32})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := integer.New(m, integer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const n = 3000
	x, y := noise(rand.New(rand.NewPCG(7, 8)), n*engine.InputSize()), make([]float32, n*engine.OutputSize())
	if err := engine.Run(y, x, n); err != nil {
		t.Fatal(err)
	}
	differ := 0
	for i := range n {
		if err := r.Run(planes(x[i*engine.InputSize():][:engine.InputSize()], m.Input.Shape)); err != nil {
			t.Fatal(err)
		}
		for k, v := range r.Activation(nil, m.Output) {
			if v != y[i*engine.OutputSize()+k] {
				differ++
			}
		}
	}
	if differ > 0 {
		t.Errorf("%d of %d means differ", differ, len(y))
	}
}

// TestScalesBetweenLayersArePowersOfTwo: what convolutions and linear layers read
// and write is multiplied and divided without rounding.
func TestScalesBetweenLayersArePowersOfTwo(t *testing.T) {
	m := quantize(zoo("cnn", true, 1), w8a8)
	p, err := coreml.Translate(m, coreml.Options{})
	if err != nil {
		t.Fatal(err)
	}
	constants, checked := map[string]*mil.Operation{}, 0
	for i := range p.Model.Program.Operations {
		op := &p.Model.Program.Operations[i]
		constants[op.Name()] = op
		ends := []string{"x_q", coreml.EncodeName(m.Output) + "_r"}
		if op.Type != "quantize" && op.Type != "dequantize" || slices.Contains(ends, op.Name()) {
			continue
		}
		v := constants[op.Argument("scale")[0].Name].Attribute("val")
		s, err := p.Blobs.Numbers(v)
		if err != nil {
			t.Fatal(err)
		}
		if bits := mil.EncodeFloat16(s[0]); bits&1023 != 0 {
			t.Errorf("%s: scale %v", op.Name(), s[0])
		}
		checked++
	}
	if checked < 8 {
		t.Errorf("%d scales: want more", checked)
	}
}

// TestSumsAreThoseOfTheIntegers: in float32, layers with weights give the integer
// engine's elements, also where scales of hundredths put many sums next to ties.
func TestSumsAreThoseOfTheIntegers(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	quant := func() quantized.Quant {
		f := affine.Format{Bits: 4 + rng.IntN(5), Unsigned: rng.IntN(2) == 0}
		return quantized.Quant{Format: f, Scale: float32(1+rng.IntN(40)) / 100,
			Zero: f.Min() + rng.Int32N(f.Max()-f.Min()+1)}
	}
	elements, differ := 0, 0
	for range 100 {
		const in, out = 6, 9
		x, y := quant(), quant()
		m := quantizedtest.Function(quantized.Func(rng.IntN(3)), x, y, in) // identity, relu, relu6
		n := &m.Nodes[0]
		n.Op, n.Output.Shape = quantized.Linear, []int{out}
		n.Weights = &quantized.Weights{Shape: []int{out, in}, Format: affine.Int8Narrow, Axis: 0}
		n.Bias = &quantized.Bias{}
		for range out {
			s := float32(1+rng.IntN(40)) / 100
			n.Weights.Scale, n.Bias.Scale = append(n.Weights.Scale, s), append(n.Bias.Scale, x.Scale*s)
			n.Bias.Q = append(n.Bias.Q, rng.Int32N(200)-100)
			for range in {
				n.Weights.Q = append(n.Weights.Q, int8(rng.IntN(9)-4))
			}
		}
		r, err := coreml.NewRunner(m, coreml.Options{Precision: coreml.Float32})
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			input := randomInput(m, rng)
			for i := range input {
				input[i] *= 10 * x.Scale
			}
			if err := r.Run(input); err != nil {
				t.Fatal(err)
			}
			for k, want := range run(m, input)[m.Output] {
				elements++
				if got := r.Activation(nil, m.Output)[k]; float64(got) != want {
					differ++
				}
			}
		}
	}
	if differ > 0 {
		t.Errorf("%d of %d elements differ", differ, elements)
	}
}
