package reference

import (
	"math"

	"petrify/quantized"
)

// functions of a real number, in float64; for the hard ones, every operation is
// rounded to float32, as in ONNX Runtime.
var functions = map[quantized.Func]func(n *quantized.Node, x float64) float64{
	quantized.Identity: func(_ *quantized.Node, x float64) float64 { return x },
	quantized.ReLU:     func(_ *quantized.Node, x float64) float64 { return max(x, 0) },
	quantized.ReLU6:    func(_ *quantized.Node, x float64) float64 { return min(max(x, 0), 6) },
	quantized.LeakyReLU: func(n *quantized.Node, x float64) float64 {
		return max(x, 0) + float64(n.Slope)*min(x, 0)
	},
	quantized.HardSwish:   func(_ *quantized.Node, x float64) float64 { return float64(float32(x) * gate(x)) },
	quantized.HardSigmoid: func(_ *quantized.Node, x float64) float64 { return float64(gate(x)) },
	quantized.Sigmoid:     func(_ *quantized.Node, x float64) float64 { return 1 / (1 + math.Exp(-x)) },
	quantized.Tanh:        func(_ *quantized.Node, x float64) float64 { return math.Tanh(x) },
	quantized.SiLU:        func(_ *quantized.Node, x float64) float64 { return x / (1 + math.Exp(-x)) },
	quantized.GELU:        func(_ *quantized.Node, x float64) float64 { return x / 2 * math.Erfc(-x/math.Sqrt2) },
	quantized.Clip: func(n *quantized.Node, x float64) float64 {
		switch lo, hi := float64(n.Min), float64(n.Max); {
		case x < lo:
			return lo
		case x > hi:
			return hi
		}
		return x
	},
	quantized.ELU: func(_ *quantized.Node, x float64) float64 {
		if x > 0 {
			return x
		}
		return math.Expm1(x)
	},
	quantized.Softplus: func(_ *quantized.Node, x float64) float64 {
		if x > 0 {
			return x + math.Log1p(math.Exp(-x))
		}
		return math.Log1p(math.Exp(x))
	},
}

// gate is a hard sigmoid, x/6 + 1/2 from 0 to 1.
func gate(x float64) float32 { return min(max(0, float32(float32(x)*(1.0/6))+0.5), 1) }

// activate is a function as a layer of its own.
func activate(l *layer) {
	x, fixed := l.x[0], l.rules.functions[l.Func]
	switch {
	case l.Func == quantized.Softmax:
		softmax(l)
	case l.integers && fixed != nil && kernelTakes(l.Node, x.Quant.Scale/l.y.Quant.Scale):
		for i := range x.Q {
			l.y.put(fixed(l.Node, x.centred(i), x.Quant.Scale, l.y.Quant.Scale))
		}
	default:
		for i := range x.Len() {
			l.y.putReal(l.fused(x.Real(i)))
		}
	}
}
