package main

import (
	"slices"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// variant is a way to compute a model.
type variant struct {
	name    string
	model   func() *quantized.Model
	options integer.Options
}

// variants lists the distinct ways to compute m.
func variants(m *quantized.Model) []variant {
	v := []variant{{"float32", func() *quantized.Model { return floated(m, true) }, integer.Options{}}}
	if slices.ContainsFunc(m.Nodes, func(n quantized.Node) bool { return n.Weights != nil && n.Weights.Q != nil }) {
		weightOnly := func() *quantized.Model { return floated(m, false) }
		v = append(v,
			variant{"integer weights, floats at load", weightOnly, integer.Options{Weights: integer.AtLoad}},
			variant{"integer weights, floats just in time", weightOnly, integer.Options{Weights: integer.JustInTime}})
	}
	quantizes := func(n quantized.Node) bool { return !n.Output.Quant.IsFloat() }
	if !m.Input.Quant.IsFloat() || slices.ContainsFunc(m.Nodes, quantizes) {
		v = append(v, variant{"integers", func() *quantized.Model { return m }, integer.Options{}})
	}
	return v
}

// floated is the model with float activations and, if asked for, float weights.
func floated(m *quantized.Model, weights bool) *quantized.Model {
	f := *m
	f.Input.Quant = quantized.Quant{}
	f.Nodes = slices.Clone(m.Nodes)
	for i := range f.Nodes {
		n := &f.Nodes[i]
		n.Output.Quant = quantized.Quant{}
		if n.Bias != nil && n.Bias.Q != nil {
			n.Bias = floatBias(n.Bias)
		}
		if weights && n.Weights != nil && n.Weights.Q != nil {
			n.Weights = &quantized.Weights{Shape: n.Weights.Shape, Axis: -1, Float: n.Weights.Real()}
		}
	}
	return &f
}

// floatBias dequantizes a bias: r = s·q.
func floatBias(b *quantized.Bias) *quantized.Bias {
	r := make([]float32, len(b.Q))
	for o, q := range b.Q {
		r[o] = float32(q) * b.Scale[min(o, len(b.Scale)-1)]
	}
	return &quantized.Bias{Float: r}
}
