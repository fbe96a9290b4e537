package fromonnx

import (
	"maps"
	"slices"

	"petrify/internal/onnxeval"
	"petrify/internal/onnxpb"
)

// one is the name of the number 1 in a graph with whole operators.
const one = "\x00one"

// wholes is the graph with whole operators in place of the last of the single ones that some are written
// in: layer normalisation, softmax, sigmoid and SiLU, which are quotients; and the names of the other nodes
// of each. A factor and a shift of a layer normalisation follow, as after any layer.
func wholes(g *onnxeval.Graph) (*onnxeval.Graph, map[*onnxeval.Node][]string) {
	f := &finder{graph: g, producers: map[string]*onnxeval.Node{}}
	for _, n := range g.Nodes {
		for _, out := range n.Outputs {
			f.producers[out] = n
		}
	}
	parts := map[*onnxeval.Node][]string{}
	var nodes []*onnxeval.Node
	for _, n := range g.Nodes {
		var whole []*onnxeval.Node
		if len(n.Outputs) > 0 {
			whole = f.whole(n)
		}
		if whole == nil {
			nodes = append(nodes, n)
			continue
		}
		for _, part := range f.nodes {
			parts[whole[0]] = append(parts[whole[0]], part.String())
		}
		nodes = append(nodes, whole...)
	}
	if len(parts) == 0 {
		return g, nil
	}
	y := *g
	y.Nodes, y.Constants = nodes, maps.Clone(g.Constants)
	y.Constants[one] = onnxeval.Floats([]int{1}, []float64{1})
	return &y, parts
}

// whole are the nodes in place of one that ends a form in single operators; nil if it ends none.
func (f *finder) whole(n *onnxeval.Node) []*onnxeval.Node {
	of := func(op string, version int, inputs []string, attributes ...onnxpb.Attribute) *onnxeval.Node {
		return &onnxeval.Node{Version: version, Node: onnxpb.Node{Name: n.Name, Op: op, Inputs: inputs,
			Outputs: n.Outputs, Attributes: attributes}}
	}
	f.nodes = nil
	if x, axes, epsilon, ok := f.norm(n); ok {
		return []*onnxeval.Node{of("LayerNormalization", 17, []string{x, one},
			onnxpb.Attribute{Name: "axes", Type: onnxpb.IntsAttribute, Ints: axes},
			onnxpb.Attribute{Name: "epsilon", Type: onnxpb.FloatAttribute, Float: float32(epsilon)})}
	}
	f.nodes = nil
	if x, axis, ok := f.shares(n); ok {
		return []*onnxeval.Node{of("Softmax", 13, []string{x},
			onnxpb.Attribute{Name: "axis", Type: onnxpb.IntAttribute, Int: axis})}
	}
	f.nodes = nil
	switch above, x := f.logistic(n); {
	case x == "":
		return nil
	case above == x: // SiLU
		product, gate := of("Mul", 14, nil), of("Sigmoid", 13, []string{x})
		gate.Outputs = []string{n.Outputs[0] + "\x00gate"}
		product.Inputs = []string{x, gate.Outputs[0]}
		return []*onnxeval.Node{gate, product}
	default:
		return []*onnxeval.Node{of("Sigmoid", 13, []string{x})}
	}
}

// shares is what a quotient is the softmax of, along one axis, if it is one:
//
//	e/Σe        e = exp(x − max(x)) or exp(x)
func (f *finder) shares(n *onnxeval.Node) (x string, axis int64, ok bool) {
	if n.Op != "Div" || n.Domain != "" || len(n.Inputs) != 2 {
		return
	}
	e, sum := f.made(n.Inputs[0], "Exp"), f.made(n.Inputs[1], "ReduceSum")
	if e == nil || sum == nil || len(e.Inputs) != 1 || len(sum.Inputs) == 0 || sum.Inputs[0] != n.Inputs[0] {
		return
	}
	axes := f.axes(sum)
	if len(axes) != 1 {
		return
	}
	x = e.Inputs[0]
	if d := f.made(x, "Sub"); d != nil && len(d.Inputs) == 2 {
		top := f.made(d.Inputs[1], "ReduceMax")
		if top != nil && top.Inputs[0] == d.Inputs[0] && slices.Equal(f.axes(top), axes) {
			x = d.Inputs[0]
		}
	}
	return x, axes[0], true
}

