package fromonnx

import (
	"slices"

	"petrify/graph"
)

// joined makes a layer of two or more values.
func (v *visit) joined(kind graph.Kind) (*signal, error) {
	var from []int
	var all []*signal
	for i, s := range v.signals {
		if s == nil {
			return nil, refuse("", "its input %d is a constant", i+1)
		}
		x := copied(s)
		if _, err := v.settled(x); err != nil {
			return nil, err
		}
		if len(x.shape) == 2 {
			if _, err := v.vector(x); err != nil {
				return nil, err
			}
		}
		all, from = append(all, x), append(from, x.layer)
	}
	out, vector := v.source(from[0])
	l := &layer{Layer: graph.Layer{Kind: kind}, out: out, vector: vector}
	if kind == graph.KindConcat {
		return v.concatenated(l, all, from)
	}
	for i, x := range all[1:] {
		other, flat := v.source(x.layer)
		if !slices.Equal(x.shape, all[0].shape) || other.C != out.C || other.Size() != out.Size() || flat != vector {
			return nil, refuse("want one shape, or an image and one number for each of its channels",
				"values of shapes %v and %v", all[0].shape, x.shape)
		}
		if other != out { // an image, and one that is seen as a signal
			x.layer = v.reshaped(x.layer, out)
			from[1+i] = x.layer
		}
		if slices.Equal(x.order, all[0].order) {
			continue
		}
		for i, s := range []*signal{all[0], x} {
			if err := v.straighten(s); err != nil {
				return nil, err
			}
			from[i*slices.Index(all, x)] = s.layer
		}
		if !slices.Equal(x.order, all[0].order) {
			return nil, refuse("", "one of its values is transposed")
		}
	}
	if kind == graph.KindAdd && from[0] == from[1] { // twice the same
		y := v.view(all[0])
		y.scale, y.shift = constants(out.C, 2), constants(out.C, 0)
		return y, nil
	}
	return v.add(l, all[0].order, from...), nil
}

func concat(v *visit) (*signal, error) {
	if len(v.signals) == 1 {
		return v.view(v.signals[0]), nil
	}
	var computed []*signal
	for _, s := range v.signals {
		if s != nil {
			computed = append(computed, s)
		}
	}
	if len(computed) == 1 {
		return v.extended(computed[0])
	}
	return v.joined(graph.KindConcat)
}

// concatenated joins values along the channels, wherever they have them. The
// elements of the layer's output are those of its inputs one after the other.
func (v *visit) concatenated(l *layer, all []*signal, from []int) (*signal, error) {
	l.out.C = 0
	order := make([]int32, 0, sizeOf(v.to[1:]))
	axis := v.Int("axis", 1)
	if axis < 0 {
		axis += len(v.to)
	}
	begins := make([]int, len(all))
	elements := 0
	for i, x := range all {
		out, vector := v.source(x.layer)
		if vector != l.vector || i > 0 && (out.H != l.out.H || out.W != l.out.W) {
			return nil, refuse("no layer joins rows or columns, as circular padding does: pad with zeros",
				"it joins values of shapes %v and %v along axis %d, which is not that of channels", all[0].shape,
				x.shape, axis)
		}
		l.out.C, l.out.H, l.out.W = l.out.C+out.C, out.H, out.W
		begins[i] = elements
		elements += out.Size()
	}
	for outer := range sizeOf(v.to[1:axis]) {
		for i, x := range all {
			n := sizeOf(x.shape[axis:])
			for k := range n {
				order = append(order, int32(begins[i]+x.at(outer*n+k)))
			}
		}
	}
	seen := map[int]bool{}
	for _, at := range from {
		if seen[at] {
			return nil, refuse("", "it joins a value with itself")
		}
		seen[at] = true
	}
	return v.add(l, simplest(order), from...), nil
}
