package kernel

import "unsafe"

// PackedConv is a convolution's int8 weights in the order in which this
// process's kernels read them, made once when a model is loaded. It is never
// written to afterwards: any number of goroutines may use it at once.
type PackedConv struct {
	g    Conv   // N is 1
	w    []int8 // O KH KW I, I = C/Groups
	sums []int32
}

// PackConv packs the weights w, O I KH KW, of the convolution g; g.N is
// ignored.
func PackConv(w []int8, g Conv) *PackedConv {
	g.N = 1
	if err := g.Validate(); err != nil {
		panic(err)
	}
	ci := g.C / g.Groups
	checkLen("PackConv", "w", len(w), g.O*ci*g.KH*g.KW)
	p := &PackedConv{g: g, w: make([]int8, len(w)), sums: make([]int32, g.O)}
	window := g.KH * g.KW
	for o := range g.O {
		for i := range ci {
			for k := range window {
				v := w[(o*ci+i)*window+k]
				p.w[(o*window+k)*ci+i] = v
				p.sums[o] += int32(v)
			}
		}
	}
	return p
}

// PackLinear packs the weights w, O F, of a linear layer: a convolution of
// images of one pixel, the rows of a batch.
func PackLinear(w []int8, f, o int) *PackedConv {
	return PackConv(w, Conv{H: 1, W: 1, C: f, O: o, KH: 1, KW: 1,
		StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, Groups: 1})
}

// Geometry is the convolution that was packed, with N = 1.
func (p *PackedConv) Geometry() Conv { return p.g }

// ConvInt32 convolves n images of bytes, exactly:
//
//	acc[n,oh,ow,o] = bias[o] + Σ (x[n, oh·SH+kh·DH−PT, ow·SW+kw·DW−PL, i] − z) · w[o,i,kh,kw]
//
// Padding holds z, so that it adds nothing. x is N H W C, acc N OH OW O; bias
// is [O] or nil. The sum must fit int32, which whoever froze the model has
// proven from the weights.
func ConvInt32[X Byte](acc []int32, x []X, z int32, bias []int32, n int, p *PackedConv, s *Scratch) {
	size := p.g.OH() * p.g.OW() * p.g.O
	checkLen("ConvInt32", "acc", len(acc), n*size)
	checkConvInt("ConvInt32", len(x), bias, n, p)
	p.images(n, s, func(i int, padded []uint8) {
		zp := padImage(padded, x[i*p.g.H*p.g.W*p.g.C:][:p.g.H*p.g.W*p.g.C], z, p.g)
		p.accumulateGeneric(acc[i*size:(i+1)*size], padded, zp, bias)
	})
}

// ConvBytes is [ConvInt32] followed by the requantization r, without the
// 32-bit image in between: y[n,oh,ow,o] = r(acc[n,oh,ow,o]). Bytes in, bytes out.
func ConvBytes[Y, X Byte](y []Y, x []X, z int32, bias []int32, r Requant, n int, p *PackedConv, s *Scratch) {
	size := p.g.OH() * p.g.OW() * p.g.O
	checkLen("ConvBytes", "y", len(y), n*size)
	checkLen("ConvBytes", "r.M", len(r.M), p.g.O)
	checkConvInt("ConvBytes", len(x), bias, n, p)
	p.images(n, s, func(i int, padded []uint8) {
		zp := padImage(padded, x[i*p.g.H*p.g.W*p.g.C:][:p.g.H*p.g.W*p.g.C], z, p.g)
		acc := make([]int32, size)
		p.accumulateGeneric(acc, padded, zp, bias)
		requantizeGeneric(y[i*size:(i+1)*size], acc, r)
	})
}

func checkConvInt(kernel string, x int, bias []int32, n int, p *PackedConv) {
	checkLen(kernel, "x", x, n*p.g.H*p.g.W*p.g.C)
	if bias != nil {
		checkLen(kernel, "bias", len(bias), p.g.O)
	}
}

// convTasks is how many padded images are in memory at once.
const convTasks = 8

// images calls f for each image with room for its padded copy.
func (p *PackedConv) images(n int, s *Scratch, f func(i int, padded []uint8)) {
	size := paddedSize(p.g)
	tasks := min(n, convTasks)
	buf := s.bytes(tasks * size)
	Parallel(tasks, func(t int) {
		from, to := share(n, tasks, t)
		for i := from; i < to; i++ {
			f(i, buf[t*size:(t+1)*size])
		}
	})
}

// bytes is n bytes of the scratch's room for padded images.
func (s *Scratch) bytes(n int) []uint8 {
	buf := grown(&s.padded, (n+3)/4)
	return unsafe.Slice((*uint8)(unsafe.Pointer(unsafe.SliceData(buf))), 4*len(buf))[:n]
}

// paddedSize is the bytes of one padded image.
func paddedSize(g Conv) int {
	return (g.H + g.PadTop + g.PadBottom) * (g.W + g.PadLeft + g.PadRight) * g.C
}

// padImage copies an image into a frame of zero points, as uint8. Signed
// bytes are moved up by 128, which flips their top bit; so is their zero
// point, which is returned.
func padImage[X Byte](dst []uint8, x []X, z int32, g Conv) int32 {
	flip := flipOf[X]()
	z += int32(flip)
	if z < 0 || z > 255 {
		panic("kernel: zero point out of the range of its bytes")
	}
	for i := range dst {
		dst[i] = uint8(z)
	}
	wide, line := (g.W+g.PadLeft+g.PadRight)*g.C, g.W*g.C
	for h := range g.H {
		row := dst[(h+g.PadTop)*wide+g.PadLeft*g.C:][:line]
		for i, v := range x[h*line : (h+1)*line] {
			row[i] = uint8(v) ^ flip
		}
	}
	return z
}

// flipOf is the bit to flip between X and uint8: 128 for signed bytes.
func flipOf[X Byte]() uint8 {
	if least := X(0); least-1 < 0 {
		return 128
	}
	return 0
}
