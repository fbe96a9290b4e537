package main

import (
	"context"
	"fmt"

	"petrify/datasets"
	"petrify/graph"
	"petrify/quantized"
)

// What is compared, by the names in a proof.
const (
	theGraph  = "graph"
	theEngine = "integer engine"
	theFile   = "re-read file"
)

// verifyBatch is how many images are computed at a time.
const verifyBatch = 64

// prove computes the whole test split in every way there is.
func (s *subject) prove(ctx context.Context) (*quantized.Proof, error) {
	frozen, file, err := s.engines()
	if err != nil {
		return nil, err
	}
	if shape := s.data.Shape; frozen.InputSize() != shape[0]*shape[1]*shape[2] {
		return nil, fmt.Errorf("%s has inputs of shape %v, the model %v", s.data.Name, s.data.Shape, s.file.Input.Shape)
	}
	outputs := s.data.Test.Len() * frozen.OutputSize()
	evaluated, run, reread := make([]float32, 0, outputs), make([]float32, outputs), make([]float32, outputs)
	var e *graph.Evaluator
	if s.graph != nil {
		if e, err = s.graph.Evaluator(verifyBatch, true); err != nil {
			return nil, err
		}
		defer e.Close()
	}
	at, size := 0, frozen.OutputSize()
	for b, err := range s.data.Batches(s.data.Test, datasets.BatchOptions{Size: verifyBatch}) {
		if err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		x, from, to := b.X[:b.N*frozen.InputSize()], at*size, (at+b.N)*size
		if err := frozen.Run(run[from:to], x, b.N); err != nil {
			return nil, err
		}
		if err := file.Run(reread[from:to], x, b.N); err != nil {
			return nil, err
		}
		if e != nil {
			if _, err := e.Run(b.X, b.Labels); err != nil {
				return nil, err
			}
			evaluated = append(evaluated, e.Logits()[:b.N*size]...)
		}
		at += b.N
	}
	p, err := s.describe(outputs)
	if err != nil {
		return nil, err
	}
	if e != nil {
		p.Comparisons = append(p.Comparisons, compared(theGraph, theEngine, evaluated, run, 0))
	}
	p.Comparisons = append(p.Comparisons, compared(theEngine, theFile, run, reread, 0))
	return p, s.addExports(ctx, p, run)
}

func compared(a, b string, x, y []float32, tolerance float64) quantized.Comparison {
	c := quantized.Comparison{A: a, B: b, Tolerance: tolerance}
	c.Add(x, y)
	return c
}

// describe begins the proof: what it is about.
func (s *subject) describe(outputs int) (*quantized.Proof, error) {
	digests, err := s.file.Digests()
	if err != nil {
		return nil, err
	}
	p := &quantized.Proof{
		Network: s.file.Name, Version: programVersion(), Outputs: outputs, Model: digests,
		Data: quantized.ProofData{Name: s.data.Name, Split: "test", Samples: s.data.Test.Len(), SHA256: s.data.Checksum()},
	}
	p.Accumulators, err = s.file.Accumulators()
	return p, err
}

// tolerance is what a runtime's outputs may differ by, as part of the greatest:
// nothing where every layer computes with integers; the rounding of float sums
// where none does; and where both occur, or functions that runtimes compute in
// float32, a few steps of the output, for a sum that rounds otherwise moves an
// integer behind it to its neighbour.
func tolerance(m *quantized.Model) float64 {
	integers, floats := !m.Input.Quant.IsFloat(), m.Input.Quant.IsFloat()
	for i := range m.Nodes {
		n := &m.Nodes[i]
		blocks := n.Weights != nil && (n.Weights.Q == nil || n.Weights.Block > 0)
		inFloat := n.Op == quantized.Activate && (n.Func == quantized.Tanh || n.Func == quantized.HardSwish)
		integers = integers || !n.Output.Quant.IsFloat()
		floats = floats || blocks || inFloat || n.Output.Quant.IsFloat() && n.Name != m.Output
	}
	switch {
	case !floats:
		return 0
	case !integers:
		return 1e-5
	default:
		return 0.05
	}
}
