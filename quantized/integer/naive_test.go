package integer_test

import (
	"math"
	"math/big"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// array is an activation of one image, C H W: integers or real numbers.
type array struct {
	shape []int
	quant quantized.Quant
	q     []int64
	r     []float64
}

func (a array) len() int { return len(a.q) + len(a.r) }

// real is element i as a float32, in float64.
func (a array) real(i int) float64 {
	if a.quant.IsFloat() {
		return a.r[i]
	}
	return float64(float32(a.q[i]-int64(a.quant.Zero)) * a.quant.Scale)
}

// at is the index of channel c, row h, column w.
func (a array) at(c, h, w int) int { return (c*a.shape[1]+h)*a.shape[2] + w }

// quantize rounds a real number to n's output, in float32.
func quantize(n *quantized.Node, r float32) int64 {
	q := n.Output.Quant
	lo, hi := n.Limits()
	return round(r/q.Scale, q.Zero, lo, hi)
}

// round is clip(rne(v) + z).
func round(v float32, z, lo, hi int32) int64 {
	q := math.RoundToEven(float64(v)) + float64(z)
	return int64(min(max(q, float64(lo)), float64(hi)))
}

// naive computes a model for one image as the definitions say, with integers
// as int64 and one loop a letter. Float layers are in float64.
func naive(m *quantized.Model, mode integer.Requantization, x []float32) array {
	in := array{shape: m.Input.Shape, quant: m.Input.Quant}
	for _, r := range x {
		if in.quant.IsFloat() {
			in.r = append(in.r, float64(r))
			continue
		}
		q := in.quant
		in.q = append(in.q, round(r/q.Scale, q.Zero, q.Format.Min(), q.Format.Max()))
	}
	values := map[string]array{m.Input.Name: in}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		var in []array
		for _, name := range n.Inputs {
			in = append(in, values[name])
		}
		values[n.Name] = naiveNode(n, mode, in)
	}
	return values[m.Output]
}

func naiveNode(n *quantized.Node, mode integer.Requantization, in []array) array {
	y := array{shape: n.Output.Shape, quant: n.Output.Quant}
	whole := !y.quant.IsFloat()
	for _, x := range in {
		whole = whole && !x.quant.IsFloat()
	}
	push := func(r float64) {
		if y.quant.IsFloat() {
			y.r = append(y.r, r)
		} else {
			y.q = append(y.q, quantize(n, float32(r)))
		}
	}
	x := in[0]
	switch n.Op {
	case quantized.Conv2D, quantized.Linear:
		naiveWeighted(n, mode, x, &y, push)
	case quantized.MaxPool, quantized.AvgPool, quantized.GlobalAvgPool:
		naivePool(n, mode, x, &y, whole, push)
	case quantized.Flatten, quantized.Reshape:
		y.q, y.r = x.q, x.r
	case quantized.Add:
		for i := range x.len() {
			if whole {
				y.q = append(y.q, naiveSum(n, mode, x, in[1], i))
			} else {
				push(relu(n, float64(float32(x.real(i))+float32(in[1].real(i)))))
			}
		}
	case quantized.Concat:
		for _, x := range in {
			for i := range x.len() {
				push(x.real(i))
			}
		}
	case quantized.Activate:
		for i := range x.len() {
			push(naiveFunction(n, x, i))
		}
	}
	return y
}

// relu applies a fused function to a real number.
func relu(n *quantized.Node, r float64) float64 {
	switch n.Func {
	case quantized.ReLU:
		return max(r, 0)
	case quantized.ReLU6:
		return min(max(r, 0), 6)
	}
	return r
}

// taps calls f for each weight of output (o, oh, ow), with the element of x
// that it meets.
func taps(n *quantized.Node, x array, o, oh, ow int, f func(weight, element int)) {
	if n.Op == quantized.Linear {
		for i := range x.len() {
			f(o*x.len()+i, i)
		}
		return
	}
	w, inputs := n.Window, n.Weights.Shape[1]
	group := o / (n.Weights.Shape[0] / n.Groups)
	for i := range inputs {
		for kh := range w.Kernel[0] {
			for kw := range w.Kernel[1] {
				h, v := oh*w.Stride[0]+kh*w.Dilation[0]-w.PadBegin[0], ow*w.Stride[1]+kw*w.Dilation[1]-w.PadBegin[1]
				if h >= 0 && h < x.shape[1] && v >= 0 && v < x.shape[2] {
					f(((o*inputs+i)*w.Kernel[0]+kh)*w.Kernel[1]+kw, x.at(group*inputs+i, h, v))
				}
			}
		}
	}
}

