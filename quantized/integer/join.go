package integer

import (
	"fmt"
	"math"

	"petrify/internal/kernel"
	"petrify/quantized"
)

// sum adds the sum of two activations. In all modes but the default, if signed, and if
// an input has one number for each channel, it is a table: there are only 65,536 pairs
// of bytes.
func (c *compiler) sum(a, b, y *value) error {
	k := sumOf(a.grid, b.grid, y.grid)
	if err := quotients(a, b, y); err != nil {
		return err
	}
	how := c.options.Requantization
	if how == Float32 && !c.options.Signed && a.elements() == b.elements() {
		c.add(func(m *memory, n int, _ *kernel.Scratch) {
			kernel.AddBytes(m.bytes(y.bytes, n), m.bytes(a.bytes, n), m.bytes(b.bytes, n), k)
		}, a.bytes, b.bytes, y.bytes)
		return nil
	}
	pair, err := sumPair(a.grid, b.grid, y.grid, how)
	if err != nil {
		return err
	}
	if how == Float32 && c.options.Signed {
		pair = sumSigned(a.grid, b.grid, y.grid)
	}
	c.pairs(a, b, y, pair)
	return nil
}

// sumPair is the sum of two bytes.
func sumPair(a, b, y grid, how Requantization) (func(qa, qb uint8) uint8, error) {
	switch how {
	case Float32:
		// All at once: a call of the kernel for each pair would cost more than its sum.
		qa, qb := make([]uint8, 1<<16), make([]uint8, 1<<16)
		for i := range qa {
			qa[i], qb[i] = uint8(i>>8), uint8(i)
		}
		kernel.AddBytes(qa, qa, qb, sumOf(a, b, y))
		return func(a, b uint8) uint8 { return qa[int(a)<<8|int(b)] }, nil
	case Gemmlowp, Single:
		return sumFixed(a, b, y, how.multiply(), 1), nil
	case XNNPACK:
		return sumXNNPACK(a, b, y, 1), nil
	}
	return nil, fmt.Errorf("no sum in %v", how)
}

// Pair is what the engine makes of two integers, stored as bytes, in a sum or a difference of
// two activations: those of a signed format are greater by 128.
func Pair(n *quantized.Node, a, b quantized.Quant, how Requantization) (func(qa, qb uint8) uint8, error) {
	lo, hi := n.Limits()
	y := gridOf(n.Output.Quant, lo, hi)
	switch n.Op {
	case quantized.Add:
		return sumPair(gridOf(a, 0, 0), gridOf(b, 0, 0), y, how)
	case quantized.Sub:
		return differencePair(gridOf(a, 0, 0), gridOf(b, 0, 0), y, how)
	}
	return nil, fmt.Errorf("integer: %v: want a sum or a difference", n.Op)
}

// quotients refuses a sum whose scales have no finite quotients.
func quotients(a, b, y *value) error {
	if !(max(a.grid.scale, b.grid.scale)/y.grid.scale <= math.MaxFloat32) {
		return fmt.Errorf("inputs' scales %v and %v and output's %v: want finite quotients", a.grid.scale,
			b.grid.scale, y.grid.scale)
	}
	return nil
}

// difference adds the difference of two activations, as a table: of real numbers, as
// ONNX Runtime has no integer operator for it, or as a sum in the other modes.
func (c *compiler) difference(a, b, y *value) error {
	if err := quotients(a, b, y); err != nil {
		return err
	}
	pair, err := differencePair(a.grid, b.grid, y.grid, c.options.Requantization)
	if err != nil {
		return err
	}
	c.pairs(a, b, y, pair)
	return nil
}

// differencePair is the difference of two bytes.
func differencePair(a, b, y grid, how Requantization) (func(qa, qb uint8) uint8, error) {
	switch how {
	case Float32:
		return func(qa, qb uint8) uint8 { return y.quantize(a.real(int32(qa)) - b.real(int32(qb))) }, nil
	case Gemmlowp, Single:
		return sumFixed(a, b, y, how.multiply(), -1), nil
	case XNNPACK:
		return sumXNNPACK(a, b, y, -1), nil
	}
	return nil, fmt.Errorf("no difference in %v", how)
}

// choose adds the greater or the less of two activations, as a table.
func (c *compiler) choose(n *quantized.Node, a, b, y *value) {
	c.pairs(a, b, y, func(qa, qb uint8) uint8 {
		ra, rb := a.grid.real(int32(qa)), b.grid.real(int32(qb))
		if n.Op == quantized.Max {
			return y.grid.quantize(max(ra, rb))
		}
		return y.grid.quantize(min(ra, rb))
	})
}

// pairs adds a function of two activations, as a table. The second may have one
// number for each channel.
func (c *compiler) pairs(a, b, y *value, pair func(qa, qb uint8) uint8) {
	var t [1 << 16]uint8
	for i := range t {
		t[i] = pair(uint8(i>>8), uint8(i))
	}
	image, channels := a.elements(), b.elements()
	c.add(func(m *memory, n int, _ *kernel.Scratch) {
		a, b, y := m.bytes(a.bytes, n), m.bytes(b.bytes, n), m.bytes(y.bytes, n)
		for ; len(a) > 0; a, b, y = a[image:], b[channels:], y[image:] {
			for i, q := range a[:image] {
				y[i] = t[int(q)<<8|int(b[i%channels])]
			}
		}
	}, a.bytes, b.bytes, y.bytes)
}

