package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"petrify/internal/onnxpb"
	"petrify/quantized"
)

// Tap is an activation that a file has as an additional output.
type Tap struct {
	quantized.Activation
	value onnxpb.Value
	shift int32 // what is added to a q of the model, see container
}

// Tapped returns a file of the model with its activations as additional
// outputs, to find where a runtime begins to differ. They come in the model's
// order, as the integers that the file holds, or as float32. It leaves out a
// float input and a float output, which are known anyway, and float
// convolutions that only additions read: ONNX Runtime includes the other number
// in their sums, and would not if it had to output those separately. In a file
// of int8 activations, every activation is written as the two pairs of one with
// several readers, and is output between them.
func Tapped(data []byte, m *quantized.Model) ([]byte, []Tap, error) {
	file, err := onnxpb.Unmarshal(data)
	if err != nil {
		return nil, nil, fmt.Errorf("onnx: %w", err)
	}
	o, err := writtenWith(metadataOf(file), m)
	if err != nil {
		return nil, nil, err
	}
	w := newWriter(o, m)
	if w.tapped = o.Signed; o.Signed {
		if file, err = w.file(); err != nil {
			return nil, nil, err
		}
	}
	values := map[string]bool{}
	for _, n := range file.Graph.Nodes {
		values[n.Outputs[0]] = true
	}
	activations := []quantized.Activation{m.Input.Activation}
	for i := range m.Nodes {
		if n := &m.Nodes[i]; n.Op != quantized.Conv2D || !n.Output.Quant.IsFloat() || !onlyAdded(m, n.Name) {
			activations = append(activations, n.Output)
		}
	}
	var taps []Tap
	for _, a := range activations {
		t := Tap{Activation: a}
		name, kind := a.Name+"/real", onnxpb.Float
		switch c := w.container(a.Quant); {
		case values[a.Name+"/passed"]:
			name = a.Name + "/passed"
		case !a.Quant.IsFloat():
			name, kind, t.shift = a.Name+"/clipped", c.t, c.shift
			if !values[name] {
				name = a.Name + "/quantized"
			}
		}
		if !values[name] || w.tapped && a.Name == m.Output {
			continue
		}
		t.value = w.value(name, kind, a.Shape...)
		file.Graph.Outputs = append(file.Graph.Outputs, t.value)
		taps = append(taps, t)
	}
	return file.Marshal(), taps, nil
}

// onlyAdded reports whether only additions read an activation.
func onlyAdded(m *quantized.Model, name string) bool {
	read := false
	for i := range m.Nodes {
		if !slices.Contains(m.Nodes[i].Inputs, name) {
			continue
		}
		if m.Nodes[i].Op != quantized.Add {
			return false
		}
		read = true
	}
	return read
}

// Bytes is the length of the activation for one input.
func (t Tap) Bytes() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n * t.width()
}

// width is the bytes of an element.
func (t Tap) width() int {
	switch t.value.Type {
	case onnxpb.Uint8, onnxpb.Int8:
		return 1
	case onnxpb.Float:
		return 4
	}
	panic(fmt.Sprintf("onnx: a tap of type %v", t.value.Type))
}

// Reals returns the real numbers that raw represents, r = s·(q − z), in C H W.
func (t Tap) Reals(raw []byte) []float32 {
	r := make([]float32, len(raw)/t.width())
	for i := range r {
		b := raw[i*t.width():]
		var q int32
		switch t.value.Type {
		case onnxpb.Uint8:
			q = int32(b[0])
		case onnxpb.Int8:
			q = int32(int8(b[0]))
		case onnxpb.Float:
			r[i] = math.Float32frombits(binary.LittleEndian.Uint32(b))
			continue
		default:
			panic(fmt.Sprintf("onnx: a tap of type %v", t.value.Type))
		}
		r[i] = t.Quant.Scale * float32(q-t.shift-t.Quant.Zero)
	}
	return r
}
