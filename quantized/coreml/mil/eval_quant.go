package mil

import "math"

// buildQuantize computes q = clip(rne(r/s) + z). The quotient is rounded to
// the input's type first, as dividing in that type does; NaN becomes the least
// integer.
func buildQuantize(c *call, y []float64) func() {
	x, s := c.buffer("input"), c.buffer("scale")[0]
	z := c.zeroPoint()
	low, high := c.result().Data.Range()
	data := c.typ("input").Data
	return func() {
		for i, r := range x {
			q := math.RoundToEven(data.Round(r/s)) + z
			switch {
			case q > float64(high):
				q = float64(high)
			case !(q >= float64(low)):
				q = float64(low)
			}
			y[i] = q
		}
	}
}

// zeroPoint is the scalar zero point, 0 where none is given.
func (c *call) zeroPoint() float64 {
	if !c.has("zero_point") {
		return 0
	}
	return c.buffer("zero_point")[0]
}

// buildDequantize computes r = s · (q − z).
func buildDequantize(c *call, y []float64) func() {
	x, s, z := c.buffer("input"), c.buffer("scale")[0], c.zeroPoint()
	return func() {
		for i, q := range x {
			y[i] = s * (q - z)
		}
	}
}

// buildAffine computes r = s[k] · (q − z[k]), k the position along the axis.
func buildAffine(c *call, y []float64) func() {
	q, s, z := c.buffer("quantized_data"), c.buffer("scale"), c.buffer("zero_point")
	shape := c.result().Shape
	axis := c.axis(int(c.scalar("axis", Int32)), len(shape))
	inner := product(shape[axis+1:])
	return func() {
		for i := range y {
			k := i / inner % shape[axis]
			y[i] = s[k%len(s)] * (q[i] - z[k%len(z)])
		}
	}
}

// buildBlockwise computes r = s[b] · (q − z[b]), b the block of each element:
// its index divided, dimension by dimension, by the block's size.
func buildBlockwise(c *call, y []float64) func() {
	q, s := c.buffer("data"), c.buffer("scale")
	z := make([]float64, len(s))
	if c.has("offset") {
		z = c.buffer("offset")
	}
	shape, blocks := c.result().Shape, c.typ("scale").Shape
	return func() {
		for i := range y {
			b := blockOf(i, shape, blocks)
			y[i] = s[b] * (q[i] - z[b])
		}
	}
}

// blockOf is the block of element i of a tensor that is divided into blocks.
func blockOf(i int, shape, blocks []int) int {
	b, step := 0, 1
	for d := len(shape) - 1; d >= 0; d-- {
		b += i % shape[d] / (shape[d] / blocks[d]) * step
		i, step = i/shape[d], step*blocks[d]
	}
	return b
}

// buildLookup computes r = t[b][k], k the index and b the block of each element.
func buildLookup(c *call, y []float64) func() {
	k, table := c.buffer("indices"), c.buffer("lut")
	shape, tables := c.result().Shape, c.typ("lut").Shape
	entries := tables[len(shape)]
	return func() {
		for i := range y {
			y[i] = table[blockOf(i, shape, tables[:len(shape)])*entries+int(k[i])]
		}
	}
}
