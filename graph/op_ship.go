package graph

import (
	"slices"

	"gorgonia.org/gorgonia"

	"petrify/fakequant"
	"petrify/internal/kernel"
	"petrify/internal/node"
	"petrify/quantized"
	"petrify/quantized/integer"
)

// ship makes the unit's last node, y, compute what is shipped while the unit is
// at rest: its forward pass is then that of the frozen model and replaces what
// the node has computed in float32. The gradient stays that of the float32
// pass, the straight-through estimator's. Units that only move numbers need no
// such step.
func (b *builder) ship(u *unit, in []*gorgonia.Node, y *gorgonia.Node) error {
	if k := u.layer.Kind; !b.quantized || b.swallowed[u] || k.is(roleMove, roleJoin) {
		return nil
	}
	f := frozen{builder: b, unit: u, nodes: in, xs: make([][]float32, len(in))}
	if p := b.pooled(u); b.swallowed[p] {
		f.pool = p
	}
	if err := node.Hold(y, in...); err != nil {
		return err
	}
	sums := b.sums[u]
	return node.Extend(y, func(run node.Func) node.Func {
		return func(y []float32, args [][]float32) error {
			err := run(y, args)
			switch {
			case err != nil:
				return err
			case sums != nil && sums.rests && sums.exact:
				sums.round(y)
				return nil
			case b.rests(u):
				return f.forward(y)
			}
			return nil
		}
	})
}

// quantizedInput adds the quantizer of the network's input, which rounds as the
// engine does while its range is at rest.
func (b *builder) quantizedInput(x *gorgonia.Node) (*gorgonia.Node, error) {
	q := b.model.source.output
	y, err := b.grid(q, x)
	if err != nil || y == x {
		return y, err
	}
	return y, node.Extend(y, func(run node.Func) node.Func {
		return func(y []float32, args [][]float32) error {
			err := run(y, args)
			if err == nil && b.rests(b.model.source) {
				kernel.FakeQuant(y, args[0], gridOf(q))
			}
			return err
		}
	})
}

// gridOf is the grid of a quantizer of activations.
func gridOf(q *fakequant.Quantizer) kernel.Grid {
	p, f := q.Params(), q.Config().Format
	return kernel.Grid{Scale: p.Scale[0], Zero: p.Zero[0], Min: f.Min(), Max: f.Max()}
}

// frozen is a unit whose forward pass a layer of the engine computes.
type frozen struct {
	builder *builder
	unit    *unit
	pool    *unit            // that is part of the unit's node; nil: none
	nodes   []*gorgonia.Node // that it takes
	xs      [][]float32

	layer *integer.Layer
	grids []quantized.Quant // that the layer was made for
}

// forward computes the unit's output from the values of its input nodes.
func (f *frozen) forward(y []float32) error {
	m, u := f.builder.model, f.unit
	var inputs []quantized.Activation
	var names []string
	var grids []quantized.Quant
	for i, from := range u.inputs {
		a := m.activation(from)
		inputs, names, grids = append(inputs, a), append(names, a.Name), append(grids, a.Quant)
		f.xs[i] = floats(f.nodes[i])
	}
	grids = append(grids, quantOf(u.output))
	if f.layer == nil || u.weight != nil || u.layerNorm != nil || u.slopes != nil || !slices.Equal(grids, f.grids) {
		nodes, err := m.nodes(u, names)
		if err != nil {
			return err
		}
		if f.pool != nil {
			pool, err := m.nodes(f.pool, []string{u.name()})
			if err != nil {
				return err
			}
			nodes = append(nodes, pool...)
		}
		if f.layer, err = integer.NewLayer(nodes, inputs, integer.Options{}); err != nil {
			return err
		}
		f.grids = grids
	}
	return f.layer.Run(y, f.xs, f.builder.batch)
}

// rests reports whether everything that determines the unit's forward pass is
// at rest. Its weights may follow their observer: what they are rounded to is
// shipped.
func (b *builder) rests(u *unit) bool {
	switch {
	case b.resting != nil:
		return b.resting[u]
	case b.evaluates:
		return true
	}
	return b.model.rests(u)
}

// rests is that of a training step.
func (m *Model) rests(u *unit) bool {
	for _, q := range append(m.around(u), u.output) {
		if q != nil && !q.Rests() {
			return false
		}
	}
	return !slices.ContainsFunc(u.inputs, (*unit).drops) &&
		(u.norm == nil || u.norm.frozen) && (u.weights == nil || u.weights.RoundsAsShipped())
}

// drops reports whether the unit's output, which may be the network's input,
// comes from a dropout, whose numbers are not on its quantizer's grid.
func (u *unit) drops() bool {
	switch {
	case u.layer.Kind == KindDropout:
		return u.layer.Rate > 0 || u.inputs[0].drops()
	case u.layer.Kind.is(roleMove, roleJoin):
		return slices.ContainsFunc(u.inputs, (*unit).drops)
	}
	return false
}

// activation is the frozen output of a unit.
func (m *Model) activation(u *unit) quantized.Activation {
	return quantized.Activation{Name: u.name(), Shape: u.out.dims(u.vector), Quant: quantOf(u.output)}
}