func naiveWeighted(n *quantized.Node, mode integer.Requantization, x array, y *array, push func(float64)) {
	w, real := n.Weights, n.Weights.Real()
	rows, cols := 1, 1
	if len(y.shape) == 3 {
		rows, cols = y.shape[1], y.shape[2]
	}
	for o := range y.shape[0] {
		for i := range rows * cols {
			if x.quant.IsFloat() || w.Q == nil || w.Block > 0 {
				sum := 0.0
				if n.Bias != nil {
					sum = float64(n.Bias.Float[o])
				}
				taps(n, x, o, i/cols, i%cols, func(k, e int) { sum += float64(real[k]) * x.real(e) })
				push(relu(n, sum))
				continue
			}
			var acc int64
			if n.Bias != nil {
				acc = int64(n.Bias.Q[o])
			}
			k0 := w.ScaleIndex(o * w.Len() / w.Shape[0])
			var z int64
			if w.Zero != nil {
				z = int64(w.Zero[k0])
			}
			taps(n, x, o, i/cols, i%cols, func(k, e int) {
				acc += (x.q[e] - int64(x.quant.Zero)) * (int64(w.Value(k)) - z)
			})
			s := x.quant.Scale * w.Scale[k0]
			if y.quant.IsFloat() {
				y.r = append(y.r, relu(n, float64(float32(acc)*s)))
				continue
			}
			lo, hi := n.Limits()
			if mode == integer.Float32 || mode == integer.XNNPACK {
				y.q = append(y.q, round(float32(acc)*(s/y.quant.Scale), y.quant.Zero, lo, hi))
				continue
			}
			m := float64(x.quant.Scale) * float64(w.Scale[k0]) / float64(y.quant.Scale)
			q := naiveFixed(mode, m, acc) + int64(y.quant.Zero)
			y.q = append(y.q, min(max(q, int64(lo)), int64(hi)))
		}
	}
}

// naiveFixed is acc·m in fixed point, with rational numbers: m is rounded to
// 31 significant bits, M = q·2^(e−31). Single is ⌊acc·M + ½⌋. Gemmlowp rounds
// half up behind the product with q·2⁻³¹·2^max(e,0), then half away from zero
// behind 2^min(e,0).
func naiveFixed(mode integer.Requantization, m float64, acc int64) int64 {
	f, e := math.Frexp(m)
	q := new(big.Rat).SetFrac64(int64(math.Round(f*(1<<31))), 1<<31)
	power := func(e int) *big.Rat {
		p := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(max(e, -e))))
		if e < 0 {
			p.Inv(p)
		}
		return p
	}
	v := new(big.Rat).Mul(new(big.Rat).SetInt64(acc), q)
	if mode == integer.Single {
		return floorHalf(v.Mul(v, power(e)))
	}
	h := new(big.Rat).SetInt64(floorHalf(v.Mul(v, power(max(e, 0)))))
	h.Mul(h, power(min(e, 0)))
	sign := int64(h.Sign())
	return sign * floorHalf(h.Abs(h))
}

// floorHalf is ⌊v + ½⌋.
func floorHalf(v *big.Rat) int64 {
	v.Add(v, big.NewRat(1, 2))
	return new(big.Int).Div(v.Num(), v.Denom()).Int64() // Euclidean, the denominator is positive
}

func naivePool(n *quantized.Node, mode integer.Requantization, x array, y *array, whole bool, push func(float64)) {
	w := n.Window
	if n.Op == quantized.GlobalAvgPool {
		w = quantized.Window{Kernel: [2]int{x.shape[1], x.shape[2]}, Stride: [2]int{1, 1}}
	}
	for i := range y.shape[0] * y.shape[1] * y.shape[2] {
		c, oh, ow := i/(y.shape[1]*y.shape[2]), i/y.shape[2]%y.shape[1], i%y.shape[2]
		var elements []int
		for kh := range w.Kernel[0] {
			for kw := range w.Kernel[1] {
				h, v := oh*w.Stride[0]+kh-w.PadBegin[0], ow*w.Stride[1]+kw-w.PadBegin[1]
				if h >= 0 && h < x.shape[1] && v >= 0 && v < x.shape[2] {
					elements = append(elements, x.at(c, h, v))
				}
			}
		}
		naiveWindow(n, mode, x, y, elements, whole, push)
	}
}

func naiveWindow(n *quantized.Node, mode integer.Requantization, x array, y *array, elements []int, whole bool, push func(float64)) {
	var sum int64
	var real float32
	var exact float64
	greatest := elements[0]
	for _, e := range elements {
		if x.real(e) > x.real(greatest) {
			greatest = e
		}
		real += float32(x.real(e))
		exact += x.real(e)
		if whole {
			sum += x.q[e] - int64(x.quant.Zero)
		}
	}
	count := float64(len(elements))
	var lo, hi int32
	if whole {
		lo, hi = n.Limits()
	}
	alike := x.quant.Scale == y.quant.Scale && x.quant.Zero == y.quant.Zero && x.quant.Format.Unsigned == y.quant.Format.Unsigned
	switch {
	case n.Op == quantized.MaxPool && x.quant.IsFloat():
		y.r = append(y.r, x.r[greatest])
	case n.Op == quantized.MaxPool:
		y.q = append(y.q, x.q[greatest])
	case !whole:
		push(exact / count)
	case n.Op == quantized.AvgPool && mode == integer.XNNPACK && alike, mode != integer.XNNPACK && mode != integer.Float32 && alike:
		// TensorFlow Lite: half away from zero, on int8
		shift := int64(0)
		if x.quant.Format.Unsigned {
			shift = 128
		}
		if mode == integer.XNNPACK { // the greatest integer is 127 in the file
			shift = int64(x.quant.Format.Max()) - 127
		}
		q := float64(sum)/count + float64(int64(x.quant.Zero)-shift)
		y.q = append(y.q, min(max(int64(math.Round(q))+shift, int64(lo)), int64(hi)))
	case n.Op == quantized.GlobalAvgPool:
		m := x.quant.Scale / (y.quant.Scale * float32(count))
		y.q = append(y.q, round(float32(sum)*m, y.quant.Zero, lo, hi))
	default:
		push(float64(real / float32(count)))
	}
}

