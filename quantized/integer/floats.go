package integer

import (
	"petrify/internal/kernel"
	"petrify/quantized"
)

// real is where the value's real numbers are; a step that dequantizes it is
// added where there is none yet.
func (c *compiler) real(v *value, name string) *tensor {
	if v.floats == nil {
		v.floats = c.tensor(floats, v.elements())
		c.add(name+"/dequantize", func(m *memory, n int, _ *kernel.Scratch) {
			kernel.DequantizeU8(m.floats(v.floats, n), m.bytes(v.bytes, n), v.grid.scale, v.grid.zero)
		}, v.bytes, v.floats)
	}
	return v.floats
}

// result is where a float layer writes y, and what must follow it: where y is
// quantized, a step that does so.
func (c *compiler) result(y *value, name string) (out *tensor, finish func()) {
	if y.bytes == nil {
		return y.floats, func() {}
	}
	out = c.tensor(floats, y.elements())
	return out, func() {
		c.add(name+"/quantize", func(m *memory, n int, _ *kernel.Scratch) {
			kernel.QuantizeU8(m.bytes(y.bytes, n), m.floats(out, n), y.grid.scale, y.grid.zero, y.grid.min, y.grid.max)
		}, out, y.bytes)
	}
}

// floatWeighted adds a convolution or linear layer on real numbers.
func (c *compiler) floatWeighted(n *quantized.Node, g kernel.Conv, x, y *value) error {
	in := c.real(x, n.Name)
	out, finish := c.result(y, n.Name)
	weights, room := c.floatWeights(n.Weights)
	bias := make([]float32, g.O)
	if n.Bias != nil {
		copy(bias, n.Bias.Float)
	}
	c.weights += 4 * g.O
	linear, f := n.Op == quantized.Linear, n.Func
	c.add(n.Name, func(m *memory, n int, s *kernel.Scratch) {
		w, x, y := weights(m), m.floats(in, n), m.floats(out, n)
		if linear {
			kernel.LinearForward(y, x, w, bias, n, g.C, g.O, s)
		} else {
			at := g
			at.N = n
			kernel.ConvForward(y, x, w, bias, at, s)
		}
		if f != quantized.Identity {
			kernel.ReLU(y, y, ceilingOf(f))
		}
	}, in, room, out)
	if room != nil {
		c.shareScratch() // as small as can be: see JustInTime
	}
	finish()
	return nil
}

// floatWeights returns what finds a float layer's weights, and, where they are
// made just in time, the room for them.
func (c *compiler) floatWeights(w *quantized.Weights) (weights func(*memory) []float32, room *tensor) {
	if w.Q == nil || c.options.Weights == AtLoad {
		real := w.Float
		if w.Q != nil {
			real = w.Real()
		}
		c.weights += 4 * len(real)
		return func(*memory) []float32 { return real }, nil
	}
	c.weights += len(w.Q) + 4*len(w.Scale)
	room = c.tensor(floats, w.Len())
	room.shared = true
	return func(m *memory) []float32 {
		r := m.floats(room, 1)
		dequantize(r, w)
		return r
	}, room
}

// dequantize is r = s·(q − z) of weights; scales belong to runs of elements.
func dequantize(r []float32, w *quantized.Weights) {
	run := w.Len()
	switch {
	case w.Block > 0:
		run = elements(w.Shape[2:]) // of one input of one output
	case w.Axis == 0:
		run = w.Len() / w.Shape[0]
	}
	for from := 0; from < len(r); from += run {
		k := w.ScaleIndex(from)
		var z int32
		if w.Zero != nil {
			z = w.Zero[k]
		}
		if w.Format.Unsigned {
			dequantizeRun(r[from:from+run], w.Q[from:from+run], w.Scale[k], z, 0xff)
		} else {
			dequantizeRun(r[from:from+run], w.Q[from:from+run], w.Scale[k], z, -1)
		}
	}
}

