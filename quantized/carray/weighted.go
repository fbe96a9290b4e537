package carray

import (
	"fmt"
	"math"

	"petrify/quantized"
)

// weighted adds a convolution or a linear layer that sums integers.
func (l *lowering) weighted(n *quantized.Node, id string, x, y *value) error {
	p := newProduct(n, x)
	factors, err := l.factors(n, x, y)
	if err != nil {
		return err
	}
	l.comment(n, x, y)
	l.integers = true
	fields, words := l.parameters(n, id, p, x.planes)
	kernel, suffix := "linear", ""
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
	if n.Op == quantized.Linear {
		fields = append(fields, fmt.Sprintf(".inputs = %d, .outputs = %d", p.inputs(), p.outputs))
		l.layer("fully_connected", id, words+2, fields...)
	} else {
		kernel = "convolve"
		if n.Weights.Shape[1] == 1 && n.Groups > 1 {
			kernel = "depthwise"
		}
		fields = append([]string{at(windowOf(n, x, y))}, fields...)
		fields = append(fields, fmt.Sprintf(".outputs = %d, .groups = %d, .zero = %d", p.outputs, n.Groups, p.zero))
		l.padding = l.padding || p.zero != 0
		l.layer("convolution", id, l.windowWords()+words+3, fields...)
	}
	l.call(kernel+suffix, fmt.Sprintf("%s(%%s, %%s, &%s_layer)", kernel+suffix, id), y.tensor, x.tensor)
	return nil
}

// parameters writes the arrays of a layer's sums, and returns the fields that
// point to them and how many those are.
func (l *lowering) parameters(n *quantized.Node, id string, p *product, planes int) (fields []string, words int) {
	w := make([]int8, len(p.q))
	for i := range w {
		w[p.place(n, i, planes)] = int8(p.q[i])
	}
	l.array("int8_t", id+"_weights", 1, &l.count.weights, each(w, whole))
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
			all[o] = newFixed(float64(x.grid.scale) * float64(s) / float64(y.grid.scale)).String()
		}
	}
	return all, nil
}
