package reference

import "petrify/quantized"

// move passes on elements of the input, in an order of its own, perhaps repeatedly; a
// constant around them is quantized.
func move(l *layer) {
	for _, i := range l.sources() {
		switch {
		case i < 0:
			l.y.putReal(l.Value)
		case l.y.Quant.IsFloat():
			l.y.R = append(l.y.R, l.x[0].R[i])
		default:
			l.y.Q = append(l.y.Q, l.x[0].Q[i])
		}
	}
}

// sources are the elements of the input that those of the output are, in their order; −1
// for a constant.
func (l *layer) sources() (all []int) {
	in, out, begin := sizes(l.x[0].Shape), sizes(l.Output.Shape), [3]int{}
	copy(begin[:], l.Begin)
	for k := range out[0] {
		for row := range out[1] {
			for column := range out[2] {
				all = append(all, l.source([3]int{k, row, column}, in, begin))
			}
		}
	}
	return all
}

// source is the element of the input that is at a place of the output.
func (l *layer) source(at, in, begin [3]int) int {
	switch l.Op {
	case quantized.Shuffle: // from channel i·C/groups + k to k·groups + i
		at[0] = at[0]%l.Groups*(in[0]/l.Groups) + at[0]/l.Groups
	case quantized.ResizeNearest:
		for i := range at {
			at[i] = at[i] * in[i] / sizes(l.Output.Shape)[i]
		}
	case quantized.Stretch:
		for i, n := range sizes(l.Output.Shape) {
			if at[i]%(n/in[i]) > 0 {
				return -1
			}
			at[i] /= n / in[i]
		}
	case quantized.Slice:
		for i := range at {
			at[i] += begin[i]
		}
	case quantized.Pad:
		for i := range at {
			if at[i] -= begin[i]; at[i] < 0 || at[i] >= in[i] {
				return -1
			}
		}
	}
	return (at[0]*in[1]+at[1])*in[2] + at[2]
}

// sizes are those of an image, or of a vector as one of one pixel.
func sizes(shape []int) [3]int {
	if len(shape) == 3 {
		return [3]int(shape)
	}
	return [3]int{shape[0], 1, 1}
}
