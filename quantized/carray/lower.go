package carray

import (
	"fmt"
	"slices"
	"strings"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// value is an activation of the model: its numbers, and where they are. They
// lie H W C in memory, though the model says C H W.
type value struct {
	shape  []int
	real   bool // floats, without a grid
	grid   grid
	tensor *tensor
	dies   int // the last node that reads it, or what is the same tensor

	// planes, for a vector, is the number of pixels of the image that it was,
	// whose order its elements keep. 1: the order is the model's.
	planes int
}

func (v *value) channels() int { return v.shape[0] }
func (v *value) pixels() int   { return elements(v.shape[1:]) }
func (v *value) elements() int { return elements(v.shape) }

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// step is a call: a format with a %s for each tensor, the written one first.
type step struct {
	kernel  string
	call    string
	tensors []*tensor
	node    *quantized.Node // that it computes, or a part of; nil: it moves the input
}

// lowering turns a model into constants and calls of C.
type lowering struct {
	model     *quantized.Model
	options   Options
	values    map[string]*value
	readers   map[string][]*quantized.Node
	dies      map[string]int // of each activation: see value
	names     names
	needs     map[string]bool // kernels
	steps     []step
	tensors   []*tensor // in the arena
	constants strings.Builder
	count     count
	bits      map[int]bool // of weights that are multiplied in pairs
	floats    []string     // layers that compute with floats
	arena     int          // in bytes
	fourArena int          // where four places are computed at once
	reals     bool         // an activation is of floats: so is the arena

	countsPadding bool // a mean counts padding
	wide          bool // or is of more than 360 integers
	weightZeros   bool // a layer's weights have zero points of their own
	left          bool // a multiplier in fixed point is 1 or more
	packed        bool // a layer's weights take fewer than 8 bits
	great         bool // a sum of products may be 2³⁰ or more
	long          bool // a sum has more than `most` products
	integers      bool // a layer sums products of integers
	sums          int  // such layers
	deepest       int  // the most inputs of an output that vectors of hosts take of a convolution, in whole words
	ordered       int  // the most weights of a depthwise layer that they take, in whole pairs of taps
	additions     int  // sums and differences of two tensors
	ties          bool // one of these has a rule for ties
	exceptions    bool // or exceptions
	toReals       bool // and one's sums become real numbers
}

// count is the bytes of constants, on a processor with pointers of 32 bits.
type count struct{ weights, biases, multipliers, tables, layers int }

func (c count) total() int { return c.weights + c.biases + c.multipliers + c.tables + c.layers }

// lower returns the lowered model.
func lower(m *quantized.Model, o Options) (*lowering, error) {
	l := &lowering{
		model: m, options: o, values: map[string]*value{}, readers: map[string][]*quantized.Node{},
		names: names{}, needs: map[string]bool{}, bits: map[int]bool{},
	}
	l.deaths()
	l.reals = m.Input.Quant.IsFloat() ||
		slices.ContainsFunc(m.Nodes, func(n quantized.Node) bool { return n.Output.Quant.IsFloat() })
	l.packed = !o.Unpacked && Packs(m)
	l.countsPadding = slices.ContainsFunc(m.Nodes, func(n quantized.Node) bool { return n.Window.CountIncludePad })
	in := l.declare(m.Input.Activation, func() (lo, hi int32) {
		f := m.Input.Quant.Format
		return f.Min(), f.Max()
	})
	in.tensor = &tensor{place: input}
	if o.Planes {
		if in.pixels() == 1 {
			return nil, fmt.Errorf("carray: channels first: the input is %v: want an image or a signal", in.shape)
		}
		if in.channels() > 1 {
			l.channelsLast(in)
		}
	}
	for i := range m.Nodes {
		n, first := &m.Nodes[i], len(l.steps)
		if err := l.node(i, n); err != nil {
			return nil, fmt.Errorf("carray: %s: %w", n.Name, err)
		}
		for j := range l.steps[first:] {
			l.steps[first+j].node = n
		}
	}
	if l.ties {
		l.count.layers += 4 * l.additions
	}
	if l.exceptions {
		l.count.layers += 12 * l.additions
	}
	l.result()
	l.arena, l.fourArena = plan(l.tensors)
	return l, nil
}

// deaths finds the last node that reads each activation. The output is read
// after the last node.
func (l *lowering) deaths() {
	l.dies = map[string]int{l.model.Output: len(l.model.Nodes)}
	for i := len(l.model.Nodes) - 1; i >= 0; i-- {
		n := &l.model.Nodes[i]
		for _, in := range n.Inputs {
			l.readers[in] = append(l.readers[in], n)
			l.dies[in] = max(l.dies[in], i)
			if n.Op == quantized.Flatten || n.Op == quantized.Reshape {
				l.dies[in] = max(l.dies[in], l.dies[n.Name])
			}
		}
	}
}

// declare makes the value of an activation whose integers, if it has any, have
// these limits.
func (l *lowering) declare(a quantized.Activation, limits func() (lo, hi int32)) *value {
	v := &value{shape: a.Shape, dies: l.dies[a.Name], planes: 1}
	if v.real = a.Quant.IsFloat(); !v.real {
		lo, hi := limits()
		v.grid = gridOf(a.Quant, lo, hi)
	}
	l.values[a.Name] = v
	return v
}

// room allocates memory for v. In an arena of floats, bytes take whole ones.
func (l *lowering) room(v *value) {
	v.tensor = &tensor{size: v.elements(), real: v.real, aligned: l.reals, first: -1}
	if v.real {
		v.tensor.size *= 4
	} else if l.reals {
		v.tensor.size = (v.tensor.size + 3) / 4 * 4
	}
	l.tensors = append(l.tensors, v.tensor)
}

// reuse gives y the memory of an x that node i is the last to read, and whose
// elements it reads before it writes them; otherwise new memory.
func (l *lowering) reuse(y *value, i int, in ...*value) {
	for _, x := range in {
		if x.dies == i && x.tensor.place == arena && x.elements() == y.elements() && x.real == y.real {
			y.tensor = x.tensor
			return
		}
	}
	l.room(y)
}

// call adds a step.
func (l *lowering) call(kernel, format string, tensors ...*tensor) {
	l.needs[kernel] = true
	for _, t := range tensors {
		t.use(len(l.steps))
	}
	l.steps = append(l.steps, step{kernel, format, tensors, nil})
}

// node adds the steps of one layer, the i-th.
func (l *lowering) node(i int, n *quantized.Node) error {
	var in []*value
	for _, name := range n.Inputs {
		in = append(in, l.values[name])
	}
	if n.Op == quantized.Flatten || n.Op == quantized.Reshape {
		l.reshape(n, in[0])
		return nil
	}
	if n.Op == quantized.ResizeNearest || n.Op == quantized.Stretch {
		l.resize(n, in[0])
		return nil
	}
	y := l.declare(n.Output, n.Limits)
	if n.Op == quantized.Slice || n.Op == quantized.Pad || n.Op == quantized.Shuffle {
		l.room(y)
		l.move(n, in[0], y)
		return nil
	}
	switch n.Op {
	case quantized.Add, quantized.Sub, quantized.Activate, quantized.PReLU, quantized.LayerNorm:
		l.reuse(y, i, in...)
	default:
		l.room(y)
	}
	id := l.names.add(n.Name)
	if n.Op == quantized.AttentionScores || n.Op == quantized.AttentionValues {
		return l.attention(n, id, in[0], in[1], y)
	}
	if n.Op == quantized.LayerNorm {
		l.layerNorm(n, id, in[0], y)
		return nil
	}
	if isReal(n, in, y) {
		return l.realNode(n, id, in, y)
	}
	switch n.Op {
	case quantized.Conv2D, quantized.Linear:
		return l.weighted(n, id, in[0], y)
	case quantized.Add, quantized.Sub:
		return l.add(n, id, in[0], in[1], y)
	case quantized.Mul:
		return l.product(n, id, in[0], in[1], y)
	case quantized.Max, quantized.Min:
		l.choose(n, id, in[0], in[1], y)
	case quantized.Concat:
		l.concat(n, id, in, y)
	case quantized.Activate:
		return l.activate(n, id, in[0], y)
	case quantized.PReLU:
		l.prelu(n, id, in[0], y)
	case quantized.MaxPool, quantized.AvgPool, quantized.GlobalAvgPool:
		return l.pool(n, id, in[0], y)
	default:
		return fmt.Errorf("%v has no form in C", n.Op)
	}
	return nil
}

// reshape makes a value of another shape with the same elements. Elements move
// if their order in memory changes; except for a vector that only linear layers
// read, whose weights move instead.
func (l *lowering) reshape(n *quantized.Node, x *value) {
	y := &value{shape: n.Output.Shape, real: x.real, grid: x.grid, tensor: x.tensor, dies: x.dies, planes: 1}
	l.values[n.Name] = y
	if (x.channels() == 1 || x.pixels() == 1) && (y.channels() == 1 || y.pixels() == 1) && x.planes == 1 {
		return
	}
	if y.pixels() == 1 && x.planes == 1 && l.onlyLinear(n.Name) {
		y.planes = x.pixels()
		return
	}
	y.dies = l.dies[n.Name]
	l.room(y)
	l.comment(n, x, y)
	kernel := x.variant("reorder")
	l.call(kernel, fmt.Sprintf("%s(%%s, %%s, %d, %d, %d)", kernel, x.elements(), x.channels(), y.channels()), y.tensor,
		x.tensor)
}

// onlyLinear reports whether only linear layers read the activation, and it is
// not the output.
func (l *lowering) onlyLinear(name string) bool {
	for _, n := range l.readers[name] {
		if n.Op != quantized.Linear {
			return false
		}
	}
	return name != l.model.Output
}

// channelsLast puts the channels of the caller's input last.
func (l *lowering) channelsLast(in *value) {
	planes := in.tensor
	l.room(in)
	kernel := in.variant("reorder")
	l.call(kernel, fmt.Sprintf("%s(%%s, %%s, %d, 1, %d)", kernel, in.elements(), in.channels()), in.tensor, planes)
}

// result makes the output's steps write to the caller's output. An output that
// is the input is copied.
func (l *lowering) result() {
	y := l.values[l.model.Output]
	t := y.tensor
	if t.place == input {
		kernel := y.variant("copy")
		l.call(kernel, fmt.Sprintf("%s(%%s, %%s, %d)", kernel, y.elements()), &tensor{place: output}, t)
		return
	}
	t.place = output
	for i, u := range l.tensors {
		if u == t {
			l.tensors = append(l.tensors[:i], l.tensors[i+1:]...)
			return
		}
	}
}

// variant is the kernel that moves the value's elements.
func (v *value) variant(kernel string) string {
	if v.real {
		return kernel + "_reals"
	}
	return kernel
}

// float32 reports whether sums are rescaled in float32.
func (l *lowering) float32() bool { return l.options.Requantization == integer.Float32 }
