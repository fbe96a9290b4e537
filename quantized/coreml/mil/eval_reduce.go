package mil

import "math"

// buildPool computes the maximum or the mean of each window. Padding is −∞ for
// the maximum; the mean does not count it, or counts it as zeros.
func buildPool(c *call, y []float64) func() {
	x, xs, ys := c.buffer("x"), c.typ("x").Shape, c.result().Shape
	kernel, stride, pad := c.ints("kernel_sizes", 2), c.ints("strides", 2), c.padding(2)
	mean := c.op.Type == "avg_pool"
	all := mean && c.scalar("exclude_padding_from_average", Bool) == 0
	return func() {
		for i := range y {
			plane := i / (ys[2] * ys[3])
			top, left := i/ys[3]%ys[2]*stride[0]-pad[0], i%ys[3]*stride[1]-pad[2]
			sum, most, count := 0.0, math.Inf(-1), 0
			for iy := max(top, 0); iy < min(top+kernel[0], xs[2]); iy++ {
				for ix := max(left, 0); ix < min(left+kernel[1], xs[3]); ix++ {
					r := x[(plane*xs[2]+iy)*xs[3]+ix]
					sum, most, count = sum+r, max(most, r), count+1
				}
			}
			y[i] = most
			if all {
				count = kernel[0] * kernel[1]
			}
			if mean {
				y[i] = sum / float64(count)
			}
		}
	}
}

// buildMean averages over the dimensions that are 1 in the result.
func buildMean(c *call, y []float64) func() {
	x := c.buffer("x")
	index := broadcast(c.result().Shape, c.typ("x").Shape)
	count := float64(len(x) / len(y))
	return func() {
		clear(y)
		for i, r := range x {
			y[index[i]] += r
		}
		for i := range y {
			y[i] /= count
		}
	}
}

// buildSoftmax computes exp(x − max) / Σ exp(x − max) along the axis.
func buildSoftmax(c *call, y []float64) func() {
	x, shape := c.buffer("x"), c.result().Shape
	axis := c.axis(int(c.scalar("axis", Int32)), len(shape))
	inner := product(shape[axis+1:])
	n := shape[axis]
	return func() {
		for start := range len(x) / n {
			base := start/inner*inner*n + start%inner
			most := math.Inf(-1)
			for i := range n {
				most = max(most, x[base+i*inner])
			}
			sum := 0.0
			for i := range n {
				e := math.Exp(x[base+i*inner] - most)
				y[base+i*inner] = e
				sum += e
			}
			for i := range n {
				y[base+i*inner] /= sum
			}
		}
	}
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// buildConcat lays the values' slices along the axis side by side.
func buildConcat(c *call, y []float64) func() {
	values, types := c.buffers("values"), c.typs("values")
	axis := c.axis(int(c.scalar("axis", Int32)), len(c.result().Shape))
	row := product(c.result().Shape[axis:])
	return func() {
		start := 0
		for i, x := range values {
			width := product(types[i].Shape[axis:])
			for k := range len(x) / width {
				copy(y[k*row+start:], x[k*width:][:width])
			}
			start += width
		}
	}
}
