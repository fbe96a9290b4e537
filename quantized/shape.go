package quantized

import (
	"fmt"
	"slices"
)

// The largest numbers that a model may contain, so that no product overflows.
const (
	maxDimension = 1 << 24
	maxElements  = 1 << 30
	maxWindow    = 1 << 14 // kernel, stride, dilation, padding
)

// elements is the number of elements of a shape.
func elements(shape []int) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= int64(d)
	}
	return n
}

// checkShape returns an error unless every dimension is positive and the
// number of elements is sensible.
func checkShape(shape []int) error {
	if len(shape) == 0 || len(shape) > 4 {
		return fmt.Errorf("shape %v: want 1 to 4 dimensions", shape)
	}
	n := int64(1)
	for _, d := range shape {
		if d < 1 || d > maxDimension {
			return fmt.Errorf("shape %v: want dimensions from 1 to %d", shape, maxDimension)
		}
		if n *= int64(d); n > maxElements {
			return fmt.Errorf("shape %v: more than %d elements", shape, int64(maxElements))
		}
	}
	return nil
}

// OutputShape is the shape of n's output for inputs of the given shapes. The
// number and shapes of the inputs, weights and window must be valid for n's
// operation.
func (n *Node) OutputShape(in ...[]int) ([]int, error) {
	x := in[0]
	switch n.Op {
	case Conv2D, MaxPool, AvgPool:
		return windowShape(n, x)
	case Linear:
		return []int{n.Weights.Shape[0]}, nil
	case GlobalAvgPool:
		if len(x) != 3 {
			return nil, fmt.Errorf("input of shape %v: want C H W", x)
		}
		return []int{x[0], 1, 1}, nil
	case Flatten:
		return []int{int(elements(x))}, nil
	case Reshape:
		if elements(n.Output.Shape) != elements(x) {
			return nil, fmt.Errorf("input of shape %v cannot take the shape %v", x, n.Output.Shape)
		}
		return n.Output.Shape, nil
	case ResizeNearest, Stretch:
		return resizeShape(x, n.Output.Shape)
	case Concat:
		return concatShape(in)
	case Add, Sub, Mul, Max, Min:
		if y := in[1]; !slices.Equal(x, y) && !(len(x) == 3 && slices.Equal(y, []int{x[0], 1, 1})) {
			return nil, fmt.Errorf("inputs of shapes %v and %v: want equal ones, or one number per channel, C 1 1, "+
				"as the second", x, y)
		}
		return x, nil
	case Slice:
		return n.Output.Shape, checkPart(n, n.Output.Shape, x)
	case Pad:
		return n.Output.Shape, checkPart(n, x, n.Output.Shape)
	case Shuffle:
		if x[0]%n.Groups != 0 || !image(x) {
			return nil, fmt.Errorf("input of shape %v: %d groups do not divide its channels", x, n.Groups)
		}
		return x, nil
	case Activate, PReLU, LayerNorm:
		return x, nil
	case AttentionScores, AttentionValues:
		return n.attentionShape(x, in[1])
	}
	return nil, fmt.Errorf("%v has no shape", n.Op)
}

// windowShape applies H' = ⌊(H + padding − (K−1)·dilation − 1) / stride⌋ + 1 to
// both directions.
func windowShape(n *Node, x []int) ([]int, error) {
	if len(x) != 3 {
		return nil, fmt.Errorf("input of shape %v: want C H W", x)
	}
	y := slices.Clone(x)
	if n.Op == Conv2D {
		y[0] = n.Weights.Shape[0]
	}
	w := n.Window
	for i := range 2 {
		extent := (w.Kernel[i]-1)*max(1, w.Dilation[i]) + 1
		room := x[1+i] + w.PadBegin[i] + w.PadEnd[i] - extent
		if room < 0 {
			return nil, fmt.Errorf("window of %d does not fit an input of shape %v with padding %v and %v", extent,
				x, w.PadBegin, w.PadEnd)
		}
		y[1+i] = room/w.Stride[i] + 1
	}
	return y, nil
}

// resizeShape is y if it repeats each element of x as often as every other.
func resizeShape(x, y []int) ([]int, error) {
	if len(x) != 3 || len(y) != 3 || y[0] != x[0] || y[1]%x[1] != 0 || y[2]%x[2] != 0 || y[1]*y[2] == 0 {
		return nil, fmt.Errorf("input of shape %v, output of shape %v: want C H W and C a·H b·W", x, y)
	}
	return y, nil
}

func concatShape(in [][]int) ([]int, error) {
	y := slices.Clone(in[0])
	for _, x := range in[1:] {
		if len(x) != len(y) || !slices.Equal(x[1:], y[1:]) {
			return nil, fmt.Errorf("inputs of shapes %v and %v: want ones that differ in channels alone", in[0], x)
		}
		y[0] += x[0]
	}
	return y, nil
}

// image reports whether a shape is that of an image, or of a vector.
func image(shape []int) bool { return len(shape) == 3 || len(shape) == 1 }

// checkPart returns an error unless a part of the given shape that begins at n.Begin is
// within the whole.
func checkPart(n *Node, part, whole []int) error {
	if len(n.Begin) != len(whole) || len(part) != len(whole) || !image(whole) {
		return fmt.Errorf("a part of shape %v from %v on of shape %v: want three axes, or one", part, n.Begin, whole)
	}
	for i, begin := range n.Begin {
		if begin < 0 || part[i] < 1 || part[i] > whole[i] || begin > whole[i]-part[i] {
			return fmt.Errorf("a part of shape %v from %v on is not within shape %v", part, n.Begin, whole)
		}
	}
	return nil
}
