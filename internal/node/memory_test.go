package node_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/node"
)

// vector is a graph's input of n numbers, 1, 2, …
func vector(g *gorgonia.ExprGraph, n int) *gorgonia.Node { return named(g, "x", n) }

func named(g *gorgonia.ExprGraph, name string, n int) *gorgonia.Node {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i + 1)
	}
	return gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(n), gorgonia.WithName(name),
		gorgonia.WithValue(tensor.New(tensor.WithShape(n), tensor.WithBacking(x))))
}

// run computes a graph whose memory is shared.
func run(t *testing.T, g *gorgonia.ExprGraph, kept ...*gorgonia.Node) *node.Memory {
	t.Helper()
	m, err := node.Share(g, kept...)
	if err != nil {
		t.Fatal(err)
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := node.Run(vm); err != nil {
		t.Fatal(err)
	}
	return m
}

func value(n *gorgonia.Node) []float32 { return n.Value().Data().([]float32) }

// Of a chain of four, two are needed at a time; the last, which is kept, lies apart.
func TestAChainTakesTheMemoryOfTwo(t *testing.T) {
	g := gorgonia.NewGraph()
	x := vector(g, 16)
	var chain gorgonia.Nodes
	y := x
	for range 4 {
		y = scale(t, 2, y)
		chain = append(chain, y)
	}
	m := run(t, g, y)
	const bytes = 4 * 16
	if got, want := m.Bytes(), int64(4*bytes); got != want { // with the input
		t.Errorf("%d bytes, want %d", got, want)
	}
	if got, want := m.Live(), []int64{2 * bytes, 3 * bytes, 4 * bytes, 4 * bytes, 3 * bytes}; !slices.Equal(got, want) {
		t.Errorf("%d bytes at the steps, want %d", got, want)
	}
	for i, want := range []bool{false, true, true, true} {
		if got := m.Holds(chain[i]); got != want {
			t.Errorf("node %d is held: %v, want %v", i, got, want)
		}
	}
	if got := value(y)[1]; got != 32 {
		t.Errorf("2·16 = %v", got)
	}
}

// What a node reads besides its inputs is there until then.
func TestHeldValuesStay(t *testing.T) {
	g := gorgonia.NewGraph()
	first := scale(t, 2, vector(g, 16))
	last := scale(t, 1, scale(t, 1, scale(t, 1, first)))
	if err := node.Hold(last, first); err != nil {
		t.Fatal(err)
	}
	var seen []float32
	if err := node.Extend(last, func(f node.Func) node.Func {
		return func(y []float32, in [][]float32) error {
			seen = slices.Clone(value(first))
			return f(y, in)
		}
	}); err != nil {
		t.Fatal(err)
	}
	run(t, g, last)
	if seen[0] != 2 || seen[15] != 32 {
		t.Errorf("the first node is %v when the last reads it", seen)
	}
	if err := node.Hold(vector(gorgonia.NewGraph(), 1), first); err == nil {
		t.Error("a node of Gorgonia's is held for")
	}
}

// A gradient does not see what it says it does not read, and takes the place of dy if it may.
func TestGradientsWriteOver(t *testing.T) {
	for over, taken := range map[node.Place]bool{node.Nothing: false, node.DY: true} {
		g := gorgonia.NewGraph()
		x := vector(g, 16)
		var dy, dx []float32
		square, err := node.Apply(node.Spec{
			Name: "square", Shape: x.Shape(),
			Run: func(y []float32, in [][]float32) error {
				for i, v := range in[0] {
					y[i] = v * v
				}
				return nil
			},
			Grads: []node.Func{func(d []float32, in [][]float32) error {
				if in[1] != nil || in[2] == nil {
					t.Errorf("y is %v and x %v, want x alone", in[1], in[2])
				}
				dy, dx = in[0], d
				for i, v := range in[2] {
					d[i] = 2 * v * in[0][i]
				}
				return nil
			}},
			Reads: [][]int{{0, 2}},
			Over:  over,
		}, scale(t, 1, x))
		if err != nil {
			t.Fatal(err)
		}
		grads, err := gorgonia.Grad(sum(t, scale(t, 3, square)), x)
		if err != nil {
			t.Fatal(err)
		}
		run(t, g, grads[0])
		if got := &dy[0] == &dx[0]; got != taken {
			t.Errorf("over %v: in the place of dy: %v, want %v", over, got, taken)
		}
		if got := value(grads[0])[2]; got != 18 {
			t.Errorf("over %v: the gradient of 3x² at 3 is %v, want 18", over, got)
		}
	}
}

// A gradient that a later one still reads dy of leaves it alone.
func TestNothingIsWrittenOverThatIsReadLater(t *testing.T) {
	g := gorgonia.NewGraph()
	a, b := vector(g, 16), named(g, "b", 16)
	times := func(k int) node.Func {
		return func(d []float32, in [][]float32) error {
			for i, v := range in[k] {
				d[i] = v * in[0][i]
			}
			return nil
		}
	}
	product, err := node.Apply(node.Spec{
		Name: "product", Shape: a.Shape(),
		Run: func(y []float32, in [][]float32) error {
			for i, v := range in[0] {
				y[i] = v * in[1][i]
			}
			return nil
		},
		Grads: []node.Func{times(3), times(2)},
		Over:  node.DY,
	}, a, b)
	if err != nil {
		t.Fatal(err)
	}
	grads, err := gorgonia.Grad(sum(t, scale(t, 3, product)), a, b)
	if err != nil {
		t.Fatal(err)
	}
	run(t, g, scale(t, 1, grads[0]), grads[1])
	if got := value(grads[1])[4]; got != 15 {
		t.Errorf("the gradient of 3·5·x is %v, want 15", got)
	}
}

// What an operator would have overwritten that has not run any more is held.
func TestValuesBeforeAnErrorAreHeld(t *testing.T) {
	g := gorgonia.NewGraph()
	first := scale(t, 2, vector(g, 16))
	second := scale(t, 2, first)
	scale(t, 2, scale(t, 2, second))
	failed := errors.New("no more")
	if err := node.Extend(second, func(node.Func) node.Func {
		return func([]float32, [][]float32) error { return failed }
	}); err != nil {
		t.Fatal(err)
	}
	m, err := node.Share(g)
	if err != nil {
		t.Fatal(err)
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := node.Run(vm); err == nil || !strings.Contains(err.Error(), failed.Error()) {
		t.Fatalf("error = %v, want %v", err, failed)
	}
	if !m.Holds(first) {
		t.Error("the value before the failure is not held")
	}
}
