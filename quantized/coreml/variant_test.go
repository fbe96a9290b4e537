package coreml_test

import (
	"math"
	"math/rand/v2"

	"petrify/fakequant/affine"
	"petrify/quantized"
)

// variant is how a network is quantized.
type variant struct {
	name    string
	weights affine.Format
	block   int
	acts    string // "", "symmetric", "affine", "4 bits" or "4 bits, affine"
	zeros   bool   // weights with zero points
	tensor  bool   // one scale for all channels
}

var (
	w8         = variant{name: "W8", weights: affine.Int8Narrow}
	w8affine   = variant{name: "W8 affine", weights: affine.Uint8, zeros: true}
	w8tensor   = variant{name: "W8 per tensor", weights: affine.Int8Narrow, tensor: true}
	w8a8       = variant{name: "W8A8 symmetric", weights: affine.Int8Narrow, acts: "symmetric"}
	w8a8affine = variant{name: "W8A8 affine", weights: affine.Int8Narrow, acts: "affine"}
	w4a8       = variant{name: "W4A8", weights: affine.Format{Bits: 4, Narrow: true}, acts: "symmetric"}
	w4block    = variant{name: "W4 per block 32", weights: affine.Format{Bits: 4}, block: 32}
	w8a8tensor = variant{name: "W8A8 per tensor", weights: affine.Int8Narrow, acts: "symmetric", tensor: true}
	w4ragged   = variant{name: "W4 per block 12", weights: affine.Format{Bits: 4}, block: 12}
	w2affine   = variant{name: "W2 affine", weights: affine.Format{Bits: 2, Unsigned: true}, acts: "affine",
		zeros: true}
	ternary    = variant{name: "ternary", weights: affine.Ternary, acts: "4 bits"}
	binary     = variant{name: "binary", weights: affine.Binary, acts: "symmetric"}
	w3a4       = variant{name: "W3A4", weights: affine.Format{Bits: 3}, acts: "4 bits"}
	w4a4affine = variant{name: "W4A4 affine", weights: affine.Format{Bits: 4, Narrow: true}, acts: "4 bits, affine"}
)

// quantize gives a float network the variant's scales, from the ranges that
// the definition gives on a few random inputs.
func quantize(m *quantized.Model, v variant) *quantized.Model {
	rng := rand.New(rand.NewPCG(7, 7))
	low, high := map[string]float64{}, map[string]float64{}
	samples := 8
	if v.acts == "" {
		samples = 0 // no activation is quantized
	}
	for range samples {
		for name, values := range run(m, randomInput(m, rng)) {
			for _, r := range values {
				low[name], high[name] = min(low[name], r), max(high[name], r)
			}
		}
	}
	out := *m
	out.Nodes = append([]quantized.Node(nil), m.Nodes...)
	acts := map[string]*quantized.Activation{m.Input.Name: &out.Input.Activation}
	out.Input.Quant = v.activation(low[m.Input.Name], high[m.Input.Name], false)
	for i := range out.Nodes {
		n := &out.Nodes[i]
		in := acts[n.Inputs[0]].Quant
		switch n.Op {
		case quantized.MaxPool, quantized.Flatten:
			n.Output.Quant = in
		default:
			n.Output.Quant = v.activation(low[n.Name], high[n.Name], n.Func == quantized.ReLU ||
				n.Func == quantized.ReLU6)
		}
		acts[n.Name] = &n.Output
		if n.Weights != nil {
			n.Weights = v.integers(n.Weights)
			n.Bias = integerBias(n.Bias, in, n.Weights)
		}
	}
	return &out
}

func (v variant) activation(low, high float64, relu bool) quantized.Quant {
	bits := 8
	switch {
	case v.acts == "":
		return quantized.Quant{}
	case v.acts == "4 bits":
		bits = 4
		fallthrough
	case v.acts == "symmetric":
		f := affine.Format{Bits: bits, Unsigned: relu}
		most := max(high, -low)
		return quantized.Quant{Format: f, Scale: float32(most / float64(f.Max()))}
	}
	f := affine.Uint8
	if v.acts == "4 bits, affine" {
		f.Bits = 4
	}
	s := float32((high - low) / float64(f.Max()))
	return quantized.Quant{Format: f, Scale: s, Zero: int32(math.RoundToEven(-low / float64(s)))}
}

func (v variant) integers(float *quantized.Weights) *quantized.Weights {
	w := &quantized.Weights{Shape: float.Shape, Format: v.weights, Axis: 0, Q: make([]int8, len(float.Float))}
	if v.tensor {
		w.Axis = -1
	}
	w.Block = v.block
	groups := 1
	for i := range w.Q {
		groups = max(groups, group(w, i)+1)
	}
	low, high := make([]float64, groups), make([]float64, groups)
	for i, r := range float.Float {
		k := group(w, i)
		low[k], high[k] = min(low[k], float64(r)), max(high[k], float64(r))
	}
	w.Scale = make([]float32, groups)
	if v.zeros {
		w.Zero = make([]int32, groups)
	}
	for k := range w.Scale {
		w.Scale[k] = max(float32(max(high[k], -low[k])/float64(w.Format.Max())), affine.MinScale)
		if v.zeros {
			w.Scale[k] = float32((high[k] - low[k]) / float64(w.Format.Max()))
			w.Zero[k] = int32(math.RoundToEven(-low[k] / float64(w.Scale[k])))
		}
	}
	for i, r := range float.Float {
		k := group(w, i)
		q := int32(math.RoundToEven(float64(r) / float64(w.Scale[k])))
		if v.zeros {
			q += w.Zero[k]
		}
		if q = min(max(q, w.Format.Min()), w.Format.Max()); !w.Format.Has(q) {
			q = 1
		}
		w.Q[i] = int8(q)
	}
	return w
}

// group is the index of the scale of weight i: one for all, one an output
// channel, or one for each block of input channels, the last perhaps shorter.
func group(w *quantized.Weights, i int) int {
	inputs := w.Shape[1]
	kernel := 1
	for _, d := range w.Shape[2:] {
		kernel *= d
	}
	switch {
	case w.Axis < 0:
		return 0
	case w.Block == 0:
		return i / (inputs * kernel)
	}
	blocks := (inputs + w.Block - 1) / w.Block
	return i/(inputs*kernel)*blocks + i/kernel%inputs/w.Block
}

func integerBias(float *quantized.Bias, in quantized.Quant, w *quantized.Weights) *quantized.Bias {
	if in.Format.IsFloat() || w.Block > 0 {
		return float
	}
	b := &quantized.Bias{Q: make([]int32, len(float.Float)), Scale: make([]float32, len(w.Scale))}
	for k, s := range w.Scale {
		b.Scale[k] = in.Scale * s
	}
	for o, r := range float.Float {
		b.Q[o] = int32(math.RoundToEven(float64(r) / float64(b.Scale[min(o, len(w.Scale)-1)])))
	}
	return b
}

func randomInput(m *quantized.Model, rng *rand.Rand) []float32 {
	n := 1
	for _, d := range m.Input.Shape {
		n *= d
	}
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}
