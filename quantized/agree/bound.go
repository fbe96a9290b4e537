package agree

import (
	"fmt"
	"math"

	"petrify/quantized"
	"petrify/quantized/integer"
)

const unit = 0x1p-24 // of float32

// gamma is γ for n roundings.
func gamma(n int) float64 { return float64(n) * unit / (1 - float64(n)*unit) }

// bound sets how far another implementation's real numbers may differ from y,
// for n inputs.
type bound func(y *reals, in []reals, n int) error

// boundOf is the bound of a node's real numbers, nil if they are exact.
func boundOf(n *quantized.Node, in []quantized.Activation, o integer.Options) (bound, error) {
	integers := !n.Output.Quant.IsFloat()
	for _, a := range in {
		integers = integers && !a.Quant.IsFloat()
	}
	switch {
	case n.Weights != nil && sumsFloats(n, in[0], o):
		return boundOfSums(n, in[0], o)
	case n.Weights != nil || integers || n.Op == quantized.LayerNorm && !in[0].Quant.IsFloat():
		return nil, nil
	}
	switch n.Op {
	case quantized.AvgPool, quantized.GlobalAvgPool:
		return boundOfMeans(n, in[0], o)
	case quantized.Activate:
		return boundOfFunction(n)
	case quantized.Add:
		return boundOfAddition, nil
	case quantized.AttentionScores, quantized.AttentionValues:
		return boundOfPairs(n, in, o)
	case quantized.LayerNorm:
		return boundOfLayerNorm(n.Norm), nil
	case quantized.MaxPool, quantized.Flatten, quantized.Reshape, quantized.ResizeNearest, quantized.Stretch,
		quantized.Slice,
		quantized.Pad, quantized.PReLU, quantized.Shuffle, quantized.Concat, quantized.Sub, quantized.Mul, quantized.Max, quantized.Min:
		return nil, nil // no rounding, or one
	}
	return nil, fmt.Errorf("agree: no bound for %v", n.Op)
}

// sumsFloats reports whether a runtime adds real products. Given integers, it
// still does so for a float output if it has no integer kernel with one: ONNX
// Runtime for convolutions, XNNPACK for any layer.
func sumsFloats(n *quantized.Node, in quantized.Activation, o integer.Options) bool {
	return in.Quant.IsFloat() || n.Weights.Q == nil || n.Weights.Block > 0 ||
		n.Output.Quant.IsFloat() && (n.Op == quantized.Conv2D || o.Requantization == integer.XNNPACK)
}

// boundOfSums is 2γ·(Σ |x·w| + |b|).
func boundOfSums(n *quantized.Node, in quantized.Activation, o integer.Options) (bound, error) {
	w := *n.Weights
	if w.Q != nil {
		w = quantized.Weights{Shape: w.Shape, Axis: -1, Float: n.Weights.Real()}
	}
	w.Float = magnitudes(w.Float)
	sizes := *n
	sizes.Weights, sizes.Func = &w, quantized.Identity
	if n.Bias != nil {
		sizes.Bias = &quantized.Bias{Float: magnitudes(n.Bias.Real())}
	}
	return proportional(sizes, in, w.Len()/w.Shape[0]+1, o)
}

// boundOfMeans is 2γ·Σ|x|/n.
func boundOfMeans(n *quantized.Node, in quantized.Activation, o integer.Options) (bound, error) {
	count := n.Window.Kernel[0] * n.Window.Kernel[1]
	if n.Op == quantized.GlobalAvgPool {
		count = in.Shape[1] * in.Shape[2]
	}
	return proportional(*n, in, count+1, o)
}

// proportional is 2γ times the output of a layer of magnitudes, which itself
// rounds as often.
func proportional(sizes quantized.Node, in quantized.Activation, roundings int, o integer.Options) (bound, error) {
	in.Quant, sizes.Output.Quant = quantized.Quant{}, quantized.Quant{}
	l, err := integer.NewLayer([]quantized.Node{sizes}, []quantized.Activation{in}, o)
	g := gamma(roundings)
	return func(y *reals, in []reals, n int) error {
		size := make([]float32, len(y.r))
		if err := l.Run(size, [][]float32{magnitudes(in[0].r)}, n); err != nil {
			return err
		}
		y.e, y.terms = make([]float64, len(y.r)), roundings
		for i, s := range size {
			y.e[i] = 2 * g * (1 + 2*g) * float64(s)
		}
		return nil
	}, err
}

