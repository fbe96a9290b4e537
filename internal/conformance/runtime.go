package conformance

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	ort "github.com/yalue/onnxruntime_go"

	"petrify/internal/onnxpb"
)

// LibraryVariable is the environment variable that names ONNX Runtime's shared
// library.
const LibraryVariable = "ONNXRUNTIME_LIB"

// installed is where install.sh puts the library for Linux, relative to this
// folder; the verb stands for npm's name of the processor.
const installed = "node_modules/onnxruntime-node/bin/napi-v6/linux/%s/libonnxruntime.so.1"

// Library is the path of ONNX Runtime's shared library, or an error that says
// how to get one.
func Library() (string, error) {
	if path := os.Getenv(LibraryVariable); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("conformance: $%s: %w", LibraryVariable, err)
		}
		return path, nil
	}
	_, file, _, _ := runtime.Caller(0)
	processor := runtime.GOARCH
	if processor == "amd64" {
		processor = "x64"
	}
	path := filepath.Join(filepath.Dir(file), fmt.Sprintf(installed, processor))
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("conformance: no ONNX Runtime: run internal/conformance/install.sh, or set $%s: %w",
			LibraryVariable, err)
	}
	return path, nil
}

// Start loads ONNX Runtime and returns its version. Each process calls it once.
func Start() (version string, err error) {
	path, err := Library()
	if err != nil {
		return "", err
	}
	ort.SetSharedLibraryPath(path)
	if err := ort.InitializeEnvironment(); err != nil {
		return "", fmt.Errorf("conformance: load %s: %w", path, err)
	}
	return ort.GetVersion(), nil
}

// Session is a loaded model.
type Session struct {
	session *ort.DynamicAdvancedSession
	outputs int
	shape   []int64 // of the input, with the batch in front
}

// Settings of a session. The zero value is what users get by default.
type Settings struct {
	Threads   int               // 0: one per core
	Config    map[string]string // session configuration entries
	Optimized string            // a path: the optimized graph is written there
}

// Open loads a model from the bytes of a file with one input.
func Open(model []byte, s Settings) (*Session, error) {
	options, err := s.options()
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	defer options.Destroy()
	file, err := onnxpb.Unmarshal(model)
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	initialized := map[string]bool{} // old files list initializers as inputs, too
	for _, t := range file.Graph.Initializers {
		initialized[t.Name] = true
	}
	inputs := slices.DeleteFunc(file.Graph.Inputs, func(in onnxpb.Value) bool { return initialized[in.Name] })
	if len(inputs) != 1 || len(file.Graph.Outputs) < 1 {
		return nil, fmt.Errorf("conformance: %d inputs and %d outputs: want one input and at least one output",
			len(inputs), len(file.Graph.Outputs))
	}
	in := inputs[0]
	var outputs []string
	for _, out := range file.Graph.Outputs {
		outputs = append(outputs, out.Name)
	}
	session, err := ort.NewDynamicAdvancedSessionWithONNXData(model, []string{in.Name}, outputs, options)
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	opened := &Session{session: session, outputs: len(outputs)}
	for _, d := range in.Shape {
		opened.shape = append(opened.shape, d.Value)
	}
	return opened, nil
}

func (s Settings) options() (*ort.SessionOptions, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	level := ort.GraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll)
	if s.Optimized != "" {
		// One level less than all: the same kernels, without the layouts that
		// depend on the processor.
		level = ort.GraphOptimizationLevelEnableExtended
		err = o.SetOptimizedModelFilePath(s.Optimized)
	}
	err = errors.Join(err, o.SetGraphOptimizationLevel(level))
	if s.Threads > 0 {
		err = errors.Join(err, o.SetIntraOpNumThreads(s.Threads))
	}
	for key, value := range s.Config {
		err = errors.Join(err, o.AddSessionConfigEntry(key, value))
	}
	if err != nil {
		return nil, errors.Join(err, o.Destroy())
	}
	return o, nil
}

