package integer

import (
	"fmt"
	"math"

	"petrify/internal/kernel"
	"petrify/quantized"
)

// weighted adds a convolution or a linear layer.
func (c *compiler) weighted(n *quantized.Node, x, y *value) error {
	g := geometry(n, x)
	if padded := (g.H + g.PadTop + g.PadBottom) * (g.W + g.PadLeft + g.PadRight) * g.C; padded > limit/16 {
		return fmt.Errorf("padded input of %d elements: want at most %d", padded, limit/16)
	}
	if x.bytes == nil || n.Weights.Q == nil || n.Weights.Block > 0 {
		c.floatWeighted(n, g, x, y)
		return nil
	}
	p := c.product(n, g, x)
	if y.bytes == nil {
		c.realSums(n, p, x, y)
		return nil
	}
	m := make([]float32, g.O)
	for o := range m {
		m[o] = p.scale[o] / y.grid.scale
		if !(m[o] <= math.MaxFloat32) {
			return fmt.Errorf("input's scale %v, weights' %v and output's %v give a multiplier of %v: want a "+
				"finite one", x.grid.scale, n.Weights.Scale, y.grid.scale, m[o])
		}
	}
	r := kernel.Requant{M: m, Zero: y.grid.zero, Min: y.grid.min, Max: y.grid.max}
	how := c.options.requantization(n)
	if !how.fixedPoint() && p.ones == nil {
		c.add(func(mem *memory, n int, s *kernel.Scratch) {
			kernel.ConvBytes(mem.bytes(y.bytes, n), x.images(mem, n), p.bias, r, p.packed, s)
		}, x.bytes, y.bytes)
		c.shareScratch()
		return nil
	}
	round := how.rounding(p, r, y.grid.scale)
	acc := c.sums(p, x, y.elements())
	c.add(func(mem *memory, n int, _ *kernel.Scratch) {
		round(mem.bytes(y.bytes, n), mem.ints(acc, n))
	}, acc, y.bytes)
	return nil
}

// geometry is n as a convolution of one image; a linear layer is one of a
// single pixel.
func geometry(n *quantized.Node, x *value) kernel.Conv {
	if n.Op == quantized.Linear {
		return kernel.Conv{N: 1, H: 1, W: 1, C: x.shape[0], O: n.Weights.Shape[0], KH: 1, KW: 1,
			StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, Groups: 1}
	}
	w := n.Window
	return kernel.Conv{
		N: 1, C: x.shape[0], H: x.shape[1], W: x.shape[2], O: n.Weights.Shape[0],
		KH: w.Kernel[0], KW: w.Kernel[1], StrideH: w.Stride[0], StrideW: w.Stride[1],
		DilationH: w.Dilation[0], DilationW: w.Dilation[1],
		PadTop: w.PadBegin[0], PadLeft: w.PadBegin[1], PadBottom: w.PadEnd[0], PadRight: w.PadEnd[1],
		Groups: n.Groups,
	}
}

// product is what an integer convolution multiplies.
type product struct {
	g      kernel.Conv
	packed *kernel.PackedConv
	bias   []int32
	scale  []float32 // float32(s_x·s_w[o]), of the sums of each output channel
	in     float32   // s_x
	w      []float32 // s_w[o]

	// Weights whose q − z does not fit int8 are stored as q, reduced by 128 if
	// unsigned. The sums then lack −z[o]·Σ(q_x − z_x), which a convolution with
	// ones, one filter per group, computes.
	ones  *kernel.PackedConv
	zeros []int32
}

func (c *compiler) product(n *quantized.Node, g kernel.Conv, x *value) *product {
	w := n.Weights
	size := w.Len() / g.O
	p := &product{g: g, bias: make([]int32, g.O), scale: make([]float32, g.O), in: x.grid.scale,
		w: make([]float32, g.O)}
	if n.Bias != nil {
		copy(p.bias, n.Bias.Q)
	}
	q, zeros, fit := make([]int32, w.Len()), make([]int32, g.O), true
	for o := range g.O {
		k := w.ScaleIndex(o * size)
		if w.Zero != nil {
			zeros[o] = w.Zero[k]
		}
		p.w[o], p.scale[o] = w.Scale[k], x.grid.scale*w.Scale[k]
		for i := o * size; i < (o+1)*size; i++ {
			q[i] = w.Value(i) - zeros[o]
			fit = fit && q[i] == int32(int8(q[i]))
		}
	}
	if !fit {
		p.moved(q, zeros, w.Format.Unsigned)
	}
	packed, features := make([]int8, len(q)), layout{1, 1}
	if n.Op == quantized.Linear { // whose features may be H W C in memory
		features = layout{x.planes, g.C / x.planes}
	}
	for i, v := range q {
		packed[features.of(i)] = int8(v)
	}
	p.packed = kernel.PackConv(packed, g)
	return p
}

// moved undoes the subtraction of the zero points and makes the sums compensate
// for it.
func (p *product) moved(q, zeros []int32, unsigned bool) {
	size := len(q) / p.g.O
	var shift int32
	if unsigned {
		shift = 128
	}
	for i := range q {
		q[i] += zeros[i/size] - shift
	}
	for o := range zeros {
		zeros[o] -= shift
	}
	g := p.g
	g.O = g.Groups
	ones := make([]int8, g.C*g.KH*g.KW)
	for i := range ones {
		ones[i] = 1
	}
	p.ones, p.zeros = kernel.PackConv(ones, g), zeros
}

// sums adds the steps to the sums, in int32.
func (c *compiler) sums(p *product, x *value, elements int) *tensor {
	acc := c.tensor(ints, elements)
	c.add(func(m *memory, n int, s *kernel.Scratch) {
		kernel.ConvInt32(m.ints(acc, n), x.images(m, n), p.bias, p.packed, s)
	}, x.bytes, acc)
	c.shareScratch()
	if p.ones == nil {
		return acc
	}
	g := p.g
	inputs := c.tensor(ints, elements/g.O*g.Groups)
	c.add(func(m *memory, n int, s *kernel.Scratch) {
		sum, a := m.ints(inputs, n), m.ints(acc, n)
		kernel.ConvInt32(sum, x.images(m, n), nil, p.ones, s)
		for i := range a {
			o := i % g.O
			a[i] -= p.zeros[o] * sum[i/g.O*g.Groups+o/(g.O/g.Groups)]
		}
	}, x.bytes, inputs, acc)
	c.shareScratch()
	return acc
}

// realSums adds a layer with a float output: y = f(a·s_x·s_w[o]).
func (c *compiler) realSums(n *quantized.Node, p *product, x, y *value) {
	acc := c.sums(p, x, y.elements())
	c.add(func(m *memory, images int, _ *kernel.Scratch) {
		r := m.floats(y.floats, images)
		for i, a := range m.ints(acc, images) {
			r[i] = float32(a) * p.scale[i%p.g.O]
		}
		fuse(r, n.Func)
	}, acc, y.floats)
}

// fuse applies a fused function.
func fuse(r []float32, f quantized.Func) {
	if f != quantized.Identity {
		kernel.ReLU(r, r, ceilingOf(f))
	}
}

// ceilingOf is the greatest output of a fused function.
func ceilingOf(f quantized.Func) float32 {
	switch f {
	case quantized.Identity, quantized.ReLU:
		return float32(math.Inf(1))
	case quantized.ReLU6:
		return 6
	}
	panic(fmt.Sprintf("integer: %v is no fused function", f))
}
