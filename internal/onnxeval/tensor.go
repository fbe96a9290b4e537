package onnxeval

import (
	"fmt"
	"math"
	"slices"

	"petrify/internal/onnxpb"
)

// Tensor is a value of the graph, row-major. Its type says which slice holds
// the elements.
type Tensor struct {
	Type  onnxpb.DataType
	Shape []int
	F     []float64 // of FLOAT, DOUBLE, FLOAT16, BFLOAT16
	I     []int64   // of integers; BOOL is 0 or 1
	S     []string  // of STRING
}

// most limits the elements of a tensor, and of all tensors that are alive at a
// time.
const most = 1 << 25

// Floats is a tensor of FLOAT.
func Floats(shape []int, values []float64) *Tensor {
	return &Tensor{Type: onnxpb.Float, Shape: shape, F: values}
}

// ints is a tensor of INT64.
func ints(shape []int, values []int64) *Tensor {
	return &Tensor{Type: onnxpb.Int64, Shape: shape, I: values}
}

// Size is the number of elements.
func (t *Tensor) Size() int { return product(t.Shape) }

// IsFloat reports whether the elements are real numbers.
func (t *Tensor) IsFloat() bool { return isFloat(t.Type) }

func isFloat(t onnxpb.DataType) bool {
	return t == onnxpb.Float || t == onnxpb.Double || t == onnxpb.Float16 || t == onnxpb.Bfloat16
}

// Numbers are the elements as real numbers, whatever their type.
func (t *Tensor) Numbers() []float64 {
	if t.F != nil {
		return t.F
	}
	all := make([]float64, len(t.I))
	for i, v := range t.I {
		all[i] = float64(v)
	}
	return all
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// make returns zeros of the given type and shape, or an error if there would be
// too many.
func zeros(of onnxpb.DataType, shape []int) (*Tensor, error) {
	if err := checkShape(shape); err != nil {
		return nil, err
	}
	t := &Tensor{Type: of, Shape: slices.Clone(shape)}
	switch n := product(shape); {
	case isFloat(of):
		t.F = make([]float64, n)
	case of == onnxpb.String:
		t.S = make([]string, n)
	default:
		t.I = make([]int64, n)
	}
	return t, nil
}

func checkShape(shape []int) error {
	n := 1.0
	for _, d := range shape {
		if d < 0 {
			return fmt.Errorf("shape %v: want no negative size", shape)
		}
		n *= float64(d)
	}
	if len(shape) > maxRank {
		return fmt.Errorf("%d dimensions: want at most %d", len(shape), maxRank)
	}
	if slices.Contains(shape, 0) {
		n = 0
	}
	if n > most || slices.ContainsFunc(shape, func(d int) bool { return d > most }) {
		return fmt.Errorf("shape %v: want at most %d elements", shape, most)
	}
	return nil
}

const maxRank = 16

// reshaped is the tensor with another shape of the same size.
func (t *Tensor) reshaped(shape ...int) *Tensor {
	u := *t
	u.Shape = shape
	return &u
}

// like returns zeros of the tensor's type.
func (t *Tensor) like(shape []int) (*Tensor, error) { return zeros(t.Type, shape) }

// move copies element from of src to element to of t; both are of one type.
func (t *Tensor) move(to int, src *Tensor, from int) {
	switch {
	case t.F != nil:
		t.F[to] = src.F[from]
	case t.S != nil:
		t.S[to] = src.S[from]
	default:
		t.I[to] = src.I[from]
	}
}

// strides are the distances between neighbours along each axis.
func strides(shape []int) []int {
	all := make([]int, len(shape))
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		all[i] = step
		step *= shape[i]
	}
	return all
}

// each calls visit with the indices of every element, in order.
func each(shape []int, visit func(at int, index []int)) {
	index := make([]int, len(shape))
	for at := range product(shape) {
		visit(at, index)
		for axis := len(shape) - 1; axis >= 0; axis-- {
			if index[axis]++; index[axis] < shape[axis] {
				break
			}
			index[axis] = 0
		}
	}
}

// round brings the elements to the values that their type can hold, or if wide,
// those of half precision to float32's.
func (t *Tensor) round(wide bool) {
	of := t.Type
	if wide && (of == onnxpb.Float16 || of == onnxpb.Bfloat16) {
		of = onnxpb.Float
	}
	switch of {
	case onnxpb.Float:
		for i, v := range t.F {
			t.F[i] = float64(float32(v))
		}
	case onnxpb.Float16:
		for i, v := range t.F {
			t.F[i] = fromHalf(half(v))
		}
	case onnxpb.Bfloat16:
		for i, v := range t.F {
			t.F[i] = bfloat(v)
		}
	}
}

// fromHalf is the number that 16 bits mean in IEEE 754's binary16.
func fromHalf(bits uint16) float64 {
	sign, exponent, fraction := bits>>15, int(bits>>10&31), float64(bits&1023)
	var v float64
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 31:
		if v = math.Inf(1); fraction != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(1024+fraction, exponent-25)
	}
	if sign == 1 {
		v = -v
	}
	return v
}

// half rounds to binary16, half to even.
func half(v float64) uint16 {
	var sign uint16
	if math.Signbit(v) {
		sign, v = 1<<15, -v
	}
	switch {
	case math.IsNaN(v):
		return sign | 0x7e00
	case v >= 65520: // halfway from the greatest number to the next power of 2
		return sign | 0x7c00
	case v < math.Ldexp(1, -14):
		return sign | uint16(math.RoundToEven(math.Ldexp(v, 24)))
	}
	_, exponent := math.Frexp(v) // v = f · 2^exponent, ½ ≤ f < 1
	scaled := math.RoundToEven(math.Ldexp(v, 11-exponent))
	return sign | uint16(uint64(scaled)+uint64(exponent+13)<<10)
}

// bfloat rounds to the upper 16 bits of a float32, half to even.
func bfloat(v float64) float64 {
	bits := math.Float32bits(float32(v))
	if v != v {
		return v
	}
	bits += 0x7fff + bits>>16&1
	return float64(math.Float32frombits(bits &^ 0xffff))
}
