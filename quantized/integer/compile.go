package integer

import (
	"fmt"

	"petrify/internal/kernel"
	"petrify/quantized"
)

// compiler turns nodes into steps.
type compiler struct {
	options Options
	output  string // the activation that callers read
	values  map[string]*value
	readers map[string][]*quantized.Node
	at      int // the node that is compiled
	steps   []step
	tensors []*tensor
}

// limit is how many bytes one image may take: a broken file must not exhaust
// the machine.
const limit = 1 << 28

// compile makes the program that computes the output from the inputs.
func compile(nodes []quantized.Node, output string, o Options, inputs ...quantized.Activation) (p program, err error) {
	c := &compiler{options: o, output: output, values: map[string]*value{}, readers: map[string][]*quantized.Node{}}
	for _, in := range inputs {
		x, err := c.declare(in, in.Quant.Format.Min, in.Quant.Format.Max)
		if err != nil {
			return p, fmt.Errorf("integer: %s: %w", in.Name, err)
		}
		x.tensor().first = 0 // the caller writes it
		p.inputs = append(p.inputs, x)
	}
	for i := range nodes {
		for _, in := range nodes[i].Inputs {
			c.readers[in] = append(c.readers[in], &nodes[i])
		}
	}
	for i := range nodes {
		c.at = i
		if err := c.node(&nodes[i]); err != nil {
			return p, fmt.Errorf("integer: %s: %w", nodes[i].Name, err)
		}
	}
	p.output, p.steps = c.values[output], c.steps
	p.output.tensor().last = len(c.steps) // the caller reads it
	return p, p.place(c.tensors, o)
}

// declare makes the value of an activation with integers lo..hi.
func (c *compiler) declare(a quantized.Activation, lo, hi func() int32) (*value, error) {
	v := &value{shape: a.Shape, planes: 1}
	if n := v.elements(); n > limit/4 {
		return nil, fmt.Errorf("activation of %d elements: want at most %d", n, limit/4)
	}
	if a.Quant.IsFloat() {
		v.floats = c.tensor(floats, v.elements())
	} else {
		v.grid = gridOf(a.Quant, lo(), hi())
		v.bytes = c.tensor(bytes, v.elements())
	}
	c.values[a.Name] = v
	return v, nil
}

func (c *compiler) tensor(k kind, elements int) *tensor {
	t := &tensor{kind: k, elements: elements, first: -1}
	c.tensors = append(c.tensors, t)
	return t
}

// add adds a step that reads and writes the given tensors; nil ones are left
// out.
func (c *compiler) add(run work, uses ...*tensor) {
	at := len(c.steps)
	c.steps = append(c.steps, step{run, at, c.at})
	for _, t := range uses {
		if t == nil {
			continue
		}
		if t.first < 0 {
			t.first = at
		}
		t.last = at
	}
}

// onBytes adds a step from the bytes of x to those of y, for n images.
func (c *compiler) onBytes(y, x *value, run func(y, x []uint8, n int)) {
	c.add(func(m *memory, n int, _ *kernel.Scratch) {
		run(m.bytes(y.bytes, n), m.bytes(x.bytes, n), n)
	}, x.bytes, y.bytes)
}

// onFloats adds a step from real numbers x to y, for n images.
func (c *compiler) onFloats(y, x *tensor, run func(y, x []float32, n int)) {
	c.add(func(m *memory, n int, _ *kernel.Scratch) { run(m.floats(y, n), m.floats(x, n), n) }, x, y)
}

// shareScratch makes the last step use the first one's scratch. A float
// convolution that does so plans its tiles again at each run.
func (c *compiler) shareScratch() { c.steps[len(c.steps)-1].scratch = 0 }

