package conformance

import (
	"math"
	"slices"

	"petrify/quantized"
)

// Reference computes m for one input as the definition says, with no thought
// for speed: integers as int64, and a float32 operation only where the runtime
// rounds to float32, too. It returns the output's real numbers. Layers that
// are not quantized are computed in float64.
func Reference(m *quantized.Model, x []float32) []float32 {
	in := array{shape: m.Input.Shape, quant: m.Input.Quant}
	for _, r := range x {
		in.push(r, in.quant.Format.Min, in.quant.Format.Max)
	}
	values := map[string]array{m.Input.Name: in}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		var in []array
		for _, name := range n.Inputs {
			in = append(in, values[name])
		}
		values[n.Name] = apply(n, in)
	}
	out := values[m.Output]
	y := make([]float32, out.len())
	for i := range y {
		y[i] = out.real(i)
	}
	return y
}

// array is an activation: integers with a quantizer, or float32.
type array struct {
	shape []int
	quant quantized.Quant
	q     []int64
	r     []float32
}

func (a *array) len() int { return len(a.q) + len(a.r) }

// real is element i as a real number.
func (a *array) real(i int) float32 {
	if a.quant.IsFloat() {
		return a.r[i]
	}
	return float32(a.q[i]-int64(a.quant.Zero)) * a.quant.Scale
}

// centred is q − z of element i.
func (a *array) centred(i int) int64 { return a.q[i] - int64(a.quant.Zero) }

// push appends a real number, quantized if the array is.
func (a *array) push(r float32, lo, hi func() int32) {
	if a.quant.IsFloat() {
		a.r = append(a.r, r)
		return
	}
	a.q = append(a.q, round(r/a.quant.Scale, a.quant.Zero, lo(), hi()))
}

// round is clip(rne(v) + z, lo, hi); not a number becomes lo.
func round(v float32, z, lo, hi int32) int64 {
	switch {
	case !(v > float32(lo-z)):
		return int64(lo)
	case v > float32(hi-z):
		return int64(hi)
	}
	return int64(math.RoundToEven(float64(v))) + int64(z)
}

func apply(n *quantized.Node, in []array) array {
	y := array{shape: n.Output.Shape, quant: n.Output.Quant}
	x := &in[0]
	switch n.Op {
	case quantized.Conv2D, quantized.Linear:
		weighted(&y, n, x)
	case quantized.MaxPool:
		maxPool(&y, n, x)
	case quantized.AvgPool:
		avgPool(&y, n, x)
	case quantized.GlobalAvgPool:
		globalAvgPool(&y, n, x)
	case quantized.Flatten, quantized.Reshape:
		y.q, y.r = x.q, x.r
	case quantized.Add:
		add(&y, n, x, &in[1])
	case quantized.Concat:
		for i := range in {
			for j := range in[i].len() {
				y.push(in[i].real(j), lo(n), hi(n))
			}
		}
	case quantized.Activate:
		activate(&y, n, x)
	}
	return y
}

// lo and hi are n's limits, to be asked for only where its output is quantized.
func lo(n *quantized.Node) func() int32 {
	return func() int32 { l, _ := n.Limits(); return l }
}

func hi(n *quantized.Node) func() int32 {
	return func() int32 { _, h := n.Limits(); return h }
}

// place is a position of a window that lies in the input, as an index into the
// kernel's plane and into the input's.
type place struct{ kernel, plane int }

func within(w quantized.Window, x []int, row, column int) []place {
	var list []place
	for i := range w.Kernel[0] {
		for j := range w.Kernel[1] {
			h := row*w.Stride[0] - w.PadBegin[0] + i*max(1, w.Dilation[0])
			v := column*w.Stride[1] - w.PadBegin[1] + j*max(1, w.Dilation[1])
			if h >= 0 && h < x[1] && v >= 0 && v < x[2] {
				list = append(list, place{i*w.Kernel[1] + j, h*x[2] + v})
			}
		}
	}
	return list
}

// weighted computes a convolution, or a linear layer as one of 1×1 on an image
// of 1×1.
func weighted(y *array, n *quantized.Node, x *array) {
	w, window, groups, in, out := n.Weights, n.Window, n.Groups, x.shape, y.shape
	if n.Op == quantized.Linear {
		window = quantized.Window{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}}
		groups, in, out = 1, []int{x.shape[0], 1, 1}, []int{y.shape[0], 1, 1}
	}
	kernel := window.Kernel[0] * window.Kernel[1]
	var terms []term
	for o := range out[0] {
		for i := range out[1] * out[2] {
			terms = terms[:0]
			for _, at := range within(window, in, i/out[2], i%out[2]) {
				for c := range w.Shape[1] {
					channel := o/(out[0]/groups)*w.Shape[1] + c
					terms = append(terms, term{(o*w.Shape[1]+c)*kernel + at.kernel, channel*in[1]*in[2] + at.plane})
				}
			}
			if w.Q == nil || w.Block > 0 || x.quant.IsFloat() {
				y.push(floatSum(n, x, o, terms), lo(n), hi(n))
			} else {
				integerSum(y, n, x, o, terms)
			}
		}
	}
}

