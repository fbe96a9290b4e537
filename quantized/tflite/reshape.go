package tflite

import (
	"petrify/quantized"
	"petrify/quantized/tflite/schema"
)

// reshape writes a flatten or a reshape. Elements are C H W in the model and H
// W C in the file. If the orders differ, they are transposed to the model's,
// reshaped, and transposed back; except for a vector that only linear layers
// read, whose weights are permuted instead.
func (w *writer) reshape(n *quantized.Node) {
	x := w.values[n.Inputs[0]]
	y := &value{Activation: n.Output, real: -1, planes: 1}
	w.values[n.Name] = y
	at := x.tensor
	switch {
	case !mixed(x.Shape):
	case len(y.Shape) == 1 && w.onlyLinear(n.Name):
		y.planes = elements(x.Shape[1:])
	default:
		at = w.transposed(n.Name+"/channels_first", x.Activation, at, true)
	}
	if !mixed(y.Shape) {
		y.tensor = w.like(n.Name, y.Activation, w.shape(y.Activation))
		w.reshaped(n.Name, at, y.tensor)
		return
	}
	first := append([]int32{int32(w.Batch)}, dims(y.Shape)...)
	planar := w.like(n.Name+"/reordered", y.Activation, first)
	w.reshaped(n.Name, at, planar)
	y.tensor = w.transposed(n.Name, y.Activation, planar, false)
}

// mixed reports whether the order of an activation's elements changes with its
// channels last.
func mixed(shape []int) bool { return shape[0] > 1 && elements(shape[1:]) > 1 }

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func dims(shape []int) []int32 {
	d := make([]int32, len(shape))
	for i, n := range shape {
		d[i] = int32(n)
	}
	return d
}

// onlyLinear reports whether only linear layers read the activation, and it is
// not the output.
func (w *writer) onlyLinear(name string) bool {
	for _, n := range w.readers[name] {
		if n.Op != quantized.Linear {
			return false
		}
	}
	return name != w.model.Output
}

// like adds a tensor of the activation's type and any shape.
func (w *writer) like(name string, a quantized.Activation, shape []int32) int32 {
	t := schema.Tensor{Name: name, Type: schema.Float32, Shape: shape}
	if !a.Quant.IsFloat() {
		t.Type, t.Quant = schema.Int8, quantOf(a.Quant)
	}
	return w.tensor(t)
}

// reshaped adds a reshape, which leaves the batch open.
func (w *writer) reshaped(name string, x, y int32) {
	shape := append([]int32{-1}, w.file.Graph.Tensors[y].Shape[1:]...)
	in := []int32{x, w.int32s(name+"/shape", shape...)}
	w.operator(schema.Reshape, 1, in, y, schema.Attribute{Name: "new_shape", Ints: shape})
}

// transposed moves the channels of an activation from the last place to the
// first, or back.
func (w *writer) transposed(name string, a quantized.Activation, x int32, toFirst bool) int32 {
	rank := int32(len(a.Shape))
	permutation := []int32{0}
	shape := w.shape(a)
	if toFirst {
		permutation = append(permutation, rank)
		shape = append([]int32{int32(w.Batch)}, dims(a.Shape)...)
		for i := int32(1); i < rank; i++ {
			permutation = append(permutation, i)
		}
	} else {
		for i := int32(2); i <= rank; i++ {
			permutation = append(permutation, i)
		}
		permutation = append(permutation, 1)
	}
	y := w.like(name, a, shape)
	version := int32(1)
	switch {
	case rank > 3:
		version = 4
	case !a.Quant.IsFloat():
		version = 2
	}
	w.operator(schema.Transpose, version, []int32{x, w.int32s(name+"/permutation", permutation...)}, y)
	return y
}
