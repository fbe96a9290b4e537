package fromonnx

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"petrify/graph"
	"petrify/internal/onnxeval"
	"petrify/internal/onnxpb"
)

// Options of an import.
type Options struct {
	Shape []int // of the input, without the batch, where the file leaves sizes open
}

// Model is an imported network.
type Model struct {
	Network graph.Network
	Input   graph.Shape
	Weights []graph.State // by the names of PyTorch's state_dict
	Facts
	Layers []Layer

	source   *onnxeval.Graph
	elements int
	moved    bool // a value of the file has its batch elsewhere than first
}

// Facts are what is known about the file, and about the ends of the network.
type Facts struct {
	File     string   `json:"file"`
	SHA256   string   `json:"sha256"`
	Producer string   `json:"producer,omitempty"`
	Opset    int      `json:"opset"`
	Input    End      `json:"input"`
	Output   End      `json:"output"` // of the network: what the file computes before Cut
	Cut      []Cut    `json:"cut,omitempty"`
	Result   End      `json:"result"` // what the file computes after Cut
	Folded   []string `json:"folded,omitempty"`
	Assumed  []string `json:"assumed,omitempty"`
}

// End is an input or output of the file.
type End struct {
	Name   string `json:"name"`
	Layout string `json:"layout"`          // such as NCHW; N is the batch
	Shape  []int  `json:"shape"`           // without the batch
	Batch  int    `json:"batch,omitempty"` // that the file fixes; 0: any
}

// Layer says which nodes of the file a layer comes from.
type Layer struct {
	Layer      string      `json:"layer"`
	Kind       string      `json:"kind"`
	Nodes      []string    `json:"nodes,omitempty"`
	Shape      graph.Shape `json:"-"` // of the output
	Parameters int         `json:"-"`
}

// maxFile limits the bytes of a file.
const maxFile = 1 << 28

// Read imports a file.
func Read(path string, o Options) (*Model, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	m, err := Decode(data, filepath.Dir(path), o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m.File = filepath.Base(path)
	if m.Network.Name == "" {
		m.Network.Name = strings.TrimSuffix(m.File, filepath.Ext(m.File))
	}
	return m, nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	if info, err := f.Stat(); err == nil {
		b.Grow(int(min(info.Size(), maxFile)) + bytes.MinRead) // rather than half as much again
	}
	_, err = b.ReadFrom(io.LimitReader(f, maxFile+1))
	if err == nil && b.Len() > maxFile {
		err = fmt.Errorf("%s: more than %d bytes: petrify is for small networks", path, maxFile)
	}
	return b.Bytes(), err
}

// Decode imports a file's bytes. Data that the file keeps in others are read
// from the given folder; "" refuses them.
func Decode(data []byte, folder string, o Options) (*Model, error) {
	file, err := onnxpb.Unmarshal(data)
	if err != nil {
		return nil, fmt.Errorf("is no ONNX file: %w", err)
	}
	sum, producer := sha256.Sum256(data), onnxeval.Printable(strings.TrimSpace(file.Producer+" "+file.ProducerVersion))
	if len(file.Graph.Nodes) == 0 {
		return nil, fmt.Errorf("is no ONNX file with a network: its graph has no nodes")
	}
	g, err := onnxeval.Load(file, folder)
	if err != nil {
		return nil, err
	}
	m, err := imported(g, o)
	if err != nil {
		return nil, err
	}
	m.SHA256, m.Opset, m.source, m.Producer = hex.EncodeToString(sum[:]), g.Opset, g, producer
	return m, nil
}

// imported imports a graph for one input. Where that has the batch elsewhere than first, another import
// for two inputs tells it from other axes, and finds what would compute of both together.
func imported(g *onnxeval.Graph, o Options) (*Model, error) {
	t, err := newTrace(g, o, 1)
	if err != nil {
		return nil, err
	}
	m, err := t.best()
	if err != nil || !m.moved || t.fixed > 0 {
		return m, err
	}
	two, err := newTrace(g, o, 2)
	if err == nil && len(two.refusals) == 0 {
		return two.best()
	}
	m.Facts.Input.Batch = 1 // two inputs are more than the file can compute
	return m, nil
}

// Source is the graph of the file, which computes what the network is compared
// with.
func (m *Model) Source() *onnxeval.Graph { return m.source }

// Elements is how many numbers the file computes for an input.
func (m *Model) Elements() int { return m.elements }

// ChannelsLast reports whether the channels are the last axis.
func (e End) ChannelsLast() bool { return e.Layout == "NHWC" || e.Layout == "NLC" }

// Image is the shape as channels, height and width.
func (e End) Image() (graph.Shape, error) {
	d := e.Shape
	if len(d) != len(e.Layout)-1 || slices.ContainsFunc(d, func(n int) bool { return n < 1 }) {
		return graph.Shape{}, fmt.Errorf("fromonnx: shape %v for layout %q", d, e.Layout)
	}
	switch e.Layout {
	case "NC":
		return graph.Shape{C: d[0], H: 1, W: 1}, nil
	case "NCL":
		return graph.Shape{C: d[0], H: 1, W: d[1]}, nil
	case "NLC":
		return graph.Shape{C: d[1], H: 1, W: d[0]}, nil
	case "NCHW":
		return graph.Shape{C: d[0], H: d[1], W: d[2]}, nil
	case "NHWC":
		return graph.Shape{C: d[2], H: d[0], W: d[1]}, nil
	}
	return graph.Shape{}, fmt.Errorf("fromonnx: layout %q: want NC, NCL, NLC, NCHW or NHWC", e.Layout)
}
