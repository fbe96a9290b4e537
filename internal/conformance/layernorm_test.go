package conformance_test

import (
	"maps"
	"math/rand/v2"
	"testing"

	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

// normalising add layer normalisations of images and of vectors, and one that two
// layers read.
var normalising = map[string]func(b *quantizedtest.Builder) string{
	"layer norm": func(b *quantizedtest.Builder) string {
		return b.Conv(b.LayerNorm(b.Conv(b.Input(), 7, quantizedtest.Same(3), 1, quantized.Identity)), 3,
			quantizedtest.Valid(1, 1), 1, quantized.ReLU)
	},
	"layer norm of vectors": func(b *quantizedtest.Builder) string {
		x := b.LayerNorm(b.Linear(b.Flatten(b.Input()), 33, quantized.ReLU))
		return b.LayerNorm(b.Linear(x, 10, quantized.Identity))
	},
	"layer norm, read twice": func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.Identity)
		y := b.LayerNorm(x)
		return b.Add(b.Conv(y, 4, quantizedtest.Valid(1, 1), 1, quantized.Identity), b.Add(x, y, quantized.Identity),
			quantized.ReLU)
	},
}

// TestLayerNorms: in ONNX Runtime, in files of uint8 and of int8, and in C with every
// requantization no element differs. Where a layer sums floats, the others are near.
func TestLayerNorms(t *testing.T) {
	all := maps.Clone(schemes)
	maps.Copy(all, floating)
	for schemeName, scheme := range all {
		_, sums := floating[schemeName]
		for name, build := range normalising {
			b := quantizedtest.New(rand.New(rand.NewPCG(71, 72)), scheme, 4, 8, 8)
			m := b.Model(build(b))
			inONNXRuntime(t, schemeName+"/"+name, m, b.Inputs(m, 40), sums, 1e-6)
		}
	}
}

// TestLayerNormsInC: the same in C.
func TestLayerNormsInC(t *testing.T) {
	var p program
	for _, schemeName := range []string{"W8A8", "zero points", "ties"} {
		for name, build := range normalising {
			b := quantizedtest.New(rand.New(rand.NewPCG(73, 74)), schemes[schemeName], 4, 8, 8)
			m := b.Model(build(b))
			p.add(schemeName+" "+name, m, byteInputs(rand.New(rand.NewPCG(3, 4)), m, 5), requantizations...)
		}
	}
	p.check(t, plain)
}
