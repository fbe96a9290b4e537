package graph

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"petrify/fakequant"
)

// Model is a network with its parameters and quantizers: all the state that
// training changes. Its graphs ([Model.Trainer], [Model.Evaluator]) share it.
type Model struct {
	network Network
	in      Shape
	all     []*unit // the network's input and the units
	source  *unit   // the first of them
	units   []*unit // the others
	learned map[*fakequant.Quantizer][]*Param
	owner   map[*fakequant.Quantizer]*unit // whose rule configured it
	folding Folding

	oscillations map[*unit]*oscillation // of the quantized weights; nil: nobody watches
}

// New makes a model with fresh parameters for inputs of the given shape.
// Parameters are drawn from rng in the order of the layers.
func New(n Network, in Shape, q Quantization, rng *rand.Rand) (*Model, error) {
	layers, err := n.connect(in)
	if err != nil {
		return nil, err
	}
	if err := q.Validate(); err != nil {
		return nil, err
	}
	all := fuse(layers)
	m := &Model{
		network: n, in: in, all: all, source: all[0], units: all[1:], folding: q.Folding,
		learned: map[*fakequant.Quantizer][]*Param{}, owner: map[*fakequant.Quantizer]*unit{},
	}
	for _, u := range m.units {
		u.rule = q.Rule(u.name(), u.kind())
		u.initialise(rng)
	}
	return m, m.quantize(q)
}

// quantize makes the quantizers.
func (m *Model) quantize(q Quantization) error {
	for _, u := range m.units {
		if u.weight == nil {
			continue
		}
		var err error
		c := q.weights(u, m.units)
		if u.weights, err = m.quantizer(u, u.weight.Name, c, u.weight.Shape); err != nil {
			return err
		}
		if u.weights != nil && u.norm != nil {
			u.weights.FollowFactors(u.out.C, u.factor)
			if c.Method.Traits().Unfolded && !u.weights.FollowsFactors() {
				return fmt.Errorf("graph: layer %s: method %v rounds weights before batch_norm multiplies each channel "+
					"by a factor: want scales per channel, not per tensor, or no batch_norm", u.name(), c.Method)
			}
		}
	}
	for _, g := range q.place(m.all) {
		shared, err := m.quantizer(g.owner, g.members[0].name(), g.config, nil)
		if err != nil {
			return err
		}
		for _, u := range g.members {
			u.output, u.given = shared, g.given
		}
	}
	return nil
}

// quantizer makes a quantizer configured by the owner's rule; nil for a float
// configuration. The shape is given for weights, whose granularity may be finer
// than the tensor.
func (m *Model) quantizer(owner *unit, name string, c fakequant.Config, shape []int) (*fakequant.Quantizer, error) {
	if c.Format.IsFloat() {
		return nil, nil
	}
	q, err := fakequant.New(name, c, shape...)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	for _, l := range q.Learned() {
		p := newParam(l.Name, RoleLearned, len(l.Value))
		p.Value, p.LRFactor = l.Value, l.LRFactor
		m.learned[q] = append(m.learned[q], p)
	}
	m.owner[q] = owner
	return q, nil
}

// Network is the description that the model was made from.
func (m *Model) Network() Network { return m.network }

// Input is the shape of one input.
func (m *Model) Input() Shape { return m.in }

// Classes is the number of outputs.
func (m *Model) Classes() int { return m.units[len(m.units)-1].out.Size() }

// Weighted is a layer with weights.
type Weighted struct {
	Layer     string
	BatchNorm string // the one that is folded into it; "" for none
	Outputs   int
}

// Weighted lists the convolutions and linear layers in their order.
func (m *Model) Weighted() (all []Weighted) {
	for _, u := range m.units {
		switch {
		case u.weight == nil || u.alone:
		case u.norm == nil:
			all = append(all, Weighted{Layer: u.name(), Outputs: u.out.C})
		default:
			all = append(all, Weighted{u.name(), u.norm.name, u.out.C})
		}
	}
	return all
}

// MACs counts the multiply-accumulates for one input in convolutions, linear
// layers, and batch normalisations that are units of their own.
func (m *Model) MACs() (n int64) {
	for _, u := range m.units {
		if u.weight == nil {
			continue
		}
		pixels := u.out
		if u.layer.Kind == KindConvTranspose { // without the zeros between them
			pixels = u.ins[0]
		}
		n += int64(len(u.weight.Value)) * int64(pixels.H*pixels.W)
	}
	return n
}

// Parameters is the number of weights and biases that are shipped: a batch
// normalisation is folded into those of its convolution or linear layer, which
// then has one bias per channel, a layer normalisation has two numbers per channel, a PReLU one,
// and quantizers add none.
func (m *Model) Parameters() (n int64) {
	for _, u := range m.units {
		if u.weight != nil {
			n += int64(len(u.weight.Value)) + int64(u.out.C)
		}
		if u.slopes != nil {
			n += int64(u.out.C)
		}
		if u.layerNorm != nil {
			n += 2 * int64(u.out.C)
		}
	}
	return n
}

// Params lists all parameters in the order of the layers, followed by those
// that quantizers learn.
func (m *Model) Params() (params []*Param) {
	for _, u := range m.units {
		params = append(params, u.params()...)
	}
	for _, q := range m.quantizers() {
		params = append(params, m.learned[q]...)
	}
	return params
}

// quantizers lists all quantizers in the order of the layers.
func (m *Model) quantizers() (all []*fakequant.Quantizer) {
	add := func(q *fakequant.Quantizer) {
		if q != nil && !slices.Contains(all, q) {
			all = append(all, q)
		}
	}
	for _, u := range m.all {
		add(u.weights)
		add(u.output)
	}
	return all
}
