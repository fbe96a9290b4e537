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
	if x = copied(x); x.padded() && !slices.Equal(x.shape, v.to) {
		if _, err := v.settled(x); err != nil {
			return nil, err
		}
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
