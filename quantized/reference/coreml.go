package reference

import (
	"math"
	"slices"

	"petrify/quantized"
)

// program is the arithmetic of Core ML's ML programs, T: every operation takes
// and gives real numbers of one type, float32 or float16. It returns the number
// of that type nearest to r.
type program func(r float64) float64

// toFloat32 is the nearest float32.
func toFloat32(r float64) float64 { return float64(float32(r)) }

// toFloat16 is the nearest float16: a multiple of 2^(e−10) for 2^e ≤ |r| < 2^(e+1), of
// 2⁻²⁴ below 2⁻¹⁴, ties to even, infinity from 65520 on.
func toFloat16(r float64) float64 {
	_, e := math.Frexp(r) // ⌊log₂ |r|⌋ + 1
	step := math.Ldexp(1, max(e-11, -24))
	if y := math.RoundToEven(r/step) * step; math.Abs(y) < 1<<16 || y != y {
		return y
	}
	return math.Copysign(math.Inf(1), r)
}

// programs is the definition of each operation in a program.
var programs = map[quantized.Op]func(*layer){
	quantized.Conv2D: programWeighted, quantized.Linear: programWeighted,
	quantized.MaxPool: programMax, quantized.AvgPool: programMean, quantized.GlobalAvgPool: programMean,
	quantized.Flatten: programConcat, quantized.Reshape: programConcat, quantized.Concat: programConcat,
	quantized.ResizeNearest: programMove, quantized.Stretch: programMove, quantized.Slice: programMove,
	quantized.Shuffle: programMove,
	quantized.Pad:     programMove,
	quantized.Add:     programPair, quantized.Sub: programPair, quantized.Mul: programPair,
	quantized.Max: programPair, quantized.Min: programPair, quantized.Activate: programActivate,
	quantized.PReLU: programPReLU,
}

// units are what the numbers within a layer count: in[i] is the scale of
// dequantize for input i, out that of quantize, and per units are 1.
type units struct {
	in       []float64
	out, per float64
	sums     bool // of integers are scaled
}

// unit is the power of two next to s, 2⁻¹⁴ to 2¹⁵: u/√2 ≤ s < u·√2.
func unit(s float64) float64 {
	u := 0x1p15
	for u > 0x1p-14 && s < u*math.Sqrt2/2 {
		u /= 2
	}
	return u
}

// setUnits chooses the layer's units; u(s) is [unit]. A layer with weights, or
// whose numbers are all quantized, has
//
//	conv, linear   in = u(s_x)            out = u(s_y)           per = u(s_y)/s_y
//	others         in[i] = s_i·u(s)/s     out = s_y·u(s)/s       per = u(s)/s, s of the first input
//
// In float32 the first of these sums integers and scales the sums, with in = out = 1.
// Other layers have in[i] = s_i, out = s_y and per = 1: those with a function that
// is not ReLU, ReLU6 or leaky ReLU, and those with a number that is not quantized,
// unless that is the input of a layer with weights; and products of two.
func (l *layer) setUnits() {
	y := &l.units
	s := float64(l.y.Quant.Scale)
	scalable := []quantized.Func{quantized.Identity, quantized.ReLU, quantized.ReLU6, quantized.LeakyReLU}
	simple := !l.y.Quant.IsFloat() && l.Op != quantized.Mul && slices.Contains(scalable, l.Func)
	switch {
	case l.sumsFirst():
		*y = units{in: []float64{1}, out: 1, per: 1 / s, sums: true}
		return
	case l.Weights != nil && simple:
		*y = units{out: unit(s), per: unit(s) / s}
	case simple && l.integers:
		first := float64(l.x[0].Quant.Scale)
		*y = units{per: unit(first) / first}
		y.out = s * y.per
	default:
		*y = units{out: s, per: 1}
	}
	for _, x := range l.x {
		in := float64(x.Quant.Scale) * y.per
		if l.Weights != nil {
			in = unit(float64(x.Quant.Scale))
		}
		y.in = append(y.in, in)
	}
}

// sumsFirst reports whether the layer sums integers: T has those of 24 bits.
func (l *layer) sumsFirst() bool {
	const most = 1 << 24
	if l.rules.program(most-1) != most-1 || !l.integers || l.Weights == nil || l.Weights.Q == nil ||
		l.Weights.Block > 0 {
		return false
	}
	return l.Bias == nil || !slices.ContainsFunc(l.Bias.Q, func(q int32) bool { return q < -most || q > most })
}

// read is what dequantize gives of element i of an input: r = T(T(in)·(q − z)).
func (l *layer) read(input, i int) float64 {
	x, p := l.x[input], l.rules.program
	if x.Quant.IsFloat() {
		return float64(x.R[i])
	}
	return p(p(l.units.in[input]) * float64(x.centred(i)))
}

// give appends f(T(r)), f the layer's function.
func (l *layer) give(r float64) {
	p := l.rules.program
	p.put(l.y, l.programFunction(p(r)), l.units.out)
}

// put appends T(r), as q = clip(rne(T(r/T(s))) + z) where y is quantized.
func (p program) put(y *Tensor, r, s float64) {
	r = p(r)
	if y.Quant.IsFloat() {
		y.R = append(y.R, float32(r))
		return
	}
	y.put(math.RoundToEven(p(r / p(s))))
}

