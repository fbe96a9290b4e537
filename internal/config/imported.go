package config

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v4"

	"petrify/datasets"
	"petrify/graph"
	"petrify/graph/fromonnx"
	"petrify/train"
)

// The files of the folder that an import writes.
const (
	NetworkFile = "network.yaml"
	WeightsFile = "float.safetensors"
	ImportFile  = "import.json"
)

// importer reads the network that a node names by a path; nil: it names none. A folder
// that happens to have the name of a built-in network, but holds none, is not one.
func importer(n *yaml.Node) func(r *reader, to *Network, path string) error {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		return nil
	}
	info, err := os.Stat(n.Value)
	switch {
	case filepath.Ext(n.Value) == ".onnx":
		return func(r *reader, to *Network, path string) error {
			m, err := fromonnx.Read(path, fromonnx.Options{})
			if err == nil {
				to.Network, r.weights, r.takes = m.Network, path, m.Input
			}
			return err
		}
	case err == nil && info.IsDir() && (holdsNetwork(n.Value) || !slices.Contains(graph.BuiltinNames(), n.Value)):
		return func(r *reader, to *Network, path string) (err error) {
			r.weights = filepath.Join(path, WeightsFile)
			to.Network, err = ReadNetwork(filepath.Join(path, NetworkFile))
			r.takes = takenBy(filepath.Join(path, ImportFile))
			return err
		}
	}
	return nil
}

// takenBy is what the file of an import's record takes; none if that is not there.
func takenBy(record string) (in graph.Shape) {
	var facts fromonnx.Facts
	if text, err := os.ReadFile(record); err == nil && json.Unmarshal(text, &facts) == nil {
		in, _ = facts.Input.Image()
	}
	return in
}

// foreign is a fault if an imported network has weights for other channels than the data's.
func (c *Config) foreign(data *datasets.Set) Faults {
	takes := c.takes
	if _, said := c.where["weights"]; said || takes.C == 0 || takes.C == data.Shape[0] {
		return nil
	}
	return c.locate(train.Faults{{Path: "network", Text: fmt.Sprintf("the imported file takes %d channels of %d×%d, and "+
		"%s has %d of %d×%d: want data with as many channels, in the file's order of axes (data.layout)",
		takes.C, takes.H, takes.W, data.Name, data.Shape[0], data.Shape[1], data.Shape[2])}})
}

func holdsNetwork(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, NetworkFile))
	return err == nil
}

// readWeights reads a file of initial weights.
func readWeights(path string) ([]graph.State, error) {
	if filepath.Ext(path) != ".onnx" {
		return train.ReadWeights(path)
	}
	m, err := fromonnx.Read(path, fromonnx.Options{})
	if err != nil {
		return nil, err
	}
	return m.Weights, nil
}

// ReadNetwork reads what [WriteNetwork] wrote: what the key network may hold.
func ReadNetwork(path string) (graph.Network, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return graph.Network{}, fmt.Errorf("config: %w", err)
	}
	r := &reader{file: path, origin: map[*yaml.Node]string{}, where: map[string]string{}}
	root, err := parse(data)
	if err != nil {
		return graph.Network{}, fmt.Errorf("config: %s: %w", path, err)
	}
	own := Network{Network: graph.Network{Name: defaultName}}
	own.section().read(r, root, "")
	if len(r.faults) > 0 {
		return graph.Network{}, r.faults
	}
	return own.Network, nil
}

// WriteNetwork writes a network as a block of the key network.
func WriteNetwork(w io.Writer, n graph.Network) error {
	own := Network{Network: n}
	root := own.section().write()
	walk(root, func(n *yaml.Node) { n.HeadComment = "" })
	out, err := yaml.Dump(root, yaml.WithIndent(2), yaml.WithLineWidth(-1))
	if err == nil {
		_, err = w.Write(out)
	}
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return nil
}
