package conformance_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"petrify/graph/fromonnx"
	"petrify/internal/imported"
	"petrify/internal/onnxeval"
	"petrify/internal/onnxpb"
)

// testdata is where Debian's package libonnx-testdata puts ONNX's own tests.
const testdata = "/usr/share/libonnx-testdata/data"

// tests are how many of a folder's tests give the right outputs, by definition
// and as imported networks. Those that do not must be refused by name.
// docs/onnx.md has the same numbers.
var tests = []struct {
	folder                  string
	all, computed, imported int
}{
	{"node", 932, 490, 119},
	{"simple", 23, 5, 1},
	{"pytorch-converted", 82, 82, 51},
	{"pytorch-operator", 35, 34, 10},
}

// nodeTest is a model with inputs and the outputs that it must have.
type nodeTest struct {
	name            string
	model           *onnxpb.Model
	inputs, outputs [][]*onnxpb.Tensor // of each data set; nil: no tensor
}

// TestOwnTestsOfONNX computes ONNX's own tests by definition, and imports them
// as networks whose other inputs are weights.
func TestOwnTestsOfONNX(t *testing.T) {
	for _, want := range tests {
		all := nodeTests(t, want.folder)
		computed, networks := 0, 0
		for _, test := range all {
			err := test.byDefinition()
			if err == nil {
				computed++
			} else if !strings.Contains(err.Error(), "support") {
				t.Errorf("%s/%s, by definition: %v", want.folder, test.name, err)
			}
			err = test.asNetwork()
			var wrong wrongOutput
			if err == nil {
				networks++
			} else if errors.As(err, &wrong) {
				t.Errorf("%s/%s, imported: %v", want.folder, test.name, err)
			}
		}
		if len(all) != want.all || computed != want.computed || networks != want.imported {
			t.Errorf("%s: of %d tests %d are computed and %d imported, want %d, %d and %d", want.folder, len(all),
				computed, networks, want.all, want.computed, want.imported)
		}
	}
}

// nodeTests reads the tests of a folder.
func nodeTests(t *testing.T, folder string) (all []nodeTest) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(testdata, folder, "*", "model.onnx"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %s/%s: install Debian's libonnx-testdata: %v", testdata, folder, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := onnxpb.Unmarshal(data)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		test := nodeTest{name: filepath.Base(filepath.Dir(file)), model: m}
		sets, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "test_data_set_*"))
		for _, set := range sets {
			test.inputs = append(test.inputs, readTensors(set, "input", m.Graph.Inputs))
			test.outputs = append(test.outputs, readTensors(set, "output", m.Graph.Outputs))
		}
		all = append(all, test)
	}
	return all
}

// readTensors reads the numbered files of a data set. Some hold bfloat16 as
// uint16: what the model declares is right.
func readTensors(set, kind string, declared []onnxpb.Value) (all []*onnxpb.Tensor) {
	for i := 0; ; i++ {
		data, err := os.ReadFile(filepath.Join(set, fmt.Sprintf("%s_%d.pb", kind, i)))
		if err != nil {
			return all
		}
		// The tensor as the initializer of a graph of a model.
		m, err := onnxpb.Unmarshal(message(7, message(5, data)))
		if err != nil || i >= len(declared) || declared[i].Type == 0 {
			all = append(all, nil)
			continue
		}
		tensor := &m.Graph.Initializers[0]
		if declared[i].Type == onnxpb.Bfloat16 {
			tensor.Type = onnxpb.Bfloat16
		}
		all = append(all, tensor)
	}
}

// message is a protocol buffer's field that holds a message.
func message(number int, content []byte) []byte {
	return append(binary.AppendUvarint([]byte{byte(number<<3 | 2)}, uint64(len(content))), content...)
}

// wrongOutput is an output that differs from what it must be.
type wrongOutput struct{ error }

