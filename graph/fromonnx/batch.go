package fromonnx

import (
	"cmp"
	"slices"

	"petrify/internal/onnxeval"
	"petrify/internal/onnxpb"
)

// place is where a value of the file has its batch, if not first: PyTorch's attention has it
// second, L N E, or among the heads, L N·H D. The importer sees such a value with the
// batch first, and the axis that it was in divided by it: N L 1 E, N L H D.
type place struct {
	shape []int // in the file
	inner int   // elements of one input that follow each other there
}

// axis is the axis that the batch is in; −1 if it is in several.
func (p *place) axis(batch int) int {
	after := sizeOf(p.shape)
	for axis, n := range p.shape {
		after /= max(n, 1)
		if r := p.inner / max(after, 1); r > 0 && p.inner%after == 0 && n%(batch*r) == 0 {
			return axis
		}
	}
	return -1
}

// seen is the shape that the importer sees of a value of the file, and its place if
// the batch is not first.
func (m *mapping) seen(p place) ([]int, *place, error) {
	batch, size := m.dims[0], sizeOf(p.shape)
	if size == 0 || size%batch != 0 {
		return nil, nil, refuse("", "its result of shape %v mixes inputs of a batch", p.shape)
	}
	if len(p.shape) > 0 && p.shape[0] == batch && (batch == 1 || p.inner == size/batch) {
		return p.shape, nil, nil
	}
	m.moved = true
	shape := append([]int{batch}, p.shape...)
	if batch > 1 {
		axis := p.axis(batch)
		if axis < 0 {
			return nil, nil, refuse("", "its result of shape %v mixes inputs of a batch", p.shape)
		}
		shape[1+axis] /= batch
	}
	return shape, &p, nil
}

// place is where the file has the batch of a signal.
func (s *signal) place() place {
	if s.apart != nil {
		return *s.apart
	}
	return place{s.shape, s.size()}
}

// moving operators may move the batch.
var moving = []string{"Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze"}

// anywhere are the others that are imported wherever the batch is.
var anywhere = []string{"MatMul", "Gemm", "LayerNormalization", "Softmax", "Relu", "Clip", "LeakyRelu", "Sigmoid",
	"Tanh", "HardSwish", "HardSigmoid", "Softplus", "Elu", "Gelu", "Erf", "Add", "Sub", "Mul", "Div", "Neg", "Pow",
	"Sum", "Max", "Min", "Concat", "Split", "Slice", "Gather", "ReduceMean", "ReduceSum", "ReduceMax", "Identity",
	"Dropout", "Cast", "CastLike"}

// locate finds where the result has the batch, and shows the operator its inputs and
// itself as if it were first.
func (v *visit) locate() (err error) {
	v.of = v.signals[0]
	for _, s := range v.signals {
		if s != nil && (v.of == nil || v.of.apart == nil && s.apart != nil) {
			v.of = s
		}
	}
	moves := slices.Contains(moving, v.Op) && v.Domain == ""
	first := len(v.to) > 0 && v.to[0] == v.dims[0]
	switch {
	case v.of.apart == nil && first && (v.Op != "Transpose" || !v.turns()):
		return nil
	case v.of.apart == nil && !moves:
		return refuse("", "its result of shape %v mixes inputs of a batch", v.to)
	case !moves && (v.Domain != "" || !slices.Contains(anywhere, v.Op)):
		return refuse("", "the batch is not the first axis of its input of shape %v", v.of.place().shape)
	}
	rank := len(v.of.place().shape)
	if v.to, v.apart, err = v.result(v.to); err == nil && v.of.apart != nil {
		err = v.fromTheEnd(rank)
	}
	return err
}

// result is the shape that the importer sees of one of the node's results, and its place.
func (v *visit) result(file []int) ([]int, *place, error) {
	if v.dims[0] == 1 { // nothing can be mixed
		return v.seen(place{shape: file})
	}
	from := v.of.place()
	axis := from.axis(v.dims[0])
	if axis < 0 {
		return nil, nil, refuse("", "its input of shape %v mixes inputs of a batch", from.shape)
	}
	for _, s := range v.signals {
		if s != nil && v.Op != "MatMul" && s.place().inner != from.inner {
			return nil, nil, refuse("", "its inputs have the batch in different places")
		}
	}
	inner, err := v.inner(from, axis, file)
	if err != nil {
		return nil, nil, err
	}
	return v.seen(place{file, inner})
}

// turns reports whether a transposition moves the first axis.
func (v *visit) turns() bool {
	perm, err := onnxeval.Permutation(v.Node, len(v.to))
	return err == nil && len(perm) > 0 && perm[0] != 0
}

