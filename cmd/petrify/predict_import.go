package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"petrify/datasets"
	"petrify/internal/atomicfile"
	"petrify/internal/config"
	"petrify/internal/imported"
	"petrify/train"
)

// isImport reports whether a folder is an import that was not trained on.
func isImport(path string) bool {
	return exists(filepath.Join(path, config.ImportFile)) && exists(filepath.Join(path, config.NetworkFile)) &&
		!holdsModel(path)
}

// predictImport runs an imported network on arrays in the layout of the file
// that it came from, and gives what that file gives.
func (c *command) predictImport(folder string, paths []string, float bool, w predictionWriter, out string) error {
	if !float {
		return usage(fmt.Errorf("%s is an import, which is not quantized yet: train it (--set network=%s), or run it "+
			"with --float", folder, folder))
	}
	n, record, err := openImport(folder)
	if err != nil {
		return err
	}
	defer n.Close()
	return c.predictArrays(n, record, paths, w, out)
}

// predictSource runs a model that was trained on an import on arrays as the file that it came from
// takes them, and gives what that file would give.
func (c *command) predictSource(p *predictor, paths []string, w predictionWriter, out string) error {
	const flag = "--input-layout source"
	record, err := readImport(p.folder)
	if err != nil {
		return fmt.Errorf("%s: the model's folder does not say what file it comes from: %w", flag, err)
	}
	n, err := imported.Running(p.compute, verifyBatch, record.Facts)
	if err != nil {
		return err
	}
	outputs := 1
	for _, d := range record.Output.Shape {
		outputs *= d
	}
	if n.InputSize() != p.inputs() || outputs != p.outputs {
		return fmt.Errorf("%s: %s takes %d numbers and gives %d, the model takes %d and gives %d", flag, record.File,
			n.InputSize(), outputs, p.inputs(), p.outputs)
	}
	return c.predictArrays(n, record, paths, w, out)
}

// predictArrays runs a network on arrays in the layout of its file.
func (c *command) predictArrays(n *imported.Network, record *importRecord, paths []string, w predictionWriter,
	out string,
) error {
	var all []float32
	var shape []int
	count := 0
	for _, path := range paths {
		x, err := arrayFor(path, record)
		if err != nil {
			return err
		}
		y, one, err := n.Results(x)
		if err != nil {
			return err
		}
		inputs := len(x) / n.InputSize()
		for i := range inputs {
			size := len(y) / inputs
			said := prediction{Input: fmt.Sprintf("%s[%d]", path, i), Outputs: y[i*size : (i+1)*size]}
			if err := w.add(said); err != nil {
				return err
			}
		}
		all, shape, count = append(all, y...), one, count+inputs
	}
	if err := w.end(); err != nil || out == "" {
		return err
	}
	return atomicfile.Write(out, func(w io.Writer) error {
		return datasets.WriteNPY(w, append([]int{count}, shape...), all)
	})
}

// openImport opens the network of a folder that an import wrote.
func openImport(folder string) (*imported.Network, *importRecord, error) {
	record, err := readImport(folder)
	if err != nil {
		return nil, nil, err
	}
	network, err := config.ReadNetwork(filepath.Join(folder, config.NetworkFile))
	if err != nil {
		return nil, nil, err
	}
	weights, err := train.ReadWeights(filepath.Join(folder, config.WeightsFile))
	if err != nil {
		return nil, nil, err
	}
	n, err := imported.New(network, weights, record.Facts)
	return n, record, err
}

// readImport reads what an import says of its file, in the import's folder or
// in that of a run that began with it.
func readImport(folder string) (*importRecord, error) {
	path := filepath.Join(folder, config.ImportFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var record importRecord
	if err := json.Unmarshal(text, &record); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &record, nil
}

// arrayFor reads the inputs in the array x of an npz file.
func arrayFor(path string, record *importRecord) ([]float32, error) {
	if filepath.Ext(path) != ".npz" {
		return nil, fmt.Errorf("%s: an import takes .npz files with an array x in the layout of %s: it was not "+
			"trained on data that say how others are normalised", path, record.File)
	}
	arrays, err := datasets.ReadArrays(path, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(arrays, func(a datasets.Array) bool { return a.Name == "x" })
	if i < 0 && len(arrays) == 1 {
		i = 0
	}
	if i < 0 {
		return nil, fmt.Errorf("%s: %d arrays, and none is called x", path, len(arrays))
	}
	a, want := arrays[i], record.Facts.Input
	if len(a.Shape) != len(want.Shape)+1 || !slices.Equal(a.Shape[1:], want.Shape) {
		return nil, fmt.Errorf("%s: array %s of shape %v: %s takes %s, %v after the number of inputs", path, a.Name,
			a.Shape, record.File, want.Layout, want.Shape)
	}
	for k, v := range a.F32 {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, errors.New(path + ": array " + a.Name + ": " + fmt.Sprintf("element %d is %v", k, v))
		}
	}
	return a.F32, nil
}