// term is a product within a sum: the indices of a weight and of an input.
type term struct{ w, x int }

func floatSum(n *quantized.Node, x *array, o int, terms []term) float32 {
	sum := 0.0
	for _, t := range terms {
		sum += float64(weight(n.Weights, t.w)) * float64(x.real(t.x))
	}
	if n.Bias != nil {
		sum += float64(n.Bias.Float[o])
	}
	return function(n, float32(sum))
}

// weight is element i as a real number.
func weight(w *quantized.Weights, i int) float32 {
	if w.Q == nil {
		return w.Float[i]
	}
	k := w.ScaleIndex(i)
	return float32(w.Value(i)-zero(w, k)) * w.Scale[k]
}

func zero(w *quantized.Weights, k int) int32 {
	if w.Zero == nil {
		return 0
	}
	return w.Zero[k]
}

// integerSum appends output channel o of a sum of integers: the accumulator,
// times a float32, rounded once.
func integerSum(y *array, n *quantized.Node, x *array, o int, terms []term) {
	w := n.Weights
	k := min(o, len(w.Scale)-1)
	var sum int64
	for _, t := range terms {
		sum += x.centred(t.x) * int64(w.Value(t.w)-zero(w, k))
	}
	if n.Bias != nil {
		sum += int64(n.Bias.Q[o])
	}
	s := x.quant.Scale * w.Scale[k]
	if y.quant.IsFloat() {
		y.r = append(y.r, function(n, float32(sum)*s))
		return
	}
	y.q = append(y.q, round(float32(sum)*(s/y.quant.Scale), y.quant.Zero, lo(n)(), hi(n)()))
}

// function applies a fused function to a real number. Where the output is
// quantized, its limits do the same again.
func function(n *quantized.Node, r float32) float32 {
	switch n.Func {
	case quantized.ReLU:
		return max(r, 0)
	case quantized.ReLU6:
		return min(max(r, 0), 6)
	}
	return r
}

func maxPool(y *array, n *quantized.Node, x *array) {
	plane := x.shape[1] * x.shape[2]
	for i := range n.Output.Shape[0] * n.Output.Shape[1] * n.Output.Shape[2] {
		c := i / (n.Output.Shape[1] * n.Output.Shape[2])
		greatest := -1
		for _, at := range within(n.Window, x.shape, i/n.Output.Shape[2]%n.Output.Shape[1], i%n.Output.Shape[2]) {
			if j := c*plane + at.plane; greatest < 0 || x.real(j) > x.real(greatest) {
				greatest = j
			}
		}
		if x.quant.IsFloat() {
			y.r = append(y.r, x.r[greatest])
		} else {
			y.q = append(y.q, x.q[greatest])
		}
	}
}

// avgPool adds float32 numbers, as ONNX Runtime does, and rounds once more to
// the output's integers.
func avgPool(y *array, n *quantized.Node, x *array) {
	plane := x.shape[1] * x.shape[2]
	for i := range n.Output.Shape[0] * n.Output.Shape[1] * n.Output.Shape[2] {
		c := i / (n.Output.Shape[1] * n.Output.Shape[2])
		list := within(n.Window, x.shape, i/n.Output.Shape[2]%n.Output.Shape[1], i%n.Output.Shape[2])
		var sum float32
		for _, at := range list {
			sum += x.real(c*plane + at.plane)
		}
		y.push(sum/float32(len(list)), lo(n), hi(n))
	}
}

func globalAvgPool(y *array, n *quantized.Node, x *array) {
	plane := x.shape[1] * x.shape[2]
	for c := range x.shape[0] {
		var integer int64
		var real float64
		for i := c * plane; i < (c+1)*plane; i++ {
			if x.quant.IsFloat() {
				real += float64(x.r[i])
			} else {
				integer += x.centred(i)
			}
		}
		if x.quant.IsFloat() || y.quant.IsFloat() {
			y.push(float32((real+float64(integer)*float64(x.quant.Scale))/float64(plane)), lo(n), hi(n))
			continue
		}
		s := x.quant.Scale / (y.quant.Scale * float32(plane))
		y.q = append(y.q, round(float32(integer)*s, y.quant.Zero, lo(n)(), hi(n)()))
	}
}

