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
		Grads: []node.Func{func(dx []float32, in [][]float32) error {
			for i, d := range in[0] {
				dx[i] = factor * d
			}
			return nil
		}},
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
		Sum: true,
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
		Grads: []node.Func{func(dx []float32, in [][]float32) error {
			for i := range dx {
				dx[i] = in[0][0]
			}
			return nil
		}},
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
		if err := node.Run(vm); err != nil {
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
	err := node.Run(vm)
	if err == nil || !strings.Contains(err.Error(), "conv1: no good") {
		t.Errorf("error = %v, want one that names conv1", err)
	}
}

// The gradient of b is a by-product of a's, which runs before it; the constant
// c has none.
func TestGradientsRunInOrder(t *testing.T) {
	g := gorgonia.NewGraph()
	input := func(name string) *gorgonia.Node {
		return gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(2), gorgonia.WithName(name),
			gorgonia.WithValue(tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{2, 3}))))
	}
	a, b, c := input("a"), input("b"), input("c")
	byproduct := make([]float32, 2)
	y, err := node.Apply(node.Spec{
		Name:  "product",
		Shape: a.Shape(),
		Run: func(y []float32, in [][]float32) error {
			for i := range y {
				y[i] = in[0][i] * in[1][i] * in[2][i]
			}
			return nil
		},
		Grads: []node.Func{func(da []float32, in [][]float32) error {
			if len(in) != 5 {
				t.Errorf("the gradient gets %d tensors, want dy, y, a, b, c", len(in))
			}
			for i, dy := range in[0] {
				da[i], byproduct[i] = dy*in[1][i]/in[2][i], dy*in[1][i]/in[3][i]
			}
			return nil
		}, func(db []float32, _ [][]float32) error {
			copy(db, byproduct)
			return nil
		}},
	}, a, b, c)
	if err != nil {
		t.Fatal(err)
	}
	loss := sum(t, y)
	grads, err := gorgonia.Grad(loss, b, a)
	if err != nil {
		t.Fatal(err)
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := node.Run(vm); err != nil {
		t.Fatal(err)
	}
	for _, d := range grads {
		if got := d.Value().Data().([]float32); got[0] != 4 || got[1] != 9 {
			t.Errorf("gradient %v of %s, want [4 9]", got, d.Name())
		}
	}
	if _, err := gorgonia.Grad(loss, c); err == nil {
		t.Error("the constant has a gradient")
	}
}
