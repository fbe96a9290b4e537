package main

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// addExport adds the default export to the proof, which the export names, and
// the comparison of the engine with a runtime on this machine.
func (s *subject) addExport(ctx context.Context, p *quantized.Proof) error {
	f := defaultFormat()
	folder, err := os.MkdirTemp("", "petrify")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, f.file)
	if err := f.write(path, s.file, exportOptions{facts: p.Facts()}); err != nil {
		return err
	}
	if s.export, err = os.ReadFile(path); err != nil {
		return err
	}
	e := quantized.Export{Digest: quantized.DigestOf(f.file, s.export)}
	if f.runner.program() != "" {
		x, err := f.runner.on(s.export, s.file)
		if err != nil {
			return err
		}
		if e.Comparison, err = s.inRuntime(ctx, x); err != nil {
			return err
		}
	}
	p.Exports = append(p.Exports, e)
	return nil
}

// inRuntime compares a file's outputs in a runtime with the engine's on the
// whole test split, and says where any difference begins.
func (s *subject) inRuntime(ctx context.Context, x execution) (*quantized.Comparison, error) {
	version, err := x.version(ctx)
	if err != nil {
		return nil, err
	}
	c := &quantized.Comparison{A: theEngine, B: version}
	differing, err := s.compareOutputs(ctx, x, c)
	if err != nil || len(differing) == 0 {
		return c, err
	}
	c.Layers, err = s.compareLayers(ctx, x, differing)
	return c, err
}

// compareOutputs adds all outputs to a comparison and returns the images whose
// outputs differ.
func (s *subject) compareOutputs(ctx context.Context, x execution, c *quantized.Comparison) ([]int, error) {
	engine, err := integer.New(s.file, integer.Options{})
	if err != nil {
		return nil, err
	}
	p, err := x.start(ctx, x.file, func(w io.Writer) error { return s.send(w, nil) })
	if err != nil {
		return nil, err
	}
	defer p.stop()
	size := engine.OutputSize()
	ours, differing := make([]float32, verifyBatch*size), []int(nil)
	for images, err := range s.images(nil, verifyBatch) {
		if err != nil {
			return nil, err
		}
		n := len(images.indices)
		if err := engine.Run(ours[:n*size], images.x, n); err != nil {
			return nil, err
		}
		for i, index := range images.indices {
			theirs, err := p.read(4 * size)
			if err != nil {
				return nil, err
			}
			before := c.Differing
			c.Add(ours[i*size:(i+1)*size], floats(theirs)) // what did not come counts as differing
			if c.Differing > before {
				differing = append(differing, index)
			}
		}
	}
	return differing, p.end()
}