// node adds the steps of one layer.
func (c *compiler) node(n *quantized.Node) error {
	var in []*value
	whole := !n.Output.Quant.IsFloat() // all are quantized
	for _, name := range n.Inputs {
		in = append(in, c.values[name])
		whole = whole && c.values[name].bytes != nil
	}
	if n.Op == quantized.Flatten || n.Op == quantized.Reshape {
		return c.reshape(n, in[0])
	}
	y, err := c.declare(n.Output,
		func() int32 { lo, _ := n.Limits(); return lo },
		func() int32 { _, hi := n.Limits(); return hi })
	if err != nil {
		return err
	}
	if n.Weights != nil {
		return c.weighted(n, in[0], y)
	}
	if n.Op == quantized.LayerNorm {
		c.layerNorm(n, in[0], y)
		return nil
	}
	if n.Op == quantized.AttentionScores || n.Op == quantized.AttentionValues {
		return c.attention(n, in[0], in[1], y)
	}
	if whole {
		return c.integers(n, in, y)
	}
	return c.reals(n, in, y)
}

// integers adds a layer without weights whose inputs and output are quantized.
func (c *compiler) integers(n *quantized.Node, in []*value, y *value) error {
	switch n.Op {
	case quantized.MaxPool:
		c.maxPool(n, in[0], y)
	case quantized.AvgPool:
		c.avgPool(n, in[0], y)
	case quantized.GlobalAvgPool:
		c.globalAvgPool(n, in[0], y)
	case quantized.Stretch:
		h, w := factors(n, in[0])
		c.onBytes(y, in[0], func(out, x []uint8, _ int) { stretch(out, x, in[0], h, w, uint8(y.grid.zero)) })
	case quantized.ResizeNearest:
		h, w := factors(n, in[0])
		c.onBytes(y, in[0], func(out, x []uint8, _ int) { repeat(out, x, in[0], h, w) })
	case quantized.Add:
		return c.sum(in[0], in[1], y)
	case quantized.Sub:
		return c.difference(in[0], in[1], y)
	case quantized.Max, quantized.Min:
		c.choose(n, in[0], in[1], y)
	case quantized.Slice, quantized.Shuffle:
		from := newMoving(n, in[0].shape)
		c.onBytes(y, in[0], func(y, x []uint8, _ int) { moved(y, x, from) })
	case quantized.Pad:
		within, value := newFraming(n, in[0].shape), y.grid.quantize(n.Value)
		c.onBytes(y, in[0], func(y, x []uint8, _ int) { framed(y, x, within, value) })
	case quantized.Mul:
		return c.multiply(in[0], in[1], y)
	case quantized.Concat:
		c.concat(in, y)
	case quantized.Activate:
		return c.activate(n, in[0], y)
	case quantized.PReLU:
		c.prelu(n, in[0], y)
	default:
		return fmt.Errorf("%v is not an operation of the engine", n.Op)
	}
	return nil
}

// reshape makes a value of another shape with the same elements. Elements move
// if that changes their order in memory, which is N H W C; except for a vector
// that only integer linear layers read, which permute their weights instead.
func (c *compiler) reshape(n *quantized.Node, x *value) error {
	y := &value{shape: n.Output.Shape, grid: x.grid, planes: 1}
	still := x.planes == 1 && (x.channels() == 1 || x.pixels() == 1) && (y.channels() == 1 || y.pixels() == 1)
	if y.pixels() == 1 && !still && x.planes == 1 && x.bytes != nil && c.onlyLinear(n.Name) {
		still, y.planes = true, x.pixels()
	}
	c.values[n.Name] = y
	if still {
		y.bytes, y.floats = x.bytes, x.floats
		return nil
	}
	from, to := x.layout(), y.layout()
	if x.bytes != nil {
		y.bytes = c.tensor(bytes, y.elements())
		c.onBytes(y, x, func(y, x []uint8, _ int) { reorder(y, x, from, to) })
		return nil
	}
	y.floats = c.tensor(floats, y.elements())
	c.onFloats(y.floats, x.floats, func(y, x []float32, _ int) { reorder(y, x, from, to) })
	return nil
}

// onlyLinear reports whether only linear layers on integers read the
// activation, and it is not the output.
func (c *compiler) onlyLinear(name string) bool {
	for _, n := range c.readers[name] {
		if n.Op != quantized.Linear || n.Weights.Q == nil || n.Weights.Block > 0 {
			return false
		}
	}
	return name != c.output
}

// reorder converts each image of x from one layout to another with as many
// elements.
func reorder[T uint8 | float32](y, x []T, from, to layout) {
	for i := range x {
		y[to.of(i)] = x[from.of(i)]
	}
}