// dequantizeRun is r = s·((q & mask) − z): the mask makes the bits of unsigned
// integers unsigned again.
func dequantizeRun(r []float32, q []int8, s float32, z, mask int32) {
	for i, v := range q[:len(r)] {
		r[i] = float32(int32(v)&mask-z) * s
	}
}

// reals adds a layer without weights, of which a number is not quantized.
func (c *compiler) reals(n *quantized.Node, in []*value, y *value) error {
	if n.Op == quantized.MaxPool && y.bytes != nil {
		c.maxPool(n, in[0], y)
		return nil
	}
	var xs []*tensor
	for _, v := range in {
		xs = append(xs, c.real(v, n.Name))
	}
	out, finish := c.result(y, n.Name)
	run := c.realFunc(n, in, xs, out)
	c.add(n.Name, run, append(xs, out)...)
	finish()
	return nil
}

// realFunc is the layer's function of real numbers.
func (c *compiler) realFunc(n *quantized.Node, in []*value, xs []*tensor, y *tensor) func(*memory, int, *kernel.Scratch) {
	x := xs[0]
	switch n.Op {
	case quantized.MaxPool:
		p := pool(n, in[0])
		return func(m *memory, n int, _ *kernel.Scratch) {
			kernel.MaxPool(m.floats(y, n), nil, m.floats(x, n), batch(p, n))
		}
	case quantized.AvgPool, quantized.GlobalAvgPool:
		p := pool(n, in[0])
		return func(m *memory, n int, _ *kernel.Scratch) {
			kernel.AvgPool(m.floats(y, n), m.floats(x, n), batch(p, n))
		}
	case quantized.Add:
		return realSum(n, x, xs[1], y)
	case quantized.Concat:
		return realConcat(in, xs, y)
	}
	return realActivation(n, in[0], x, y)
}

func realSum(n *quantized.Node, a, b, y *tensor) func(*memory, int, *kernel.Scratch) {
	f := n.Func
	return func(m *memory, n int, _ *kernel.Scratch) {
		a, b, y := m.floats(a, n), m.floats(b, n), m.floats(y, n)
		for i := range y {
			y[i] = a[i] + b[i]
		}
		if f != quantized.Identity {
			kernel.ReLU(y, y, ceilingOf(f))
		}
	}
}

func realConcat(in []*value, xs []*tensor, y *tensor) func(*memory, int, *kernel.Scratch) {
	channels := 0
	for _, v := range in {
		channels += v.channels()
	}
	return func(m *memory, n int, _ *kernel.Scratch) {
		at := 0
		for i, v := range in {
			interleave(m.floats(y, n)[at:], m.floats(xs[i], n), channels, v.channels())
			at += v.channels()
		}
	}
}

// interleave copies rows of x to every stride elements of y.
func interleave[T uint8 | float32](y, x []T, stride, width int) {
	for from := 0; from < len(x); from += width {
		copy(y[from/width*stride:], x[from:from+width])
	}
}

func realActivation(n *quantized.Node, v *value, x, y *tensor) func(*memory, int, *kernel.Scratch) {
	switch n.Func {
	case quantized.ReLU, quantized.ReLU6:
		ceiling := ceilingOf(n.Func)
		return func(m *memory, n int, _ *kernel.Scratch) {
			kernel.ReLU(m.floats(y, n), m.floats(x, n), ceiling)
		}
	case quantized.Softmax:
		rows := v.channels()
		return func(m *memory, n int, _ *kernel.Scratch) {
			x, y := m.floats(x, n), m.floats(y, n)
			for i := 0; i < len(x); i += rows {
				softmax(y[i:i+rows], x[i:i+rows])
			}
		}
	}
	f := function(n)
	return func(m *memory, n int, _ *kernel.Scratch) {
		x, y := m.floats(x, n), m.floats(y, n)
		for i, r := range x {
			y[i] = float32(f(float64(r)))
		}
	}
}
