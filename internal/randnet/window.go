package randnet

import "petrify/graph"

// window draws a kernel, strides, dilations and padding that fit an image of
// the given shape and do not enlarge it too much.
func (b *builder) window(l *graph.Layer, in graph.Shape) {
	for {
		b.draw(l)
		out := slide(*l, in)
		if min(out.H, out.W) >= 1 && out.H <= max(in.H, b.largest) && out.W <= max(in.W, b.largest) {
			return
		}
	}
}

// draw draws a window. A pool has no dilation, and none of its windows is
// entirely in the padding.
func (b *builder) draw(l *graph.Layer) {
	l.Stride, l.Dilation, l.Padding = [2]int{}, [2]int{}, graph.Padding{}
	l.Kernel = [2]int{1 + b.rng.IntN(4), 1 + b.rng.IntN(4)}
	if one(b.rng, 2) {
		l.Kernel[1] = l.Kernel[0]
	}
	if one(b.rng, 2) {
		l.Stride = [2]int{1 + b.rng.IntN(3), 1 + b.rng.IntN(3)}
	}
	least, pool := [2]int{3, 3}, l.Kind != graph.KindConv2D && l.Kind != graph.KindConvTranspose
	if !pool && one(b.rng, 4) {
		l.Dilation = [2]int{1 + b.rng.IntN(2), 1 + b.rng.IntN(3)}
	} else if pool {
		least = l.Kernel
	}
	l.CountIncludePad = l.Kind == graph.KindAvgPool && one(b.rng, 2)
	l.CeilMode = pool && one(b.rng, 3)
	switch b.rng.IntN(3) {
	case 0:
		l.Padding.Same, l.CeilMode = true, false
	case 1:
		l.Padding = graph.Padding{
			Top: b.rng.IntN(least[0]), Left: b.rng.IntN(least[1]),
			Bottom: b.rng.IntN(least[0]), Right: b.rng.IntN(least[1]),
		}
	}
}

// filters draws the filters and groups of a convolution with the given number
// of channels.
func (b *builder) filters(l *graph.Layer, channels int) {
	switch b.rng.IntN(4) {
	case 0:
		l.Groups = graph.Depthwise
		if one(b.rng, 2) {
			l.Units = channels * (1 + b.rng.IntN(3))
		}
	case 1:
		l.Groups = b.divisor(channels)
		l.Units = l.Groups * (1 + b.rng.IntN(max(1, b.largest/l.Groups)))
	default:
		l.Units = b.channels()
	}
}

// channels draws a number of channels, occasionally one near the widths that
// the kernels compute at once.
func (b *builder) channels() int {
	if one(b.rng, 4) {
		return []int{8, 15, 16, 17, 24}[b.rng.IntN(5)]
	}
	return 1 + b.rng.IntN(8)
}

// divisor draws one of n's.
func (b *builder) divisor(n int) int {
	for {
		if d := 1 + b.rng.IntN(n); n%d == 0 {
			return d
		}
	}
}

// factors draws a shape of n elements.
func (b *builder) factors(n int) graph.Shape {
	c := b.divisor(n)
	h := b.divisor(n / c)
	return graph.Shape{C: c, H: h, W: n / c / h}
}

// slide is the shape of a window's output on an image.
func slide(l graph.Layer, in graph.Shape) graph.Shape {
	p := l.Padding
	out := graph.Shape{C: in.C}
	out.H = positions(in.H, 0, l, p.Top, p.Bottom)
	out.W = positions(in.W, 1, l, p.Left, p.Right)
	if l.Kind == graph.KindConv2D && l.Units > 0 {
		out.C = l.Units
	}
	return out
}

// positions counts those of a window along an axis of n pixels.
func positions(n, axis int, l graph.Layer, before, after int) int {
	stride := l.Stride[axis]
	if stride == 0 && l.Kind != graph.KindConv2D {
		stride = l.Kernel[axis]
	}
	stride = max(stride, 1)
	if l.Padding.Same {
		return (n + stride - 1) / stride
	}
	last := before + n + after - 1 - (l.Kernel[axis]-1)*max(l.Dilation[axis], 1) // where a window may start
	if over := (stride - last%stride) % stride; l.CeilMode && last+over >= 0 && last+over < before+n {
		last += over
	}
	if last < 0 {
		return 0
	}
	return last/stride + 1
}

// reach draws the window of a transposed convolution, and returns the shape of its
// output, which is not larger than what padding enlarges an image to. An image may be
// larger than that already; a window of one pixel leaves it as it is.
func (b *builder) reach(l *graph.Layer, in graph.Shape) graph.Shape {
	larger := graph.Shape{C: in.C, H: in.H + 1, W: in.W + 1} // alone, an image of one pixel would be a vector
	for {
		b.draw(l)
		l.OutputPadding = [2]int{}
		stride := [2]int{max(l.Stride[0], 1), max(l.Stride[1], 1)}
		if !l.Padding.Same && one(b.rng, 2) {
			l.OutputPadding = [2]int{b.rng.IntN(stride[0]), b.rng.IntN(stride[1])}
		}
		out, err := graph.Chain(*l).Output(larger)
		out.H, out.W = out.H-stride[0], out.W-stride[1]
		if err == nil && min(out.H, out.W) >= 1 && max(out.H, out.W) <= max(b.largest, in.H, in.W) {
			return out
		}
	}
}
