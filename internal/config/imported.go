package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v4"

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
				to.Network, r.weights = m.Network, path
			}
			return err
		}
	case err == nil && info.IsDir() && (holdsNetwork(n.Value) || !slices.Contains(graph.BuiltinNames(), n.Value)):
		return func(r *reader, to *Network, path string) (err error) {
			r.weights = filepath.Join(path, WeightsFile)
			to.Network, err = ReadNetwork(filepath.Join(path, NetworkFile))
			return err
		}
	}
	return nil
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
