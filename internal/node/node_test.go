package node_test

import (
	"errors"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/node"
)

func scale(t *testing.T, factor float32, x *gorgonia.Node) *gorgonia.Node {
	t.Helper()
	y, err := node.Apply(node.Spec{
		Name:  "scale",
		Shape: x.Shape(),
		Run: func(y []float32, in [][]float32) error {
			for i, v := range in[0] {
				y[i] = factor * v
			}
			return nil
		},
		Grad: func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{scale(t, factor, dy)}, nil
		},
	}, x)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func add(t *testing.T, a, b *gorgonia.Node) *gorgonia.Node {
	t.Helper()
	y, err := node.Apply(node.Spec{
		Name:  "add",
		Shape: a.Shape(),
		Run: func(y []float32, in [][]float32) error {
			for i, v := range in[0] {
				y[i] = v + in[1][i]
			}
			return nil
		},
		Grad: func(_ gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{dy, dy}, nil
		},
	}, a, b)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func sum(t *testing.T, x *gorgonia.Node) *gorgonia.Node {
	t.Helper()
	y, err := node.Apply(node.Spec{
		Name: "sum",
		Run: func(y []float32, in [][]float32) error {
			y[0] = 0
			for _, v := range in[0] {
				y[0] += v
			}
			return nil
		},
		Grad: func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			dx, err := node.Apply(node.Spec{
				Name:  "dsum",
				Shape: in[0].Shape(),
				Run: func(dx []float32, in [][]float32) error {
					for i := range dx {
						dx[i] = in[0][0]
					}
					return nil
				},
			}, dy)
			return gorgonia.Nodes{dx}, err
		},
	}, x)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func TestApplyRunsForwardAndBackward(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewTensor(g, tensor.Float32, 2, gorgonia.WithName("x"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float32{1, 2, 3, 4}))))
	// Two operators of one input, alike in everything but their factor: merged,
	// they would give 2 + 2 or 5 + 5.
	loss := sum(t, add(t, scale(t, 5, x), scale(t, 2, x)))
	grads, err := gorgonia.Grad(loss, x)
	if err != nil {
		t.Fatal(err)
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	for step := range 3 {
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		if got := float32(*loss.Value().(*gorgonia.F32)); got != 70 {
			t.Errorf("step %d: loss = %v, want 70", step, got)
		}
		for i, got := range grads[0].Value().Data().([]float32) {
			if got != 7 {
				t.Errorf("step %d: gradient[%d] = %v, want 7", step, i, got)
			}
		}
		vm.Reset()
	}
}

func TestRunErrorsNameTheNode(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(2), gorgonia.WithName("x"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{1, 2}))))
	bad := errors.New("no good")
	if _, err := node.Apply(node.Spec{Name: "conv1", Shape: tensor.Shape{2},
		Run: func([]float32, [][]float32) error { return bad }}, x); err != nil {
		t.Fatal(err)
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	err := vm.RunAll()
	if err == nil || !strings.Contains(err.Error(), "conv1: no good") {
		t.Errorf("error = %v, want one that names conv1", err)
	}
}
