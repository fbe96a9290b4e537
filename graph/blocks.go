package graph

import "slices"

// segment is a part of the network that is repaired as a whole: the units from one index up
// to another. It reads one output of the units before it, and only its last unit is read
// by those after it.
type segment struct{ from, to int }

// blockWeights are the layers with weights of a block without branches.
const blockWeights = 2

// blocks divides the network. Branches and the unit that joins them are a block, and so
// are two layers with weights in a row, of which a depthwise convolution is the first, with
// what is between them. The functions that follow belong to it.
func (m *Model) blocks() (all []segment) {
	var last segment
	weights := 0 // of the last block; from blockWeights on it takes nothing but functions
	for _, s := range m.segments() {
		u := m.units[s.from]
		branched, product := s.to-s.from > 1, u.weight != nil && !u.alone
		full := weights >= blockWeights
		switch {
		case s.from == 0:
			last = s
		case !branched && u.layer.Kind.is(roleFunction, roleClip),
			!branched && !full && !(product && weights > 0 && u.depthwise()):
			last.to = s.to
		default:
			all = append(all, last)
			last, weights = s, 0
		}
		if branched {
			weights = blockWeights
		} else if product {
			weights++
		}
	}
	return append(all, last)
}

// depthwise reports whether each of the unit's outputs reads one channel.
func (u *unit) depthwise() bool {
	return u.layer.Kind.takes("groups") && u.layer.groups(u.ins[0]) == u.ins[0].C && u.ins[0].C > 1
}

// segments divides the network wherever a single output is read by what follows.
func (m *Model) segments() (all []segment) {
	last := map[*unit]int{} // reader of an output
	for i, u := range m.units {
		for _, in := range u.inputs {
			last[in] = i
		}
	}
	from, reach := 0, last[m.source]
	for i, u := range m.units {
		if reach <= i {
			all = append(all, segment{from, i + 1})
			from = i + 1
		}
		reach = max(reach, last[u])
	}
	return all
}

// part is a block as a network of its own, whose input is what the block reads. It shares
// the units, with their parameters and quantizers.
func (m *Model) part(b segment) *Model {
	source := m.source
	if b.from > 0 {
		source = m.units[b.from-1]
	}
	units := m.units[b.from:b.to]
	return &Model{
		network: Network{Name: m.network.Name, Loss: Targeted}, in: source.out,
		all: append([]*unit{source}, units...), source: source, units: units,
		learned: m.learned, owner: m.owner, folding: m.folding,
	}
}

// held lists the units of which [Model.Repair] can choose integers.
func (m *Model) held() []*unit {
	return slices.DeleteFunc(slices.Clone(m.units), func(u *unit) bool { return !u.holds() })
}
