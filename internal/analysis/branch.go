package analysis

import (
	"reflect"
	"slices"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// branch is what a frozen model computes otherwise than the trunk: the nodes from the
// first on that differs.
type branch struct {
	nodes  []quantized.Node
	inputs []quantized.Activation // that they read and none of them makes
	raw    bool                   // the network's input is among these, on a grid of the branch's own
}

// newBranch compares a model with the trunk, whose nodes have the same names.
func newBranch(trunk *trace, m *quantized.Model) (b branch) {
	ours := trunk.model
	other := map[string]bool{} // activations that differ
	if m.Input.Quant != ours.Input.Quant {
		other[m.Input.Name], b.raw = true, true
	}
	for i, n := range m.Nodes {
		alike := same(&n, &ours.Nodes[i])
		if alike && !slices.ContainsFunc(n.Inputs, func(name string) bool { return other[name] }) {
			continue
		}
		if alike {
			n = ours.Nodes[i] // so that the weights are in memory once
		}
		other[n.Name], b.nodes = true, append(b.nodes, n)
	}
	made := map[string]bool{}
	for _, n := range b.nodes {
		made[n.Name] = true
	}
	for _, n := range b.nodes {
		for _, name := range n.Inputs {
			if made[name] || slices.ContainsFunc(b.inputs, func(a quantized.Activation) bool { return a.Name == name }) {
				continue
			}
			a := trunk.acts[name]
			if name == m.Input.Name {
				a = m.Input.Activation
			}
			b.inputs = append(b.inputs, a)
		}
	}
	return b
}

// same reports whether two nodes compute the same.
func same(a, b *quantized.Node) bool {
	x, y := *a, *b
	x.Weights, x.Bias, y.Weights, y.Bias = nil, nil, nil, nil
	return reflect.DeepEqual(x, y) && sameWeights(a.Weights, b.Weights) && reflect.DeepEqual(a.Bias, b.Bias)
}

// sameWeights is reflect.DeepEqual, but fast for long slices.
func sameWeights(a, b *quantized.Weights) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	x.Q, x.Float, y.Q, y.Float = nil, nil, nil, nil
	return reflect.DeepEqual(x, y) && slices.Equal(a.Q, b.Q) && slices.Equal(a.Float, b.Float)
}

// run computes the outputs of n images x from the trunk's activations; as the trunk
// would, H W C.
func (b *branch) run(trunk map[string][]float32, x []float32, n int, input string) ([]float32, error) {
	layer, err := integer.NewLayer(b.nodes, b.inputs, integer.Options{})
	if err != nil {
		return nil, err
	}
	var xs [][]float32
	for _, a := range b.inputs {
		if a.Name == input && b.raw {
			xs = append(xs, x)
			continue
		}
		xs = append(xs, trunk[a.Name])
	}
	y := make([]float32, n*layer.OutputSize())
	return y, layer.Run(y, xs, n)
}
