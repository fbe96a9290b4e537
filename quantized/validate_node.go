package quantized

import (
	"errors"
	"fmt"

	"petrify/fakequant/affine"
)

// minScale is the least normal float32, 2⁻¹²⁶. Below it r / s loses bits, and
// runtimes that flush subnormals divide by zero.
const minScale = 0x1p-126

func checkScale(s float32) error {
	if !positive(s) || s < minScale {
		return fmt.Errorf("scale %v: want a finite number of at least 2⁻¹²⁶", s)
	}
	return nil
}

func checkZero(z int32, f affine.Format) error {
	if z < f.Min() || z > f.Max() {
		return fmt.Errorf("zero point %d: want one from %d to %d for %v", z, f.Min(), f.Max(), f)
	}
	return nil
}

func checkQuant(q Quant) error {
	if q.IsFloat() {
		if q.Scale != 0 || q.Zero != 0 {
			return fmt.Errorf("scale %v and zero point %d for an activation that stays float32", q.Scale, q.Zero)
		}
		return nil
	}
	if err := q.Format.Validate(); err != nil {
		return err
	}
	if q.Format == affine.Binary {
		return fmt.Errorf("%v activations: that format is for weights", q.Format)
	}
	return errors.Join(checkScale(q.Scale), checkZero(q.Zero, q.Format))
}

func checkFunc(n *Node) error {
	if !n.Func.known() {
		return fmt.Errorf("%v is not a function", n.Func)
	}
	switch n.Op {
	case Activate:
		if n.Func == Identity {
			return errors.New("activate without a function")
		}
	case Conv2D, Linear, Add, Sub, Mul, AttentionScores, AttentionValues:
		if n.Func > ReLU6 {
			return fmt.Errorf("%v cannot be fused into %v: want identity, relu or relu6, or a layer of its own",
				n.Func, n.Op)
		}
	default:
		if n.Func != Identity {
			return fmt.Errorf("%v has no function, got %v", n.Op, n.Func)
		}
	}
	if n.Slope != 0 && n.Func != LeakyReLU || !finite([]float32{n.Slope}) {
		return fmt.Errorf("slope %v: want a number for leaky_relu, 0 for %v", n.Slope, n.Func)
	}
	switch bounds := []float32{n.Min, n.Max}; {
	case n.Func == Clip && !(n.Min < n.Max && finite(bounds)):
		return fmt.Errorf("bounds %v: want two numbers in order", bounds)
	case n.Func != Clip && (n.Min != 0 || n.Max != 0):
		return fmt.Errorf("bounds %v: %v has none", bounds, n.Func)
	}
	return nil
}

