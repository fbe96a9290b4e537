package quantized

import (
	"errors"
	"fmt"

	"petrify/fakequant/affine"
	"petrify/internal/safetensors"
)

// fileMetadata marks a safetensors file as petrify's.
var fileMetadata = map[string]string{"format": "petrify"}

// tensors lists what model.safetensors holds:
//
//	NAME.scale, NAME.zero                   of the input and of each node that quantizes its output
//	NAME.weight                             I8, U8 for unsigned formats, F32 where it stayed float
//	NAME.weight.scale, NAME.weight.zero
//	NAME.bias                               I32, or F32
//	NAME.weight                             F32 of a prelu: its slopes
//	NAME.weight, NAME.bias                  F32 of a layer normalisation: its factors and shifts
//
// A zero point has the type of its integers. The scale of a bias is s_x·s_w and
// only in model.json.
func (m *Model) tensors() []safetensors.Tensor {
	all := quantTensors(m.Input.Activation)
	for i := range m.Nodes {
		n := &m.Nodes[i]
		if !n.Op.PassesThrough() {
			all = append(all, quantTensors(n.Output)...)
		}
		all = append(all, parameterTensors(n)...)
	}
	return all
}

func quantTensors(a Activation) []safetensors.Tensor {
	q := a.Quant
	if q.IsFloat() {
		return nil
	}
	return []safetensors.Tensor{
		safetensors.Of(a.Name+".scale", nil, []float32{q.Scale}),
		zeroTensor(a.Name+".zero", nil, q.Format, []int32{q.Zero}),
	}
}

func parameterTensors(n *Node) []safetensors.Tensor {
	var all []safetensors.Tensor
	if w := n.Weights; w != nil {
		name := n.Name + ".weight"
		switch {
		case w.Q == nil:
			all = append(all, safetensors.Of(name, w.Shape, w.Float))
		case w.Format.Unsigned:
			bits := make([]uint8, len(w.Q))
			for i, q := range w.Q {
				bits[i] = uint8(q)
			}
			all = append(all, safetensors.Of(name, w.Shape, bits))
		default:
			all = append(all, safetensors.Of(name, w.Shape, w.Q))
		}
		if w.Q != nil {
			all = append(all, safetensors.Of(name+".scale", scaleShape(w), w.Scale))
		}
		if w.Zero != nil {
			all = append(all, zeroTensor(name+".zero", scaleShape(w), w.Format, w.Zero))
		}
	}
	if b := n.Bias; b != nil {
		name := n.Name + ".bias"
		if b.Q != nil {
			all = append(all, safetensors.Of(name, []int{len(b.Q)}, b.Q))
		} else {
			all = append(all, safetensors.Of(name, []int{len(b.Float)}, b.Float))
		}
	}
	if n.Slopes != nil {
		all = append(all, safetensors.Of(n.Name+".weight", []int{len(n.Slopes)}, n.Slopes))
	}
	if m := n.Norm; m != nil {
		all = append(all, safetensors.Of(n.Name+".weight", []int{len(m.Gamma)}, m.Gamma),
			safetensors.Of(n.Name+".bias", []int{len(m.Beta)}, m.Beta))
	}
	return all
}

// scaleShape is the shape of the scales: none, {O}, or {O, F/Block}.
func scaleShape(w *Weights) []int {
	switch {
	case w.Axis < 0:
		return []int{}
	case w.Block > 0:
		return []int{w.Shape[0], blocks(w.Shape[1], w.Block)}
	default:
		return []int{w.Shape[0]}
	}
}

// zeroTensor holds zero points in the integer type of their format.
func zeroTensor(name string, shape []int, f affine.Format, zero []int32) safetensors.Tensor {
	if f.Unsigned {
		return safetensors.Of(name, shape, convert[uint8](zero))
	}
	return safetensors.Of(name, shape, convert[int8](zero))
}

func convert[To, From safetensors.Number](from []From) []To {
	to := make([]To, len(from))
	for i, v := range from {
		to[i] = To(v)
	}
	return to
}

// fill adds the integers and floats to a model that was read from model.json,
// and checks that numbers in both files agree.
func (m *Model) fill(f *safetensors.File) error {
	var faults []error
	for i := range m.Nodes {
		if err := fillNode(&m.Nodes[i], f); err != nil {
			faults = append(faults, err)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	if err := m.Validate(); err != nil {
		return err
	}
	want := m.tensors()
	for _, w := range want {
		got, ok := f.Tensor(w.Name)
		if !ok {
			return fmt.Errorf("quantized: tensor %q is missing", w.Name)
		}
		if got.DType != w.DType || fmt.Sprint(got.Shape) != fmt.Sprint(w.Shape) || string(got.Data) != string(w.Data) {
			return fmt.Errorf("quantized: tensor %q is not what model.json says: %v of shape %v, want %v of shape "+
				"%v and the same numbers", w.Name, got.DType, got.Shape, w.DType, w.Shape)
		}
	}
	if len(f.Tensors) != len(want) {
		return fmt.Errorf("quantized: %d tensors, model.json describes %d", len(f.Tensors), len(want))
	}
	return nil
}

func fillNode(n *Node, f *safetensors.File) (err error) {
	if n.Op == PReLU {
		return fillSlopes(n, f)
	}
	if n.Norm != nil {
		return n.Norm.fill(n.Name, f)
	}
	if w := n.Weights; w != nil {
		t, ok := f.Tensor(n.Name + ".weight")
		switch {
		case !ok:
			return fmt.Errorf("quantized: tensor %q is missing", n.Name+".weight")
		case w.Format.IsFloat():
			w.Float, err = safetensors.Values[float32](t)
		case w.Format.Unsigned:
			var bits []uint8
			bits, err = safetensors.Values[uint8](t)
			w.Q = convert[int8](bits)
		default:
			w.Q, err = safetensors.Values[int8](t)
		}
	}
	if b := n.Bias; b != nil && err == nil {
		t, ok := f.Tensor(n.Name + ".bias")
		switch {
		case !ok:
			return fmt.Errorf("quantized: tensor %q is missing", n.Name+".bias")
		case b.Scale == nil:
			b.Float, err = safetensors.Values[float32](t)
		default:
			b.Q, err = safetensors.Values[int32](t)
		}
	}
	return err
}

// headerBytes is the number of bytes of model.safetensors before its tensors.
func headerBytes(m *Model) int64 {
	all := m.tensors()
	var data int64
	for _, t := range all {
		data += int64(len(t.Data))
	}
	var w counter
	if err := safetensors.Encode(&w, all, fileMetadata); err != nil {
		return 0 // a model that cannot be written has no file
	}
	return int64(w) - data
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
