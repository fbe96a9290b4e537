package kernel

import "math"

// grid is a quantizer's constants as the element-wise loops need them:
// lo = qmin − z and hi = qmax − z.
type grid struct {
	s, lo, hi float32
}

func newGrid(kernel string, s float32, z, qmin, qmax int32) grid {
	if qmin > qmax {
		panic("kernel: " + kernel + ": qmin > qmax")
	}
	return grid{s: s, lo: float32(qmin - z), hi: float32(qmax - z)}
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

// fakeQuantMinMaxGeneric is the loop that every path of [FakeQuantMinMax] computes.
func fakeQuantMinMaxGeneric(y, x []float32, g grid) span {
	s := minMaxGeneric(x)
	fakeQuantGeneric(y, x, g)
	return s
}
