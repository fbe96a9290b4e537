package carray

import (
	"fmt"
	"math"
	"strings"

	"petrify/quantized"
)

// packingWords are the fields of a layer that packed weights need.
const packingWords = 2

// weighted adds a convolution or a linear layer that sums integers.
func (l *lowering) weighted(n *quantized.Node, id string, x, y *value) error {
	p := newProduct(n, x, !l.options.Unpacked)
	factors, err := l.factors(n, x, y)
	if err != nil {
		return err
	}
	l.comment(n, x, y)
	l.integers, l.sums, l.great = true, l.sums+1, l.great || p.bound() >= 1<<30
	depthwise := n.Op == quantized.Conv2D && n.Weights.Shape[1] == 1 && n.Groups > 1
	fields, words := l.parameters(n, id, p, x.planes, depthwise)
	suffix := ""
	if y.real {
		suffix, l.toReals = "_to_reals", true
		l.floats = append(l.floats, n.Name)
		l.array("float", id+"_scales", 4, &l.count.multipliers, factors)
		fields = append(fields, fmt.Sprintf(".scales = %s_scales, .relu = %d", id, relu(n.Func)))
		words += 2
	} else {
		size := 4 // of a float
		if !l.float32() {
			size = 8 // of a fixed-point number
		}
		l.array("multiplier", id+"_multipliers", size, &l.count.multipliers, factors)
		fields = append(fields, fmt.Sprintf(".multipliers = %s_multipliers", id), gridField(y.grid))
		words += 4
	}
	fields = append(fields, fmt.Sprintf(".inputs = %d, .outputs = %d", p.inputs(), p.outputs))
	words += 2
	if l.packed {
		fields = append(fields, fmt.Sprintf(".bits = %d, .step = %d", p.bits, p.step))
		words += packingWords
	}
	if n.Op == quantized.Linear {
		l.layer("products", id, words, fields...)
		l.call("linear"+suffix, fmt.Sprintf("linear%s(%%s, %%s, &%s_layer)", suffix, id), y.tensor, x.tensor)
		return nil
	}
	l.layer("convolution", id, l.windowWords()+words+2, at(windowOf(n, x, y)),
		nested("of", strings.Join(fields, ",\n")), fmt.Sprintf(".groups = %d, .zero = %d", n.Groups, x.grid.zero))
	kernel := "convolve" + suffix
	if depthwise {
		kernel = "depthwise" + suffix
	}
	tensors, scratch := []*tensor{y.tensor, x.tensor}, "0"
	size, four := copies(n, x, y, depthwise)
	function := kernel
	switch {
	case !depthwise && p.inputs() <= deepest:
		function = "convolve_blocks" + suffix
		l.needs[function], l.deepest = true, max(l.deepest, (p.inputs()+block-1)/block*block)
	case depthwise:
		shape := "any"
		if channel := channelCopy(n, x, y); channel > 0 {
			size, shape, function = max(size, channel), "3x3", "depthwise_3x3"+suffix
		}
		l.needs["depthwise_"+shape+suffix] = true
		l.ordered = max(l.ordered, min(mostOrdered, (p.inputs()+1)/2*2*((p.outputs+7)/8*8)))
		l.needs["unpack"] = l.packed
		if p.bits < 8 {
			size += len(p.q)
		}
	}
	if max(size, four) > 0 {
		tensors, scratch = append(tensors, l.scratch(size, four)), "%s"
	}
	l.call(kernel, fmt.Sprintf("%s(%%s, %%s, %s, &%s_layer)", function, scratch, id), tensors...)
	return nil
}

// copies is the number of bytes that a convolution copies of its input for two positions of its
// window, or one if it is depthwise, none if they lie side by side; and for four at once.
func copies(n *quantized.Node, x, y *value, depthwise bool) (size, four int) {
	w := n.Window
	padded := w.PadBegin != [2]int{} || w.PadEnd != [2]int{}
	taps := w.Kernel[0] * w.Kernel[1]
	channels := n.Weights.Shape[1]
	switch {
	case depthwise && padded:
		return taps * x.channels(), 0
	case depthwise:
		return 0, 0
	case padded || taps > 1:
		size = min(2, y.pixels()) * taps * channels
	}
	if y.pixels() >= 4 {
		four = widened(taps*channels, channels)
	}
	return size, four
}

// scratch is memory for the next step alone, of the second size where four places are computed at once.
func (l *lowering) scratch(size, four int) *tensor {
	t := &tensor{size: size, wide: four, aligned: l.reals, first: -1}
	if l.reals {
		t.size, t.wide = (size+3)/4*4, (four+3)/4*4
	}
	l.tensors = append(l.tensors, t)
	return t
}

// parameters writes the arrays of a layer's sums, and returns the fields that
// point to them and how many those are. A depthwise convolution reads weights
// as they are.
func (l *lowering) parameters(n *quantized.Node, id string, p *product, planes int, depthwise bool) (fields []string,
	words int) {
	w := p.turned(n, planes)
	packed := p.byTaps(w)
	if !depthwise {
		packed = p.paired(w)
		l.long, l.bits[p.bits] = l.long || p.inputs() > most, true
	}
	l.array("uint8_t", id+"_weights", 1, &l.count.weights, each(packed, whole))
	l.array("int32_t", id+"_bias", 4, &l.count.biases, each(p.bias, whole))
	fields = []string{fmt.Sprintf(".weights = %[1]s_weights, .bias = %[1]s_bias", id)}
	if p.zeros == nil {
		return fields, 2
	}
	l.weightZeros = true
	l.array("int32_t", id+"_zeros", 4, &l.count.multipliers, each(p.zeros, whole))
	return append(fields, fmt.Sprintf(".weight_zeros = %s_zeros", id)), 3
}

// factors bring the sums of each output channel to the output: s_x·s_w[o]/s_y, or
// s_x·s_w[o] where that is real numbers, each operation rounded to float32; or in
// fixed point of the exact quotient.
func (l *lowering) factors(n *quantized.Node, x, y *value) ([]string, error) {
	w := n.Weights
	all := make([]string, w.Shape[0])
	for o := range all {
		s := w.Scale[min(o, len(w.Scale)-1)]
		m := float32(x.grid.scale * s)
		if !y.real {
			m /= y.grid.scale
		}
		switch {
		case !(m <= math.MaxFloat32):
			return nil, fmt.Errorf("input's scale %v, weights' %v and output's %v give a multiplier of %v: want a "+
				"finite one", x.grid.scale, s, y.grid.scale, m)
		case y.real || l.float32():
			all[o] = decimal(m)
		default:
			all[o] = l.fixed(float64(x.grid.scale) * float64(s) / float64(y.grid.scale))
		}
	}
	return all, nil
}
