package reference

import "petrify/quantized"

// move passes on elements of the input, in an order of its own, perhaps repeatedly.
func move(l *layer) {
	for _, i := range l.sources() {
		if l.y.Quant.IsFloat() {
			l.y.R = append(l.y.R, l.x[0].R[i])
		} else {
			l.y.Q = append(l.y.Q, l.x[0].Q[i])
		}
	}
}

// sources are the elements of the input that those of the output are, in their order.
func (l *layer) sources() (all []int) {
	c, h, w := sizes(l.x[0].Shape)
	channels, height, width := sizes(l.Output.Shape)
	begin := [3]int{}
	copy(begin[:], l.Begin)
	for k := range channels {
		if l.Op == quantized.Shuffle { // from channel i·C/groups + j to j·groups + i
			k = k%l.Groups*(c/l.Groups) + k/l.Groups
		}
		for row := range height {
			for column := range width {
				if l.Op == quantized.ResizeNearest {
					all = append(all, (k*h+row*h/height)*w+column*w/width)
					continue
				}
				all = append(all, ((begin[0]+k)*h+begin[1]+row)*w+begin[2]+column)
			}
		}
	}
	return all
}

// sizes are those of an image, or of a vector as one of one pixel.
func sizes(shape []int) (channels, height, width int) {
	if len(shape) == 3 {
		return shape[0], shape[1], shape[2]
	}
	return shape[0], 1, 1
}
