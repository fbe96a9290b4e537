package fromonnx_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"petrify/graph/fromonnx"
	"petrify/internal/imported"
	"petrify/internal/onnxeval"
	"petrify/internal/onnxpb"
)

func TestForms(t *testing.T) { testForms(t, forms) }

func testForms(t *testing.T, forms []form) {
	for _, tt := range forms {
		t.Run(tt.name, tt.check)
	}
}

// check imports the form and compares it with the file.
func (tt form) check(t *testing.T) {
	m, err := fromonnx.Decode(tt.file.bytes(), "", fromonnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, l := range m.Network.Layers {
		kinds = append(kinds, l.Kind.String())
	}
	if got := strings.Join(kinds, " "); got != tt.layers || m.Facts.Input.Layout != tt.layout {
		t.Errorf("got %s, %s, want %s, %s", m.Facts.Input.Layout, got, tt.layout, tt.layers)
	}
	c, err := imported.Compare(m, 16)
	if err != nil || !(c.Relative() < 1e-5) || c.Greatest == 0 {
		t.Errorf("got %+v, error %v", c, err)
	}
}

// computesTheSame reports whether a file is imported, and expects the network to
// compute what the file does.
func computesTheSame(t *testing.T, name string, f *file) bool {
	t.Helper()
	m, err := fromonnx.Decode(f.bytes(), "", fromonnx.Options{})
	if err != nil {
		if !strings.Contains(err.Error(), "cannot be imported") {
			t.Errorf("%s: got error %v, want a refusal", name, err)
		}
		return false
	}
	if c, err := imported.Compare(m, 16); err != nil || !(c.Relative() < 1e-5) || c.Greatest == 0 {
		t.Errorf("%s: got %+v, error %v", name, c, err)
	}
	return true
}

// TestTails: what ends a network is cut off, and put back for results.
func TestTails(t *testing.T) {
	dense := func(outputs int) *file {
		f := newFile(6)
		return f.add("Gemm", list(f.random(6, outputs), f.random(outputs)))
	}
	for _, tt := range []struct {
		name, cut, output string
		file              *file
	}{
		{"softmax", "[softmax]", "v0", dense(3).add("Softmax", nil)},
		{"log softmax", "[log_softmax]", "v0", dense(3).add("LogSoftmax", nil, integer("axis", 1))},
		{"sigmoid", "[sigmoid]", "v0", dense(1).add("Sigmoid", nil)},
		{"argmax of softmax", "[softmax argmax]", "v0",
			dense(3).add("Softmax", nil).add("ArgMax", nil, integer("axis", 1), integer("keepdims", 0))},
		{"probabilities and a label", "[softmax]", "v0",
			dense(3).add("Softmax", nil).add("ArgMax", nil, integer("axis", 1)).output("v2", onnxpb.Int64).
				output("v1", onnxpb.Float)},
		{"a label that keeps its axis", "[argmax]", "v0",
			dense(3).add("ArgMax", nil, integer("axis", 1)).output("v1", onnxpb.Int64)},
		{"1 − p and p", "[sigmoid two_classes]", "v0", func() *file {
			f := dense(1)
			f.add("Sigmoid", nil)
			one := f.floats([]float32{1}, 1)
			f.from(one).add("Sub", list("v1")).add("Concat", list("v1"), integer("axis", 1))
			return f
		}()},
		{"1 − p alone stays", "[]", "v2", func() *file {
			f := dense(1)
			f.add("Sigmoid", nil)
			return f.from(f.floats([]float32{1}, 1)).add("Sub", list("v1"))
		}()},
		{"a sigmoid that reproduces the input stays", "[]", "v1", func() *file {
			f := dense(6).add("Sigmoid", nil)
			f.Graph.Outputs = []onnxpb.Value{{Name: "v1", Type: onnxpb.Float, Shape: f.Graph.Inputs[0].Shape}}
			return f
		}()},
		{"a softmax alone stays", "[]", "v0", newFile(6).add("Softmax", nil)},
	} {
		m, err := fromonnx.Decode(tt.file.bytes(), "", fromonnx.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if n := len(m.Result.Shape); tt.name == "argmax of softmax" && n != 0 {
			t.Errorf("%s: a result of %d dimensions, want a number", tt.name, n)
		}
		if got := fmt.Sprint(m.Cut); got != tt.cut || m.Output.Name != tt.output {
			t.Errorf("%s: cut %s after %s, want %s after %s", tt.name, got, m.Output.Name, tt.cut, tt.output)
		}
		if err := gives(m); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// gives compares the network's results with the file's, of which each has a
// batch of 8.
func gives(m *fromonnx.Model) error {
	n, err := imported.New(m.Network, m.Weights, m.Facts)
	if err != nil {
		return err
	}
	defer n.Close()
	x := imported.RandomInputs(m, 8, 3)
	y, shape, err := n.Results(x)
	if err != nil {
		return err
	}
	in := onnxeval.Floats(append([]int{8}, m.Facts.Input.Shape...), nil)
	for _, v := range x {
		in.F = append(in.F, float64(v))
	}
	name := m.Result.Name
	results, err := m.Source().Run(map[string]*onnxeval.Tensor{"x": in}, onnxeval.Options{Want: []string{name}})
	if err != nil {
		return err
	}
	if want := results[name].Shape[1:]; !slices.Equal(shape, want) {
		return fmt.Errorf("results of shape %v, want %v", shape, want)
	}
	for i, want := range results[name].Numbers() {
		if math.Abs(float64(y[i])-want) > 1e-6 {
			return fmt.Errorf("result %d is %v, want %v", i, y[i], want)
		}
	}
	return nil
}
