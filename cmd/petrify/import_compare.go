package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"petrify/graph/fromonnx"
	"petrify/internal/config"
	"petrify/internal/imported"
	"petrify/internal/onnxpb"
)

// compared is the number of random inputs on which an import is compared.
const compared = 64

// tolerated is the greatest difference, as a part of the greatest output, that
// rounding explains.
const tolerated = 1e-4

// compareImport compares the network with the file: in ONNX Runtime if it is
// there and runs the file, or else by definition.
func (c *command) compareImport(ctx context.Context, path string, m *fromonnx.Model) (imported.Comparison, error) {
	result, err := c.inONNXRuntime(ctx, path, m)
	if err != nil {
		fmt.Fprintf(c.stderr, "ONNX Runtime did not run %s: %v\n", path, err)
	}
	if err != nil || result == nil {
		byDefinition, err := imported.Compare(m, compared)
		if err != nil {
			return byDefinition, fmt.Errorf("%s: comparing the import with the file: %w", path, err)
		}
		result = &byDefinition
	}
	if r := result.Relative(); !(r <= tolerated) {
		return *result, fmt.Errorf("%s: the import is wrong: its outputs differ from those of %s by up to %.1e of the "+
			"greatest; please report it", path, result.By, r)
	}
	return *result, nil
}

// source says what file the weights of a new run come from, as import.json does;
// nil if they come from none. An ONNX file is compared first, as import does.
func (c *command) source(ctx context.Context, weights string) ([]byte, error) {
	if filepath.Ext(weights) != ".onnx" {
		beside := filepath.Join(filepath.Dir(weights), config.ImportFile)
		if filepath.Base(weights) != config.WeightsFile || !exists(beside) {
			return nil, nil
		}
		return os.ReadFile(beside)
	}
	m, err := fromonnx.Read(weights, fromonnx.Options{})
	if err != nil {
		return nil, err
	}
	compared, err := c.compareImport(ctx, weights, m)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(c.stderr, "%s: %s\n", weights, howCompared(compared))
	return record(m, compared)
}

func howCompared(c imported.Comparison) string {
	return fmt.Sprintf("compared with %s on %d random inputs: the greatest difference is %.1e of the greatest output",
		c.By, c.Inputs, c.Relative())
}

// inONNXRuntime compares with ONNX Runtime; nil if it is not there, or the file
// has no single output of float32.
func (c *command) inONNXRuntime(ctx context.Context, path string, m *fromonnx.Model) (*imported.Comparison, error) {
	r := onnxFormat().runner
	outputs := m.Source().Outputs
	if r.program() == "" || len(outputs) != 1 || outputs[0].Type != onnxpb.Float ||
		m.Source().Inputs[0].Type != onnxpb.Float {
		return nil, nil
	}
	version, err := r.version(ctx)
	if err != nil {
		return nil, err
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	x := execution{runner: r, file: file}
	batch := max(m.Facts.Input.Batch, 1)
	if m.Facts.Input.Batch > 0 {
		x.flags = []string{"-batch", strconv.Itoa(batch)}
	}
	n, err := imported.New(m.Network, m.Weights, m.Facts)
	if err != nil {
		return nil, err
	}
	defer n.Close()
	inputs := imported.RandomInputs(m, (compared+batch-1)/batch*batch, 1)
	ours, _, err := n.Results(inputs)
	if err != nil {
		return nil, err
	}
	p, err := x.start(ctx, file, func(w io.Writer) error { return binary.Write(w, binary.LittleEndian, inputs) })
	if err != nil {
		return nil, err
	}
	defer p.stop()
	raw, err := p.read(4 * len(ours))
	if err != nil {
		return nil, err
	}
	theirs := floats(raw)
	if err := p.end(); err != nil {
		return nil, err
	}
	all := make([]float64, len(theirs))
	for i, v := range theirs {
		all[i] = float64(v)
	}
	result := &imported.Comparison{By: version, Inputs: len(inputs) / m.Input.Size()}
	return result, result.Add(ours, all)
}
