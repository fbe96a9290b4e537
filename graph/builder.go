package graph

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/fakequant"
	"petrify/internal/kernel"
)

// builder adds a model's units to a Gorgonia graph, for a fixed batch size.
type builder struct {
	graph     *gorgonia.ExprGraph
	model     *Model
	batch     int
	quantized bool           // with fake-quant nodes
	evaluates bool           // for an evaluation: no dropout, nothing moves, everything rests
	resting   map[*unit]bool // what does, where it is not everything; see [Distance]

	params  []paramNode // in the order met
	buffers kernel.Buffers
	plainly bool // without fused nodes
	reals   bool // products are of real numbers, whatever is rounded
	whole   bool // all values stay valid until the next run
	// units that are part of another's fused node
	swallowed map[*unit]bool
	sums      map[*unit]*sums                                                    // of units whose products are integers
	counted   func(*fakequant.Quantizer, *gorgonia.Node) (*gorgonia.Node, error) // a [Probe]'s fake-quant nodes
	// of units with weights, before batch norm
	products map[*unit]*gorgonia.Node
	outputs  map[*unit]*gorgonia.Node
	masks    map[*unit][]float32     // of dropouts
	active   map[*gorgonia.Node]bool // a parameter lies upstream: gradients must flow on
}

// paramNode is a parameter's node in one graph.
type paramNode struct {
	param *Param
	node  *gorgonia.Node
}

func newBuilder(m *Model, batch int, quantized bool) *builder {
	return &builder{
		graph: gorgonia.NewGraph(), model: m, batch: batch, quantized: quantized,
		swallowed: map[*unit]bool{}, sums: map[*unit]*sums{}, products: map[*unit]*gorgonia.Node{},
		outputs: map[*unit]*gorgonia.Node{}, masks: map[*unit][]float32{}, active: map[*gorgonia.Node]bool{},
	}
}

// shape is that of a batch of activations in memory.
func (b *builder) shape(s Shape, vector bool) tensor.Shape {
	if vector {
		return tensor.Shape{b.batch, s.C}
	}
	return tensor.Shape{b.batch, s.H, s.W, s.C}
}

// input adds the node of a batch of inputs with its value.
func (b *builder) input(source *unit) (*gorgonia.Node, *tensor.Dense) {
	shape := b.shape(source.out, source.vector)
	value := tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float32))
	return gorgonia.NewTensor(b.graph, tensor.Float32, len(shape), gorgonia.WithName(InputName),
		gorgonia.WithShape(shape...), gorgonia.WithValue(value)), value
}

// param returns the node of a parameter, adding it if it is new.
func (b *builder) param(p *Param) *gorgonia.Node {
	if p == nil {
		return nil
	}
	for _, known := range b.params {
		if known.param == p {
			return known.node
		}
	}
	n := p.input(b.graph)
	if !p.constant {
		b.params = append(b.params, paramNode{p, n})
	}
	return n
}

// fake adds a fake-quant node if there is a quantizer for it.
func (b *builder) fake(q *fakequant.Quantizer, x *gorgonia.Node) (*gorgonia.Node, error) {
	if q == nil || !b.quantized {
		return x, nil
	}
	return b.use(q, q.Use(), x)
}

// grid adds the fake-quant node of an activation whose range is not fixed by
// its function.
func (b *builder) grid(q *fakequant.Quantizer, x *gorgonia.Node) (*gorgonia.Node, error) {
	if b.counted != nil && q != nil {
		return b.counted(q, x)
	}
	return b.fake(q, x)
}

// round adds the rounding of x to the grid of a quantizer that observes another
// activation, whose range contains x.
func (b *builder) round(q *fakequant.Quantizer, x *gorgonia.Node) (*gorgonia.Node, error) {
	if q == nil || !b.quantized {
		return x, nil
	}
	return b.use(q, q.Follow(), x)
}

// use adds the node of a use of q.
func (b *builder) use(q *fakequant.Quantizer, u *fakequant.Use, x *gorgonia.Node) (*gorgonia.Node, error) {
	if b.evaluates {
		return fakequant.FrozenNode(q, x)
	}
	y, params, err := fakequant.Node(u, x)
	if err != nil {
		return nil, err
	}
	for i, n := range params {
		if p := (paramNode{b.model.learned[q][i], n}); !slices.Contains(b.params, p) {
			b.params = append(b.params, p)
		}
	}
	b.active[y] = b.active[x] || len(params) > 0
	return y, nil
}

// network adds all units for training, the input's quantizer first, and
// returns the output's node.
func (b *builder) network(m *Model, x *gorgonia.Node) (*gorgonia.Node, error) {
	x, err := b.quantizedInput(x)
	if err != nil {
		return nil, err
	}
	b.outputs[m.source] = x
	for _, u := range m.units {
		var in []*gorgonia.Node
		for _, from := range u.inputs {
			in = append(in, b.outputs[from])
		}
		y, err := b.unit(u, in)
		if err == nil {
			err = b.ship(u, in, y)
		}
		if err != nil {
			return nil, fmt.Errorf("graph: layer %s: %w", u.name(), err)
		}
		for _, x := range in {
			b.active[y] = b.active[y] || b.active[x]
		}
		b.active[y] = b.active[y] || len(u.params()) > 0
		b.outputs[u] = y
	}
	last := m.units[len(m.units)-1]
	return flatten(last.name()+"/flat", b.outputs[last])
}

