package integer

import "petrify/quantized"

// factors are how often a resize repeats each row and each column of x.
func factors(n *quantized.Node, x *value) (rows, columns int) {
	return n.Output.Shape[1] / x.shape[1], n.Output.Shape[2] / x.shape[2]
}

// repeat writes images of v's shape to y with each row and each column repeated.
func repeat[T uint8 | float32](y, x []T, v *value, rows, columns int) {
	channels, width := v.channels(), v.shape[2]*v.channels()
	for at := 0; len(x) > 0; x = x[width:] {
		first := y[at : at+width*columns]
		for to, from := 0, 0; from < width; from += channels {
			for range columns {
				to += copy(first[to:], x[from:from+channels])
			}
		}
		for range rows - 1 {
			copy(y[at+len(first):], first)
			at += len(first)
		}
		at += len(first)
	}
}

// stretch writes images of v's shape to y with zeros after each row and each column.
func stretch[T uint8 | float32](y, x []T, v *value, rows, columns int, zero T) {
	for i := range y {
		y[i] = zero
	}
	channels, width := v.channels(), v.shape[2]
	for pixel := 0; len(x) > 0; pixel++ {
		copy(y[(pixel/width*rows*width+pixel%width)*columns*channels:], x[:channels])
		x = x[channels:]
	}
}