// programFunction is a function as a program computes it. The hard ones are
// additions, minima and products, each of which rounds.
func (l *layer) programFunction(x float64) float64 {
	p := l.rules.program
	gate := func() float64 { return p(min(max(p(x+3), 0), 6) * p(1.0/6)) }
	switch l.Func {
	case quantized.ReLU6:
		return min(max(x, 0), p(6*l.units.per))
	case quantized.Clip:
		return min(max(x, p(float64(l.Min))), p(float64(l.Max)))
	case quantized.LeakyReLU:
		return max(x, 0) + p(float64(l.Slope))*min(x, 0)
	case quantized.HardSwish:
		return x * gate()
	case quantized.HardSigmoid:
		return gate()
	}
	return functions[l.Func](l.Node, x)
}

// programWeighted is f(T(b[o] + Σ r_x·r_w)), with sums in float64:
//
//	r_w = T(T(s_w·g)·(q − z))        g = per·s_x/in
//	b   = T(s_b·q_b·per)
//
// where 1 replaces s_x/in if the input is not quantized; float weights are
// T(w·g). Sums of integers are f(T(T(Σ d_x·d_w + q_b[o])·m)), m as in rescale.
func programWeighted(l *layer) {
	if l.units.sums {
		programSums(l)
		return
	}
	p, w, x := l.rules.program, l.Weights, l.x[0]
	gain := l.units.per
	if !x.Quant.IsFloat() {
		gain *= float64(x.Quant.Scale) / l.units.in[0]
	}
	real := make([]float64, w.Len())
	for i := range real {
		if w.Q == nil {
			real[i] = p(float64(w.Float[i]) * gain)
			continue
		}
		k, z := w.ScaleIndex(i), int32(0)
		if w.Zero != nil {
			z = w.Zero[k]
		}
		real[i] = p(p(float64(w.Scale[k])*gain) * float64(w.Value(i)-z))
	}
	l.eachSum(func(o int, terms []term) {
		sum := 0.0
		switch b := l.Bias; {
		case b == nil:
		case b.Q != nil:
			sum = p(float64(b.Q[o]) * float64(b.Scale[min(o, len(b.Scale)-1)]) * l.units.per)
		default:
			sum = p(float64(b.Float[o]) * l.units.per)
		}
		for _, t := range terms {
			sum += real[t.w] * l.read(0, t.x)
		}
		l.give(sum)
	})
}

func programSums(l *layer) {
	p, w, x := l.rules.program, l.Weights, l.x[0]
	l.eachSum(func(o int, terms []term) {
		m := float32(x.Quant.Scale*w.Scale[w.ScaleIndex(o*w.Len()/w.Shape[0])]) / l.y.Quant.Scale
		l.give(p(float64(l.total(o, terms))) * float64(m))
	})
}

// programMax is the greatest number of a window.
func programMax(l *layer) {
	l.eachWindow(func(window seen) {
		greatest := math.Inf(-1)
		for _, i := range window.elements {
			greatest = max(greatest, l.read(0, i))
		}
		l.give(greatest)
	})
}

// programMean is T(Σ r_x / n), the sum in float64.
func programMean(l *layer) {
	l.eachWindow(func(window seen) {
		sum := 0.0
		for _, i := range window.elements {
			sum += l.read(0, i)
		}
		l.give(sum / float64(window.count()))
	})
}

// programPair is T(r_a + r_b), or another operation on two numbers.
func programPair(l *layer) {
	each := l.x[0].Len() / l.x[1].Len()
	for i := range l.x[0].Len() {
		a, b := l.read(0, i), l.read(1, i/each)
		switch l.Op {
		case quantized.Add:
			l.give(a + b)
		case quantized.Sub:
			l.give(a - b)
		case quantized.Mul:
			l.give(a * b)
		case quantized.Max:
			l.give(max(a, b))
		case quantized.Min:
			l.give(min(a, b))
		}
	}
}

// programMove passes numbers on in another order, and a constant around them: T(Value),
// or of a grid T(in·(q − z)).
func programMove(l *layer) {
	value := float64(l.Value)
	if y := l.y; !y.Quant.IsFloat() {
		value = l.units.in[0] * float64(y.clip(rne(l.Value/y.Quant.Scale))-int64(y.Quant.Zero))
	}
	for _, i := range l.sources() {
		if i < 0 {
			l.give(value)
		} else {
			l.give(l.read(0, i))
		}
	}
}

// programConcat passes numbers on, as reshapes do.
func programConcat(l *layer) {
	for k, x := range l.x {
		for i := range x.Len() {
			l.give(l.read(k, i))
		}
	}
}

// programActivate is a function as a layer of its own; softmax in float64.
func programActivate(l *layer) {
	x := l.x[0]
	if l.Func != quantized.Softmax {
		for i := range x.Len() {
			l.give(l.read(0, i))
		}
		return
	}
	channels := x.Shape[0]
	pixels := x.Len() / channels
	for i := range x.Len() {
		greatest, sum := math.Inf(-1), 0.0
		for c := range channels {
			greatest = max(greatest, l.read(0, c*pixels+i%pixels))
		}
		for c := range channels {
			sum += math.Exp(l.read(0, c*pixels+i%pixels) - greatest)
		}
		l.rules.program.put(l.y, math.Exp(l.read(0, i)-greatest)/sum, l.units.out)
	}
}
