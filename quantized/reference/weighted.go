package reference

import (
	"math"

	"petrify/quantized"
)

// weighted is a convolution, or a linear layer: a convolution of 1 × 1 on an
// image of one pixel. Weights are O I KH KW, where I is the channels of a group.
func weighted(l *layer) {
	w, x := l.Weights, l.x[0]
	sum := l.sumIntegers
	if w.Q == nil || w.Block > 0 || x.Quant.IsFloat() {
		sum = l.sumReals(w.Real())
	}
	l.eachSum(sum)
}

// eachSum calls sum for every output, with its terms.
func (l *layer) eachSum(sum func(o int, terms []term)) {
	w, x := l.Weights, l.x[0]
	outputs, inputs := w.Shape[0], w.Shape[1]
	taps, pixels := w.Len()/outputs/inputs, x.Len()/x.Shape[0]
	windows := l.windows()
	var terms []term
	for o := range outputs {
		first := o / (outputs / max(1, l.Groups)) * inputs
		for _, window := range windows {
			terms = terms[:0]
			for i := range inputs {
				for _, p := range window {
					terms = append(terms, term{(o*inputs+i)*taps + p.tap, (first+i)*pixels + p.pixel})
				}
			}
			sum(o, terms)
		}
	}
}

// term is a product within a sum: the indices of a weight and of an input.
type term struct{ w, x int }

// sumIntegers is a[o] = Σ d_x·d_w + q_b[o], rescaled; or, where the output is
// float, r_y = f(float32(a)·float32(s_x·s_w[o])).
func (l *layer) sumIntegers(o int, terms []term) {
	x, w, y := l.x[0], l.Weights, l.y
	k, a := w.ScaleIndex(o*w.Len()/w.Shape[0]), l.total(o, terms)
	if y.Quant.IsFloat() {
		y.putReal(l.fused(float32(a) * float32(x.Quant.Scale*w.Scale[k])))
		return
	}
	rescale := l.rules.rescale
	if l.Op == quantized.Conv2D && l.Groups <= 1 && !l.Pointwise() && w.Format.Bits <= 4 {
		rescale = l.rules.packed
	}
	y.put(rescale(a, x.Quant.Scale, w.Scale[k], y.Quant.Scale))
}

// total is a[o].
func (l *layer) total(o int, terms []term) (a int64) {
	x, w := l.x[0], l.Weights
	var z int64
	if w.Zero != nil {
		z = int64(w.Zero[w.ScaleIndex(o*w.Len()/w.Shape[0])])
	}
	for _, t := range terms {
		a += x.centred(t.x) * (int64(w.Value(t.w)) - z)
	}
	if l.Bias != nil {
		a += int64(l.Bias.Q[o])
	}
	return a
}

// sumReals is r_y = f(Σ r_x·r_w + b[o]), summed in float64; see [Tensor.Allows].
func (l *layer) sumReals(real []float32) func(o int, terms []term) {
	return func(o int, terms []term) {
		var sum, size float64
		if l.Bias != nil {
			sum = float64(l.Bias.Float[o])
			size = math.Abs(sum)
		}
		for _, t := range terms {
			r := float64(real[t.w]) * float64(l.x[0].Real(t.x))
			sum, size = sum+r, size+math.Abs(r)
		}
		nu := float64(len(terms)+1) * 0x1p-24
		bound, y := nu/(1-nu)*size, l.y
		y.low = append(y.low, y.kept(l.fused(float32(sum-bound))))
		y.high = append(y.high, y.kept(l.fused(float32(sum+bound))))
		y.putReal(l.fused(float32(sum)))
	}
}

// fused is the layer's function of a real number.
func (l *layer) fused(r float32) float32 { return float32(functions[l.Func](l.Node, float64(r))) }
