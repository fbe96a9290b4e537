package fromonnx

import (
	"slices"

	"petrify/graph"
)

// layerNormalization makes a layer of a normalisation over the channels of each pixel,
// or over all numbers of an input.
func layerNormalization(v *visit) (*signal, error) {
	if _, err := v.input(); err != nil {
		return nil, err
	}
	x := copied(v.signals[0])
	for _, out := range v.Outputs[1:] {
		if v.readers[out] > 0 {
			return nil, refuse("", "its mean or deviation is used")
		}
	}
	if _, err := v.settled(x); err != nil {
		return nil, err
	}
	axes, err := v.along(len(x.shape))
	if err != nil {
		return nil, err
	}
	if err := v.channelsOf(x, axes); err != nil {
		return nil, err
	}
	l := &layer{Layer: graph.LayerNorm(), nodes: v.parts[v.Node]}
	l.out, l.vector = v.source(x.layer)
	if plus := decimal(v.Real("epsilon", epsilon)); plus != epsilon {
		l.Epsilon = plus
	}
	l.gamma, l.beta = constants(l.out.C, 1), constants(l.out.C, 0)
	for i, to := range []*[]float64{&l.gamma, &l.beta} {
		c := v.constant(i + 1)
		if c == nil {
			continue
		}
		var err error
		if *to, err = v.perChannel(x, c); err != nil {
			return nil, err
		}
		if i == 0 {
			l.title = title(v.Inputs[1], v.Name)
		}
	}
	return v.add(l, x.order, x.layer), nil
}

// channelsOf brings x to be of a layer whose channels are what the node goes over.
func (v *visit) channelsOf(x *signal, list []int) error {
	rank := len(x.shape)
	kept, n := slices.Clone(x.shape), 1
	for _, a := range list {
		if a < 1 || a >= rank {
			return refuse("", "it goes over axis %d of shape %v", a, x.shape)
		}
		kept[a] = 1
		n *= x.shape[a]
	}
	if n == x.size() {
		_, err := v.vector(x)
		return err
	}
	in, vector := v.source(x.layer)
	plane, steps := in.H*in.W, broadcastSteps(kept, x.shape)
	pixel, index := slices.Repeat([]int{-1}, sizeOf(kept[1:])), make([]int, rank)
	for i := range x.size() {
		to := 0
		for axis, k := range index {
			to += k * steps[axis]
		}
		at := x.at(i) % plane
		if vector || n != in.C || pixel[to] >= 0 && pixel[to] != at {
			return refuse("over the channels of each position, or over all numbers of an input, it is imported",
				"it goes over axes %v of shape %v, which are not the channels", list, x.shape)
		}
		pixel[to] = at
		for axis := rank - 1; axis > 0; axis-- {
			if index[axis]++; index[axis] < x.shape[axis] {
				break
			}
			index[axis] = 0
		}
	}
	return nil
}
