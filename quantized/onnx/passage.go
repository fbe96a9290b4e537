package onnx

import (
	"fmt"
	"math"
	"slices"

	"petrify/quantized"
)

// On x86-64 ONNX Runtime has integer convolutions of int8 only if a session
// asks for them (session.qdqisint8allowed=1). By default it makes activations
// uint8, but only if exactly one DQ reads a Q, directly. A Clip of integers
// between them, or a second reader, leaves the convolutions before and after in
// float. So such activations are written as two pairs,
//
//	… ─ Q ─ DQ ─ Clip ┬ Q ─ DQ ─ first reader
//	                  └ Q ─ DQ ─ second reader
//
// where Clip limits real numbers on the grid, or is a maximum with the least
// number if there is nothing to limit. The quantizers of the readers differ in
// the attribute axis, which has no meaning for a single scale, because equal
// ones would be merged again.

// passage is an activation that each reader quantizes separately.
type passage struct {
	inputs []string // of its quantizers, real numbers, scale and zero point
	rank   int
	read   int // by how many readers so far
}

// passage writes the Clip of the pairs above; read adds the second ones.
// Without limits there is nothing to clip.
func (w *writer) passage(name, x string, limits []float32, output string) string {
	if name != w.model.Output {
		output = name + "/passed"
	}
	if limits != nil {
		least, greatest := w.floats(name+"/min", limits[:1]), w.floats(name+"/max", limits[1:])
		x = w.node("Clip", output, []string{x, least, greatest})
	} else {
		x = w.unseen(x, output)
	}
	a, _ := w.model.Activation(name)
	w.passages[name] = &passage{inputs: []string{x, name + "/scale", name + "/zero"}, rank: 1 + len(a.Shape)}
	return x
}

// read is the value of an activation for one more reader.
func (w *writer) read(name string) string {
	p := w.passages[name]
	if p == nil {
		return w.real[name]
	}
	reader := fmt.Sprintf("%s/reader%d", name, p.read)
	axis := p.read%(2*p.rank) - p.rank
	if axis == -p.rank && p.read > 0 {
		p.inputs[0] = w.unseen(p.inputs[0], reader+"/passed")
	}
	p.read++
	y := w.node("QuantizeLinear", reader+"/quantized", slices.Clone(p.inputs), intAttribute("axis", axis))
	return w.node("DequantizeLinear", reader+"/dequantized", append([]string{y}, p.inputs[1:]...))
}

// unseen writes a maximum with the least number. It changes nothing, but ONNX
// Runtime's optimizer does not look through it for a quantizer.
func (w *writer) unseen(x, output string) string {
	return w.node("Max", output, []string{x, w.floats(output+"/least", []float32{-math.MaxFloat32})})
}

// readersOf counts the readers of each activation.
func readersOf(m *quantized.Model) map[string]int {
	readers := map[string]int{m.Output: 1}
	for i := range m.Nodes {
		for _, name := range m.Nodes[i].Inputs {
			readers[name]++
		}
	}
	return readers
}