// logistic is what a quotient is the logistic function of, above/(1 + exp(−x)), where it divides 1 or x itself;
// "" if it is none.
func (f *finder) logistic(n *onnxeval.Node) (above, x string) {
	below := ""
	switch {
	case n.Domain != "":
		return
	case n.Op == "Div" && len(n.Inputs) == 2:
		above, below = n.Inputs[0], n.Inputs[1]
	case n.Op == "Reciprocal" && len(n.Inputs) == 1:
		below = n.Inputs[0]
	default:
		return
	}
	sum := f.made(below, "Add")
	if sum == nil || len(sum.Inputs) != 2 {
		return
	}
	for i, name := range sum.Inputs {
		e := f.made(sum.Inputs[1-i], "Exp")
		if v, ok := f.number(name); !ok || v != 1 || e == nil || len(e.Inputs) != 1 {
			continue
		}
		minus := f.made(e.Inputs[0], "Neg")
		if minus == nil || len(minus.Inputs) != 1 {
			continue
		}
		if v, ok := f.number(above); above == "" || ok && v == 1 {
			return "", minus.Inputs[0]
		}
		if above == minus.Inputs[0] {
			return above, above
		}
	}
	return "", ""
}

// finder finds what nodes are computed of.
type finder struct {
	graph     *onnxeval.Graph
	producers map[string]*onnxeval.Node
	nodes     []*onnxeval.Node // that belong to what it has found
}

// made is the node that computes a value, if that is of one of the operators.
func (f *finder) made(value string, operators ...string) *onnxeval.Node {
	n := f.producers[value]
	if n == nil || n.Domain != "" || !slices.Contains(operators, n.Op) || len(n.Inputs) == 0 {
		return nil
	}
	if !slices.Contains(f.nodes, n) {
		f.nodes = append(f.nodes, n)
	}
	return n
}

// number is a value that is one known number.
func (f *finder) number(value string) (float64, bool) {
	c := f.constant(value)
	if c == nil || c.S != nil || c.Size() != 1 {
		return 0, false
	}
	return c.Numbers()[0], true
}

func (f *finder) constant(value string) *onnxeval.Tensor {
	if c := f.graph.Constants[value]; c != nil {
		return c
	}
	n := f.producers[value]
	if n == nil || n.Domain != "" || n.Op != "Constant" {
		return nil
	}
	results, err := n.Compute(nil)
	if err != nil || len(results) != 1 {
		return nil
	}
	return results[0]
}

// norm is what a quotient normalises, if it does:
//
//	d/√(mean(d²) + ε)        d = x − mean(x)
func (f *finder) norm(n *onnxeval.Node) (x string, axes []int64, epsilon float64, ok bool) {
	if n.Op != "Div" || n.Domain != "" || len(n.Inputs) != 2 {
		return
	}
	x, axes = f.centred(n.Inputs[0])
	root := f.made(n.Inputs[1], "Sqrt")
	if axes == nil || root == nil || len(root.Inputs) != 1 {
		return
	}
	raised := f.made(root.Inputs[0], "Add")
	if raised == nil || len(raised.Inputs) != 2 {
		return
	}
	for i, name := range raised.Inputs {
		mean := f.made(raised.Inputs[1-i], "ReduceMean")
		if epsilon, ok = f.number(name); !ok || mean == nil || !slices.Equal(f.axes(mean), axes) {
			ok = false
			continue
		}
		from, over := f.centred(f.squared(mean.Inputs[0]))
		return x, axes, epsilon, from == x && slices.Equal(over, axes)
	}
	return
}

// squared is what a value is the square of.
func (f *finder) squared(value string) string {
	n := f.made(value, "Pow", "Mul")
	if n == nil || len(n.Inputs) != 2 {
		return ""
	}
	if two, ok := f.number(n.Inputs[1]); n.Op == "Pow" && (!ok || two != 2) ||
		n.Op == "Mul" && n.Inputs[0] != n.Inputs[1] {
		return ""
	}
	return n.Inputs[0]
}

// centred is what a value is less its mean over axes; nil if it is not such.
func (f *finder) centred(value string) (x string, axes []int64) {
	n := f.made(value, "Sub")
	if n == nil || len(n.Inputs) != 2 {
		return "", nil
	}
	mean := f.made(n.Inputs[1], "ReduceMean")
	if mean == nil || mean.Inputs[0] != n.Inputs[0] {
		return "", nil
	}
	return n.Inputs[0], f.axes(mean)
}

// axes are those of a mean that keeps them, as the node has them; nil if they are not
// known.
func (f *finder) axes(n *onnxeval.Node) (axes []int64) {
	if len(n.Inputs) == 0 || n.Int("keepdims", 1) == 0 {
		return nil
	}
	if a, ok := n.Attribute("axes"); ok {
		axes = slices.Clone(a.Ints)
	}
	since := 18
	if n.Op == "ReduceSum" {
		since = 13
	}
	if n.Version >= since && len(n.Inputs) > 1 {
		if c := f.constant(n.Inputs[1]); c != nil {
			axes = slices.Clone(c.I)
		}
	}
	slices.Sort(axes)
	return axes
}