func checkWindow(n *Node) error {
	w := n.Window
	switch {
	case n.Begin != nil && n.Op != Slice && n.Op != Pad:
		return fmt.Errorf("begin %v has no effect on %v", n.Begin, n.Op)
	case n.Value != 0 && n.Op != Pad || !finite([]float32{n.Value}):
		return fmt.Errorf("value %v: want a number for pad, 0 for %v", n.Value, n.Op)
	case n.Op == Conv2D || n.Op == MaxPool || n.Op == AvgPool:
	case w != (Window{}) || n.Groups != 0 && n.Op != Shuffle:
		return fmt.Errorf("%v has no window and no groups, got %v and %d", n.Op, w, n.Groups)
	case n.Op == Shuffle && n.Groups < 2:
		return fmt.Errorf("%d groups: want 2 or more", n.Groups)
	default:
		return nil
	}
	for i := range 2 {
		if k, s := w.Kernel[i], w.Stride[i]; min(k, s) < 1 || max(k, s) > maxWindow {
			return fmt.Errorf("kernel %v, stride %v: want numbers from 1 to %d", w.Kernel, w.Stride, maxWindow)
		}
		if b, e := w.PadBegin[i], w.PadEnd[i]; min(b, e) < 0 || max(b, e) > maxWindow {
			return fmt.Errorf("padding %v and %v: want numbers from 0 to %d", w.PadBegin, w.PadEnd, maxWindow)
		}
		if o := w.Overhang[i]; o < 0 || o > w.PadEnd[i] || o > 0 && !w.CountIncludePad {
			return fmt.Errorf("overhang %v: want numbers from 0 to the padding %v, and 0 where padding does not count",
				w.Overhang, w.PadEnd)
		}
	}
	if w.CountIncludePad && n.Op != AvgPool {
		return fmt.Errorf("count_include_pad has no effect on %v", n.Op)
	}
	if n.Op == Conv2D {
		if d := w.Dilation; min(d[0], d[1]) < 1 || max(d[0], d[1]) > maxWindow {
			return fmt.Errorf("dilation %v: want numbers from 1 to %d", d, maxWindow)
		}
		if n.Groups < 1 {
			return fmt.Errorf("%d groups: want 1 or more", n.Groups)
		}
		return nil
	}
	if w.Dilation != [2]int{} && w.Dilation != [2]int{1, 1} || n.Groups != 0 {
		return fmt.Errorf("%v has neither dilation nor groups, got %v and %d", n.Op, w.Dilation, n.Groups)
	}
	for i := range 2 {
		if max(w.PadBegin[i], w.PadEnd[i]) >= w.Kernel[i] {
			return fmt.Errorf("padding %v and %v: a window of %v could lie entirely in it", w.PadBegin, w.PadEnd,
				w.Kernel)
		}
	}
	return nil
}

// checkParameters checks weights and bias by themselves.
func checkParameters(n *Node) error {
	if err := errors.Join(checkSlopes(n), checkNorm(n), checkAttention(n)); err != nil {
		return err
	}
	has := n.Op == Conv2D || n.Op == Linear
	switch {
	case !has && (n.Weights != nil || n.Bias != nil):
		return fmt.Errorf("%v has no weights and no bias", n.Op)
	case !has:
		return nil
	case n.Weights == nil:
		return fmt.Errorf("%v without weights", n.Op)
	}
	if err := checkWeights(n.Weights); err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	want := 2
	if n.Op == Conv2D {
		want = 4
	}
	if len(n.Weights.Shape) != want {
		return fmt.Errorf("weights: shape %v: want %d dimensions for %v", n.Weights.Shape, want, n.Op)
	}
	return nil
}

func checkWeights(w *Weights) error {
	if err := checkShape(w.Shape); err != nil {
		return err
	}
	if len(w.Q) > 0 == (len(w.Float) > 0) || int64(w.Len()) != elements(w.Shape) {
		return fmt.Errorf("%d integers and %d floats for shape %v: want exactly one kind", len(w.Q), len(w.Float),
			w.Shape)
	}
	if w.Float != nil {
		if !w.Format.IsFloat() || w.Scale != nil || w.Zero != nil || w.Block != 0 || w.Axis > 0 {
			return errors.New("floats have neither format nor scales")
		}
		if !finite(w.Float) {
			return errors.New("a float is not finite")
		}
		return nil
	}
	if err := w.Format.Validate(); err != nil {
		return err
	}
	if w.Axis < -1 || w.Axis > 0 || w.Block < 0 ||
		w.Block > 0 && (w.Axis != 0 || len(w.Shape) < 2) {
		return fmt.Errorf("%v along axis %d in blocks of %d: want axis 0 or −1, blocks with "+
			"axis 0 only", w.Format, w.Axis, w.Block)
	}
	return checkIntegers(w)
}

