package kernel

import "math"

// grid is a quantizer's constants as the element-wise loops need them:
// lo = qmin − z and hi = qmax − z.
type grid struct {
	s, lo, hi float32
}

func newGrid(kernel string, g Grid) grid {
	if g.Min > g.Max {
		panic("kernel: " + kernel + ": Min > Max")
	}
	return grid{s: g.Scale, lo: float32(g.Min - g.Zero), hi: float32(g.Max - g.Zero)}
}

// steps is q − z as a float32: x/s, clipped, then rounded half to even. NaN
// goes to lo. Adding 0 turns −0 into +0.
func (g grid) steps(x float32) float32 {
	v := x / g.s
	if !(v > g.lo) {
		v = g.lo
	}
	if v > g.hi {
		v = g.hi
	}
	return float32(math.RoundToEven(float64(v))) + 0
}

// fakeQuantGeneric is the loop that every path of [FakeQuant] computes.
func fakeQuantGeneric(y, x []float32, g grid) {
	for i, r := range x {
		y[i] = g.steps(r) * g.s
	}
}

// limits is the least and the greatest x that round to an integer from qmin to qmax,
// before these clip: the mask of a straight-through gradient without a division.
func (g grid) limits() (l limits) {
	l.least, l.most = -grid{s: g.s, hi: -g.lo}.limit(), g.limit()
	return l
}

type limits struct{ least, most float32 }

// limit is the greatest x with rne(x/s) ≤ hi. It is at most a few float32 from the
// real number between hi and hi+1.
func (g grid) limit() float32 {
	fits := func(x float32) bool { return float32(math.RoundToEven(float64(x/g.s))) <= g.hi }
	infinity := float32(math.Inf(1))
	x := min(float32((float64(g.hi)+0.5)*float64(g.s)), math.MaxFloat32)
	if !fits(x) {
		for !fits(x) {
			x = math.Nextafter32(x, -infinity)
		}
		return x
	}
	for above := math.Nextafter32(x, infinity); fits(above) && above != infinity; above = math.Nextafter32(x, infinity) {
		x = above
	}
	return x
}

// fakeQuantGradGeneric is the loop that every path of [FakeQuantGrad] computes.
func fakeQuantGradGeneric(dx, dy, x []float32, l limits) {
	for i, r := range x {
		if r >= l.least && r <= l.most {
			dx[i] = dy[i]
		} else {
			dx[i] = 0
		}
	}
}
