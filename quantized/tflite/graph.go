package tflite

import (
	"encoding/binary"
	"fmt"
	"math"

	"petrify/quantized"
	"petrify/quantized/tflite/schema"
)

// writer builds a file. An activation's tensor has the activation's name, and
// others have a suffix that says what they are:
//
//	NAME/weight  NAME/bias
//	NAME/padded        the input of a layer, with explicit padding
//	NAME/real          float32, of a quantized activation that a float layer reads
//	NAME/computed      float32, of a quantized activation that a float layer computes
//	NAME/unclipped     before an integer maximum
//	NAME/channels_first, NAME/reordered, NAME/pixel, NAME/features
type writer struct {
	Options
	model   *quantized.Model
	file    schema.Model
	values  map[string]*value // by the activation's name
	readers map[string][]*quantized.Node
	pixels  map[string]bool // vectors that are images of one pixel in the file
	taken   map[string]bool // names of tensors
	err     error           // the first
}

// value is where an activation is.
type value struct {
	quantized.Activation
	tensor int32 // int8, or float32 where the activation is not quantized
	real   int32 // float32; −1 if there is none yet

	// planes, for a vector, is the number of pixels of the image that it was:
	// its elements are H W C in the file, though C H W in the model. 1: the
	// order is the model's.
	planes int
}

func newWriter(o Options, m *quantized.Model) *writer {
	w := &writer{Options: o, model: m, values: map[string]*value{}, readers: map[string][]*quantized.Node{},
		pixels: map[string]bool{}, taken: map[string]bool{}}
	w.Batch = max(1, o.Batch)
	w.file = schema.Model{Description: "petrify " + m.Origin.Version, Buffers: [][]byte{nil}}
	if m.Input.Raw != nil {
		w.file.Description += "; input " + m.Input.Raw.String()
	}
	w.file.Graph.Name = m.Name
	for i := range m.Nodes {
		for _, in := range m.Nodes[i].Inputs {
			w.readers[in] = append(w.readers[in], &m.Nodes[i])
		}
	}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		w.pixels[n.Name] = w.makesPixels(n)
	}
	return w
}

// tensor adds a tensor and returns its index.
func (w *writer) tensor(t schema.Tensor) int32 {
	if w.taken[t.Name] && w.err == nil {
		w.err = fmt.Errorf("tflite: two tensors would be called %q: rename a layer", t.Name)
	}
	w.taken[t.Name] = true
	w.file.Graph.Tensors = append(w.file.Graph.Tensors, t)
	return int32(len(w.file.Graph.Tensors) - 1)
}

// constant adds a tensor with data.
func (w *writer) constant(t schema.Tensor, data []byte) int32 {
	t.Buffer = uint32(len(w.file.Buffers))
	w.file.Buffers = append(w.file.Buffers, data)
	return w.tensor(t)
}

// int32s adds a vector.
func (w *writer) int32s(name string, values ...int32) int32 {
	return w.constant(schema.Tensor{Name: name, Type: schema.Int32, Shape: []int32{int32(len(values))}},
		int32Bytes(values))
}

func int32Bytes(values []int32) (data []byte) {
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, uint32(v))
	}
	return data
}

func floatBytes(values []float32) (data []byte) {
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return data
}

// operator adds an operator with one output.
func (w *writer) operator(code schema.Code, version int32, inputs []int32, output int32,
	attributes ...schema.Attribute) {
	w.file.Graph.Operators = append(w.file.Graph.Operators, schema.Operator{
		Code: code, Version: version, Inputs: inputs, Outputs: []int32{output}, Attributes: attributes,
	})
}

func attribute(name string, v int) schema.Attribute {
	return schema.Attribute{Name: name, Int: int32(v)}
}

// shape is an activation's in the file: the batch in front and the channels
// last.
func (w *writer) shape(a quantized.Activation) []int32 {
	if w.pixels[a.Name] {
		return w.pixel(a)
	}
	s := []int32{int32(w.Batch)}
	for _, d := range a.Shape[1:] {
		s = append(s, int32(d))
	}
	return append(s, int32(a.Shape[0]))
}

// integer adds an int8 tensor for a quantized activation.
func (w *writer) integer(name string, a quantized.Activation) int32 {
	return w.tensor(schema.Tensor{Name: name, Type: schema.Int8, Shape: w.shape(a), Quant: quantOf(a.Quant)})
}

// float adds a float32 tensor.
func (w *writer) float(name string, a quantized.Activation) int32 {
	return w.tensor(schema.Tensor{Name: name, Type: schema.Float32, Shape: w.shape(a)})
}

// input declares the file's input.
func (w *writer) input() {
	a := w.model.Input.Activation
	v := &value{Activation: a, real: -1, planes: 1}
	w.values[a.Name] = v
	if a.Quant.IsFloat() {
		v.tensor = w.float(a.Name, a)
		w.file.Graph.Inputs = []int32{v.tensor}
		return
	}
	in, finish := w.clipped(a, floor(a.Quant))
	w.file.Graph.Inputs = []int32{in}
	v.tensor = finish()
}

// output declares the file's output.
func (w *writer) output() {
	w.file.Graph.Outputs = []int32{w.values[w.model.Output].tensor}
}

// clipped returns where an operator writes a quantized activation whose
// integers must not be less than lo, and a function that adds the operator
// ensuring that, a maximum with a constant, and returns where the activation is
// then. If no integer can be less, no operator is added.
func (w *writer) clipped(a quantized.Activation, lo int32) (out int32, finish func() int32) {
	if lo == qmin {
		out = w.integer(a.Name, a)
		return out, func() int32 { return out }
	}
	out = w.integer(a.Name+"/unclipped", a)
	return out, func() int32 {
		least := w.constant(schema.Tensor{Name: a.Name + "/least", Type: schema.Int8, Shape: []int32{1},
			Quant: quantOf(a.Quant)}, []byte{byte(lo)})
		y := w.integer(a.Name, a)
		w.operator(schema.Maximum, 2, []int32{out, least}, y)
		return y
	}
}

// realOf is where the value's real numbers are; it adds an operator that
// dequantizes them if there is none yet.
func (w *writer) realOf(v *value) int32 {
	if v.Quant.IsFloat() {
		return v.tensor
	}
	if v.real < 0 {
		v.real = w.float(v.Name+"/real", v.Activation)
		w.operator(schema.Dequantize, 2, []int32{v.tensor}, v.real)
	}
	return v.real
}
