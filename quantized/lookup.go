package quantized

import (
	"fmt"
	"math"
	"slices"

	"petrify/fakequant/affine"
)

// Activation returns the activation of the given name: the input's or a
// node's output.
func (m *Model) Activation(name string) (a Activation, ok bool) {
	if m.Input.Name == name {
		return m.Input.Activation, true
	}
	for i := range m.Nodes {
		if m.Nodes[i].Name == name {
			return m.Nodes[i].Output, true
		}
	}
	return Activation{}, false
}

// IsFloat reports whether the activation stays float32.
func (q Quant) IsFloat() bool { return q.Format.IsFloat() }

// PassesThrough reports whether o moves or chooses numbers without computing
// new ones, so that its output is quantized as its input is.
func (o Op) PassesThrough() bool {
	switch o {
	case MaxPool, Flatten, Reshape, ResizeNearest, Stretch, Slice, Pad, Shuffle:
		return true
	}
	return false
}

// Pairs reports whether o computes each number from one of each of two inputs.
func (o Op) Pairs() bool {
	switch o {
	case Add, Sub, Mul, Max, Min:
		return true
	}
	return false
}

// PaddingInteger is the integer of the output's grid that a Pad puts around its input:
// clip(rne(Value/s) + z).
func (n *Node) PaddingInteger() int32 {
	q := n.Output.Quant
	v := math.RoundToEven(float64(n.Value/q.Scale)) + float64(q.Zero)
	return int32(min(max(v, float64(q.Format.Min())), float64(q.Format.Max())))
}

// Padding is the real number that a Pad puts around its input.
func (n *Node) Padding() float32 {
	q := n.Output.Quant
	if q.IsFloat() {
		return n.Value
	}
	return q.Scale * float32(n.PaddingInteger()-q.Zero)
}

// Limits returns the integers to which the quantized output of n is clipped,
// which applies a fused function:
//
//	Identity   qmin                qmax
//	ReLU       max(qmin, z)        qmax
//	ReLU6      max(qmin, z)        min(qmax, rne(6/s) + z)
//
// Rounding is monotonic, so clipping q there is the same as applying the
// function to r first. If the range was observed after the function, the limits
// are simply qmin and qmax.
func (n *Node) Limits() (lo, hi int32) {
	q := n.Output.Quant
	lo, hi = q.Format.Min(), q.Format.Max()
	if n.Op == Activate {
		return lo, hi
	}
	switch n.Func {
	case Identity:
		return lo, hi
	case ReLU:
		return max(lo, q.Zero), hi
	case ReLU6:
		six := math.RoundToEven(float64(6/q.Scale)) + float64(q.Zero)
		return max(lo, q.Zero), int32(min(float64(hi), six))
	}
	panic(fmt.Sprintf("quantized: %v is no fused function", n.Func))
}

// Len is the number of elements.
func (w *Weights) Len() int { return len(w.Q) + len(w.Float) }

// Value is the integer of element i; unsigned formats are stored as their bits.
func (w *Weights) Value(i int) int32 {
	if w.Format.Unsigned {
		return int32(uint8(w.Q[i]))
	}
	return int32(w.Q[i])
}

// ScaleIndex is the index in Scale and Zero of element i.
func (w *Weights) ScaleIndex(i int) int {
	if w.Axis < 0 {
		return 0
	}
	channel := w.Len() / w.Shape[0] // elements of an output channel
	if w.Block == 0 {
		return i / channel
	}
	inner := channel / w.Shape[1]
	return i/channel*blocks(w.Shape[1], w.Block) + i%channel/inner/w.Block
}

// blocks is the number of blocks of the given size that n elements need.
func blocks(n, size int) int { return (n + size - 1) / size }

// zero is the zero point of scale k.
func (w *Weights) zero(k int) int32 {
	if w.Zero == nil {
		return 0
	}
	return w.Zero[k]
}

// FinestStep is the greatest power of two by which integers of a format can be
// multiplied so that they are within −7..7: as exports pack them into 4 bits.
func FinestStep(f affine.Format) int32 {
	step := int32(1)
	for 2*step*max(f.Max(), -f.Min()) <= 7 {
		step *= 2
	}
	return step
}

// Refine multiplies integers and zero points by a step, and divides the scales by
// it. Every product and sum represents the same number as before, but a bias, whose
// scale is the input's times the weights', has a scale that is so much finer: with
// few bits it might otherwise be coarser than the output's.
func (w *Weights) Refine(step int32) {
	if step == 1 {
		return
	}
	w.Step, w.Scale, w.Zero = step, slices.Clone(w.Scale), slices.Clone(w.Zero)
	for i := range w.Q {
		w.Q[i] *= int8(step)
	}
	for k := range w.Scale {
		w.Scale[k] /= float32(step)
	}
	for k := range w.Zero {
		w.Zero[k] *= step
	}
}

// Real returns the real numbers r = s·(q − z) of the weights.
func (w *Weights) Real() []float32 {
	r := make([]float32, w.Len())
	if w.Q == nil {
		copy(r, w.Float)
		return r
	}
	for i := range r {
		k := w.ScaleIndex(i)
		r[i] = float32(w.Value(i)-w.zero(k)) * w.Scale[k]
	}
	return r
}

// Real is the bias in real numbers.
func (b *Bias) Real() []float32 {
	if b.Q == nil {
		return b.Float
	}
	r := make([]float32, len(b.Q))
	for i, q := range b.Q {
		r[i] = float32(q) * b.Scale[i]
	}
	return r
}

// Until is the model that ends with the activation of the given name, so that
// running it shows that activation. Nodes that it does not need are left out.
func (m *Model) Until(name string) *Model {
	until := *m
	until.Output, until.Nodes, until.Classes, until.Targets = name, nil, nil, nil
	needed := map[string]bool{name: true}
	for i := len(m.Nodes) - 1; i >= 0; i-- {
		if n := m.Nodes[i]; needed[n.Name] {
			until.Nodes = append(until.Nodes, n)
			for _, in := range n.Inputs {
				needed[in] = true
			}
		}
	}
	slices.Reverse(until.Nodes)
	return &until
}
