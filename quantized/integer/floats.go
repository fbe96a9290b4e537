package integer

import (
	"fmt"
	"unsafe"

	"petrify/internal/kernel"
	"petrify/quantized"
)

// real is where the value's real numbers are; it adds a step that dequantizes
// them if there is none yet.
func (c *compiler) real(v *value) *tensor {
	if v.floats == nil {
		v.floats = c.tensor(floats, v.elements())
		c.add(func(m *memory, n int, _ *kernel.Scratch) {
			kernel.DequantizeU8(m.floats(v.floats, n), m.bytes(v.bytes, n), v.grid.scale, v.grid.zero)
		}, v.bytes, v.floats)
	}
	return v.floats
}

// result is where a float layer writes y, and what must follow it: a step that
// quantizes y, if it is quantized.
func (c *compiler) result(y *value) (out *tensor, finish func()) {
	if y.bytes == nil {
		return y.floats, func() {}
	}
	out = c.tensor(floats, y.elements())
	return out, func() {
		c.add(func(m *memory, n int, _ *kernel.Scratch) {
			kernel.QuantizeU8(m.bytes(y.bytes, n), m.floats(out, n), y.grid.kernel())
		}, out, y.bytes)
	}
}

// floatWeighted adds a convolution or linear layer on real numbers.
func (c *compiler) floatWeighted(n *quantized.Node, g kernel.Conv, x, y *value) {
	in := c.real(x)
	out, finish := c.result(y)
	bias := make([]float32, g.O)
	if n.Bias != nil {
		copy(bias, n.Bias.Float)
	}
	inTime := n.Weights.Q != nil && c.options.Weights == JustInTime
	switch {
	case inTime && n.Op == quantized.Linear:
		c.linearInTime(n, g, in, out, bias)
	case inTime:
		c.convInTime(n, g, in, out, bias)
	default:
		c.atLoad(n, g, in, out, bias)
	}
	if n.Func != quantized.Identity {
		c.onFloats(out, out, func(y, _ []float32, _ int) { fuse(y, n.Func) })
	}
	finish()
}

// atLoad adds a layer with float weights, converting integer weights here.
func (c *compiler) atLoad(n *quantized.Node, g kernel.Conv, in, out *tensor, bias []float32) {
	w := n.Weights.Float
	if n.Weights.Q != nil {
		w = n.Weights.Real()
	}
	linear := n.Op == quantized.Linear
	c.add(func(m *memory, n int, s *kernel.Scratch) {
		if linear {
			kernel.LinearForward(m.floats(out, n), m.floats(in, n), w, bias, kernel.Linear{N: n, F: g.C, O: g.O}, s)
			return
		}
		kernel.ConvForward(m.floats(out, n), m.floats(in, n), w, bias, images(g, n), s)
	}, in, out)
}

func images(g kernel.Conv, n int) kernel.Conv {
	g.N = n
	return g
}

// convInTime adds a convolution whose weights are made when it runs.
func (c *compiler) convInTime(n *quantized.Node, g kernel.Conv, in, out *tensor, bias []float32) {
	w := n.Weights
	room := c.room(w.Len())
	c.add(func(m *memory, n int, s *kernel.Scratch) {
		real := m.floats(room, 1)
		dequantize(real, w, 0)
		kernel.ConvForward(m.floats(out, n), m.floats(in, n), real, bias, images(g, n), s)
	}, in, room, out)
	c.shareScratch()
}

// inTimeOutputs is how many outputs of a linear layer have their weights made
// at a time: few enough for the weights to be in the cache when they are used.
const inTimeOutputs = 32

// linearInTime adds a linear layer whose weights are made when it runs, for
// some outputs at a time.
func (c *compiler) linearInTime(n *quantized.Node, g kernel.Conv, in, out *tensor, bias []float32) {
	w := n.Weights
	room := c.room(min(inTimeOutputs, g.O) * g.C)
	c.add(func(m *memory, n int, _ *kernel.Scratch) {
		x, y, real := m.floats(in, n), m.floats(out, n), m.floats(room, 1)
		for i := 0; i < len(y); i += g.O {
			copy(y[i:], bias)
		}
		for o := 0; o < g.O; o += inTimeOutputs {
			outputs := min(inTimeOutputs, g.O-o)
			dequantize(real[:outputs*g.C], w, o*g.C)
			kernel.Gemm(kernel.Matrix{Data: y[o:], Rows: n, Cols: outputs, LD: g.O},
				kernel.Matrix{Data: x, Rows: n, Cols: g.C, LD: g.C},
				kernel.Matrix{Data: real, Rows: g.C, Cols: outputs, LD: g.C, Trans: true}, true)
		}
	}, in, room, out)
}

// room is the memory for the given number of weights at a time.
func (c *compiler) room(elements int) *tensor {
	t := c.tensor(floats, elements)
	t.shared = true
	return t
}

// dequantize is r = s·(q − z) of weights from the element first on. Both first
// and the end of r are boundaries between outputs.
func dequantize(r []float32, w *quantized.Weights, first int) {
	if w.Format.Unsigned {
		bits := unsafe.Slice((*uint8)(unsafe.Pointer(unsafe.SliceData(w.Q))), len(w.Q))
		dequantizeRuns(r, bits[first:][:len(r)], w, first)
		return
	}
	dequantizeRuns(r, w.Q[first:][:len(r)], w, first)
}

