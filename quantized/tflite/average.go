package tflite

import (
	"fmt"
	"slices"

	"petrify/quantized/tflite/schema"
)

// An average pool whose padding is not "same" becomes several: each group of
// windows that lose the same rows and columns to padding averages the rest,
// without padding, and the results are joined.

// windows are neighbouring windows along one axis that see equally much of the
// image.
type windows struct{ first, size, seen, kernel, count int }

// groupsOf returns the windows along an axis of the image, in order, in as few
// groups as the padding allows: each window that it cuts is a group of its own.
func groupsOf(size, kernel, stride, before, count int) (all []windows) {
	for i := range count {
		start := i*stride - before
		g := windows{first: max(start, 0), kernel: min(start+kernel, size) - max(start, 0), count: 1}
		if last := len(all) - 1; last >= 0 && g.kernel == kernel && all[last].kernel == kernel {
			all[last].count++
			continue
		}
		all = append(all, g)
	}
	for i := range all {
		all[i].seen = (all[i].count-1)*stride + all[i].kernel
		all[i].size = size
	}
	return all
}

// averagePool writes a mean over windows.
func (w *writer) averagePool(l *layer) {
	if w.passed(l) {
		return
	}
	if l.Window.CountIncludePad {
		l = w.surrounded(l)
	}
	scheme := padding(l.Window, l.x.Shape)
	if scheme != explicit {
		w.averages(l, l.in[0], scheme, l.Window.Kernel, l.out)
		return
	}
	win, x, y := l.Window, l.x.Shape, l.Output.Shape
	rows := groupsOf(x[1], win.Kernel[0], win.Stride[0], win.PadBegin[0], y[1])
	columns := groupsOf(x[2], win.Kernel[1], win.Stride[1], win.PadBegin[1], y[2])
	var bands []int32
	for i, r := range rows {
		var parts []int32
		for j, c := range columns {
			name := fmt.Sprintf("%s/%d_%d", l.Name, i, j)
			part := w.part(l, name, r.count, c.count, len(rows)*len(columns) == 1)
			w.averages(l, w.slice(l, name, r, c), schema.Valid, [2]int{r.kernel, c.kernel}, part)
			parts = append(parts, part)
		}
		bands = append(bands, w.joined(l, fmt.Sprintf("%s/%d", l.Name, i), parts, 2, r.count, len(rows) == 1))
	}
	w.joined(l, l.Name, bands, 1, y[1], true)
}

// surrounded is the layer on an input that has the padding's zeros. What is left
// of its padding is the overhang, which does not count.
func (w *writer) surrounded(l *layer) *layer {
	win, inner, x, y := l.Window, *l.Node, *l.x, *l
	y.Node, y.x = &inner, &x
	for i := range 2 {
		inner.Window.PadEnd[i] -= win.Overhang[i]
	}
	x.Activation, x.tensor = w.pad(&y)
	inner.Window.PadBegin, inner.Window.PadEnd = [2]int{}, win.Overhang
	y.in = []int32{x.tensor}
	return &y
}

// part is a tensor for some rows and columns of the output, or the output
// itself if it covers all.
func (w *writer) part(l *layer, name string, rows, columns int, all bool) int32 {
	if all {
		return l.out
	}
	a := l.Output
	a.Shape = []int{a.Shape[0], rows, columns}
	return w.like(name, a, []int32{int32(w.Batch), int32(rows), int32(columns), int32(a.Shape[0])})
}

// joined joins parts of the output along an axis.
func (w *writer) joined(l *layer, name string, parts []int32, axis, rows int, all bool) int32 {
	if len(parts) == 1 {
		return parts[0]
	}
	y := w.part(l, name, rows, l.Output.Shape[2], all)
	w.operator(schema.Concatenation, l.version(), parts, y, attribute("axis", axis))
	return y
}

// slice is what some windows see of the input.
func (w *writer) slice(l *layer, name string, r, c windows) int32 {
	if r.seen == r.size && c.seen == c.size {
		return l.in[0]
	}
	shape := []int32{int32(w.Batch), int32(r.seen), int32(c.seen), int32(l.x.Shape[0])}
	y := w.like(name+"/seen", l.x.Activation, shape)
	begin := w.int32s(name+"/begin", 0, int32(r.first), int32(c.first), 0)
	size := w.int32s(name+"/size", -1, int32(r.seen), int32(c.seen), -1)
	w.operator(schema.Slice, l.version(), []int32{l.in[0], begin, size}, y)
	return y
}

// averages adds the operator.
func (w *writer) averages(l *layer, x int32, scheme int, kernel [2]int, y int32) {
	w.operator(schema.AveragePool2D, l.version(), []int32{x}, y, pooling(scheme, kernel, l.Window.Stride)...)
}

// pooling returns the attributes of a pool.
func pooling(scheme int, kernel, stride [2]int) []schema.Attribute {
	return []schema.Attribute{attribute("padding", scheme), attribute("stride_w", stride[1]),
		attribute("stride_h", stride[0]), attribute("filter_width", kernel[1]), attribute("filter_height", kernel[0])}
}

// maxPool writes a maximum over windows.
func (w *writer) maxPool(l *layer) {
	if w.passed(l) {
		return
	}
	scheme, x := w.padded(l)
	w.operator(schema.MaxPool2D, l.version(), []int32{x}, l.out, pooling(scheme, l.Window.Kernel, l.Window.Stride)...)
}

// passed writes a pool whose windows are single pixels, all of them, as a reshape to
// the same shape: LiteRT of 2026 reads other memory for such a pool after a ReLU.
func (w *writer) passed(l *layer) bool {
	win := l.Window
	if win.Kernel != [2]int{1, 1} || !slices.Equal(l.x.Shape, l.Output.Shape) {
		return false
	}
	w.reshaped(l.Name, l.in[0], l.out)
	return true
}
