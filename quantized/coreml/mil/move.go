package mil

import "slices"

// inferTranspose: axis i of the result is axis perm[i] of x.
func inferTranspose(a *args) Type {
	x := a.float("x")
	perm := a.ints("perm", len(x.Shape))
	y := TensorOf(x.Data)
	for i := range perm {
		if !slices.Contains(perm, i) {
			a.fail("perm %v: want each axis once", perm)
			return Type{}
		}
	}
	for _, axis := range perm {
		y.Shape = append(y.Shape, x.Shape[axis])
	}
	return y
}

// inferSlice: size elements of each axis, from begin on.
func inferSlice(a *args) Type {
	x := a.float("x")
	begin, size := a.ints("begin", len(x.Shape)), a.ints("size", len(x.Shape))
	for i, d := range x.Shape {
		if a.err == nil && (begin[i] < 0 || size[i] < 1 || size[i] > d-begin[i]) {
			a.fail("begin %v and size %v: not within %v", begin, size, x)
		}
	}
	return TensorOf(x.Data, size...)
}

// inferPad: pad is what comes before and after each axis.
func inferPad(a *args) Type {
	x := a.float("x")
	pad := a.ints("pad", 2*len(x.Shape))
	a.word("mode", "constant")
	a.scalar("constant_val", x.Data)
	y := TensorOf(x.Data, slices.Clone(x.Shape)...)
	for i, n := range pad {
		if y.Shape[i/2] += n; n < 0 {
			a.fail("pad %v: want numbers ≥ 0", pad)
		}
	}
	return y
}

// buildPad copies x to where it is in y.
func buildPad(c *call, y []float64) func() {
	x, value, index := c.buffer("x"), c.buffer("constant_val")[0], []int{0}
	steps, pad := strides(c.result().Shape), c.ints("pad", 2*len(c.result().Shape))
	for axis, d := range c.typ("x").Shape {
		next := make([]int, 0, len(index)*d)
		for _, base := range index {
			for j := range d {
				next = append(next, base+(pad[2*axis]+j)*steps[axis])
			}
		}
		index = next
	}
	return func() {
		for i := range y {
			y[i] = value
		}
		for i, at := range index {
			y[at] = x[i]
		}
	}
}

func buildTranspose(c *call, y []float64) func() {
	shape, perm := c.typ("x").Shape, c.ints("perm", len(c.typ("x").Shape))
	steps := strides(shape)
	return c.gather(y, 0, func(axis int) int { return steps[perm[axis]] })
}

func buildSlice(c *call, y []float64) func() {
	steps, first := strides(c.typ("x").Shape), 0
	for i, begin := range c.ints("begin", len(steps)) {
		first += begin * steps[i]
	}
	return c.gather(y, first, func(axis int) int { return steps[axis] })
}

// gather copies elements of x, from the first on, step elements apart along each axis
// of the result.
func (c *call) gather(y []float64, first int, step func(axis int) int) func() {
	x, index := c.buffer("x"), []int{first}
	for axis, d := range c.result().Shape {
		next := make([]int, 0, len(index)*d)
		for _, base := range index {
			for j := range d {
				next = append(next, base+j*step(axis))
			}
		}
		index = next
	}
	return func() {
		for i := range y {
			y[i] = x[index[i]]
		}
	}
}

// strides are the distances of neighbours along each axis.
func strides(shape []int) []int {
	steps, n := make([]int, len(shape)), 1
	for i := len(shape) - 1; i >= 0; i-- {
		steps[i] = n
		n *= shape[i]
	}
	return steps
}