// multiply adds the product of two activations: of sums with one term, except that
// ONNX Runtime on x86-64 adds the zero point, that of the file, before it rounds:
//
//	q_y = clip(rne(float32(float32((q_a − z_a)·(q_b − z_b)·m) + z_y)))        m = float32(s_a·s_b)/s_y
func (c *compiler) multiply(a, b, y *value) error {
	m := float32(a.grid.scale*b.grid.scale) / y.grid.scale
	if !(m <= math.MaxFloat32) {
		return fmt.Errorf("inputs' scales %v and %v and output's %v: want a finite quotient", a.grid.scale,
			b.grid.scale,
			y.grid.scale)
	}
	var rescale func(p int32) float64 // from z_y
	switch how := c.options.Requantization; how {
	case Float32:
		zero := float32(y.grid.zero)
		if c.options.Signed {
			zero -= 128
		}
		rescale = func(p int32) float64 {
			return math.RoundToEven(float64(float32(float32(p)*m)+zero)) - float64(zero)
		}
	case Gemmlowp, Single:
		multiply, fixed := how.multiply(), NewFixed(float64(a.grid.scale)*float64(b.grid.scale)/float64(y.grid.scale))
		rescale = func(p int32) float64 { return float64(multiply(fixed, p)) }
	case XNNPACK:
		rescale = func(p int32) float64 { return math.RoundToEven(float64(float32(p) * m)) }
	default:
		return fmt.Errorf("no product in %v", how)
	}
	c.pairs(a, b, y, func(qa, qb uint8) uint8 {
		p := (int32(qa) - a.grid.zero) * (int32(qb) - b.grid.zero)
		return clip(rescale(p)+float64(y.grid.zero), y.grid)
	})
	return nil
}

// sumOf is the constants of the sum as ONNX Runtime computes it on x86-64, in
// float32 with fused multiply-adds, each of which rounds once:
//
//	r_a = s_a/s_y    r_b = s_b/s_y    k = z_y − (r_a·z_a + r_b·z_b)
//	q_y = clip(rne(fma(q_a, r_a, fma(q_b, r_b, k))))
func sumOf(a, b, y grid) kernel.Sum {
	ra, rb := a.scale/y.scale, b.scale/y.scale
	k := float32(y.zero) - (float32(ra*float32(a.zero)) + float32(rb*float32(b.zero)))
	return kernel.Sum{A: ra, B: rb, Fixed: k, Min: y.min, Max: y.max}
}

// sumSigned is the sum of [sumOf] with every integer and zero point smaller by
// 128: the same equation with other intermediate roundings.
func sumSigned(a, b, y grid) func(qa, qb uint8) uint8 {
	const down = 128
	a.zero, b.zero, y.zero = a.zero-down, b.zero-down, y.zero-down
	k := sumOf(a, b, y)
	return func(qa, qb uint8) uint8 {
		q := kernel.FMA(float32(int32(qa)-down), k.A, kernel.FMA(float32(int32(qb)-down), k.B, k.Fixed))
		return clip(math.RoundToEven(float64(q))+down, y)
	}
}

// clip limits a whole number to the grid's range.
func clip(v float64, g grid) uint8 {
	return uint8(min(max(v, float64(g.min)), float64(g.max)))
}

// sumFixed is the sum of TensorFlow Lite's reference kernel: both terms are
// converted to the scale 2·max(s_a, s_b)/2²⁰ in fixed point, added, or with the sign
// −1 subtracted, and converted to the output's scale.
func sumFixed(a, b, y grid, multiply func(Fixed, int32) int32, sign int32) func(qa, qb uint8) uint8 {
	const left = 20
	twice := 2 * max(float64(a.scale), float64(b.scale))
	ma, mb := NewFixed(float64(a.scale)/twice), NewFixed(float64(b.scale)/twice)
	out := NewFixed(twice / (float64(int64(1)<<left) * float64(y.scale)))
	return func(qa, qb uint8) uint8 {
		sum := multiply(ma, (int32(qa)-a.zero)<<left) + sign*multiply(mb, (int32(qb)-b.zero)<<left)
		return clip(float64(multiply(out, sum))+float64(y.zero), y)
	}
}

// concat adds a concatenation of channels. An input on another grid than the
// output's passes through a table.
func (c *compiler) concat(in []*value, y *value) {
	tables := make([]*table, len(in))
	var uses []*tensor
	for i, x := range in {
		uses = append(uses, x.bytes)
		if !x.grid.within(y.grid) {
			tables[i] = tableOf(x.grid, y.grid, func(r float32) float32 { return r })
		}
	}
	channels := y.channels()
	c.add(func(m *memory, n int, _ *kernel.Scratch) {
		out := m.bytes(y.bytes, n)
		for i, x := range in {
			bytes, width := m.bytes(x.bytes, n), x.channels()
			interleave(out, bytes, channels, width)
			if tables[i] != nil {
				for from := 0; from < len(out); from += channels {
					tables[i].apply(out[from:from+width], out[from:from+width])
				}
			}
			out = out[width:]
		}
	}, append(uses, y.bytes)...)
}
