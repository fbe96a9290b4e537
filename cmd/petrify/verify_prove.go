package main

import (
	"context"
	"fmt"
	"path/filepath"

	"petrify/datasets"
	"petrify/graph"
	"petrify/internal/atomicfile"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/train"
)

// The names, in a proof, of what is compared. Training's forward pass is the
// Gorgonia graph with its fake-quant nodes, ranges and batch norm at rest;
// everything but products it computes with the engine's own layers. The
// definition shares no code with either.
const (
	theTraining   = "training"
	theEngine     = "integer engine"
	theDefinition = "definition"
	theFile       = "re-read file"
)

// prove computes the whole test split in every available way.
func (s *subject) prove(ctx context.Context) (*quantized.Proof, error) {
	frozen, file, err := s.engines()
	if err != nil {
		return nil, err
	}
	if shape := s.data.Shape; frozen.InputSize() != shape[0]*shape[1]*shape[2] {
		return nil, fmt.Errorf("%s has inputs of shape %v, the model wants %v", s.data.Name, shape, s.file.Input.Shape)
	}
	var e *graph.Evaluator
	if s.graph != nil {
		if e, err = s.graph.Evaluator(verifyBatch, true); err != nil {
			return nil, err
		}
		defer e.Close()
	}
	size := frozen.OutputSize()
	run, reread := make([]float32, verifyBatch*size), make([]float32, verifyBatch*size)
	trained, written := quantized.Comparison{A: theTraining, B: theEngine},
		quantized.Comparison{A: theEngine, B: theFile}
	for b, err := range s.data.Batches(s.data.Test, datasets.BatchOptions{Size: verifyBatch}) {
		if err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		x, n := b.X[:b.N*frozen.InputSize()], b.N*size
		if err := frozen.Run(run[:n], x, b.N); err != nil {
			return nil, err
		}
		if err := file.Run(reread[:n], x, b.N); err != nil {
			return nil, err
		}
		written.Add(run[:n], reread[:n])
		if e == nil {
			continue
		}
		if _, err := e.Run(b.X, b.Labels); err != nil {
			return nil, err
		}
		trained.Add(e.Logits()[:n], run[:n])
	}
	p, err := s.describe(s.data.Test.Len() * size)
	if err != nil {
		return nil, err
	}
	if e != nil {
		p.Comparisons = append(p.Comparisons, trained)
	}
	defined, err := s.compareDefinition(ctx, s.sample(sampled))
	if err != nil {
		return nil, err
	}
	p.Comparisons = append(p.Comparisons, defined, written)
	return p, s.addExport(ctx, p)
}

// proveRun proves a run that has just been saved, and writes the proof and the list of
// its files.
func proveRun(ctx context.Context, job train.Config) (*quantized.Proof, error) {
	m, err := quantized.Load(job.Out)
	if err != nil {
		return nil, err
	}
	s := &subject{folder: job.Out, file: m, data: job.Data}
	if err := s.rebuild(job); err != nil {
		return nil, err
	}
	p, err := s.prove(ctx)
	if err != nil {
		return nil, err
	}
	// after the export, so that a proof never lists a file that does not exist
	if err := atomicfile.WriteFile(filepath.Join(job.Out, defaultFormat().file), s.export); err != nil {
		return nil, err
	}
	return p, s.writeRecords(p)
}

// engines returns the engines of the frozen model and of the file.
func (s *subject) engines() (frozen, file *integer.Engine, err error) {
	if frozen, err = integer.New(s.model, integer.Options{}); err != nil {
		return nil, nil, err
	}
	file, err = integer.New(s.file, integer.Options{})
	return frozen, file, err
}

// describe begins the proof with what it is about.
func (s *subject) describe(outputs int) (*quantized.Proof, error) {
	digests, err := s.file.Digests()
	if err != nil {
		return nil, err
	}
	p := &quantized.Proof{
		Network: s.file.Name, Version: programVersion(), Outputs: outputs, Model: digests,
		Data: quantized.ProofData{
			Name: s.data.Name, Split: "test", Samples: s.data.Test.Len(), SHA256: s.data.Checksum(),
		},
	}
	p.Accumulators, err = s.file.Accumulators()
	return p, err
}
