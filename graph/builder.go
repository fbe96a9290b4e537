package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/fakequant"
	"petrify/internal/kernel"
)

// builder adds a model's units to a Gorgonia graph, for a fixed batch size.
type builder struct {
	graph     *gorgonia.ExprGraph
	batch     int
	quantized bool // with fake-quant nodes

	params  []paramNode // in the order met
	learned map[*fakequant.Quantizer][]*Param
	watched []watched // the units' outputs
	active  bool      // a parameter lies upstream: gradients must flow on
}

// paramNode is a parameter's node in one graph.
type paramNode struct {
	param *Param
	node  *gorgonia.Node
}

// watched is a node by the name of the layer that computes it.
type watched struct {
	layer string
	node  *gorgonia.Node
}

func newBuilder(m *Model, batch int, quantized bool) *builder {
	return &builder{
		graph: gorgonia.NewGraph(), batch: batch, quantized: quantized, learned: m.learned,
	}
}

// input adds the node of a batch of inputs with its value.
func (b *builder) input(s Shape) (*gorgonia.Node, *tensor.Dense) {
	shape := tensor.Shape{b.batch, s.H, s.W, s.C}
	value := tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float32))
	return gorgonia.NewTensor(b.graph, tensor.Float32, 4, gorgonia.WithName("input"),
		gorgonia.WithShape(shape...), gorgonia.WithValue(value)), value
}

// param returns the node of a parameter, and adds it where it is new.
func (b *builder) param(p *Param) *gorgonia.Node {
	if p == nil {
		return nil
	}
	for _, known := range b.params {
		if known.param == p {
			return known.node
		}
	}
	return b.add(p, p.input(b.graph))
}

func (b *builder) add(p *Param, n *gorgonia.Node) *gorgonia.Node {
	b.params = append(b.params, paramNode{p, n})
	b.active = true
	return n
}

// fake adds a fake-quant node, where there is a quantizer for it.
func (b *builder) fake(q *fakequant.Quantizer, x *gorgonia.Node) (*gorgonia.Node, error) {
	if q == nil || !b.quantized {
		return x, nil
	}
	y, params, err := fakequant.Node(q, x)
	if err != nil {
		return nil, err
	}
	for i, n := range params {
		b.add(b.learned[q][i], n)
	}
	return y, nil
}

// network adds all units, the input's quantizer first.
func (b *builder) network(m *Model, x *gorgonia.Node) (*gorgonia.Node, error) {
	x, err := b.fake(m.input, x)
	if err != nil {
		return nil, err
	}
	for _, u := range m.units {
		if x, err = b.unit(u, x); err != nil {
			return nil, fmt.Errorf("graph: layer %s: %w", u.name(), err)
		}
		b.watched = append(b.watched, watched{u.name(), x})
	}
	return x, nil
}

// unit adds a unit with the quantizer of its output.
func (b *builder) unit(u *unit, x *gorgonia.Node) (y *gorgonia.Node, err error) {
	if u.layer.weighted() {
		y, err = b.weighted(u, x)
	} else {
		y, err = b.move(u, x)
	}
	if err != nil {
		return nil, err
	}
	return b.fake(u.output, y)
}

// move adds a unit without weights.
func (b *builder) move(u *unit, x *gorgonia.Node) (*gorgonia.Node, error) {
	switch u.layer.Kind {
	case KindReLU:
		return relu(u.name(), x)
	case KindMaxPool:
		return maxPool(u.name(), x, u.pool(b.batch))
	case KindFlatten:
		return flatten(u.name(), x)
	default:
		return nil, fmt.Errorf("no operator for %v", u.layer.Kind)
	}
}

// weighted adds a convolution or a linear layer with its batch norm and ReLU.
// Under quantization the batch norm's factor goes into the weights before
// they are fake-quantized and is taken out of the product again by norm, so
// that the weights quantized in training are the folded ones that are shipped
// (Jacob et al., “Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference”, CVPR 2018, section 3.2).
func (b *builder) weighted(u *unit, x *gorgonia.Node) (*gorgonia.Node, error) {
	constant := !b.active
	w := b.param(u.weight)
	var f *gorgonia.Node
	var err error
	if b.quantized && u.weights != nil {
		if u.norm != nil {
			if f, err = foldScale(u.norm.gamma.Name+"/fold", b.param(u.norm.gamma), u.norm); err != nil {
				return nil, err
			}
			if w, err = scaleRows(u.weight.Name+"/folded", w, f); err != nil {
				return nil, err
			}
		}
		if w, err = b.fake(u.weights, w); err != nil {
			return nil, err
		}
	}
	y, err := b.product(u, x, w, b.param(u.bias), constant)
	switch {
	case err != nil:
		return nil, err
	case u.norm != nil:
		return norm(u.norm.gamma.Name+"/norm", y, f, b.param(u.norm.gamma), b.param(u.norm.beta), u.norm, u.relu)
	case u.relu:
		return relu(u.name()+"/relu", y)
	default:
		return y, nil
	}
}

func (b *builder) product(u *unit, x, w, bias *gorgonia.Node, constant bool) (*gorgonia.Node, error) {
	if u.layer.Kind == KindLinear {
		x, err := flatten(u.name()+"/flatten", x) // a vector given as N 1 1 F
		if err != nil {
			return nil, err
		}
		return linear(u.name(), x, w, bias, constant)
	}
	return conv2d(u.name(), x, w, bias, u.conv(b.batch), constant)
}

// conv is the geometry of the unit's convolution.
func (u *unit) conv(batch int) kernel.Conv {
	v := u.layer.resolve(u.in.H, u.in.W)
	return kernel.Conv{
		N: batch, H: u.in.H, W: u.in.W, C: u.in.C, O: u.out.C,
		KH: v.kernel[0], KW: v.kernel[1],
		StrideH: v.stride[0], StrideW: v.stride[1], DilationH: 1, DilationW: 1,
		PadTop: v.top, PadLeft: v.left, PadBottom: v.bottom, PadRight: v.right,
		Groups: 1,
	}
}

// pool is the geometry of the unit's pool.
func (u *unit) pool(batch int) kernel.Pool {
	v := u.layer.resolve(u.in.H, u.in.W)
	return kernel.Pool{
		N: batch, H: u.in.H, W: u.in.W, C: u.in.C,
		KH: v.kernel[0], KW: v.kernel[1],
		StrideH: v.stride[0], StrideW: v.stride[1],
		PadTop: v.top, PadLeft: v.left, PadBottom: v.bottom, PadRight: v.right,
	}
}

// compile makes the machine that runs the graph. Gorgonia panics where it
// cannot compile one.
func compile(g *gorgonia.ExprGraph) (vm gorgonia.VM, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("graph: Gorgonia cannot compile the graph: %v", r)
		}
	}()
	return gorgonia.NewTapeMachine(g), nil
}
