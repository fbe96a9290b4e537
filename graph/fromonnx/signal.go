package fromonnx

import (
	"slices"
)

// signal is what a value of the graph has become: the output of a layer, but
// for what no layer has done yet.
type signal struct {
	layer int   // its index; −1 is the network's input
	shape []int // of the value, the batch first

	// order says which element of the layer's output, C H W, each element of the
	// value is; nil: the elements are in the same order.
	order []int32

	// The value is scale·y + shift of the layer's output y, channel by channel;
	// nil: it is y.
	scale, shift []float64

	apart *place // where the file has the batch, if not first; shape has it first

	pad [4]int // rows and columns of zeros around it: top, left, bottom, right

	sole bool // nothing else reads the layer's output
}

// size is the elements of the value, without the batch.
func (s *signal) size() int { return sizeOf(s.shape[1:]) }

func sizeOf(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// at is the element of the layer's output that element i of the value is.
func (s *signal) at(i int) int {
	if s.order == nil {
		return i
	}
	return int(s.order[i])
}

// affine reports whether the value is scaled or shifted.
func (s *signal) affine() bool { return s.scale != nil }

// shifted reports whether a shift is not 0.
func (s *signal) shifted() bool {
	return slices.ContainsFunc(s.shift, func(v float64) bool { return v != 0 })
}

func (s *signal) padded() bool { return s.pad != [4]int{} }

// plain reports whether the signal is a layer's output itself.
func (s *signal) plain() bool { return !s.affine() && !s.padded() }

// same reports whether two signals are the same numbers.
func same(a, b *signal) bool {
	return a.layer == b.layer && a.pad == b.pad && slices.Equal(a.scale, b.scale) && slices.Equal(a.shift, b.shift)
}

// permuted is the order after a transposition of the shape, without the batch;
// nil if that is the layer's own.
func permuted(order []int32, shape, perm []int) []int32 {
	steps, to := make([]int, len(shape)), make([]int, len(shape))
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		steps[i] = step
		step *= shape[i]
	}
	for i, p := range perm {
		to[i] = shape[p]
	}
	all := make([]int32, sizeOf(shape))
	index := make([]int, len(to))
	for i := range all {
		from := 0
		for axis, v := range index {
			from += v * steps[perm[axis]]
		}
		if all[i] = int32(from); order != nil {
			all[i] = order[from]
		}
		for axis := len(to) - 1; axis >= 0; axis-- {
			if index[axis]++; index[axis] < to[axis] {
				break
			}
			index[axis] = 0
		}
	}
	return simplest(all)
}

// simplest is nil for the order of the layer's own elements.
func simplest(order []int32) []int32 {
	for i, v := range order {
		if int(v) != i {
			return order
		}
	}
	return nil
}
