package fromonnx

import (
	"fmt"
	"slices"

	"petrify/graph"
	"petrify/internal/onnxeval"
)

// layer is a layer of the network to be, with its parameters in float64, so
// that factors can be folded into them.
type layer struct {
	graph.Layer
	from   []int // −1 is the network's input
	out    graph.Shape
	vector bool

	weight, bias                []float64 // of a convolution or linear layer; bias may be nil
	size                        []int     // of weight
	transposed                  int       // the groups of a transposed convolution
	gamma, beta, mean, variance []float64 // of a batch norm; the first two of a layer norm

	slopes []float64 // of a PReLU
	scale  float64   // of attention scores
	each   bool      // has a factor and a shift for each element of an image

	erf    bool     // stands for an error function, a part of GELU
	given  *signal  // what an activation is computed of, before it was scaled and shifted
	nodes  []string // of the file
	title  string   // a name that the file suggests
	called string   // the layer's name, if only its kind and number
}

// weighted reports whether the layer is a convolution or a linear layer.
func (l *layer) weighted() bool { return l.weight != nil }

// mapping is the state of an import with one layout of the input.
type mapping struct {
	*trace
	layout   layout
	layers   []*layer
	signals  map[string]*signal
	shaped   map[reshaping]int // layers that only reshape, by what they reshape
	affines  map[*float64]int  // layers that scale and shift, by the scales
	refusals Refusals
	owners   map[string]string // of the initializers that are weights: the nodes
	absorbed int               // transpositions that no layer computes
	dropped  int               // dropouts, identities, casts
	assumed  []string
	moved    bool // a value of the file has its batch elsewhere than first
}

// reshaping is what a reshaping layer does: it is made once.
type reshaping struct {
	of     int
	shape  graph.Shape
	vector bool
	groups int    // of a shuffle
	pad    [4]int // around an image
}

// mostLayers limits the network.
const mostLayers = 4096

// attempt imports with one layout of the input.
func (t *trace) attempt(l layout) (*Model, error) {
	m := &mapping{trace: t, layout: l, signals: map[string]*signal{}, shaped: map[reshaping]int{},
		affines: map[*float64]int{}, owners: map[string]string{}, refusals: slices.Clone(t.refusals)}
	m.signals[t.input.Name] = &signal{layer: -1, shape: t.dims, order: l.order}
	for i, n := range t.graph.Nodes {
		if !t.needed[i] || !t.depends(n) {
			continue
		}
		if err := m.node(n); err != nil {
			m.refuse(n, err)
		}
		if len(m.layers) > mostLayers {
			return nil, fmt.Errorf("has more than %d layers: petrify is for small networks", mostLayers)
		}
	}
	if len(m.refusals) > 0 {
		return nil, m.refusals
	}
	return m.assemble()
}

func (m *mapping) refuse(n *onnxeval.Node, err error) {
	saved := m.trace.refusals
	m.trace.refuse(n, err)
	m.refusals = append(m.refusals, m.trace.refusals[len(saved):]...)
	m.trace.refusals = saved
}

// node makes a layer of a node, or part of one, or nothing. A node whose input
// could not be imported is passed over.
func (m *mapping) node(n *onnxeval.Node) error {
	o, ok := operators[qualified(n)]
	if !ok {
		return nil // the scan refused it
	}
	v := &visit{mapping: m, Node: n}
	for _, name := range n.Inputs {
		v.signals = append(v.signals, m.signals[name])
		v.constants = append(v.constants, m.constants[name])
		if m.computed[name] && m.signals[name] == nil {
			return nil
		}
	}
	if len(n.Outputs) == 0 || m.shapes[n.Outputs[0]] == nil {
		return nil // the trace refused it
	}
	v.to = m.shapes[n.Outputs[0]]
	var s *signal
	err := v.locate()
	if err == nil {
		s, err = o(v)
	}
	if err != nil {
		s = v.unknown() // so that what follows is looked at too
	}
	s.apart = v.apart
	m.signals[n.Outputs[0]] = s
	return err
}

// unknown stands for the result of a node that cannot be imported.
func (v *visit) unknown() *signal {
	if len(v.to) == 0 || v.to[0] != v.dims[0] {
		v.to = []int{v.dims[0], max(1, sizeOf(v.to))}
	}
	l := &layer{Layer: graph.Identity(), out: graph.Shape{C: sizeOf(v.to[1:]), H: 1, W: 1}, vector: true}
	if n := len(v.to); n == 3 || n == 4 {
		l.out, l.vector = imageOf(v.to), false
	}
	return v.add(l, nil, -1)
}

// visit is a node on its way to a layer.
type visit struct {
	*mapping
	*onnxeval.Node
	signals   []*signal          // of the inputs that are computed
	constants []*onnxeval.Tensor // of the others
	to        []int              // the shape of the result, the batch first
	apart     *place             // where the file has its batch, if not first

	of *signal // the input that says where the batch is
}

// operand is the only computed input, and the constant, if there are two.
func (v *visit) operand() (x *signal, c *onnxeval.Tensor, swapped bool) {
	if len(v.signals) > 1 && v.signals[0] == nil {
		return v.signals[1], v.constants[0], true
	}
	if len(v.constants) > 1 {
		c = v.constants[1]
	}
	return v.signals[0], c, false
}

// input is the signal of an operator with one computed input, the first.
func (v *visit) input() (*signal, error) {
	x := v.signals[0]
	if x == nil {
		return nil, refuse("", "its first input is a constant")
	}
	for i, s := range v.signals[1:] {
		if s != nil {
			return nil, refuse("a constant or an initializer is imported", "its input %d is computed", i+2)
		}
	}
	return x, nil
}