// Elements is the number of elements of one input.
func (s *Session) Elements() int {
	n := 1
	for _, d := range s.shape[1:] {
		n *= int(d)
	}
	return n
}

// Run computes the outputs for a batch of inputs.
func (s *Session) Run(x []float32) ([]float32, error) { return run[float32, float32](s, x) }

// RunImages computes the outputs of a model whose input is an image of bytes.
func (s *Session) RunImages(x []uint8) ([]float32, error) { return run[uint8, float32](s, x) }

// RunClasses computes the outputs of a model whose output is a class.
func (s *Session) RunClasses(x []float32) ([]int64, error) { return run[float32, int64](s, x) }

// RunAll computes all outputs for a batch of inputs, as bytes, little-endian.
func (s *Session) RunAll(x []float32) ([][]byte, error) {
	all := make([][]byte, s.outputs)
	err := call(s, x, func(outputs []ort.Value) (err error) {
		for i, out := range outputs {
			if all[i], err = bytesOf(out); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

func bytesOf(v ort.Value) ([]byte, error) {
	switch v := v.(type) {
	case *ort.Tensor[float32]:
		return binary.Append(nil, binary.LittleEndian, v.GetData())
	case *ort.Tensor[uint8]:
		return slices.Clone(v.GetData()), nil
	case *ort.Tensor[int8]:
		return binary.Append(nil, binary.LittleEndian, v.GetData())
	}
	return nil, fmt.Errorf("conformance: an output is a %T", v)
}

func run[In, Out float32 | uint8 | int64](s *Session, x []In) (y []Out, err error) {
	err = call(s, x, func(outputs []ort.Value) error {
		out, ok := outputs[0].(*ort.Tensor[Out])
		if !ok {
			return fmt.Errorf("conformance: the output is a %T", outputs[0])
		}
		y = append(y, out.GetData()...)
		return nil
	})
	return y, err
}

// call runs the model on a batch of inputs and passes its outputs to read.
func call[In float32 | uint8 | int64](s *Session, x []In, read func(outputs []ort.Value) error) error {
	shape := append(ort.Shape{int64(len(x) / s.Elements())}, s.shape[1:]...)
	in, err := ort.NewTensor(shape, x)
	if err != nil {
		return fmt.Errorf("conformance: %w", err)
	}
	defer in.Destroy()
	outputs := make([]ort.Value, s.outputs)
	if err := s.session.Run([]ort.Value{in}, outputs); err != nil {
		return fmt.Errorf("conformance: %w", err)
	}
	defer func() {
		for _, out := range outputs {
			out.Destroy()
		}
	}()
	return read(outputs)
}

// Close frees the model.
func (s *Session) Close() error { return s.session.Destroy() }

// Operators returns the types of the operators of the graph that ONNX Runtime
// makes of a model in a session with the given settings, in order.
func Operators(model []byte, settings Settings) ([]string, error) {
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	defer os.RemoveAll(dir)
	settings.Optimized = filepath.Join(dir, "optimized.onnx")
	s, err := Open(model, settings)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	data, err := os.ReadFile(settings.Optimized)
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	file, err := onnxpb.Unmarshal(data)
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	var operators []string
	for _, n := range file.Graph.Nodes {
		operators = append(operators, n.Op)
	}
	return operators, nil
}

// Metadata returns the metadata that ONNX Runtime finds in a model.
func Metadata(model []byte) (map[string]string, error) {
	m, err := ort.GetModelMetadataWithONNXData(model)
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	defer m.Destroy()
	keys, err := m.GetCustomMetadataMapKeys()
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	all := map[string]string{}
	for _, key := range keys {
		value, _, err := m.LookupCustomMetadataMap(key)
		if err != nil {
			return nil, fmt.Errorf("conformance: %w", err)
		}
		all[key] = value
	}
	return all, nil
}
