package agree

import (
	"petrify/quantized"
	"petrify/quantized/integer"
)

// boundOfPairs is that of sums of n products of two activations, whose scales runtimes
// multiply before or after: 2γ·Σ |a·b|, γ of n + 3.
func boundOfPairs(n *quantized.Node, in []quantized.Activation, o integer.Options) (bound, error) {
	sizes, inputs := *n, append(in[:0:0], in...)
	terms := in[0].Shape[0]
	if n.Op == quantized.AttentionScores {
		terms /= n.Heads
	}
	for i := range inputs {
		inputs[i].Quant = quantized.Quant{}
	}
	sizes.Func, sizes.Output.Quant = quantized.Identity, quantized.Quant{}
	l, err := integer.NewLayer([]quantized.Node{sizes}, inputs, o)
	g := gamma(terms + 3)
	return func(y *reals, in []reals, images int) error {
		size := make([]float32, len(y.r))
		var xs [][]float32
		for i := range inputs {
			xs = append(xs, magnitudes(in[i].r))
		}
		if err := l.Run(size, xs, images); err != nil {
			return err
		}
		y.e, y.terms = make([]float64, len(y.r)), terms+3
		for i, s := range size {
			y.e[i] = 2 * g * (1 + 2*g) * float64(s)
		}
		return nil
	}, err
}
