package coreml

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"petrify/fakequant/affine"
	"petrify/quantized"
)

// validate refuses models that no program can be written for, naming the
// layer. Shapes are judged later, by the program's own type inference.
func validate(m *quantized.Model) error {
	if err := validateInput(&m.Input); err != nil {
		return fmt.Errorf("coreml: input %q: %w", m.Input.Name, err)
	}
	known := map[string]bool{m.Input.Name: true}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		if err := validateNode(n, known); err != nil {
			return fmt.Errorf("coreml: layer %q: %w", n.Name, err)
		}
		known[n.Name] = true
	}
	if m.Output == m.Input.Name || !known[m.Output] {
		return fmt.Errorf("coreml: output %q: want the name of a layer", m.Output)
	}
	return nil
}

func validateInput(in *quantized.Input) error {
	if in.Name == "" {
		return errors.New("without a name")
	}
	if err := validateActivation(&in.Activation); err != nil {
		return err
	}
	if len(in.Mean) != len(in.Std) {
		return fmt.Errorf("%d means and %d standard deviations: want as many", len(in.Mean), len(in.Std))
	}
	for i, std := range in.Std {
		if !(std > 0) || math.IsInf(float64(std), 0) || math.IsNaN(float64(in.Mean[i])) || math.IsInf(float64(in.Mean[i]), 0) {
			return fmt.Errorf("channel %d: mean %v, standard deviation %v: want finite numbers, the second > 0", i, in.Mean[i], std)
		}
	}
	return nil
}

func validateActivation(a *quantized.Activation) error {
	if len(a.Shape) == 0 || len(a.Shape) > 4 {
		return fmt.Errorf("shape %v: want rank 1 to 4, with the batch at most 5", a.Shape)
	}
	for _, d := range a.Shape {
		if d < 1 || d > 1<<30 {
			return fmt.Errorf("shape %v: want dimensions of 1 and more", a.Shape)
		}
	}
	return validateQuant(a.Quant)
}

func validateQuant(q quantized.Quant) error {
	if q.Format.IsFloat() {
		return nil
	}
	if err := q.Format.Validate(); err != nil {
		return err
	}
	switch {
	case q.Format.Bits > 8:
		return fmt.Errorf("%v activations: want 8 bits or fewer", q.Format)
	case q.Zero < q.Format.Min() || q.Zero > q.Format.Max():
		return fmt.Errorf("zero point %d: want %d..%d, the range of %v", q.Zero, q.Format.Min(), q.Format.Max(), q.Format)
	}
	return validateScale(q.Scale)
}

func validateScale(s float32) error {
	if !(s > 0) || math.IsInf(float64(s), 0) {
		return fmt.Errorf("scale %v: want a finite number > 0", s)
	}
	return nil
}

func validateNode(n *quantized.Node, known map[string]bool) error {
	switch {
	case n.Name == "" || n.Output.Name != n.Name:
		return fmt.Errorf("output %q: want the layer's name, and that not empty", n.Output.Name)
	case known[n.Name]:
		return errors.New("the name stands twice")
	case n.Op < quantized.Conv2D || n.Op > quantized.Activate:
		return fmt.Errorf("operation %d is unknown", n.Op)
	case n.Func > quantized.Softmax:
		return fmt.Errorf("activation function %d is unknown", n.Func)
	}
	want := 1
	switch n.Op {
	case quantized.Add:
		want = 2
	case quantized.Concat:
		want = max(2, len(n.Inputs))
	}
	if len(n.Inputs) != want {
		return fmt.Errorf("%d inputs: want %d", len(n.Inputs), want)
	}
	for _, in := range n.Inputs {
		if !known[in] {
			return fmt.Errorf("input %q: want the network's input or an earlier layer", in)
		}
	}
	if err := validateActivation(&n.Output); err != nil {
		return err
	}
	if n.Op != quantized.Conv2D && n.Op != quantized.Linear {
		return nil
	}
	return validateParameters(n)
}

