package fromonnx

import (
	"math"
	"slices"

	"petrify/graph"
	"petrify/internal/onnxeval"
)

// activation makes a layer that computes a function of each number.
func (v *visit) activation(s *signal, l graph.Layer) (*signal, error) {
	x := copied(s)
	at, err := v.settled(x)
	if err != nil {
		return nil, err
	}
	out, vector := v.source(at)
	return v.add(&layer{Layer: l, out: out, vector: vector, given: s}, x.order, at), nil
}

func relu(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	return v.limited(x, 0, math.Inf(1))
}

func clipped(v *visit) (*signal, error) {
	lo, hi, err := onnxeval.Bounds(v.Node, v.constants)
	if err != nil {
		return nil, err
	}
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	return v.limited(x, lo, hi)
}

// bound is Max or Min, with a constant or of two values.
func bound(v *visit) (*signal, error) {
	x, c, _ := v.operand()
	if len(v.signals) == 2 && x != nil && c == nil {
		return v.pair(map[string]graph.Kind{"Max": graph.KindMax, "Min": graph.KindMin}[v.Op])
	}
	if len(v.signals) != 2 || x == nil || c == nil || c.Size() != 1 || c.S != nil {
		return nil, refuse("Max and Min of two values, or with one constant, are imported", "%s of %d values", v.Op,
			len(v.signals))
	}
	limit := c.Numbers()[0]
	if v.Op == "Max" {
		return v.limited(x, limit, math.Inf(1))
	}
	return v.limited(x, math.Inf(-1), limit)
}

// limited makes a layer of min(max(x, lo), hi).
func (v *visit) limited(x *signal, lo, hi float64) (*signal, error) {
	if lo <= 0 && x.plain() && x.layer >= 0 && v.layers[x.layer].Kind == graph.KindReLU {
		if hi == math.Inf(1) {
			return v.view(x), nil
		}
		before := copied(v.layers[x.layer].given)
		before.shape, before.order = x.shape, x.order
		return v.limited(before, 0, hi)
	}
	switch {
	case lo == math.Inf(-1) && hi == math.Inf(1):
		return v.view(x), nil
	case lo == 0 && hi == math.Inf(1):
		return v.activation(x, graph.ReLU())
	case lo == 0 && hi == 6 && uniform(x, 1, 3) && !x.padded():
		return v.sixfold(x)
	case lo == 0 && hi == 6:
		return v.activation(x, graph.ReLU6())
	case !(lo < hi):
		return nil, refuse("", "bounds %v and %v", lo, hi)
	}
	limit := func(v float64) float32 { return float32(min(max(v, -graph.Unbounded), graph.Unbounded)) }
	return v.activation(x, graph.Clip(limit(lo), limit(hi)))
}

// uniform reports whether the value is scale·y + shift, with the same numbers
// for all channels.
func uniform(s *signal, scale, shift float64) bool {
	differs := func(list []float64, v float64) bool {
		return slices.ContainsFunc(list, func(u float64) bool { return u != v })
	}
	return s.affine() && !differs(s.scale, scale) && !differs(s.shift, shift)
}

// sixfold is min(max(y + 3, 0), 6), six times the hard sigmoid of y.
func (v *visit) sixfold(s *signal) (*signal, error) {
	x := copied(s)
	x.scale, x.shift = nil, nil
	y, err := v.activation(x, graph.HardSigmoid())
	if err != nil {
		return nil, err
	}
	y.scale, y.shift = constants(len(s.scale), 6), constants(len(s.scale), 0)
	return y, nil
}

func constants(n int, v float64) []float64 { return slices.Repeat([]float64{v}, n) }

func leakyRelu(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	return v.leaky(x, v.Real("alpha", 0.01))
}

// leaky makes a leaky ReLU.
func (v *visit) leaky(x *signal, slope float64) (*signal, error) {
	switch {
	case slope == 0:
		return v.activation(x, graph.ReLU())
	case slope == 1:
		return v.view(x), nil
	}
	return v.activation(x, graph.LeakyReLU(float32(slope)))
}

// prelu is a leaky ReLU where all channels have one slope.
func prelu(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	slope := v.constant(1)
	if slope == nil || slope.F == nil || len(slope.F) == 0 {
		return nil, refuse("", "its slopes are no real numbers")
	}
	for _, s := range slope.F {
		if s != slope.F[0] {
			return v.slopes(x, slope)
		}
	}
	return v.leaky(x, slope.F[0])
}

// slopes makes a PReLU with a slope for each channel.
func (v *visit) slopes(s *signal, slope *onnxeval.Tensor) (*signal, error) {
	x := copied(s)
	at, err := v.settled(x)
	if err != nil {
		return nil, err
	}
	numbers, err := v.perChannel(x, slope)
	if err != nil {
		return nil, err
	}
	out, vector := v.source(at)
	l := &layer{Layer: graph.PReLU(), out: out, vector: vector, slopes: numbers, title: title(v.Inputs[1], v.Name)}
	return v.add(l, x.order, x.layer), nil
}

// function makes a layer of the same function.
func function(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	return v.activation(x, map[string]graph.Layer{
		"Sigmoid": graph.Sigmoid(), "Tanh": graph.Tanh(), "HardSwish": graph.HardSwish(), "Softplus": graph.Softplus(),
	}[v.Op])
}

func elu(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	if alpha := v.Real("alpha", 1); alpha != 1 {
		return nil, refuse("alpha 1 is imported", "alpha %v", alpha)
	}
	return v.activation(x, graph.ELU())
}

func geluWhole(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	if kind := v.Text("approximate", "none"); kind != "none" {
		return nil, refuse("the exact form is imported", "the approximation %q", kind)
	}
	return v.activation(x, graph.GELU())
}

// hardSigmoid is min(max(α·x + β, 0), 1), and petrify's has α = 1/6 and β = ½.
func hardSigmoid(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	alpha, beta := v.Real("alpha", 0.2), v.Real("beta", 0.5)
	if float32(alpha) == float32(1.0/6) && beta == 0.5 {
		return v.activation(x, graph.HardSigmoid())
	}
	out, _ := v.source(x.layer)
	return v.activation(v.scaled(x, constants(out.C, 6*alpha), constants(out.C, 6*(beta-0.5))), graph.HardSigmoid())
}

// softmax is imported over the channels of each position, or over all numbers of an input.
func softmax(v *visit) (*signal, error) {
	s, err := v.input()
	if err != nil {
		return nil, err
	}
	x := copied(s)
	axes, err := v.along(len(x.shape))
	if err != nil {
		return nil, err
	}
	if _, err := v.settled(x); err != nil {
		return nil, err
	}
	if err := v.channelsOf(x, axes); err != nil {
		return nil, err
	}
	out, vector := v.source(x.layer)
	return v.add(&layer{Layer: graph.Softmax(), out: out, vector: vector}, x.order, x.layer), nil
}
