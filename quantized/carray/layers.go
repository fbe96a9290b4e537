package carray

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"petrify/internal/kernel"
	"petrify/quantized"
)

// windowOf is the initializer of n's window on x; a global one is the whole
// image.
func windowOf(n *quantized.Node, x, y *value) string {
	w := n.Window
	if n.Op == quantized.GlobalAvgPool {
		w = quantized.Window{Kernel: [2]int{x.shape[1], x.shape[2]}, Stride: [2]int{1, 1}}
	}
	text := fmt.Sprintf(`.height = %d, .width = %d, .channels = %d,
	.out_height = %d, .out_width = %d,
	.kernel_height = %d, .kernel_width = %d,
	.stride_height = %d, .stride_width = %d,
	.dilation_height = %d, .dilation_width = %d,
	.pad_top = %d, .pad_left = %d`,
		x.shape[1], x.shape[2], x.shape[0], y.shape[1], y.shape[2], w.Kernel[0], w.Kernel[1], w.Stride[0], w.Stride[1],
		max(1, w.Dilation[0]), max(1, w.Dilation[1]), w.PadBegin[0], w.PadBegin[1])
	if w.CountIncludePad {
		text += fmt.Sprintf(",\n\t.count_bottom = %d, .count_right = %d",
			x.shape[1]+w.PadEnd[0]-w.Overhang[0], x.shape[2]+w.PadEnd[1]-w.Overhang[1])
	}
	return text
}

// windowWords is the size of a window in words of 32 bits.
func (l *lowering) windowWords() int {
	if l.countsPadding {
		return 15
	}
	return 13
}

// at is a window as a field of another layer.
func at(window string) string { return nested("at", window) }

// nested is a structure of lines as a field of another.
func nested(name, lines string) string {
	lines = strings.ReplaceAll(strings.ReplaceAll(lines, "\n\t", "\n"), "\n", "\n\t\t")
	return fmt.Sprintf(".%s = {\n\t\t%s,\n\t}", name, lines)
}

// gridField is the initializer of a layer's grid.
func gridField(g grid) string {
	return fmt.Sprintf(".y = {.zero = %d, .low = %d, .high = %d}", g.zero, g.min-g.zero, g.max-g.zero)
}

// product adds a product of two activations, the second perhaps of one number for
// each channel.
func (l *lowering) product(n *quantized.Node, id string, a, b, y *value) error {
	m := float32(a.grid.scale*b.grid.scale) / y.grid.scale
	if !(m < 0x1p100) {
		return fmt.Errorf("inputs' scales %v and %v and output's %v: want a quotient below 2¹⁰⁰", a.grid.scale,
			b.grid.scale, y.grid.scale)
	}
	l.comment(n, a, y)
	zeros := fmt.Sprintf(".a_zero = %d, .b_zero = %d", a.grid.zero, b.grid.zero)
	kernel, multiplier, out := "product_float32", decimal(m), y.grid
	if l.float32() {
		zeros, out.zero = fmt.Sprintf("%s, .y_zero = %s", zeros, decimal(float32(out.zero))), 0
	} else {
		kernel = "product_fixed"
		multiplier = l.fixed(float64(a.grid.scale) * float64(b.grid.scale) / float64(y.grid.scale))
	}
	l.layer("product_of", id, 8, ".m = "+multiplier, zeros, gridField(out))
	l.call(kernel, fmt.Sprintf("product(%%s, %%s, %%s, %d, %d, &%s_layer)", y.elements(), b.elements(), id),
		y.tensor, a.tensor, b.tensor)
	return nil
}

// concat adds a concatenation of channels, one input at a time. An input on
// another grid than the output's passes through a table.
func (l *lowering) concat(n *quantized.Node, id string, in []*value, y *value) {
	l.comment(n, in[0], y)
	at := 0
	for i, x := range in {
		named := "0"
		if !x.grid.within(y.grid) {
			named = fmt.Sprintf("%s_%d_table", id, i+1)
			l.table(named, table(x.grid, y.grid, func(r float64) float64 { return r }))
		}
		to := "%s"
		if at > 0 {
			to = fmt.Sprintf("%%s + %d", at)
		}
		l.call("join", fmt.Sprintf("join(%s, %d, %%s, %d, %d, %s)", to, y.channels(), x.pixels(), x.channels(),
			named), y.tensor, x.tensor)
		at += x.channels()
	}
}

