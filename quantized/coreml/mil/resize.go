package mil

// inferUpsample: [N, C, H, W] with whole factors a and b is [N, C, a·H, b·W].
func inferUpsample(a *args) Type {
	x := a.float("x")
	h, w := int(a.scalar("scale_factor_height", Int32)), int(a.scalar("scale_factor_width", Int32))
	if len(x.Shape) != 4 || h < 1 || w < 1 {
		a.fail("x %v enlarged %d×%d: want rank 4 and factors ≥ 1", x, h, w)
		return Type{}
	}
	return TensorOf(x.Data, x.Shape[0], x.Shape[1], x.Shape[2]*h, x.Shape[3]*w)
}

// buildUpsample repeats each row and each column.
func buildUpsample(c *call, y []float64) func() {
	x, from, to := c.buffer("x"), c.typ("x").Shape, c.result().Shape
	h, w := to[2]/from[2], to[3]/from[3]
	return func() {
		for i := range y {
			row := i / to[3]
			y[i] = x[(row/to[2]*from[2]+row%to[2]/h)*from[3]+i%to[3]/w]
		}
	}
}
