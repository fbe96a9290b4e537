package fakequant

import (
	"math"

	"petrify/fakequant/affine"
	"petrify/internal/portable"
)

// positive is a vector of learned positive numbers v, kept as the logarithms θ of
// v/u, so that no step of an optimizer makes one zero, negative or NaN:
//
//	v = u·exp θ, within [MinScale, 2⁴⁰]        dθ = u·dv/(v/u)
//
// The unit u is 1, or the factor that the tensor follows; see [Quantizer.FollowFactors].
// dθ is the gradient with respect to θ divided by (v/u)². So a step of plain
// gradient descent on θ changes v/u, to first order, by what the same step on v/u
// itself would, as the papers' gradient scales and learning rates assume. An
// optimizer that normalises its gradients, such as Adam, sees no difference;
// there θ makes the steps relative to v.
//
// A gradient that is not finite is replaced by 0, and a step that an optimizer
// made from one is undone: v stays what it was.
type positive struct {
	log, value []float32
	unit       []float32 // the core's
	least      float32
}

func newPositive(c *core) *positive {
	n := c.layout.N
	p := &positive{log: make([]float32, n), value: make([]float32, n), unit: c.unit, least: affine.MinScale}
	for i := range p.value {
		p.value[i] = 1
	}
	return p
}

const greatestPositive = 1 << 40

// set sets entry i to v.
func (p *positive) set(i int, v float32) {
	p.value[i] = max(p.least, min(v, greatestPositive))
	p.log[i] = float32(portable.Log(float64(p.value[i]) / float64(p.unit[i])))
}

// refresh computes the values from their logarithms.
func (p *positive) refresh() {
	for i, θ := range p.log {
		if θ != θ {
			p.set(i, p.value[i])
			continue
		}
		v := float64(p.unit[i]) * portable.Exp(float64(θ))
		p.value[i] = float32(math.Max(float64(p.least), math.Min(v, greatestPositive)))
	}
}

// gradient is dθ, or 0.
func (p *positive) gradient(i int, dv float64) float32 {
	u := float64(p.unit[i])
	return p.gradientFrom(i, dv*u*u, 0)
}

// gradientFrom is dθ = dv/max(v, least), or 0, for numbers without a unit that may
// come near 0.
func (p *positive) gradientFrom(i int, dv float64, least float32) float32 {
	return finiteOrZero(dv / float64(max(p.value[i], least)))
}

func finiteOrZero(v float64) float32 {
	if f := float32(v); f-f == 0 {
		return f
	}
	return 0
}

// factor is the configuration's factor for the learning rate.
func (c Config) factor() float32 {
	if c.LRFactor == 0 {
		return 1
	}
	return c.LRFactor
}
