package onnxeval

import (
	"errors"
	"fmt"
	"slices"

	"petrify/internal/onnxpb"
)

func constant(c *call) ([]*Tensor, error) {
	for _, a := range c.Attributes {
		switch a.Name {
		case "value":
			if a.Tensor == nil {
				return nil, errors.New("value is no tensor")
			}
			return one(Decode(a.Tensor, ""))
		case "value_float":
			return one(Floats([]int{}, []float64{float64(a.Float)}), nil)
		case "value_int":
			return one(ints([]int{}, []int64{a.Int}), nil)
		case "value_floats":
			all := make([]float64, len(a.Floats))
			for i, v := range a.Floats {
				all[i] = float64(v)
			}
			return one(Floats([]int{len(all)}, all), nil)
		case "value_ints":
			return one(ints([]int{len(a.Ints)}, append([]int64{}, a.Ints...)), nil)
		case "value_string":
			return one(&Tensor{Type: onnxpb.String, Shape: []int{}, S: []string{a.String}}, nil)
		case "value_strings":
			return one(&Tensor{Type: onnxpb.String, Shape: []int{len(a.Strings)}, S: a.Strings}, nil)
		}
	}
	return nil, errors.New("a constant without a value of a kind that is supported")
}

func constantOfShape(c *call) ([]*Tensor, error) {
	value := Floats([]int{1}, []float64{0})
	if a, ok := c.Attribute("value"); ok && a.Tensor != nil {
		var err error
		if value, err = Decode(a.Tensor, ""); err != nil {
			return nil, err
		}
	}
	if c.in[0].I == nil || value.Size() != 1 {
		return nil, errors.New("want a shape, and a value of one element")
	}
	y, err := value.like(toInts(c.in[0].I))
	if err != nil {
		return nil, err
	}
	for i := range y.Size() {
		y.move(i, value, 0)
	}
	return one(y, nil)
}

func identity(c *call) ([]*Tensor, error) { return one(c.in[0].reshaped(c.in[0].Shape...), nil) }

// dropout is that of inference.
func dropout(c *call) ([]*Tensor, error) {
	if t := c.input(2); t != nil && (t.I == nil || slices.ContainsFunc(t.I, func(v int64) bool { return v != 0 })) {
		return nil, errors.New("training mode is not supported: export the network in evaluation mode")
	}
	y := c.in[0].reshaped(c.in[0].Shape...)
	if len(c.Outputs) < 2 {
		return one(y, nil)
	}
	mask, err := zeros(onnxpb.Bool, y.Shape)
	if err != nil {
		return nil, err
	}
	for i := range mask.I {
		mask.I[i] = 1
	}
	return []*Tensor{y, mask}, nil
}

func cast(c *call) ([]*Tensor, error) {
	to, ok := c.Attribute("to")
	if !ok {
		return nil, errors.New("no type to cast to")
	}
	return one(converted(c.in[0], typeOf(int(to.Int))))
}

func castLike(c *call) ([]*Tensor, error) { return one(converted(c.in[0], c.in[1].Type)) }

// converted rounds towards 0 from real numbers to integers, which wrap around.
func converted(x *Tensor, to onnxpb.DataType) (*Tensor, error) {
	if x.S != nil || bytesPer[to] == 0 || to == onnxpb.Bfloat16 && x.Type != to { // which versions round differently
		return nil, fmt.Errorf("from %v to %v is not supported", x.Type, to)
	}
	y, err := zeros(to, x.Shape)
	if err != nil {
		return nil, err
	}
	for i := range y.F {
		if x.F != nil {
			y.F[i] = x.F[i]
		} else {
			y.F[i] = float64(x.I[i])
		}
	}
	for i := range y.I {
		switch {
		case to == onnxpb.Bool && x.F != nil:
			y.I[i] = truth("And", x.F[i], 1)
		case to == onnxpb.Bool:
			y.I[i] = truth("And", x.I[i], 1)
		case x.F != nil:
			y.I[i] = wrapped(int64(x.F[i]), to)
		default:
			y.I[i] = wrapped(x.I[i], to)
		}
	}
	return y, nil
}

func wrapped(v int64, to onnxpb.DataType) int64 {
	switch to {
	case onnxpb.Uint8:
		return int64(uint8(v))
	case onnxpb.Int8:
		return int64(int8(v))
	case onnxpb.Uint16:
		return int64(uint16(v))
	case onnxpb.Int16:
		return int64(int16(v))
	case onnxpb.Uint32:
		return int64(uint32(v))
	case onnxpb.Int32:
		return int64(int32(v))
	}
	return v
}

func shape(c *call) ([]*Tensor, error) {
	dims := c.in[0].Shape
	bound := func(name string, otherwise int) int {
		v := c.Int(name, otherwise)
		if v < 0 {
			v += len(dims)
		}
		return min(max(v, 0), len(dims))
	}
	from, to := bound("start", 0), bound("end", len(dims))
	all := []int64{}
	for i := from; i < to; i++ {
		all = append(all, int64(dims[i]))
	}
	return one(ints([]int{len(all)}, all), nil)
}

func size(c *call) ([]*Tensor, error) {
	return one(ints([]int{}, []int64{int64(c.in[0].Size())}), nil)
}

func rangeOf(c *call) ([]*Tensor, error) {
	var v [3]float64
	for i := range v {
		var err error
		if v[i], err = scalar(c.in[i]); err != nil {
			return nil, err
		}
	}
	from, to, step := v[0], v[1], v[2]
	n := (to - from) / step
	if !(step != 0 && n <= most) {
		return nil, fmt.Errorf("from %v to %v by %v: want at most %d elements", from, to, step, most)
	}
	count := max(0, int(n))
	if float64(count) < n {
		count++
	}
	y, err := zeros(c.in[0].Type, []int{count})
	if err != nil {
		return nil, err
	}
	for i := range y.F {
		y.F[i] = from + float64(i)*step
	}
	for i := range y.I {
		y.I[i] = int64(from) + int64(i)*int64(step)
	}
	return one(y, nil)
}