// checkIntegers checks scales, zero points and integers of quantized weights.
func checkIntegers(w *Weights) error {
	scales := 1
	switch {
	case w.Block > 0:
		scales = w.Shape[0] * blocks(w.Shape[1], w.Block)
	case w.Axis == 0:
		scales = w.Shape[0]
	}
	if len(w.Scale) != scales || w.Zero != nil && len(w.Zero) != scales {
		return fmt.Errorf("%d scales and %d zero points for shape %v: want %d", len(w.Scale), len(w.Zero), w.Shape,
			scales)
	}
	if w.Format == affine.Binary && w.Zero != nil {
		return fmt.Errorf("zero points of %v weights: want none", w.Format)
	}
	if finest := FinestStep(w.Format); w.Step != 0 && (w.Step != finest || finest == 1) {
		return fmt.Errorf("step %d of %v: want %d, or 0 for none", w.Step, w.Format, finest)
	}
	step := max(w.Step, 1)
	for k, s := range w.Scale {
		zero := w.zero(k)
		if err := errors.Join(checkScale(s), checkZero(zero/step, w.Format), checkStep(zero, step)); err != nil {
			return fmt.Errorf("scale %d: %w", k, err)
		}
	}
	lo, hi := w.Format.Min()*step, w.Format.Max()*step
	for i := range w.Q {
		q := w.Value(i)
		if err := checkStep(q, step); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
		if !w.Format.Has(q / step) {
			between := "to"
			if w.Format == affine.Binary {
				between = "or"
			}
			return fmt.Errorf("element %d is %d: want %d %s %d for %v", i, q, lo, between, hi, w.Format)
		}
	}
	return nil
}

func checkStep(q, step int32) error {
	if q%step != 0 {
		return fmt.Errorf("%d is no multiple of the step, %d", q, step)
	}
	return nil
}

// checkFit checks weights and bias against the input x.
func checkFit(n *Node, x Activation) error {
	w := n.Weights
	channels, in := w.Shape[0], x.Shape[0]
	if n.Op == Linear {
		if len(x.Shape) != 1 || w.Shape[1] != in {
			return fmt.Errorf("weights of shape %v: the input's is %v, want O F and F", w.Shape, x.Shape)
		}
		return checkBias(n, x.Quant, channels)
	}
	if w.Shape[2] != n.Window.Kernel[0] || w.Shape[3] != n.Window.Kernel[1] {
		return fmt.Errorf("weights of shape %v: the kernel is %v", w.Shape, n.Window.Kernel)
	}
	if len(x.Shape) != 3 || in%n.Groups != 0 || channels%n.Groups != 0 || w.Shape[1] != in/n.Groups {
		return fmt.Errorf("weights of shape %v: the input's is %v in %d groups, want O I/groups KH KW and I H W",
			w.Shape, x.Shape, n.Groups)
	}
	return checkBias(n, x.Quant, channels)
}

// checkBias requires integers with the accumulator's scale if there is an
// integer accumulator, and floats otherwise.
func checkBias(n *Node, x Quant, channels int) error {
	b, w := n.Bias, n.Weights
	if b == nil {
		return nil
	}
	if !n.accumulates(x) {
		if len(b.Float) != channels || b.Q != nil || b.Scale != nil || !finite(b.Float) {
			return fmt.Errorf("bias: want %d finite floats and no integers, as input or weights are not "+
				"quantized, or in blocks", channels)
		}
		return nil
	}
	if len(b.Q) != channels || b.Float != nil || len(b.Scale) != len(w.Scale) && len(b.Scale) != channels {
		return fmt.Errorf("bias: %d integers, %d floats, %d scales: want %d integers, no floats, and the scales "+
			"of the weights", len(b.Q), len(b.Float), len(b.Scale), channels)
	}
	for k, s := range b.Scale {
		if err := checkScale(s); err != nil {
			return fmt.Errorf("bias %d: %w", k, err)
		}
		if want := x.Scale * w.Scale[min(k, len(w.Scale)-1)]; s != want {
			return fmt.Errorf("bias %d: scale %v: want the input's times the weights', %v", k, s, want)
		}
	}
	return nil
}

// accumulates reports whether n, fed with activations quantized as x, sums
// integers into one accumulator per output.
func (n *Node) accumulates(x Quant) bool {
	return n.Weights != nil && n.Weights.Q != nil && n.Weights.Block == 0 && !x.IsFloat()
}