// unit adds a unit for training, with the quantizer of its output.
func (b *builder) unit(u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
	k := u.layer.Kind
	switch {
	case b.swallowed[u]:
		return in[0], nil
	case k.is(roleProduct):
		return b.weighted(u, in[0])
	}
	y, err := rows[k].train(b, u, in)
	switch {
	case err != nil || k.is(roleMove, roleJoin):
		return y, err
	case k.is(roleMean):
		return b.round(u.output, y)
	case u.given:
		return b.fake(u.output, y)
	}
	return b.grid(u.output, y)
}

// weighted adds a convolution or a linear layer with its batch norm, its ReLU
// and the quantizer of its output.
//
// Under quantization the batch norm's factor goes into the weights before
// they are fake-quantized and is taken out of the product again by norm, so
// that the weights quantized in training are the folded ones that are shipped
// (Jacob et al., “Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference”, CVPR 2018, section 3.2).
func (b *builder) weighted(u *unit, x *gorgonia.Node) (*gorgonia.Node, error) {
	w, f, err := b.shipped(u)
	if err == nil {
		x, err = b.stretched(u, x)
	}
	if err != nil {
		return nil, err
	}
	in := normInputs{f: f}
	if in.x, err = b.product(u, b.model.around(u)[0], x, w, b.param(u.bias)); err != nil {
		return nil, err
	}
	b.products[u], in.sums = in.x, b.sums[u]
	if f != nil && b.model.folding == FoldBatch {
		if in.float, err = b.floatProduct(u, x); err != nil {
			return nil, err
		}
	}
	if b.fusable(u) && !b.plainly {
		return b.fused(u, in)
	}
	y, err := b.normClip(u, in)
	if err != nil {
		return nil, err
	}
	return b.grid(u.output, y)
}

// shipped adds the weights that are quantized and shipped, and the factor of
// the batch norm that is folded into them; nil if there is none.
func (b *builder) shipped(u *unit) (w, f *gorgonia.Node, err error) {
	w = b.param(u.weight)
	if !b.quantized || u.weights == nil {
		return w, nil, nil
	}
	if u.norm != nil {
		if f, err = foldScale(u.norm.name+"/fold", b.param(u.norm.gamma), u.norm); err != nil {
			return nil, nil, err
		}
		if w, err = scaleRows(u.weight.Name+"/folded", w, f, u.weights.FollowsFactors()); err != nil {
			return nil, nil, err
		}
	}
	w, err = b.fake(u.weights, w)
	if err == nil && f != nil && u.weights.FollowsFactors() {
		w, err = proportional(u.weight.Name+"/proportional", w, f)
	}
	return w, f, err
}

// normClip adds the unit's batch norm and ReLU.
func (b *builder) normClip(u *unit, in normInputs) (*gorgonia.Node, error) {
	if u.norm == nil {
		return clip(u.name()+"/clip", in.x, u.clip)
	}
	relu := u.clip == KindReLU
	y, err := b.norm(u, in, relu)
	if err != nil || relu {
		return y, err
	}
	return clip(u.name()+"/clip", y, u.clip)
}

// product adds the unit's convolution or linear layer; in is the quantizer of
// its input.
func (b *builder) product(u *unit, in *fakequant.Quantizer, x, w, bias *gorgonia.Node) (*gorgonia.Node, error) {
	if u.alone && w.Op() == nil { // ones, as nothing is folded in
		return x, nil
	}
	p := b.float(u)
	p.name, p.constant = u.name(), !b.active[x]
	p.run = b.forward(u, in, x.Shape().TotalSize(), p.run)
	return p.apply(x, w, bias)
}

// floatProduct adds the unit's product with the float weights, whose statistics
// [FoldBatch] takes. It is not computed while the batch norm is at rest.
func (b *builder) floatProduct(u *unit, x *gorgonia.Node) (*gorgonia.Node, error) {
	p := b.float(u)
	p.name, p.constant, p.rests = u.name()+"/float", !b.active[x], &u.norm.frozen
	return p.apply(x, b.param(u.weight), nil)
}

// float is the unit's product in float32.
func (b *builder) float(u *unit) (p product) {
	switch u.layer.Kind {
	case KindLinear:
		p = kernels(&b.buffers, kernel.Linear{N: b.batch, F: u.ins[0].C, O: u.out.C},
			kernel.LinearForward, kernel.LinearBackwardInput, kernel.LinearBackwardWeights)
	case KindConv2D, KindConvTranspose:
		p = kernels(&b.buffers, u.conv(b.batch), kernel.ConvForward, kernel.ConvBackwardInput, kernel.ConvBackwardWeights)
	default:
		panic(fmt.Sprintf("graph: %v is no product", u.layer.Kind))
	}
	p.shape = b.shape(u.out, u.vector)
	return p
}