// add follows ONNX Runtime's kernel for x86-64, which folds both zero points
// into a constant and uses fused multiply-adds, each of which rounds once:
//
//	y = rne(fma(a, s_a/s_y, fma(b, s_b/s_y, z_y − (s_a/s_y·z_a + s_b/s_y·z_b))))
func add(y *array, n *quantized.Node, a, b *array) {
	if a.quant.IsFloat() || b.quant.IsFloat() || y.quant.IsFloat() {
		for i := range a.len() {
			y.push(function(n, a.real(i)+b.real(i)), lo(n), hi(n))
		}
		return
	}
	ra, rb := a.quant.Scale/y.quant.Scale, b.quant.Scale/y.quant.Scale
	za, zb, zy := unsigned(a), unsigned(b), unsigned(y)
	fixed := zy - float32(float32(ra*za)+float32(rb*zb))
	shift := int64(zy) - int64(y.quant.Zero)
	l, h := n.Limits()
	for i := range a.len() {
		v := fma(float32(a.centred(i))+za, ra, fma(float32(b.centred(i))+zb, rb, fixed))
		q := int64(math.RoundToEven(float64(v))) - shift
		y.q = append(y.q, max(int64(l), min(int64(h), q)))
	}
}

// unsigned is the zero point of a in the exported file, where all integers are
// unsigned.
func unsigned(a *array) float32 {
	if a.quant.Format.Unsigned {
		return float32(a.quant.Zero)
	}
	return float32(a.quant.Zero + 128)
}

// fma is a·b + c in float32, rounded once: the product of two float32 is exact
// in float64, and the sum's second rounding is harmless for numbers as small
// as these.
func fma(a, b, c float32) float32 { return float32(math.FMA(float64(a), float64(b), float64(c))) }

func activate(y *array, n *quantized.Node, x *array) {
	if n.Func == quantized.Softmax {
		softmax(y, n, x)
		return
	}
	for i := range x.len() {
		r := float64(x.real(i))
		switch n.Func {
		case quantized.ReLU:
			r = max(r, 0)
		case quantized.ReLU6:
			r = min(max(r, 0), 6)
		case quantized.LeakyReLU:
			if r < 0 {
				r = float64(float32(r) * n.Slope)
			}
		case quantized.HardSwish:
			r *= max(0, min(1, r/6+0.5))
		case quantized.Sigmoid:
			r = 1 / (1 + math.Exp(-r))
		case quantized.Tanh:
			r = math.Tanh(r)
		}
		y.push(float32(r), lo(n), hi(n))
	}
}

// softmax of integers follows ONNX Runtime's kernel, which is all float32 but
// for the exponentials themselves. They are scaled up, by e to the power of
// headroom, so that the least of them are not lost:
//
//	e[d] = float32(exp(headroom − s_x·d))        d = greatest q_x − q_x
//	q_y  = rne(e[d] · ⌊1/s_y⌋ / Σ e) + z_y
func softmax(y *array, n *quantized.Node, x *array) {
	if x.quant.IsFloat() || y.quant.IsFloat() {
		softmaxReal(y, n, x)
		return
	}
	headroom := max(0, float64(float32(math.Log(float64(math.MaxFloat32/float32(x.len())))))-5)
	greatest := slices.Max(x.q)
	e := make([]float32, x.len())
	var sum float32
	for i, q := range x.q {
		s := float64(x.quant.Scale)
		e[i] = float32(math.Exp((headroom/s - float64(greatest-q)) * s))
		sum += e[i]
	}
	steps := float32(math.Floor(float64(1 / y.quant.Scale)))
	l, h := n.Limits()
	for _, v := range e {
		q := int64(math.RoundToEven(float64(float32(v*steps)/sum))) + int64(y.quant.Zero)
		y.q = append(y.q, max(int64(l), min(int64(h), q)))
	}
}

func softmaxReal(y *array, n *quantized.Node, x *array) {
	greatest := math.Inf(-1)
	for i := range x.len() {
		greatest = max(greatest, float64(x.real(i)))
	}
	sum := 0.0
	for i := range x.len() {
		sum += math.Exp(float64(x.real(i)) - greatest)
	}
	for i := range x.len() {
		y.push(float32(math.Exp(float64(x.real(i))-greatest)/sum), lo(n), hi(n))
	}
}
