package fromonnx

import (
	"slices"

	"petrify/graph"
	"petrify/internal/onnxeval"
)

// pad keeps zeros around images in mind for the padding of the next layer. Other
// constants, and channels, are a layer.
func pad(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	begin, end, value, mode, err := onnxeval.Pads(v.Node, v.constants, len(x.shape))
	if err != nil {
		return nil, err
	}
	some := func(list ...int) bool { return slices.ContainsFunc(list, func(n int) bool { return n != 0 }) }
	switch {
	case !some(begin...) && !some(end...):
		return v.view(x), nil
	case mode != "constant":
		return nil, refuse("a Pad with a constant is imported", "mode %q", mode)
	case begin[0] != 0 || end[0] != 0:
		return nil, refuse("", "it adds inputs to a batch, by %v and %v", begin, end)
	case slices.Min(begin) < 0 || slices.Min(end) < 0:
		return nil, refuse("", "it cuts off by %v and %v", begin, end)
	case value != 0:
		return v.framed(x, begin, end, value)
	}
	y := v.view(x)
	if x.affine() && x.shifted() {
		y = copied(x)
		if _, err := v.settled(y); err != nil {
			return nil, err
		}
		y = v.view(y)
	}
	if ok, err := v.zeros(y, x.shape, begin, end); ok || err != nil {
		return y, err
	}
	return v.framed(x, begin, end, 0)
}

// zeros keeps in mind the zeros around the spatial axes of a value, which had
// the given shape before. Its order is one of the elements with the zeros. It is not ok if
// there are zeros along other axes.
func (v *visit) zeros(y *signal, before, begin, end []int) (ok bool, err error) {
	first := 2 // of the spatial axes
	in, vector := v.source(y.layer)
	in.H, in.W = in.H+y.pad[0]+y.pad[2], in.W+y.pad[1]+y.pad[3]
	lasts := !vector && y.order != nil && len(before) > 2 &&
		slices.Equal(y.order, permuted(nil, []int{in.C, in.H, in.W}, []int{1, 2, 0}))
	if lasts {
		first = 1
	}
	spatial := len(begin) - 2
	for axis := range begin {
		if (axis < first || axis >= first+spatial) && begin[axis]+end[axis] != 0 {
			return false, nil
		}
	}
	if !lasts {
		image := copied(y)
		image.shape = before
		if _, err := v.image(image); err != nil {
			return false, err
		}
		y.layer = image.layer
	}
	width := first + spatial - 1
	y.pad[1] += begin[width]
	y.pad[3] += end[width]
	in.W += begin[width] + end[width]
	if spatial == 2 {
		y.pad[0] += begin[first]
		y.pad[2] += end[first]
		in.H += begin[first] + end[first]
	}
	if lasts {
		y.order = permuted(nil, []int{in.C, in.H, in.W}, []int{1, 2, 0})
	}
	return true, nil
}

// framed makes a layer of a Pad.
func (v *visit) framed(s *signal, begin, end []int, value float64) (*signal, error) {
	x := copied(s)
	if _, err := v.settled(x); err != nil {
		return nil, err
	}
	axes := []int{0} // of C H W: where those of the value, after the batch, are
	out, vector := v.source(x.layer)
	last := permuted(nil, []int{out.C, out.H, out.W}, []int{1, 2, 0})
	switch rank := len(x.shape); {
	case rank == 2:
		if _, err := v.vector(x); err != nil {
			return nil, err
		}
	case rank == 3 && !vector && out.H == 1 && slices.Equal(x.order, last):
		axes = []int{2, 0}
	case rank == 4 && !vector && x.shape[3] == out.C && x.shape[2] == out.W && slices.Equal(x.order, last):
		axes = []int{1, 2, 0}
	default:
		if _, err := v.image(x); err != nil {
			return nil, err
		}
		axes = [][]int{3: {0, 2}, 4: {0, 1, 2}}[rank]
	}
	if len(axes) < 3 && axes[0] == 0 {
		if err := v.straighten(x); err != nil {
			return nil, err
		}
	}
	if axes[0] == 0 && x.order != nil {
		return nil, refuse("", "its input is transposed in a way that no layer can do")
	}
	out, vector = v.source(x.layer)
	var sides [3][2]int
	for i, axis := range axes {
		sides[axis] = [2]int{begin[1+i], end[1+i]}
	}
	l := &layer{Layer: graph.Layer{Kind: graph.KindPad, ExtraChannels: sides[0], Value: float32(value),
		Padding: graph.Padding{Top: sides[1][0], Bottom: sides[1][1], Left: sides[2][0], Right: sides[2][1]}},
		vector: vector}
	l.out = graph.Shape{C: out.C + sides[0][0] + sides[0][1], H: out.H + sides[1][0] + sides[1][1],
		W: out.W + sides[2][0] + sides[2][1]}
	var order []int32
	if axes[0] != 0 {
		order = permuted(nil, []int{l.out.C, l.out.H, l.out.W}, []int{1, 2, 0})
	}
	return v.add(l, order, x.layer), nil
}

// surrounded is the layer that puts the zeros around a value that no other layer takes
// into its padding.
func (m *mapping) surrounded(s *signal) {
	key := reshaping{of: s.layer, pad: s.pad}
	at, ok := m.shaped[key]
	if !ok {
		p := s.pad
		l := graph.Layer{Kind: graph.KindPad,
			Padding: graph.Padding{Top: p[0], Left: p[1], Bottom: p[2], Right: p[3]}}
		out, _ := m.source(s.layer)
		out.H, out.W = out.H+p[0]+p[2], out.W+p[1]+p[3]
		at = m.append(&layer{Layer: l, out: out}, s.layer)
		m.shaped[key] = at
	}
	s.layer, s.pad, s.sole = at, [4]int{}, false
}
