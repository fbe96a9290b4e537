package fromonnx

import (
	"slices"

	"petrify/graph"
	"petrify/internal/onnxeval"
)

// frame is the padding of a layer: top, left, bottom, right.
type frame [4]int

func (f frame) padded() bool { return f != frame{} }

// slide sets kernel, stride, dilation and padding of a layer. Zeros around the
// input become padding.
func (v *visit) slide(l *graph.Layer, x *signal, kernel []int) (frame, error) {
	in := x.shape[2:]
	w, err := onnxeval.WindowOf(v.Node, in, kernel)
	if err != nil {
		return frame{}, err
	}
	pick := func(list []int, otherwise int) (pair [2]int) {
		if len(list) == 1 {
			return [2]int{otherwise, list[0]}
		}
		return [2]int{list[0], list[1]}
	}
	begin, end := pick(w.Begin, 0), pick(w.End, 0)
	f := frame{begin[0] + x.pad[0], begin[1] + x.pad[1], end[0] + x.pad[2], end[1] + x.pad[3]}
	l.Kernel = pick(w.Kernel, 1)
	if l.Stride = pick(w.Stride, 1); l.Stride == usualStride(l) {
		l.Stride = [2]int{}
	}
	if l.Dilation = pick(w.Dilation, 1); l.Dilation == [2]int{1, 1} {
		l.Dilation = [2]int{}
	}
	l.Padding = graph.Padding{Top: f[0], Left: f[1], Bottom: f[2], Right: f[3]}
	if v.Text("auto_pad", "") == "SAME_UPPER" && !x.padded() && f.padded() {
		l.Padding = graph.Padding{Same: true}
	}
	return f, nil
}

// usualStride is the stride that a layer has unless it says otherwise.
func usualStride(l *graph.Layer) [2]int {
	if l.Kind == graph.KindConv2D {
		return [2]int{1, 1}
	}
	return l.Kernel
}

func maxPool(v *visit) (*signal, error) {
	return v.pool(graph.KindMaxPool)
}

func averagePool(v *visit) (*signal, error) {
	return v.pool(graph.KindAvgPool)
}

// pool makes a pool.
func (v *visit) pool(kind graph.Kind) (*signal, error) {
	if _, err := v.input(); err != nil {
		return nil, err
	}
	x := copied(v.signals[0])
	if x.affine() && !x.padded() {
		if _, err := v.settled(x); err != nil {
			return nil, err
		}
	}
	if _, err := v.image(x); err != nil {
		return nil, err
	}
	counts := v.Int("count_include_pad", 0) != 0
	twice := kind == graph.KindAvgPool && x.padded() && !counts && v.pads(x) // a mean of some of its zeros
	if x.padded() && (twice || v.beyond(x) || x.affine() || kind == graph.KindMaxPool && !v.nonNegative(x.layer)) {
		if _, err := v.settled(x); err != nil {
			return nil, err
		}
	}
	l := &layer{Layer: graph.Layer{Kind: kind}, out: imageOf(v.to)}
	f, err := v.slide(&l.Layer, x, nil)
	if err != nil {
		return nil, err
	}
	if l.Dilation != [2]int{} {
		return nil, refuse("petrify's pools have no dilation", "dilations %v", v.Ints("dilations"))
	}
	if kind == graph.KindAvgPool && f.padded() {
		l.CountIncludePad = counts || x.padded()
	}
	l.CeilMode = !slices.Equal(v.to[2:], floored(l.Layer, f, x.shape[2:], x.pad))
	return v.add(l, nil, x.layer), nil
}

// beyond reports whether a pool's window is no wider than the zeros on a side.
func (v *visit) beyond(x *signal) bool {
	w, err := onnxeval.WindowOf(v.Node, x.shape[2:], nil)
	for i, k := range w.Kernel {
		axis := 2 - len(w.Kernel) + i
		if err == nil && max(x.pad[axis]+w.Begin[i], x.pad[axis+2]+w.End[i]) >= k {
			return true
		}
	}
	return false
}

// pads reports whether a pool pads its input itself.
func (v *visit) pads(x *signal) bool {
	w, err := onnxeval.WindowOf(v.Node, x.shape[2:], nil)
	return err == nil && slices.Max(append(slices.Clone(w.Begin), w.End...)) > 0
}

// floored are the spatial sizes of a pool's output if windows that reach beyond
// the padding do not count. The input's sizes include zeros of a Pad.
func floored(l graph.Layer, f frame, in []int, pad [4]int) (out []int) {
	stride := l.Stride
	if stride == [2]int{} {
		stride = usualStride(&l)
	}
	for i, n := range in {
		axis := 2 - len(in) + i
		n += f[axis] + f[axis+2] - pad[axis] - pad[axis+2]
		out = append(out, (n-l.Kernel[axis])/stride[axis]+1)
	}
	return out
}

