package fromonnx

import (
	"maps"
	"slices"

	"petrify/graph"
	"petrify/internal/onnxeval"
	"petrify/internal/onnxpb"
)

// layerNormalization makes a layer of a normalisation over the channels of each pixel,
// or over all numbers of an input.
func layerNormalization(v *visit) (*signal, error) {
	if _, err := v.input(); err != nil {
		return nil, err
	}
	x := copied(v.signals[0])
	for _, out := range v.Outputs[1:] {
		if v.readers[out] > 0 {
			return nil, refuse("", "its mean or deviation is used")
		}
	}
	if _, err := v.settled(x); err != nil {
		return nil, err
	}
	axes, err := v.along(len(x.shape))
	if err != nil {
		return nil, err
	}
	if err := v.channelsOf(x, axes); err != nil {
		return nil, err
	}
	l := &layer{Layer: graph.LayerNorm(), nodes: v.parts[v.Node]}
	l.out, l.vector = v.source(x.layer)
	if plus := decimal(v.Real("epsilon", epsilon)); plus != epsilon {
		l.Epsilon = plus
	}
	l.gamma, l.beta = constants(l.out.C, 1), constants(l.out.C, 0)
	for i, to := range []*[]float64{&l.gamma, &l.beta} {
		c := v.constant(i + 1)
		if c == nil {
			continue
		}
		var err error
		if *to, err = v.perChannel(x, c); err != nil {
			return nil, err
		}
		if i == 0 {
			l.title = title(v.Inputs[1], v.Name)
		}
	}
	return v.add(l, x.order, x.layer), nil
}

// channelsOf brings x to be of a layer whose channels are what the node goes over.
func (v *visit) channelsOf(x *signal, list []int) error {
	rank := len(x.shape)
	kept, n := slices.Clone(x.shape), 1
	for _, a := range list {
		if a < 1 || a >= rank {
			return refuse("", "it goes over axis %d of shape %v", a, x.shape)
		}
		kept[a] = 1
		n *= x.shape[a]
	}
	if n == x.size() {
		_, err := v.vector(x)
		return err
	}
	in, vector := v.source(x.layer)
	plane, steps := in.H*in.W, broadcastSteps(kept, x.shape)
	pixel, index := slices.Repeat([]int{-1}, sizeOf(kept[1:])), make([]int, rank)
	for i := range x.size() {
		to := 0
		for axis, k := range index {
			to += k * steps[axis]
		}
		at := x.at(i) % plane
		if vector || n != in.C || pixel[to] >= 0 && pixel[to] != at {
			return refuse("over the channels of each position, or over all numbers of an input, it is imported",
				"it goes over axes %v of shape %v, which are not the channels", list, x.shape)
		}
		pixel[to] = at
		for axis := rank - 1; axis > 0; axis-- {
			if index[axis]++; index[axis] < x.shape[axis] {
				break
			}
			index[axis] = 0
		}
	}
	return nil
}

// normsWhole is the graph with each layer normalisation that is written in single operators
// as one node in place of the quotient,
//
//	d/√(mean(d²) + ε)        d = x − mean(x)
//
// and the names of the other nodes of each. A factor and a shift follow, as after any
// layer.
func normsWhole(g *onnxeval.Graph) (*onnxeval.Graph, map[*onnxeval.Node][]string) {
	f := &finder{graph: g, producers: map[string]*onnxeval.Node{}}
	for _, n := range g.Nodes {
		for _, out := range n.Outputs {
			f.producers[out] = n
		}
	}
	const one = "\x00one"
	parts := map[*onnxeval.Node][]string{}
	nodes := slices.Clone(g.Nodes)
	for i, n := range nodes {
		f.nodes = nil
		x, axes, epsilon, ok := f.norm(n)
		if !ok {
			continue
		}
		whole := &onnxeval.Node{Version: 17}
		whole.Name, whole.Op, whole.Inputs, whole.Outputs = n.Name, "LayerNormalization", []string{x, one}, n.Outputs
		whole.Attributes = []onnxpb.Attribute{
			{Name: "axes", Type: onnxpb.IntsAttribute, Ints: axes},
			{Name: "epsilon", Type: onnxpb.FloatAttribute, Float: float32(epsilon)},
		}
		for _, part := range f.nodes {
			parts[whole] = append(parts[whole], part.String())
		}
		nodes[i] = whole
	}
	if len(parts) == 0 {
		return g, nil
	}
	y := *g
	y.Nodes, y.Constants = nodes, maps.Clone(g.Constants)
	y.Constants[one] = onnxeval.Floats([]int{1}, []float64{1})
	return &y, parts
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
	if n == nil || n.Domain != "" || !slices.Contains(operators, n.Op) {
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

// norm is what a quotient normalises, if it does.
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
	if n.Version >= 18 && len(n.Inputs) > 1 {
		if c := f.constant(n.Inputs[1]); c != nil {
			axes = slices.Clone(c.I)
		}
	}
	slices.Sort(axes)
	return axes
}
