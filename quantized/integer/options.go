package integer

import (
	"fmt"
	"slices"
	"strings"

	"petrify/quantized"
)

// Options say how an engine computes. The zero value computes as ONNX Runtime
// does on x86-64.
type Options struct {
	Requantization Requantization
	Weights        Weights

	// Signed rounds the sums of two activations as ONNX Runtime's kernels for
	// int8 do. In float32 they differ from those for uint8, because the zero
	// points are smaller by 128, by up to one step where the exact sum is near
	// a tie.
	Signed bool

	// Int4 multiplies as LiteRT does for .tflite files that pack weights of 4
	// bits and fewer two to a byte: XNNPACK leaves convolutions with such
	// weights, except pointwise and grouped ones, to a kernel that computes as
	// Single does.
	Int4 bool
}

// Requantization names how a layer's sums become the next layer's integers.
type Requantization uint8

// The requantizations in use. They differ by one step where the exact quotient
// is at or near a tie.
const (
	// Float32 multiplies by a float32 and rounds half to even: ONNX Runtime on
	// x86-64, XNNPACK.
	Float32 Requantization = iota

	// Gemmlowp multiplies by a 31-bit fixed-point number and rounds twice, the
	// first time half up to 32 bits, then half away from zero: TensorFlow Lite's
	// reference kernels, CMSIS-NN.
	Gemmlowp

	// Single is Gemmlowp with one rounding, half up: TensorFlow Lite with
	// TFLITE_SINGLE_ROUNDING, CMSIS-NN with CMSIS_NN_USE_SINGLE_ROUNDING.
	Single

	// XNNPACK is Float32 for layers with weights and global means. It adds in
	// fixed point with 20 bits, averages windows as TensorFlow Lite does, and
	// computes unfused ReLUs in fixed point with 8 bits: .tflite files in
	// TensorFlow Lite with XNNPACK.
	XNNPACK
)

var requantizations = []string{"float32", "gemmlowp", "single", "xnnpack"}

// requantization is that of a layer with weights.
func (o Options) requantization(n *quantized.Node) Requantization {
	if o.Int4 && n.Op == quantized.Conv2D && n.Groups <= 1 && !n.Pointwise() && n.Weights.Format.Bits <= 4 {
		return Single
	}
	return o.Requantization
}

// fixedPoint reports whether layers with weights multiply in fixed point.
func (r Requantization) fixedPoint() bool { return r == Gemmlowp || r == Single }

// String is the requantization's name: "float32", "gemmlowp", "single" or
// "xnnpack".
func (r Requantization) String() string { return nameOf(requantizations, "Requantization", uint8(r)) }

// ParseRequantization is the inverse of [Requantization.String].
func ParseRequantization(name string) (Requantization, error) {
	i := slices.Index(requantizations, name)
	if i < 0 {
		return 0, fmt.Errorf("integer: requantization %q: want one of %s", name, strings.Join(requantizations, ", "))
	}
	return Requantization(i), nil
}

// Weights says when a layer on float activations converts its integer weights
// to floats. The results are the same, bit for bit.
type Weights uint8

// The ways to use integer weights on float activations.
const (
	// AtLoad converts them once: as fast as a float network, and as large in
	// memory.
	AtLoad Weights = iota

	// JustInTime converts a layer's weights each time the layer runs, in memory
	// that all layers share.
	JustInTime
)

var weightsNames = []string{"load", "just-in-time"}

// String is "load" or "just-in-time".
func (w Weights) String() string { return nameOf(weightsNames, "Weights", uint8(w)) }

func (o Options) validate() error {
	if int(o.Requantization) >= len(requantizations) {
		return fmt.Errorf("integer: %v: want one of %s", o.Requantization, strings.Join(requantizations, ", "))
	}
	if int(o.Weights) >= len(weightsNames) {
		return fmt.Errorf("integer: %v: want one of %s", o.Weights, strings.Join(weightsNames, ", "))
	}
	return nil
}

func nameOf(names []string, kind string, i uint8) string {
	if int(i) >= len(names) {
		return fmt.Sprintf("%s(%d)", kind, i)
	}
	return names[i]
}
