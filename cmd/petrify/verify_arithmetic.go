package main

import (
	"context"
	"fmt"
	"strings"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// inArithmetic uses the integer engine to say how many outputs of the test
// split a runtime rounds differently from training. For a model that computes
// with floats, whose sums the engine cannot reproduce, it names those layers,
// if it is known how the sums are formed.
func (s *subject) inArithmetic(ctx context.Context, a arithmetic) (string, error) {
	switch sums := floatSums(s.file); {
	case len(sums) > 0 && a.sums != "":
		return fmt.Sprintf("; float sums, of %s, are %s", strings.Join(sums, ", "), a.sums), nil
	case a.whose == "" || !integersThroughout(s.file):
		return "", nil
	}
	_, ours, err := s.engines()
	if err != nil {
		return "", err
	}
	theirs, err := integer.New(s.file, a.Options)
	if err != nil {
		return "", err
	}
	c := quantized.Comparison{A: theEngine, B: a.whose}
	x, y := make([]float32, verifyBatch*ours.OutputSize()), make([]float32, verifyBatch*ours.OutputSize())
	for images, err := range s.images(nil, verifyBatch) {
		if err != nil {
			return "", err
		}
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		n := len(images.indices) * ours.OutputSize()
		if err := ours.Run(x[:n], images.x, len(images.indices)); err != nil {
			return "", err
		}
		if err := theirs.Run(y[:n], images.x, len(images.indices)); err != nil {
			return "", err
		}
		c.Add(x[:n], y[:n])
	}
	return fmt.Sprintf("; in %s arithmetic %s of its %s outputs differ",
		a.whose, thousands(int64(c.Differing)), thousands(int64(c.Elements))), nil
}

// floatSums names the layers that add products of real numbers.
func floatSums(m *quantized.Model) []string {
	var all []string
	for i := range m.Nodes {
		n := &m.Nodes[i]
		if w := n.Weights; w != nil {
			x, _ := m.Activation(n.Inputs[0])
			if x.Quant.IsFloat() || w.Q == nil || w.Block > 0 {
				all = append(all, n.Name)
			}
		}
	}
	return all
}

// integersThroughout reports whether every layer computes with integers.
func integersThroughout(m *quantized.Model) bool {
	whole := !m.Input.Quant.IsFloat()
	for i := range m.Nodes {
		w := m.Nodes[i].Weights
		whole = whole && !m.Nodes[i].Output.Quant.IsFloat() && (w == nil || w.Q != nil && w.Block == 0)
	}
	return whole
}
