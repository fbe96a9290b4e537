package carray

import (
	"fmt"
	"slices"
	"strings"

	"petrify/quantized"
)

// What the model leaves in float32, C computes in floats: sums of products in
// double, from the bias on, channel after channel and row after row, which are
// the definition's (package reference) to the last bit. Everything else is in
// float, in the definition's order.

// inReals reports whether a layer computes with real numbers alone.
func (l *lowering) inReals() bool { return l.reals || l.needs["reals"] }

// isReal reports whether a layer with these inputs and this output computes with
// real numbers rather than integers.
func isReal(n *quantized.Node, in []*value, y *value) bool {
	if w := n.Weights; w != nil {
		return in[0].real || w.Q == nil || w.Block > 0
	}
	return y.real || slices.ContainsFunc(in, func(x *value) bool { return x.real })
}

// realNode adds a layer of real numbers.
func (l *lowering) realNode(n *quantized.Node, id string, in []*value, y *value) error {
	l.comment(n, in[0], y)
	l.floats = append(l.floats, n.Name)
	switch n.Op {
	case quantized.Conv2D, quantized.Linear:
		l.realConvolve(n, id, in[0], y)
	case quantized.MaxPool, quantized.AvgPool, quantized.GlobalAvgPool:
		mean := 1
		if n.Op == quantized.MaxPool {
			mean = 0
		}
		l.layer("real_pooling", id, l.windowWords()+1, at(windowOf(n, in[0], y)), fmt.Sprintf(".mean = %d", mean))
		l.realCall("real_pool", fmt.Sprintf("real_pool(%%s, %%s, &%s_layer)", id), y, in[0])
	case quantized.Add, quantized.Sub, quantized.Mul, quantized.Max, quantized.Min:
		pair := map[quantized.Op]string{quantized.Add: "add", quantized.Sub: "subtract", quantized.Mul: "product",
			quantized.Max: "choose_greater", quantized.Min: "choose_less"}[n.Op]
		l.realCall("real_"+pair, fmt.Sprintf("real_%s(%%s, %%s, %%s, %d, %d, %d)", pair, y.elements(),
			in[1].elements(), relu(n.Func)), y, in...)
	case quantized.Concat:
		first := 0
		for _, x := range in {
			l.realCall("real_join", fmt.Sprintf("real_join(%%s, %d, %d, %%s, %d, %d)", y.channels(), first, x.pixels(),
				x.channels()), y, x)
			first += x.channels()
		}
	case quantized.Activate:
		l.realActivate(n, in[0], y)
	case quantized.PReLU:
		l.array("float", id+"_slopes", 4, &l.count.multipliers, each(n.Slopes, decimal))
		l.realCall("real_prelu", fmt.Sprintf("real_prelu(%%s, %%s, %d, %s_slopes, %d)", y.elements(), id, y.channels()),
			y, in[0])
	default:
		return fmt.Errorf("%v has no form in C", n.Op)
	}
	return nil
}

// realActivate adds a function.
func (l *lowering) realActivate(n *quantized.Node, x, y *value) {
	if n.Func == quantized.Softmax {
		l.realCall("real_softmax", fmt.Sprintf("real_softmax(%%s, %%s, %d, %d)", x.pixels(), x.channels()), y, x)
		return
	}
	if n.Func == quantized.Clip {
		l.realCall("real_clip", fmt.Sprintf("real_clip(%%s, %%s, %d, %s, %s)", y.elements(), decimal(n.Min),
			decimal(n.Max)), y, x)
		return
	}
	function := "real_" + n.Func.String()
	l.needs[function] = true
	l.realCall("real_apply", fmt.Sprintf("real_apply(%%s, %%s, %d, %s, %s)", y.elements(), function, decimal(n.Slope)),
		y, x)
}