// constant is an input that must be one; nil if it is left out.
func (v *visit) constant(i int) *onnxeval.Tensor {
	if i < len(v.constants) {
		return v.constants[i]
	}
	return nil
}

// view is the value seen with another shape.
func (v *visit) view(x *signal) *signal {
	y := *x
	y.shape, y.sole = v.to, x.sole && v.alone()
	return &y
}

// alone reports whether one node at most reads the result.
func (v *visit) alone() bool { return v.readers[v.Outputs[0]] <= 1 }

// add makes a layer of the node. Its elements are in the given order.
func (v *visit) add(l *layer, order []int32, from ...int) *signal {
	l.nodes = append(l.nodes, v.String())
	return &signal{layer: v.append(l, from...), shape: v.to, order: order, sole: v.alone()}
}

// append adds a layer.
func (m *mapping) append(l *layer, from ...int) int {
	l.from = from
	m.layers = append(m.layers, l)
	return len(m.layers) - 1
}

// source is the shape of the output of a layer, and whether that is a vector.
func (m *mapping) source(at int) (graph.Shape, bool) {
	if at < 0 {
		s := m.layout.shape
		return s, s.H == 1 && s.W == 1
	}
	return m.layers[at].out, m.layers[at].vector
}

// settled is the layer whose output is the value, after one that scales and
// shifts it, and one that puts zeros around it, if it must be.
func (m *mapping) settled(s *signal) (int, error) {
	if s.padded() {
		within := copied(s)
		within.pad = [4]int{}
		if _, err := m.settled(within); err != nil {
			return 0, err
		}
		within.pad = s.pad
		m.surrounded(within)
		*s = *within
		return s.layer, nil
	}
	if !s.affine() {
		return s.layer, nil
	}
	key := &s.scale[0]
	if at, ok := m.affines[key]; ok {
		s.layer, s.scale, s.shift, s.sole = at, nil, nil, false
		return at, nil
	}
	s.layer = m.multiplied(s.layer, s.scale, s.shift)
	s.scale, s.shift, s.sole = nil, nil, false
	m.affines[key] = s.layer
	return s.layer, nil
}

// multiplied is a·x + b of each channel, as a depthwise convolution of one pixel. A batch norm would
// not do: training would normalise by the statistics of a batch.
func (m *mapping) multiplied(at int, a, b []float64) int {
	out, vector := m.source(at)
	l := &layer{Layer: graph.DepthwiseConv2D(1), out: out, weight: slices.Clone(a), bias: slices.Clone(b),
		size: []int{out.C, 1, 1, 1}}
	if !vector {
		return m.append(l, at)
	}
	at = m.append(l, m.append(&layer{Layer: graph.Reshape(out), out: out}, at))
	return m.append(&layer{Layer: graph.Flatten(), out: out, vector: true}, at)
}

// epsilon is that of petrify's batch norm.
const epsilon = 1e-5

// vector is the layer whose output, a vector, holds the value of shape N F;
// the elements may be in another order. What the signal scales and shifts goes
// on doing so.
func (m *mapping) vector(s *signal) (int, error) {
	if s.padded() {
		if _, err := m.settled(s); err != nil {
			return 0, err
		}
	}
	out, vector := m.source(s.layer)
	if vector {
		return s.layer, nil
	}
	key := reshaping{of: s.layer, vector: true}
	at, ok := m.shaped[key]
	if !ok {
		flat := graph.Shape{C: out.Size(), H: 1, W: 1}
		at = m.append(&layer{Layer: graph.Flatten(), out: flat, vector: true}, s.layer)
		m.shaped[key] = at
	}
	if s.affine() {
		s.scale, s.shift = repeated(s.scale, out.H*out.W), repeated(s.shift, out.H*out.W)
	}
	s.layer = at
	return at, nil
}

// repeated is the list with each number n times.
func repeated(list []float64, n int) []float64 {
	all := make([]float64, 0, len(list)*n)
	for _, v := range list {
		for range n {
			all = append(all, v)
		}
	}
	return all
}

// image brings the value, of shape N C H W or N C L, to be the output of a
// layer of that shape; signals of length L have height 1.
func (m *mapping) image(s *signal) (graph.Shape, error) {
	var want graph.Shape
	switch d := s.shape; len(d) {
	case 4:
		want = graph.Shape{C: d[1], H: d[2], W: d[3]}
	case 3:
		want = graph.Shape{C: d[1], H: 1, W: d[2]}
	default:
		return want, refuse("", "its input of shape %v: want batch, channels and one or two spatial axes", d)
	}
	if err := m.straighten(s); err != nil {
		return want, err
	}
	if s.order != nil {
		return want, refuse("", "its input is transposed in a way that no layer can do")
	}
	out, vector := m.source(s.layer)
	if s.padded() {
		out.H, out.W = out.H+s.pad[0]+s.pad[2], out.W+s.pad[1]+s.pad[3]
		if !vector && out == want {
			return want, nil
		}
		if _, err := m.settled(s); err != nil {
			return want, err
		}
	}
	if out == want && !vector {
		return want, nil
	}
	if s.affine() {
		if _, err := m.settled(s); err != nil {
			return want, err
		}
	}
	s.layer, s.sole = m.reshaped(s.layer, want), false
	return want, nil
}

// reshaped is a layer's output as an image of another shape.
func (m *mapping) reshaped(from int, want graph.Shape) int {
	key := reshaping{of: from, shape: want}
	at, ok := m.shaped[key]
	if !ok {
		at = m.append(&layer{Layer: graph.Reshape(want), out: want}, from)
		m.shaped[key] = at
	}
	return at
}

// copied is the signal for one consumer to change.
func copied(s *signal) *signal { c := *s; return &c }
