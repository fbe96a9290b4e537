package integer

import (
	"math"

	"petrify/internal/kernel"
	"petrify/quantized"
)

// pool is n's window on x; a global one is the whole image.
func pool(n *quantized.Node, x *value) kernel.Pool {
	p := kernel.Pool{N: 1, C: x.shape[0], H: x.shape[1], W: x.shape[2]}
	if n.Op == quantized.GlobalAvgPool {
		p.KH, p.KW, p.StrideH, p.StrideW = p.H, p.W, 1, 1
		return p
	}
	w := n.Window
	p.KH, p.KW, p.StrideH, p.StrideW = w.Kernel[0], w.Kernel[1], w.Stride[0], w.Stride[1]
	p.PadTop, p.PadLeft, p.PadBottom, p.PadRight = w.PadBegin[0], w.PadBegin[1], w.PadEnd[0], w.PadEnd[1]
	p.CountIncludePad, p.OverBottom, p.OverRight = w.CountIncludePad, w.Overhang[0], w.Overhang[1]
	return p
}

// covers reports whether n's window is all of x, without padding.
func covers(n *quantized.Node, x *value) bool {
	w := n.Window
	return [2]int(x.shape[1:]) == w.Kernel && w.PadBegin == w.PadEnd && w.PadEnd == [2]int{}
}

func batch(p kernel.Pool, n int) kernel.Pool {
	p.N = n
	return p
}

// maxPool adds a maximum: input and output share a scale, so the greatest
// integer is the greatest number.
func (c *compiler) maxPool(n *quantized.Node, x, y *value) {
	p := pool(n, x)
	c.onBytes(y, x, func(y, x []uint8, n int) { kernel.MaxPoolBytes(y, x, batch(p, n)) })
}

// area is the pixels of x that a window sees, as ranges of rows and columns, in
// the image that begins with pixel first. A mean divides by count.
type area struct{ first, h0, h1, w0, w1, count int }

// window calls f for each output pixel of n images.
func window(p kernel.Pool, n int, f func(pixel int, a area)) {
	oh, ow := p.OH(), p.OW()
	for i := range n * oh * ow {
		h, w := i/ow%oh*p.StrideH-p.PadTop, i%ow*p.StrideW-p.PadLeft
		f(i, area{i / (oh * ow) * p.H * p.W, max(h, 0), min(h+p.KH, p.H), max(w, 0), min(w+p.KW, p.W),
			p.Count(i/ow%oh, i%ow)})
	}
}

// avgPool adds means. ONNX Runtime adds and divides real numbers, and adds the
// zero point of its file, uint8 or int8, before it rounds:
//
//	q_y = clip(rne((Σ s_x·(q_x − z_x))/count/s_y + z_y))
//
// in float32, row by row. It treats a window that
// is the whole image as a global average. In the other modes it is the
// integers' mean; see meanRounded.
func (c *compiler) avgPool(n *quantized.Node, x, y *value) {
	if c.options.Requantization != Float32 && x.grid.same(y.grid) {
		c.meanOfIntegers(n, x, y)
		return
	}
	if covers(n, x) {
		c.globalAvgPool(n, x, y)
		return
	}
	var real [256]float32
	for q := range real {
		real[q] = x.grid.real(int32(q))
	}
	var down int32 // what a file of int8 subtracts
	if c.options.Signed {
		down = 128
	}
	zero := float32(y.grid.zero - down)
	p := pool(n, x)
	c.onBytes(y, x, func(out, x []uint8, n int) {
		window(p, n, func(pixel int, a area) {
			for c := range p.C {
				var sum float32
				for h := a.h0; h < a.h1; h++ {
					for w := a.w0; w < a.w1; w++ {
						sum += real[x[(a.first+h*p.W+w)*p.C+c]]
					}
				}
				q := sum/float32(a.count)/y.grid.scale + zero
				out[pixel*p.C+c] = clip(math.RoundToEven(float64(q))+float64(down), y.grid)
			}
		})
	})
}

// globalAvgPool adds the means of whole images, which ONNX Runtime computes
// from the sum of integers:
//
//	q_y = clip(rne(float32(Σ (q_x − z_x))·m)) + z_y        m = float32(s_x/float32(s_y·count))
func (c *compiler) globalAvgPool(n *quantized.Node, x, y *value) {
	if c.options.Requantization.fixedPoint() && x.grid.same(y.grid) {
		c.meanOfIntegers(n, x, y)
		return
	}
	channels, count := x.channels(), x.pixels()
	m := make([]float32, channels)
	for o := range m {
		m[o] = x.grid.scale / float32(y.grid.scale*float32(count))
	}
	r := kernel.Requant{M: m, Zero: y.grid.zero, Min: y.grid.min, Max: y.grid.max}
	acc := c.tensor(ints, channels)
	c.add(func(mem *memory, n int, _ *kernel.Scratch) {
		sum := mem.ints(acc, n)
		kernel.SumPixels(sum, mem.bytes(x.bytes, n), x.grid.zero, n, count, channels)
		kernel.RequantizeU8(mem.bytes(y.bytes, n), sum, r)
	}, x.bytes, acc, y.bytes)
}

// meanOfIntegers adds a pool as TensorFlow Lite computes it: the mean of the
// signed integers themselves, rounded half away from zero. In the files for
// XNNPACK, integers of fewer than 8 bits are the values up to 127, so that
// halves are rounded up.
func (c *compiler) meanOfIntegers(n *quantized.Node, x, y *value) {
	p, down := pool(n, x), int32(128)
	if c.options.Requantization == XNNPACK {
		down = n.Output.Quant.Format.Max() + y.grid.shift - 127
	}
	c.onBytes(y, x, func(out, x []uint8, n int) {
		window(p, n, func(pixel int, a area) {
			count := int32(a.count)
			outside := count - int32((a.h1-a.h0)*(a.w1-a.w0)) // zeros, each of which is the zero point
			for c := range p.C {
				sum := outside*y.grid.zero - down*count
				for h := a.h0; h < a.h1; h++ {
					for w := a.w0; w < a.w1; w++ {
						sum += int32(x[(a.first+h*p.W+w)*p.C+c])
					}
				}
				out[pixel*p.C+c] = uint8(min(max(meanRounded(sum, count)+down, y.grid.min), y.grid.max))
			}
		})
	})
}

// meanRounded is sum/count, rounded half away from zero.
func meanRounded(sum, count int32) int32 {
	if sum < 0 {
		return (sum - count/2) / count
	}
	return (sum + count/2) / count
}