// activate adds a function.
func (l *lowering) activate(n *quantized.Node, id string, x, y *value) error {
	l.comment(n, x, y)
	if n.Func != quantized.Softmax {
		f := n.Function()
		if f == nil {
			return fmt.Errorf("%v has no form in C", n.Func)
		}
		l.table(id+"_table", table(x.grid, y.grid, f))
		l.call("look_up", fmt.Sprintf("look_up(%%s, %%s, %d, %s_table)", y.elements(), id), y.tensor, x.tensor)
		return nil
	}
	e, levels := kernel.Exponentials(x.channels(), x.grid.scale, y.grid.scale)
	l.array("float", id+"_exponentials", 4, &l.count.tables, each(e[:], decimal))
	l.layer("soft_maximum", id, 7, fmt.Sprintf(".exponentials = %s_exponentials", id), ".levels = "+decimal(levels),
		fmt.Sprintf(".pixels = %d, .channels = %d", x.pixels(), x.channels()), gridField(y.grid))
	l.floats = append(l.floats, n.Name)
	l.call("softmax", fmt.Sprintf("softmax(%%s, %%s, &%s_layer)", id), y.tensor, x.tensor)
	return nil
}

// covers reports whether n's window is all of x, without padding.
func covers(n *quantized.Node, x *value) bool {
	w := n.Window
	return [2]int(x.shape[1:]) == w.Kernel && w.PadBegin == w.PadEnd && w.PadEnd == [2]int{}
}

// pool adds a pool. Means of floats round as ONNX Runtime's; in the fixed-point
// modes a mean that keeps the scale is that of TensorFlow Lite.
func (l *lowering) pool(n *quantized.Node, id string, x, y *value) error {
	l.comment(n, x, y)
	window := windowOf(n, x, y)
	switch {
	case n.Op == quantized.MaxPool:
		l.layer("window", id, l.windowWords(), window)
		l.call("max_pool", fmt.Sprintf("max_pool(%%s, %%s, &%s_layer)", id), y.tensor, x.tensor)
	case !l.float32() && x.grid.same(y.grid):
		n := n.Window.Kernel[0] * n.Window.Kernel[1]
		if n == 0 { // the whole image
			n = x.pixels()
		}
		l.wide = l.wide || n > 360
		fields := []string{at(window)}
		if l.countsPadding {
			fields = append(fields, fmt.Sprintf(".zero = %d", x.grid.zero))
		}
		fields = append(fields, gridField(grid{zero: 128, min: y.grid.min, max: y.grid.max}))
		l.layer("integer_averaging", id, l.windowWords()+1+len(fields), fields...)
		l.call("integer_mean", fmt.Sprintf("integer_mean(%%s, %%s, &%s_layer)", id), y.tensor, x.tensor)
	case n.Op == quantized.GlobalAvgPool || covers(n, x):
		return l.globalAvgPool(id, x, y)
	default:
		l.layer("averaging", id, l.windowWords()+7, at(window),
			".scale = "+decimal(x.grid.scale)+", .out_scale = "+decimal(y.grid.scale),
			fmt.Sprintf(".zero = %d, .out_zero = %s", x.grid.zero, decimal(float32(y.grid.zero))),
			gridField(grid{min: y.grid.min, max: y.grid.max}))
		l.floats = append(l.floats, n.Name)
		l.call("average_pool", fmt.Sprintf("average_pool(%%s, %%s, &%s_layer)", id), y.tensor, x.tensor)
	}
	return nil
}

// globalAvgPool adds the means of whole images:
//
//	q_y = clip(rne(float32(Σ (q_x − z_x))·m)) + z_y        m = float32(s_x/float32(s_y·count))
//
// also in fixed-point modes, which multiply by the float's mantissa and
// exponent as integers.
func (l *lowering) globalAvgPool(id string, x, y *value) error {
	m := x.grid.scale / float32(y.grid.scale*float32(x.pixels()))
	if !(m <= math.MaxFloat32) {
		return fmt.Errorf("input's scale %v and output's %v: want a finite quotient", x.grid.scale, y.grid.scale)
	}
	multiplier, words := decimal(m), 7
	if !l.float32() {
		q, shift := mantissa(m)
		multiplier, words = fmt.Sprintf("{.mantissa = %d, .shift = %d}", q, shift), 8
		l.needs["factor"] = true
	}
	l.layer("global_averaging", id, words, fmt.Sprintf(".pixels = %d, .channels = %d", x.pixels(), x.channels()),
		fmt.Sprintf(".zero = %d", x.grid.zero), ".m = "+multiplier, gridField(y.grid))
	l.call("global_average", fmt.Sprintf("global_average(%%s, %%s, &%s_layer)", id), y.tensor, x.tensor)
	return nil
}

// each formats numbers.
func each[T any](values []T, format func(T) string) []string {
	all := make([]string, 0, len(values))
	for v := range slices.Values(values) {
		all = append(all, format(v))
	}
	return all
}
