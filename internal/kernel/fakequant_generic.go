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

// fakeQuantGradGeneric is the loop that every path of [FakeQuantGrad] computes.
func fakeQuantGradGeneric(dx, dy, x []float32, g grid) {
	for i, r := range x {
		v := float32(math.RoundToEven(float64(r / g.s)))
		if v >= g.lo && v <= g.hi {
			dx[i] = dy[i]
		} else {
			dx[i] = 0
		}
	}
}
