package fromonnx

import (
	"slices"

	"petrify/internal/onnxeval"
	"petrify/internal/onnxpb"
)

// reshape is Reshape, Flatten, Squeeze and Unsqueeze: the same elements in the
// same order, so that a layer is needed only where the next one wants it.
func reshape(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	if v.Op == "Squeeze" || v.Op == "Unsqueeze" {
		axes := v.Ints("axes")
		if c := v.constant(1); c != nil && v.Version >= 13 {
			axes = nil
			for _, a := range c.I {
				axes = append(axes, int(a))
			}
		}
		rank := max(len(x.shape), len(v.to))
		for i, a := range axes {
			if axes[i] = a; a < 0 {
				axes[i] += rank
			}
		}
		if axes == nil || slices.Contains(axes, 0) {
			return nil, refuse("name the axes, without the first", "it moves the inputs of a batch")
		}
	}
	if x.padded() && !slices.Equal(x.shape, v.to) {
		return nil, refuse("", "a Pad before it")
	}
	return v.view(x), nil
}

// transpose moves no element: those who read the value find each where it is.
func transpose(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	perm, err := onnxeval.Permutation(v.Node, len(x.shape))
	if err != nil {
		return nil, err
	}
	if perm[0] != 0 {
		return nil, refuse("", "it moves the inputs of a batch")
	}
	inner := make([]int, len(perm)-1)
	for i := range inner {
		inner[i] = perm[i+1] - 1
	}
	y := v.view(x)
	y.order = permuted(x.order, x.shape[1:], inner)
	v.absorbed++
	return y, nil
}

// whole is an Expand that changes nothing.
func whole(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	if !slices.Equal(x.shape, v.to) {
		return nil, refuse("", "it repeats a value of shape %v to shape %v", x.shape, v.to)
	}
	v.dropped++
	return v.view(x), nil
}

// nothing is Identity, and Dropout as it is after training.
func nothing(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	if len(v.Outputs) > 1 && v.readers[v.Outputs[1]] > 0 {
		return nil, refuse("", "its mask is used")
	}
	v.dropped++
	return v.view(x), nil
}

func cast(v *visit) (*signal, error) {
	x := v.signals[0]
	to := v.types[v.Outputs[0]]
	if x == nil || to != onnxpb.Float && to != onnxpb.Double && to != onnxpb.Float16 && to != onnxpb.Bfloat16 {
		return nil, refuse("", "it rounds to %v", to)
	}
	v.dropped++
	return v.view(x), nil
}

// pad keeps zeros in mind for the padding of the next layer.
func pad(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	begin, end, value, mode, err := onnxeval.Pads(v.Node, v.constants, len(x.shape))
	if err != nil {
		return nil, err
	}
	y := v.view(x)
	nothing := !slices.ContainsFunc(append(slices.Clone(begin), end...), func(n int) bool { return n != 0 })
	switch {
	case nothing:
		return y, nil
	case mode != "constant" || value != 0:
		return nil, refuse("a Pad with zeros is imported", "mode %q, value %v", mode, value)
	case slices.Min(begin) < 0 || slices.Min(end) < 0:
		return nil, refuse("", "it cuts off by %v and %v", begin, end)
	}
	if x.affine() && x.shifted() {
		y = copied(x)
		if _, err := v.settled(y); err != nil {
			return nil, err
		}
		y = v.view(y)
	}
	return y, v.zeros(y, x.shape, begin, end)
}

// zeros keeps in mind the zeros around the spatial axes of a value, which had
// the given shape before. Its order is one of the elements with the zeros.
func (v *visit) zeros(y *signal, before, begin, end []int) error {
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
			return refuse("a Pad of spatial axes is imported", "it pads by %v and %v", begin, end)
		}
	}
	if !lasts {
		image := copied(y)
		image.shape = before
		if _, err := v.image(image); err != nil {
			return err
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
	return nil
}