// boundOfAddition is the bound of a sum of products and another number, which
// may be added before or after the products: 2γ·(Σ |x·w| + |b| + |other|),
// where γ has one rounding more than for the products.
func boundOfAddition(y *reals, in []reals, n int) error {
	a, b := in[0], in[len(in)-1]
	image, channels := len(a.r)/n, len(b.r)/n
	y.terms = 1 + max(a.terms, b.terms)
	y.e = make([]float64, len(y.r))
	g := gamma(y.terms)
	for i := range y.e {
		k := i/image*channels + i%channels
		y.e[i] = 2 * g * (math.Abs(float64(a.r[i])) + math.Abs(float64(b.r[k])))
		for x, at := range map[*reals]int{&a: i, &b: k} {
			switch {
			case x.terms > 0:
				y.e[i] += x.e[at] * g / gamma(x.terms)
			case x.e != nil:
				y.e[i] += x.e[at]
			}
		}
	}
	return nil
}

// boundOfFunction is 12u·max(1, |y|) for a function that runtimes approximate
// in float32. ONNX Runtime 1.30 on x86-64 was within 3.0u of sigmoids, 5.3u of
// tanhs, 4.0u of softmaxes and hard swishes, of four million numbers. There, a
// hard swish is x·min(max(x·(1/6) + ½, 0), 1), with one rounding of the
// constant, two in the factor and one after it, and so within 11u; a hard
// sigmoid is its factor. What multiplies x by an approximated factor, which may be
// near 0, is within 12u·max(1, |x|).
func boundOfFunction(n *quantized.Node) (bound, error) {
	switch n.Func {
	case quantized.Identity, quantized.ReLU, quantized.ReLU6, quantized.LeakyReLU, quantized.Clip:
		return nil, nil // one rounding, or none
	case quantized.Sigmoid, quantized.Tanh, quantized.Softmax, quantized.HardSwish, quantized.HardSigmoid,
		quantized.SiLU, quantized.GELU, quantized.ELU, quantized.Softplus:
	default:
		return nil, fmt.Errorf("agree: no bound for %v", n.Func)
	}
	scaled := n.Func == quantized.SiLU || n.Func == quantized.GELU
	return func(y *reals, in []reals, _ int) error {
		y.e = make([]float64, len(y.r))
		for i, r := range y.r {
			if scaled {
				r = in[0].r[i]
			}
			y.e[i] = 12 * unit * max(1, math.Abs(float64(r)))
		}
		return nil
	}, nil
}

// boundOfLayerNorm is that of sums of n numbers in float64 in any order, u' = 2⁻⁵³: of a
// row with mean magnitude |x| whose deviation is 1/f,
//
//	2·2⁻²⁴·|y| + (n + 8)·4u'·(|γ|·(1 + f·|x|)·(1 + f·|x − μ|) + |β|)
func boundOfLayerNorm(norm *quantized.Norm) bound {
	return func(y *reals, in []reals, _ int) error {
		channels := len(norm.Gamma)
		y.e = make([]float64, len(y.r))
		for from := 0; from < len(y.r); from += channels {
			row := in[0].r[from : from+channels]
			mean, size, variance := 0.0, 0.0, float64(norm.Epsilon)
			for _, v := range row {
				mean += float64(v) / float64(channels)
				size += math.Abs(float64(v)) / float64(channels)
			}
			for _, v := range row {
				variance += (float64(v) - mean) * (float64(v) - mean) / float64(channels)
			}
			f := 1 / math.Sqrt(variance)
			for c, v := range row {
				inner := math.Abs(float64(norm.Gamma[c]))*(1+f*size)*(1+f*math.Abs(float64(v)-mean)) +
					math.Abs(float64(norm.Beta[c]))
				y.e[from+c] = 2*unit*math.Abs(float64(y.r[from+c])) + float64(channels+8)*4*0x1p-53*inner
			}
		}
		return nil
	}
}

func magnitudes(x []float32) []float32 {
	m := make([]float32, len(x))
	for i, v := range x {
		m[i] = float32(math.Abs(float64(v)))
	}
	return m
}
