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
	if v.Op == "Squeeze" && !v.Has("axes") && v.constant(1) == nil {
		return nil, refuse("name the axes, without the first", "it may take away the axis of the batch")
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
	perm, err := onnxeval.Permutation(v.Node, len(x.place().shape))
	if err != nil {
		return nil, err
	}
	shape := x.shape[1:]
	if x.apart == nil { // of one input, the batch is an axis of one
		shape = append([]int{1}, shape...)
	}
	y := v.view(x)
	y.order = permuted(x.order, shape, perm)
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