// inner is how many elements of one input follow each other in a result of the given shape.
func (v *visit) inner(from place, axis int, to []int) (int, error) {
	rank := len(from.shape)
	switch v.Op {
	case "Reshape", "Flatten", "Squeeze", "Unsqueeze":
		return from.inner, nil
	case "Transpose":
		return v.turned(from, axis)
	case "MatMul", "Gemm":
		if axis == rank-1 || v.Op == "MatMul" && len(to) != rank {
			return 0, refuse("", "it multiplies along axis %d of shape %v, and the batch is in it", axis, from.shape)
		}
		return from.inner / from.shape[rank-1] * to[len(to)-1], nil
	}
	list, err := v.along(rank)
	if err != nil {
		return 0, err
	}
	before := slices.ContainsFunc(list, func(a int) bool { return a < axis })
	after := slices.ContainsFunc(list, func(a int) bool { return a > axis })
	switch {
	case slices.Contains(list, axis):
		return 0, refuse("", "it goes over axes %v of shape %v, and the batch is in axis %d", list, from.shape, axis)
	case slices.Equal(to, from.shape), before && !after:
		return from.inner, nil
	case after && !before:
		return from.inner * sizeOf(to) / sizeOf(from.shape), nil
	}
	return 0, refuse("", "the batch is in axis %d of its input of shape %v", axis, from.shape)
}

// turned is inner after a transposition.
func (v *visit) turned(from place, axis int) (int, error) {
	perm, err := onnxeval.Permutation(v.Node, len(from.shape))
	if err != nil {
		return 0, err
	}
	inner := from.inner / sizeOf(from.shape[axis+1:])
	for _, a := range perm[slices.Index(perm, axis)+1:] {
		inner *= from.shape[a]
	}
	return inner, nil
}

// along are the axes of the first input that the operator goes over, where it takes them one by one.
func (v *visit) along(rank int) (list []int, err error) {
	switch v.Op {
	case "Softmax", "LayerNormalization":
		otherwise := -1
		if v.Op == "Softmax" && v.Version < 13 {
			otherwise = 1
		}
		if list = v.Ints("axes"); list != nil {
			break
		}
		first := v.Int("axis", otherwise)
		if first < 0 {
			first += rank
		}
		for a := first; a < rank && (a == first || v.Op != "Softmax" || v.Version < 13); a++ {
			list = append(list, a)
		}
	case "Split", "Gather":
		list = []int{v.Int("axis", 0)}
	case "Concat":
		list = []int{v.Int("axis", 1)}
	case "Slice":
		return onnxeval.SlicedAxes(v.Node, v.constants, rank)
	case "ReduceMean", "ReduceMax", "ReduceSum":
		return onnxeval.ReducedAxes(v.Node, v.constants, rank)
	}
	for i, a := range list {
		if a < 0 {
			list[i] += rank
		}
	}
	return list, nil
}

// fromTheEnd counts the axes that the operator goes over from the end, where the importer sees the
// same axes as the file.
func (v *visit) fromTheEnd(rank int) error {
	list, err := v.along(rank)
	if err != nil || len(list) == 0 {
		return err
	}
	var whole []int64
	for _, a := range list {
		whole = append(whole, int64(a-rank))
	}
	n := *v.Node
	n.Attributes = slices.DeleteFunc(slices.Clone(n.Attributes), func(a onnxpb.Attribute) bool {
		return a.Name == "axis" || a.Name == "axes"
	})
	input := map[string]int{"Slice": 3, "ReduceMean": 1, "ReduceMax": 1, "ReduceSum": 1}[v.Op]
	since := map[string]int{"Slice": 10, "ReduceSum": 13}[v.Op]
	switch {
	case v.Op == "LayerNormalization" && v.Has("axes"):
		n.Attributes = append(n.Attributes, onnxpb.Attribute{Name: "axes", Type: onnxpb.IntsAttribute, Ints: whole})
	case input == 0:
		n.Attributes = append(n.Attributes, onnxpb.Attribute{Name: "axis", Type: onnxpb.IntAttribute, Int: whole[0]})
	case v.Version >= cmp.Or(since, 18):
		for len(v.constants) <= input {
			v.constants, v.signals = append(v.constants, nil), append(v.signals, nil)
		}
		v.constants[input] = &onnxeval.Tensor{Type: onnxpb.Int64, Shape: []int{len(whole)}, I: whole}
	default:
		n.Attributes = append(n.Attributes, onnxpb.Attribute{Name: "axes", Type: onnxpb.IntsAttribute, Ints: whole})
	}
	if parts := v.parts[v.Node]; parts != nil {
		v.parts[&n] = parts
	}
	v.Node = &n
	return nil
}
