package onnx

import "petrify/quantized"

// layout is the order in which a layer's weights are written: as they are, or
// transposed to F O, the order in which ONNX Runtime recognizes blocks.
type layout struct {
	transpose bool
	shape     []int
	scaleDims []int64 // of the scales; empty for one scale
	axis      int     // the attribute of DequantizeLinear
}

// layoutOf lays weights out; only those in blocks are transposed.
func layoutOf(p *quantized.Weights, transpose bool) layout {
	l := layout{transpose: transpose, shape: p.Shape}
	outputs := p.Shape[0]
	switch {
	case p.Axis < 0:
	case p.Block > 0:
		l.axis = 1
		l.scaleDims = []int64{int64(outputs), int64(len(p.Scale) / outputs)}
		for _, d := range p.Shape[2:] {
			l.scaleDims = append(l.scaleDims, int64(d))
		}
	default:
		l.scaleDims = []int64{int64(outputs)}
	}
	if !transpose {
		return l
	}
	l.shape = []int{p.Shape[1], p.Shape[0]}
	l.axis = 0
	l.scaleDims[0], l.scaleDims[1] = l.scaleDims[1], l.scaleDims[0]
	return l
}

func (l layout) integers(p *quantized.Weights) []int32 {
	q := make([]int32, p.Len())
	for i := range q {
		q[i] = p.Value(i)
	}
	if l.transpose {
		return transposed(q, p.Shape[0])
	}
	return q
}

func (l layout) scales(s []float32) []float32 { return arranged(l, s) }

func (l layout) zeros(z []int32) []int32 { return arranged(l, z) }

// arranged orders numbers that belong to scales: transposed if they form a
// matrix, and repeated over the kernel if a convolution has blocks, as the
// operator requires a scale for each position.
func arranged[T any](l layout, values []T) []T {
	if len(l.scaleDims) < 2 {
		return values
	}
	if l.transpose {
		return transposed(values, int(l.scaleDims[1]))
	}
	inner := 1
	for _, d := range l.scaleDims[2:] {
		inner *= int(d)
	}
	var out []T
	for _, v := range values {
		for range inner {
			out = append(out, v)
		}
	}
	return out
}

// transposed is the transpose of a matrix of the given number of rows.
func transposed[T any](m []T, rows int) []T {
	columns := len(m) / rows
	t := make([]T, 0, len(m))
	for c := range columns {
		for r := range rows {
			t = append(t, m[r*columns+c])
		}
	}
	return t
}
