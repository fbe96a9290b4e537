package graph

import (
	"slices"

	"petrify/fakequant"
	"petrify/fakequant/affine"
)

// group is the set of activations that share one quantizer: the output of a
// unit, of the units after it that move or average its elements, and of
// everything that is concatenated with it.
type group struct {
	members []*unit
	config  fakequant.Config // zero Format: stays float
	owner   *unit            // whose rule gave the configuration; nil: stays float
	given   bool             // the range is that of the functions that make the numbers
}

// place decides the configuration of every group of activations.
//
// An activation is quantized if the layer that computes it or a layer that
// reads it asks for quantized activations. In the symmetric schemes it is
// unsigned if it is never negative, and signed otherwise; in the affine scheme
// it is always unsigned, with a zero point. Edges are the network's input, the
// input and output of the last layer with weights, and all that follows it.
func (q Quantization) place(all []*unit) []*group {
	groups, units := share(all), all[1:]
	_, last := edges(units)
	output := units[len(units)-1]
	edge := append(all[:1:1], last.inputs...)
	edge = append(edge, units[slices.Index(units, last):]...)
	for _, g := range groups {
		q.configure(g, units)
		if slices.ContainsFunc(g.members, func(u *unit) bool { return slices.Contains(edge, u) }) {
			g.config = q.edge(g.config)
		}
		g.fix()
		if q.FloatOutput && slices.Contains(g.members, output) {
			g.config = fakequant.Config{}
		}
	}
	return groups
}

// share makes the groups.
func share(all []*unit) (groups []*group) {
	of := map[*unit]*group{}
	for _, u := range all {
		if u.makes() {
			of[u] = &group{members: []*unit{u}}
			groups = append(groups, of[u])
			continue
		}
		g := of[u.inputs[0]]
		for _, in := range u.inputs[1:] {
			if other := of[in]; other != g {
				for _, m := range other.members {
					of[m] = g
				}
				g.members = append(g.members, other.members...)
				groups = slices.DeleteFunc(groups, func(o *group) bool { return o == other })
			}
		}
		g.members = append(g.members, u)
		of[u] = g
	}
	return groups
}

// configure takes the configuration for which the layers that compute the
// group's activations ask, or else the first layer reading them that asks for
// one.
func (q Quantization) configure(g *group, units []*unit) {
	nonNegative := true
	for _, u := range g.members {
		if u.makes() {
			nonNegative = nonNegative && u.nonNegative()
			q.ask(g, u)
		}
	}
	for _, u := range units {
		takes := slices.ContainsFunc(u.inputs, func(in *unit) bool { return slices.Contains(g.members, in) })
		if takes && !slices.Contains(g.members, u) {
			q.ask(g, u)
		}
	}
	if nonNegative || g.config.Scheme == affine.Affine {
		g.config = g.config.NonNegative()
	}
	if nonNegative && g.config.Method == fakequant.LSQPlus {
		g.config.Method = fakequant.LSQ // the zero point is 0, and has no better place to learn
	}
}

// ask makes the unit the owner of the group, if it has none and the unit asks
// for quantized activations.
func (q Quantization) ask(g *group, u *unit) {
	if s, _ := q.Scheme(u.rule); u.layer.Kind != 0 && g.owner == nil && s != nil && !s.Activations.Format.IsFloat() {
		g.owner, g.config = u, s.Activations
	}
}

// makes reports whether the unit's numbers are new, on a grid of their own.
func (u *unit) makes() bool { return !u.layer.Kind.is(roleMove, roleMean, roleJoin) }

// fix fixes the range if all of the group's numbers come from functions with a
// range of their own, so that the scale is a power of two: at 8 bits, 1/256 for
// sigmoid and softmax and 1/128 for tanh, as in Core ML Tools and TFLite. If
// other layers share the grid, its range is observed and covers them too.
func (g *group) fix() {
	if g.config.Format.IsFloat() {
		return
	}
	negative := false
	for _, u := range g.members {
		if !u.makes() {
			continue
		}
		lo, _, given := rows[u.layer.Kind].function.Range()
		if !given {
			return
		}
		negative = negative || lo < 0
	}
	g.given = true
	f := g.config.Format
	levels := float32(int32(1) << f.Bits)
	half := float32(levels / 2)
	switch {
	case !negative:
		g.config = g.config.Within(0, float32(f.Max())/levels)
	case f.Unsigned:
		g.config = g.config.Within(-1, (half-1)/half)
	default:
		g.config = g.config.Within(-(half-1)/half, (half-1)/half)
	}
}

// weights is the configuration of the unit's weights.
func (q Quantization) weights(u *unit, units []*unit) fakequant.Config {
	s, _ := q.Scheme(u.rule)
	if s == nil {
		return fakequant.Config{}
	}
	if u.alone {
		return aloneWeights(s.Weights)
	}
	c := s.Weights
	c.Granularity = fit(c.Granularity, u.weight.Shape)
	if first, last := edges(units); u == first || u == last {
		return q.edge(c)
	}
	return c
}

// fit reduces blocks that do not divide a weight's axis until they do: to the
// largest equal ones that are not above the requested size. If that is the
// whole axis, or less than half of the requested size, the channel has one
// scale.
func fit(g affine.Granularity, shape []int) affine.Granularity {
	if g.Kind != affine.PerGroup || g.Axis != 1 || g.Size < 1 {
		return g
	}
	size := g.Size
	for size < shape[1] && shape[1]%size != 0 {
		size--
	}
	if size >= shape[1] || 2*size < g.Size {
		return affine.Granularity{Kind: affine.PerChannel}
	}
	g.Size = size
	return g
}

// edges returns the first and the last unit with weights of its own, or the
// first and the last of all if none has any.
func edges(units []*unit) (first, last *unit) {
	weighted := slices.DeleteFunc(slices.Clone(units), func(u *unit) bool { return !u.kind().is(roleProduct) })
	if len(weighted) == 0 {
		weighted = units
	}
	return weighted[0], weighted[len(weighted)-1]
}

// edge widens the format to EdgeBits.
func (q Quantization) edge(c fakequant.Config) fakequant.Config {
	if q.EdgeBits != 0 && !c.Format.IsFloat() {
		return c.WithBits(q.EdgeBits)
	}
	return c
}

// Placement is a quantizer and where its fake-quant nodes are.
type Placement struct {
	Tensor  string   // the weight, or the activation that the quantizer is named for
	Weights bool     // of a layer
	Shared  []string // the other activations on the same grid
	Layer   string   // whose rule gave Config, see [Model.Domains]
	Config  fakequant.Config
}

// Placements lists the quantizers in the order of the layers: what
// "petrify inspect --graph" prints.
func (m *Model) Placements() (all []Placement) {
	place := map[*fakequant.Quantizer]int{}
	add := func(q *fakequant.Quantizer, tensor string, weights bool) {
		if q == nil {
			return
		}
		if i, known := place[q]; known {
			all[i].Shared = append(all[i].Shared, tensor)
			return
		}
		place[q] = len(all)
		all = append(all, Placement{Tensor: tensor, Weights: weights, Layer: m.owner[q].name(), Config: q.Config()})
	}
	for _, u := range m.all {
		add(u.weights, u.name()+".weight", true)
		add(u.output, u.name(), false)
	}
	return all
}