func dequantizeRuns[Q kernel.Byte](r []float32, q []Q, w *quantized.Weights, first int) {
	output := w.Len() / w.Shape[0] // weights of one
	switch {
	case w.Axis < 0:
		kernel.DequantizeRows(r, q, w.Scale, w.Zero)
		return
	case w.Block == 0:
		k, n := first/output, len(r)/output
		kernel.DequantizeRows(r, q, w.Scale[k:k+n], some(w.Zero, k, n))
		return
	}
	block := w.Block * elements(w.Shape[2:])
	for from := 0; from < len(r); {
		to := from + min(block, output-from%output) // an output's last block may be shorter
		k := w.ScaleIndex(first + from)
		kernel.DequantizeRows(r[from:to], q[from:to], w.Scale[k:k+1], some(w.Zero, k, 1))
		from = to
	}
}

// some returns n zero points from k on; nil, which means zeros, if there are
// none.
func some(zeros []int32, k, n int) []int32 {
	if zeros == nil {
		return nil
	}
	return zeros[k : k+n]
}

// reals adds a layer without weights of which an input or the output is not
// quantized.
func (c *compiler) reals(n *quantized.Node, in []*value, y *value) error {
	var xs []*tensor
	for _, v := range in {
		xs = append(xs, c.real(v))
	}
	out, finish := c.result(y)
	switch n.Op {
	case quantized.Add, quantized.Sub, quantized.Mul, quantized.Max, quantized.Min:
		c.add(realPair(n, in[0].elements(), in[1].elements(), xs, out), append(xs, out)...)
	case quantized.Slice, quantized.Shuffle:
		from := newMoving(n, in[0].shape)
		c.onFloats(out, xs[0], func(y, x []float32, _ int) { moved(y, x, from) })
	case quantized.Pad:
		within := newFraming(n, in[0].shape)
		c.onFloats(out, xs[0], func(y, x []float32, _ int) { framed(y, x, within, n.Value) })
	case quantized.Concat:
		c.add(realConcat(in, xs, y.channels(), out), append(xs, out)...)
	default:
		run, err := realFunc(n, in[0])
		if err != nil {
			return err
		}
		c.onFloats(out, xs[0], run)
	}
	finish()
	return nil
}

// pairings are the operations on two real numbers.
var pairings = map[quantized.Op]func(a, b float32) float32{
	quantized.Add: func(a, b float32) float32 { return a + b },
	quantized.Sub: func(a, b float32) float32 { return a - b },
	quantized.Mul: func(a, b float32) float32 { return a * b },
	quantized.Max: func(a, b float32) float32 { return max(a, b) },
	quantized.Min: func(a, b float32) float32 { return min(a, b) },
}

// realPair computes images from others and from as many numbers or one per channel.
func realPair(n *quantized.Node, image, channels int, xs []*tensor, y *tensor) work {
	f := pairings[n.Op]
	return func(m *memory, images int, _ *kernel.Scratch) {
		a, b, y := m.floats(xs[0], images), m.floats(xs[1], images), m.floats(y, images)
		for i := range y {
			y[i] = f(a[i], b[i/image*channels+i%channels])
		}
		fuse(y, n.Func)
	}
}

func realConcat(in []*value, xs []*tensor, channels int, y *tensor) work {
	return func(m *memory, n int, _ *kernel.Scratch) {
		at := 0
		for i, v := range in {
			interleave(m.floats(y, n)[at:], m.floats(xs[i], n), channels, v.channels())
			at += v.channels()
		}
	}
}

// interleave copies rows of x to y, stride elements apart.
func interleave[T uint8 | float32](y, x []T, stride, width int) {
	for from := 0; from < len(x); from += width {
		copy(y[from/width*stride:], x[from:from+width])
	}
}

// realFunc is a layer with one input as a function of real numbers.
func realFunc(n *quantized.Node, x *value) (func(y, x []float32, n int), error) {
	f := n.Function()
	switch {
	case n.Op == quantized.MaxPool:
		p := pool(n, x)
		return func(y, x []float32, n int) { kernel.MaxPool(y, nil, x, batch(p, n)) }, nil
	case n.Op == quantized.AvgPool || n.Op == quantized.GlobalAvgPool:
		p := pool(n, x)
		return func(y, x []float32, n int) { kernel.AvgPool(y, x, batch(p, n)) }, nil
	case n.Op == quantized.Stretch:
		h, w := factors(n, x)
		return func(y, r []float32, _ int) { stretch(y, r, x, h, w, 0) }, nil
	case n.Op == quantized.ResizeNearest:
		h, w := factors(n, x)
		return func(y, r []float32, _ int) { repeat(y, r, x, h, w) }, nil
	case n.Op == quantized.PReLU:
		return realPReLU(n), nil
	case n.Op != quantized.Activate:
		return nil, fmt.Errorf("%v is not an operation of the engine", n.Op)
	case n.Func == quantized.ReLU || n.Func == quantized.ReLU6:
		ceiling := ceilingOf(n.Func)
		return func(y, x []float32, _ int) { kernel.ReLU(y, x, ceiling) }, nil
	case n.Func == quantized.Softmax:
		channels := x.channels()
		return func(y, x []float32, _ int) { kernel.SoftmaxRows(y, x, channels) }, nil
	case f == nil:
		return nil, fmt.Errorf("%v is not a function of the engine", n.Func)
	}
	return func(y, x []float32, _ int) {
		for i, r := range x {
			y[i] = float32(f(float64(r)))
		}
	}, nil
}
