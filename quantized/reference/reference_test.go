package reference_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/reference"
)

// Two weights and a bias on a grid of tenths, by hand: 0.3 and −0.7 are the
// integers 3 and −7, 3·2 − 7·5 + 4 = −25 tenths of a half, which in steps of 0.2
// are −6.25.
func ExampleRun() {
	m := linear()
	values, err := reference.Run(m, reference.ONNXRuntime, []float32{0.3, -0.7})
	if err != nil {
		fmt.Println(err)
		return
	}
	y := values["y"]
	fmt.Println(values["x"].Q, y.Q, y.Real(0))
	// Output: [3 -7] [-6] -1.2
}

// linear is y = clip(rne((2·q₁ + 5·q₂ + 4)·(0.1·0.5/0.2))).
func linear() *quantized.Model {
	q := func(s float32) quantized.Quant { return quantized.Quant{Format: affine.Int8, Scale: s} }
	x := quantized.Activation{Name: "x", Shape: []int{2}, Quant: q(0.1)}
	return &quantized.Model{
		Input: quantized.Input{Activation: x, PixelScale: 1}, Output: "y",
		Nodes: []quantized.Node{{
			Name: "y", Op: quantized.Linear, Inputs: []string{"x"},
			Weights: &quantized.Weights{Shape: []int{1, 2}, Format: affine.Int8Narrow, Scale: []float32{0.5},
				Q: []int8{2, 5}},
			Bias:   &quantized.Bias{Q: []int32{4}, Scale: []float32{float32(0.1) * 0.5}},
			Output: quantized.Activation{Name: "y", Shape: []int{1}, Quant: q(0.2)},
		}},
	}
}

func TestErrors(t *testing.T) {
	x := []float32{0.3, -0.7}
	of := func(change func(n *quantized.Node)) (*quantized.Node, map[string]*reference.Tensor) {
		m := linear()
		change(&m.Nodes[0])
		return &m.Nodes[0], map[string]*reference.Tensor{"x": reference.Of(m.Input.Activation, x)}
	}
	run := func(m *quantized.Model, mode reference.Mode, x []float32) error {
		_, err := reference.Run(m, mode, x)
		return err
	}
	layer := func(change func(n *quantized.Node)) error {
		n, values := of(change)
		_, err := reference.Layer(n, reference.ONNXRuntime, values)
		return err
	}
	for want, err := range map[string]error{
		"reference: quantized: ":       run(&quantized.Model{}, reference.ONNXRuntime, nil),
		"x: 1 numbers, want 2":         run(linear(), reference.ONNXRuntime, x[:1]),
		"Mode(8): want one of [onnxr":  run(linear(), reference.CoreMLFloat16+1, x),
		"y: Op(99) has no definition":  layer(func(n *quantized.Node) { n.Op = 99 }),
		"y: Func(99) has no definitio": layer(func(n *quantized.Node) { n.Func = 99 }),
		`y reads "z", which is not th`: layer(func(n *quantized.Node) { n.Inputs[0] = "z" }),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestKindsAreDefined: a new operation or function needs a definition, too.
func TestKindsAreDefined(t *testing.T) {
	var nodes []quantized.Node
	for op := quantized.Op(1); !strings.HasPrefix(op.String(), "Op("); op++ {
		nodes = append(nodes, quantized.Node{Name: op.String(), Op: op, Inputs: []string{"nothing"}})
	}
	for _, f := range quantized.Funcs() {
		nodes = append(nodes, quantized.Node{Name: f.String(), Op: quantized.Activate, Func: f,
			Inputs: []string{"nothing"}})
	}
	for i := range nodes {
		if _, err := reference.Layer(&nodes[i], reference.ONNXRuntime, nil); !strings.Contains(err.Error(), "nothing") {
			t.Error(err)
		}
	}
}

// TestCompareNamesTheLayer: the first that differs, not those which follow from it.
func TestCompareNamesTheLayer(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 2, 4, 4)
	first := b.Conv(b.Input(), 3, quantizedtest.Same(3), 1, quantized.ReLU)
	second := b.Conv(first, 3, quantizedtest.Same(3), 1, quantized.Identity)
	m := b.Model(b.Linear(b.Flatten(second), 5, quantized.Identity))
	values, err := reference.Run(m, reference.ONNXRuntime, b.Inputs(m, 4)[3*32:])
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]float32{}
	for name, v := range values {
		for i := range v.Len() {
			got[name] = append(got[name], v.Real(i))
		}
	}
	if err := reference.Compare(m, reference.ONNXRuntime, got); err != nil {
		t.Error(err)
	}
	got[second][7] += values[second].Quant.Scale
	err = reference.Compare(m, reference.ONNXRuntime, got)
	if err == nil || !strings.Contains(err.Error(), second+": 1 of 48 elements differ; element 7 is") {
		t.Errorf("%v: want element 7 of %s", err, second)
	}
	got[first] = nil
	if err := reference.Compare(m, reference.ONNXRuntime, got); err == nil ||
		!strings.Contains(err.Error(), first+": 0 numbers") {
		t.Errorf("%v: want that %s has no numbers", err, first)
	}
}

// TestAnyOrderIsAllowed: float32 sums of a float layer, forward, backward and
// sorted, are allowed, and nothing much further away.
func TestAnyOrderIsAllowed(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	b := quantizedtest.New(rng, quantizedtest.Scheme{}, 400)
	m := b.Model(b.Linear(b.Input(), 3, quantized.Identity))
	x := b.Inputs(m, 20)[19*400:]
	values, err := reference.Run(m, reference.ONNXRuntime, x)
	if err != nil {
		t.Fatal(err)
	}
	y, n := values[m.Output], &m.Nodes[0]
	for o := range y.Len() {
		terms := []float32{n.Bias.Float[o]}
		for i := range x {
			terms = append(terms, x[i]*n.Weights.Float[o*len(x)+i])
		}
		for range 3 {
			var sum, size float32
			for _, v := range terms {
				sum, size = sum+v, size+float32(math.Abs(float64(v)))
			}
			if !y.Allows(o, sum) || y.Allows(o, sum+size/16384) {
				t.Errorf("output %d: the sum %v is allowed: %v; with %v more: %v", o, sum, y.Allows(o, sum),
					size/16384, y.Allows(o, sum+size/16384))
			}
			slices.Reverse(terms)
			if rng.IntN(2) == 0 {
				slices.Sort(terms)
			}
		}
	}
}