// nonNegative reports whether a layer's output is never negative.
func (m *mapping) nonNegative(at int) bool {
	if at < 0 {
		return false
	}
	l := m.layers[at]
	switch l.Kind {
	case graph.KindPad:
		return l.Value >= 0 && m.nonNegative(l.from[0])
	case graph.KindReLU, graph.KindReLU6, graph.KindSigmoid, graph.KindHardSigmoid, graph.KindSoftmax:
		return true
	case graph.KindMaxPool, graph.KindAvgPool, graph.KindGlobalAvgPool, graph.KindFlatten, graph.KindReshape,
		graph.KindResize, graph.KindSlice, graph.KindShuffle, graph.KindAdd, graph.KindMul, graph.KindConcat,
		graph.KindMax, graph.KindMin:
		return !slices.ContainsFunc(l.from, func(from int) bool { return !m.nonNegative(from) })
	}
	return false
}

// global makes a pool over the whole image.
func global(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	var axes []int
	for i := 2; i < len(x.shape); i++ {
		axes = append(axes, i)
	}
	return v.over(x, axes, v.Op == "GlobalMaxPool", 1)
}

// reduce makes a pool over the whole image of a reduction over all spatial axes.
func reduce(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	axes, err := onnxeval.ReducedAxes(v.Node, v.constants, len(x.shape))
	if err != nil {
		return nil, err
	}
	if slices.Contains(axes, 0) {
		return nil, refuse("", "it reduces over the inputs of a batch")
	}
	factor := 1
	if v.Op == "ReduceSum" {
		for _, a := range axes {
			factor *= x.shape[a]
		}
	}
	return v.over(x, axes, v.Op == "ReduceMax", float64(factor))
}

// over makes a mean or maximum over axes: all spatial ones, or one, wherever
// the value has them.
func (v *visit) over(s *signal, axes []int, greatest bool, factor float64) (*signal, error) {
	x := copied(s)
	if _, err := v.settled(x); err != nil {
		return nil, err
	}
	in, vector := v.source(x.layer)
	if vector && x.order == nil && (len(x.shape) == 3 || len(x.shape) == 4) && in.C != x.shape[1] {
		if _, err := v.image(x); err != nil { // a vector that was an image
			return nil, err
		}
		in, vector = v.source(x.layer)
	}
	for _, kernel := range [][2]int{{in.H, in.W}, {1, in.W}, {in.H, 1}} {
		order := v.cells(x, axes, kernel)
		if order == nil {
			continue
		}
		if vector {
			y := v.view(x)
			y.order = simplest(order)
			return y, nil
		}
		l := &layer{Layer: graph.Layer{Kind: graph.KindAvgPool, Kernel: kernel},
			out: graph.Shape{C: in.C, H: in.H / kernel[0], W: in.W / kernel[1]}}
		switch {
		case greatest:
			l.Kind = graph.KindMaxPool
		case l.out.H*l.out.W == 1:
			l.Layer = graph.GlobalAvgPool()
		}
		y := v.add(l, simplest(order), x.layer)
		if factor != 1 {
			y.scale, y.shift = constants(in.C, factor), constants(in.C, 0)
		}
		return y, nil
	}
	return nil, refuse("means and maxima over the height, the width or both are imported",
		"it reduces over axes %v of shape %v", axes, x.shape)
}

// cells says which cell of a pool with the given window, as high or as wide as
// the image, each element of a reduction is; nil if they are not the same.
func (v *visit) cells(x *signal, axes []int, kernel [2]int) []int32 {
	in, _ := v.source(x.layer)
	kept := slices.Clone(x.shape)
	for _, a := range axes {
		kept[a] = 1
	}
	steps := broadcastSteps(kept, x.shape)
	order, count := slices.Repeat([]int32{-1}, sizeOf(kept[1:])), make([]int, sizeOf(kept[1:]))
	index := make([]int, len(x.shape))
	for i := range x.size() {
		to := offset(index, steps)
		at := x.at(i)
		h, w := at/in.W%in.H/kernel[0], at%in.W/kernel[1]
		cell := int32((at/(in.H*in.W)*(in.H/kernel[0])+h)*(in.W/kernel[1]) + w)
		if order[to] >= 0 && order[to] != cell {
			return nil
		}
		order[to] = cell
		count[to]++
		advance(index, x.shape)
	}
	if slices.ContainsFunc(count, func(n int) bool { return n != kernel[0]*kernel[1] }) {
		return nil
	}
	return order
}

// offset is the place of an element with the given index.
func offset(index, steps []int) (at int) {
	for axis, k := range index {
		at += k * steps[axis]
	}
	return at
}

// advance goes to the next element of an input.
func advance(index, shape []int) {
	for axis := len(index) - 1; axis > 0; axis-- {
		if index[axis]++; index[axis] < shape[axis] {
			return
		}
		index[axis] = 0
	}
}