func validateParameters(n *quantized.Node) error {
	w, rank := n.Weights, 4
	if n.Op == quantized.Linear {
		rank = 2
	}
	if w == nil || len(w.Shape) != rank {
		return fmt.Errorf("weights: want a tensor of rank %d", rank)
	}
	size := 1
	for _, d := range w.Shape {
		if d < 1 || d > math.MaxInt32/size {
			return fmt.Errorf("weights: shape %v: want dimensions of 1 and more, fewer than 2³¹ elements", w.Shape)
		}
		size *= d
	}
	if (w.Q == nil) == (w.Float == nil) || max(len(w.Q), len(w.Float)) != size {
		return fmt.Errorf("weights: %d integers and %d floats for shape %v: want one of them, %d", len(w.Q), len(w.Float), w.Shape, size)
	}
	if n.Op == quantized.Conv2D && (n.Window.Kernel[0] != w.Shape[2] || n.Window.Kernel[1] != w.Shape[3]) {
		return fmt.Errorf("weights: shape %v does not fit kernel %v", w.Shape, n.Window.Kernel)
	}
	if w.Q != nil {
		if err := validateIntegers(w); err != nil {
			return fmt.Errorf("weights: %w", err)
		}
	}
	return validateBias(n.Bias, w.Shape[0])
}

func validateIntegers(w *quantized.Weights) error {
	if err := w.Format.Validate(); err != nil || w.Format.IsFloat() || w.Format.Bits > 8 {
		return fmt.Errorf("format %v: want integers of 2 to 8 bits", w.Format)
	}
	blocks, err := scaleShape(w)
	if err != nil {
		return err
	}
	groups := product(blocks)
	if len(w.Scale) != groups || (w.Zero != nil && len(w.Zero) != groups) {
		return fmt.Errorf("%d scales, %d zero points: want %d of each, or no zero points", len(w.Scale), len(w.Zero), groups)
	}
	for _, s := range w.Scale {
		if err := validateScale(s); err != nil {
			return err
		}
	}
	if w.Zero != nil && slices.Min(w.Zero) < w.Format.Min() || w.Zero != nil && slices.Max(w.Zero) > w.Format.Max() {
		return fmt.Errorf("zero points %d..%d: want %d..%d, the range of %v",
			slices.Min(w.Zero), slices.Max(w.Zero), w.Format.Min(), w.Format.Max(), w.Format)
	}
	for i := range w.Q {
		if q := code(w, i); q < w.Format.Min() || q > w.Format.Max() {
			return fmt.Errorf("element %d is %d: want %d..%d, the range of %v", i, q, w.Format.Min(), w.Format.Max(), w.Format)
		}
	}
	return nil
}

// scaleShape is the shape of the scales, of the weights' rank: 1 where one
// scale serves the whole dimension.
func scaleShape(w *quantized.Weights) ([]int, error) {
	shape := make([]int, len(w.Shape))
	for i := range shape {
		shape[i] = 1
	}
	switch {
	case w.Block < 0 || w.Axis < -1 || w.Axis >= len(w.Shape):
		return nil, fmt.Errorf("axis %d, block %d: want an axis below %d, or −1, and a block ≥ 0", w.Axis, w.Block, len(w.Shape))
	case w.Block > 0 && w.Shape[1]%w.Block != 0:
		return nil, fmt.Errorf("block %d does not divide %d, the inputs of shape %v", w.Block, w.Shape[1], w.Shape)
	case w.Block > 0:
		shape[0], shape[1] = w.Shape[0], w.Shape[1]/w.Block
	case w.Axis >= 0:
		shape[w.Axis] = w.Shape[w.Axis]
	}
	return shape, nil
}

// code is element i of the integers: unsigned formats are stored as their bits.
func code(w *quantized.Weights, i int) int32 {
	if w.Format.Unsigned {
		return int32(uint8(w.Q[i]))
	}
	return int32(w.Q[i])
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func validateBias(b *quantized.Bias, out int) error {
	if b == nil {
		return nil
	}
	if (b.Q == nil) == (b.Float == nil) || max(len(b.Q), len(b.Float)) != out {
		return fmt.Errorf("bias: %d integers and %d floats: want one of them, %d", len(b.Q), len(b.Float), out)
	}
	if b.Q != nil && len(b.Scale) != out {
		return fmt.Errorf("bias: %d scales: want %d", len(b.Scale), out)
	}
	return nil
}

// full reports whether f has every value of its 8-bit type, so that quantize
// alone clips to it.
func full(f affine.Format) bool { return f.Bits == 8 && !f.Narrow }