// realConvolve adds a convolution, or a linear layer: a convolution of the image
// that was flattened, whose window is the image.
func (l *lowering) realConvolve(n *quantized.Node, id string, x, y *value) {
	w := n.Weights
	slides, groups, from, to := n, n.Groups, x, y
	if n.Op == quantized.Linear {
		slides, groups = &quantized.Node{Op: quantized.GlobalAvgPool}, 1
		from = &value{shape: []int{x.elements() / x.planes, 1, x.planes}}
		to = &value{shape: []int{w.Shape[0], 1, 1}}
	}
	fields := []string{at(windowOf(slides, from, to))}
	if w.Q == nil {
		l.array("float", id+"_weights", 4, &l.count.weights, each(w.Float, decimal))
		fields = append(fields, fmt.Sprintf(".weights = %s_weights", id))
	} else {
		fields = append(fields, l.blocks(w, id, elements(w.Shape[2:]))...)
	}
	bias := make([]float32, w.Shape[0])
	if n.Bias != nil {
		copy(bias, n.Bias.Float)
	}
	l.array("float", id+"_bias", 4, &l.count.biases, each(bias, decimal))
	fields = append(fields, fmt.Sprintf(".bias = %s_bias", id),
		fmt.Sprintf(".outputs = %d, .groups = %d, .relu = %d", w.Shape[0], groups, relu(n.Func)))
	l.layer("real_convolution", id, l.windowWords()+9, fields...)
	l.realCall("real_convolve", fmt.Sprintf("real_convolve(%%s, %%s, &%s_layer)", id), y, x)
}

// blocks writes integer weights, and scales and zero points for each block of an
// output's weights, of which inner lie in a channel. It returns their fields.
func (l *lowering) blocks(w *quantized.Weights, id string, inner int) []string {
	output := w.Len() / w.Shape[0]
	block := output
	if w.Block > 0 {
		block = w.Block * inner
	}
	var shift int32
	if w.Format.Unsigned {
		shift = 128
	}
	q := make([]int8, w.Len())
	var scales []float32
	var zeros []int32
	some := false
	for i := range q {
		q[i] = int8(w.Value(i) - shift)
		if i%output%block > 0 {
			continue
		}
		k := w.ScaleIndex(i)
		zero := -shift
		if w.Zero != nil {
			zero += w.Zero[k]
		}
		scales, zeros, some = append(scales, w.Scale[k]), append(zeros, zero), some || zero != 0
	}
	l.array("int8_t", id+"_weights", 1, &l.count.weights, each(q, whole))
	l.array("float", id+"_scales", 4, &l.count.multipliers, each(scales, decimal))
	fields := []string{fmt.Sprintf(".integers = %[1]s_weights, .scales = %[1]s_scales, .block = %[2]d", id, block)}
	if some {
		l.array("int32_t", id+"_zeros", 4, &l.count.multipliers, each(zeros, whole))
		fields = append(fields, fmt.Sprintf(".zeros = %s_zeros", id))
	}
	return fields
}

// relu is a fused function in C.
func relu(f quantized.Func) int {
	switch f {
	case quantized.ReLU:
		return 1
	case quantized.ReLU6:
		return 6
	}
	return 0
}

// realCall adds a step whose tensors are of real numbers.
func (l *lowering) realCall(kernel, format string, y *value, in ...*value) {
	literals := []any{y.target()}
	tensors := []*tensor{y.tensor}
	for _, x := range in {
		literals, tensors = append(literals, x.source()), append(tensors, x.tensor)
	}
	call := fmt.Sprintf(format, literals...)
	l.call(kernel, strings.ReplaceAll(call, ", &(const source)", ",\n        &(const source)"), tensors...)
}

// source is the value as what is read, with a %s for where it is.
func (v *value) source() string {
	if v.real {
		return "&(const source){.floats = %s}"
	}
	return fmt.Sprintf("&(const source){.bytes = %%s, .scale = %s, .zero = %d}", decimal(v.grid.scale), v.grid.zero)
}

// target is the value as what is written.
func (v *value) target() string {
	if v.real {
		return "&(const target){.floats = %s}"
	}
	return fmt.Sprintf("&(const target){.bytes = %%s, .scale = %s, %s}", decimal(v.grid.scale),
		strings.TrimSpace(gridField(v.grid)))
}