// naiveSum is the sum of element i, on integers moved to 0..255.
func naiveSum(n *quantized.Node, mode integer.Requantization, a, b array, i int) int64 {
	q := n.Output.Quant
	lo, hi := n.Limits()
	switch mode {
	case integer.XNNPACK:
		return naiveSumXNNPACK(n, a, b, i)
	case integer.Gemmlowp, integer.Single:
		return naiveFixedSum(n, mode, a, b, i)
	}
	shift := func(q quantized.Quant) int64 {
		if q.Format.Unsigned {
			return 0
		}
		return 128
	}
	za, zb, zy := float32(int64(a.quant.Zero)+shift(a.quant)), float32(int64(b.quant.Zero)+shift(b.quant)), float32(int64(q.Zero)+shift(q))
	ra, rb := a.quant.Scale/q.Scale, b.quant.Scale/q.Scale
	ta, tb := ra*za, rb*zb
	k := zy - (ta + tb)
	inner := fused(float32(b.q[i]+shift(b.quant)), rb, k)
	v := fused(float32(a.q[i]+shift(a.quant)), ra, inner)
	level := int64(math.RoundToEven(float64(v))) - shift(q)
	return min(max(level, int64(lo)), int64(hi))
}

// fused is a·b + c, rounded once, in arithmetic of 200 bits.
func fused(a, b, c float32) float32 {
	v := func(f float32) *big.Float { return new(big.Float).SetPrec(200).SetFloat64(float64(f)) }
	product := new(big.Float).SetPrec(200).Mul(v(a), v(b))
	r, _ := product.Add(product, v(c)).Float32()
	return r
}

// naiveFixedSum follows TensorFlow Lite's reference: terms at the scale
// 2·max(s_a, s_b)/2²⁰.
func naiveFixedSum(n *quantized.Node, mode integer.Requantization, a, b array, i int) int64 {
	q := n.Output.Quant
	lo, hi := n.Limits()
	sa, sb := float64(a.quant.Scale), float64(b.quant.Scale)
	twice := 2 * max(sa, sb)
	sum := naiveFixed(mode, sa/twice, (a.q[i]-int64(a.quant.Zero))<<20) + naiveFixed(mode, sb/twice, (b.q[i]-int64(b.quant.Zero))<<20)
	level := naiveFixed(mode, twice/(math.Exp2(20)*float64(q.Scale)), sum) + int64(q.Zero)
	return min(max(level, int64(lo)), int64(hi))
}

// naiveSumXNNPACK rounds the quotients of the scales to multiples of 2⁻ʰ, the
// greater one to 21 bits, and the sum half up.
func naiveSumXNNPACK(n *quantized.Node, a, b array, i int) int64 {
	q := n.Output.Quant
	lo, hi := n.Limits()
	ra, rb := float64(a.quant.Scale/q.Scale), float64(b.quant.Scale/q.Scale)
	step := math.Exp2(math.Floor(math.Log2(max(ra, rb))) - 20)
	term := func(q int64, z int32, r float64) *big.Rat {
		v := new(big.Rat).SetFloat64(math.RoundToEven(r/step) * step)
		return v.Mul(v, new(big.Rat).SetInt64(q-int64(z)))
	}
	sum := term(a.q[i], a.quant.Zero, ra)
	level := floorHalf(sum.Add(sum, term(b.q[i], b.quant.Zero, rb))) + int64(q.Zero)
	return min(max(level, int64(lo)), int64(hi))
}

func naiveFunction(n *quantized.Node, x array, i int) float64 {
	r := x.real(i)
	switch n.Func {
	case quantized.LeakyReLU:
		if r < 0 {
			r *= float64(n.Slope)
		}
	case quantized.HardSwish:
		switch {
		case r <= -3:
			r = 0
		case r < 3:
			r = r * (r + 3) / 6
		}
	case quantized.Sigmoid:
		r = 1 / (1 + math.Exp(-r))
	case quantized.Tanh:
		r = math.Tanh(r)
	case quantized.Softmax:
		sum := 0.0
		for j := range x.len() {
			sum += math.Exp(x.real(j) - x.real(i))
		}
		r = 1 / sum
	default:
		r = relu(n, r)
	}
	return r
}