// byDefinition evaluates the test's graph.
func (test nodeTest) byDefinition() error {
	g, err := onnxeval.Load(test.model, "")
	if err != nil {
		return err
	}
	for set, inputs := range test.inputs {
		values := map[string]*onnxeval.Tensor{}
		for i, in := range g.Inputs {
			if i >= len(inputs) || inputs[i] == nil {
				return fmt.Errorf("input %s is not supported", in.Name)
			}
			if values[in.Name], err = onnxeval.Decode(inputs[i], ""); err != nil {
				return err
			}
		}
		results, err := g.Run(values, onnxeval.Options{})
		if err != nil {
			return err
		}
		for i, out := range g.Outputs {
			if err := same1e5(results[out.Name], test.outputs[set][i]); err != nil {
				return fmt.Errorf("output %s: %w", out.Name, err)
			}
		}
	}
	return nil
}

// asNetwork imports the test's graph: its first input is the network's, the
// others are weights.
func (test nodeTest) asNetwork() error {
	for set, inputs := range test.inputs {
		m := *test.model
		g := m.Graph
		g.Initializers = slices.Clone(g.Initializers)
		var free []onnxpb.Value
		var x *onnxpb.Tensor
		for i, in := range g.Inputs {
			if _, ok := test.model.Graph.Initializer(in.Name); ok {
				continue
			}
			if i >= len(inputs) || inputs[i] == nil {
				return errors.New("an input is no tensor")
			}
			if free = append(free, in); len(free) == 1 {
				x = inputs[i]
				continue
			}
			weight := *inputs[i]
			weight.Name = in.Name
			g.Initializers = append(g.Initializers, weight)
		}
		m.Graph = g
		network, err := fromonnx.Decode(m.Marshal(), "", fromonnx.Options{})
		if err != nil {
			return err
		}
		if err := gives(network, x, test.outputs[set][0]); err != nil {
			return err
		}
	}
	return nil
}

// gives runs an imported network.
func gives(m *fromonnx.Model, in, out *onnxpb.Tensor) error {
	n, err := imported.New(m.Network, m.Weights, m.Facts)
	if err != nil {
		return err
	}
	defer n.Close()
	x, err := onnxeval.Decode(in, "")
	if err != nil {
		return err
	}
	numbers := make([]float32, x.Size())
	for i, v := range x.Numbers() {
		if numbers[i] = float32(v); math.Abs(v) > math.MaxFloat32 {
			return errors.New("its inputs are beyond float32")
		}
	}
	y, _, err := n.Results(numbers)
	if err != nil {
		return wrongOutput{err}
	}
	want, err := onnxeval.Decode(out, "")
	if err != nil {
		return err
	}
	got := &onnxeval.Tensor{Type: want.Type, Shape: want.Shape}
	for _, v := range y {
		if want.IsFloat() {
			got.F = append(got.F, float64(v))
		} else {
			got.I = append(got.I, int64(v))
		}
	}
	return same1e5(got, out)
}

// same1e5 compares two tensors: their elements are within 1e-5 of the greatest,
// or of what float16 rounds to.
func same1e5(got *onnxeval.Tensor, proto *onnxpb.Tensor) error {
	if proto == nil {
		return errors.New("an output that is no tensor is not supported")
	}
	want, err := onnxeval.Decode(proto, "")
	if err != nil {
		return err
	}
	if got.Type != want.Type || !slices.Equal(got.Shape, want.Shape) || !slices.Equal(got.S, want.S) ||
		len(got.Numbers()) != want.Size()-len(want.S) {
		return wrongOutput{fmt.Errorf("got %v of shape %v, want %v of shape %v", got.Type, got.Shape, want.Type,
			want.Shape)}
	}
	greatest := 0.0
	for _, v := range want.Numbers() {
		if !math.IsInf(v, 0) && !math.IsNaN(v) {
			greatest = max(greatest, math.Abs(v))
		}
	}
	tolerance := 1e-5 * greatest
	if want.Type == onnxpb.Float16 {
		tolerance = 1e-3 * greatest
	}
	numbers := got.Numbers()
	for i, v := range want.Numbers() {
		if g := numbers[i]; g != v && !(math.IsNaN(v) && math.IsNaN(g)) && !(math.Abs(g-v) <= tolerance) {
			return wrongOutput{fmt.Errorf("element %d: got %v, want %v", i, g, v)}
		}
	}
	return nil
}
