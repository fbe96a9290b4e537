package kernel

import (
	"encoding/binary"
	"unsafe"
)

// Byte is an integer that is stored in eight bits.
type Byte interface{ ~uint8 | ~int8 }

// Images are pictures of bytes, N H W C, that mean Q − Zero.
type Images[X Byte] struct {
	Q    []X
	Zero int32
}

// ConvInt32 convolves images exactly:
//
//	acc[n,oh,ow,o] = bias[o] + Σ (x[n, oh·SH+kh·DH−PT, ow·SW+kw·DW−PL, i] − z) · w[o,i,kh,kw]
//
// Padding holds z, so that it adds nothing. acc is N OH OW O, bias [O] or nil.
// The sums must fit int32, as is proven from the weights when a model is
// frozen.
func ConvInt32[X Byte](acc []int32, x Images[X], bias []int32, p *PackedConv, s *Scratch) {
	c := intCall[X]{p: p, acc: acc, x: x.Q}
	c.begin("ConvInt32", x.Zero, bias, len(acc), s)
	c.run()
}

// ConvBytes is [ConvInt32] followed by the requantization r, without the
// 32-bit image in between: y[n,oh,ow,o] = r(acc[n,oh,ow,o]). Bytes in, bytes out.
func ConvBytes[X Byte](y []uint8, x Images[X], bias []int32, r Requant, p *PackedConv, s *Scratch) {
	checkLen("ConvBytes", "r.M", len(r.M), p.g.O)
	c := intCall[X]{p: p, y: y, r: r, x: x.Q}
	c.begin("ConvBytes", x.Zero, bias, len(y), s)
	c.run()
}

// flatWidth is how many pixels of a pointwise convolution are treated as a row.
const flatWidth = 56

// intCall is one call of an integer convolution. Its images are those of the
// batch or, where a window is one pixel, runs of flatWidth pixels. Results go
// to acc, or requantized by r to y, or as acc·m + shift to reals.
type intCall[X Byte] struct {
	p        *PackedConv
	acc      []int32
	y        []uint8
	r        Requant
	reals    []float32
	m, shift []float32
	x        []X

	z      int32   // zero point of x as the kernel's bytes
	bias   []int32 // less z·Σw, padded to whole vectors
	pixels int     // of the output
	images int
	width  int // pixels of an image's row
	tasks  int

	images8 []uint8 // a padded image for each task
	rows    []int32 // a row of accumulators for each task
}

// tasksWork is how many products are worth a separate task, maxTasks how many
// padded images are in memory at once.
const (
	tasksWork = 1 << 18
	maxTasks  = 32
)

// begin derives the rest of the call from the arguments. The result has outputs
// elements.
func (c *intCall[X]) begin(kernel string, z int32, bias []int32, outputs int, s *Scratch) {
	g := c.p.g
	n := len(c.x) / (g.H * g.W * g.C)
	checkLen(kernel, "x", len(c.x), n*g.H*g.W*g.C)
	checkLen(kernel, "the result", outputs, n*g.OH()*g.OW()*g.O)
	c.z = z + int32(flipOf[X]())
	if c.z < 0 || c.z > 255 {
		panic("kernel: " + kernel + ": zero point out of the range of its bytes")
	}
	c.z -= int32(c.p.sign())
	c.images, c.width, c.pixels = n, g.OW(), n*g.OH()*g.OW()
	if c.p.flat() {
		c.images, c.width = (c.pixels+flatWidth-1)/flatWidth, flatWidth
	}
	work := c.pixels * g.O * g.KH * g.KW * g.C / g.Groups
	c.tasks = max(1, min(c.images, work/tasksWork, maxTasks))
	c.images8 = s.bytes(c.tasks * c.p.imageBytes())
	padded := c.p.biasLen()
	ints := s.ints(padded + c.tasks*c.width*g.O)
	c.bias, c.rows = ints[:padded], ints[padded:]
	for o, sum := range c.p.sums {
		c.bias[o] = -c.z * sum
		if bias != nil {
			c.bias[o] += bias[o]
		}
	}
	for o := g.O; o < padded; o++ {
		c.bias[o] = c.bias[o-g.O]
	}
}

func (c *intCall[X]) run() {
	if c.tasks == 1 {
		c.task(0)
		return
	}
	// A copy of the call goes to the other threads, so that a call without
	// them stays on the stack.
	shared := *c
	Parallel(shared.tasks, func(i int) { shared.task(i) })
}

// task does its share of the images, row by row.
func (c *intCall[X]) task(task int) {
	size, o := c.p.imageBytes(), c.p.g.O
	buffer := c.images8[task*size : (task+1)*size]
	first, last := share(c.images, c.tasks, task)
	for i := first; i < last; i++ {
		image, rows, pixels := c.image(i, buffer), c.p.g.OH(), c.width
		if c.p.flat() {
			rows, pixels = 1, min(c.width, c.pixels-i*c.width)
		}
		for oh := range rows {
			from := (i*rows + oh) * c.width * o
			to := from + pixels*o
			if c.acc != nil {
				c.p.row(c.acc[from:to], image, oh, c.bias)
				continue
			}
			row := c.rows[task*c.width*o:][:pixels*o]
			c.p.row(row, image, oh, c.bias)
			if c.reals != nil {
				realRows(c.reals[from:to], row, c.m, c.shift)
				continue
			}
			requantizeRows(c.y[from:to], row, c.r)
		}
	}
}

// image is image i with the padding that the kernels read, in buffer or, if it
// already has that, in x.
func (c *intCall[X]) image(i int, buffer []uint8) []uint8 {
	g, flip := c.p.g, flipOf[X]()^c.p.sign()
	if !c.p.flat() {
		size := g.H * g.W * g.C
		padImage(buffer, c.x[i*size:(i+1)*size], uint8(c.z), c.p)
		return buffer
	}
	from, to := i*c.width*g.C, min(len(c.x), (i+1)*c.width*g.C)
	if flip == 0 && c.p.element == 1 && (c.p.length == 4*c.p.groups || !c.p.panelled()) {
		return bytesOf(c.x[from:to])
	}
	c.p.copyRow(buffer, bytesOf(c.x[from:to]), flip)
	return buffer
}

// bytesOf is x, its bits as unsigned bytes.
func bytesOf[X Byte](x []X) []uint8 {
	return unsafe.Slice((*uint8)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

// flipOf is the bit to flip between X and uint8: 128 for signed bytes, which
// adds 128 to their values and zero point.
func flipOf[X Byte]() uint8 {
	if least := X(0); least-1 < 0 {
		return 128
	}
	return 0
}

// padImage copies an image into the frame of zero points that its convolution
// reads.
func padImage[X Byte](dst []uint8, x []X, z uint8, p *PackedConv) {
	g, e := p.g, p.element
	wide, line := (g.W+g.PadLeft+g.PadRight)*g.C, g.W*g.C
	fill := func(from, to int) { p.fill(dst[from*e:to*e], z) }
	fill(0, g.PadTop*wide)
	for h := range g.H {
		at := (h + g.PadTop) * wide
		left := at + g.PadLeft*g.C
		fill(at, left)
		p.copyRow(dst[left*e:], bytesOf(x[h*line:(h+1)*line]), flipOf[X]()^p.sign())
		fill(left+line, at+wide)
	}
	fill((g.H+g.PadTop)*wide, (g.H+g.PadTop+g.PadBottom)*wide)
}

// fill sets every element of dst to z.
func (p *PackedConv) fill(dst []uint8, z uint8) {
	if z == 0 {
		clear(dst)
		return
	}
	for i := 0; i < len(dst); i += p.element {
		dst[i] = z
		if p.element == 2 {
			dst[i+1] = 0
		}
	}
}

// copyRow copies bytes to elements, with a bit flipped.
func (p *PackedConv) copyRow(dst, x []uint8, flip uint8) {
	switch {
	case p.element == 2:
		widenRow(dst[:2*len(x)], x, flip)
	case flip == 0:
		copy(dst, x)
	default:
		flipBytes(dst[:len(x)], x)
	}
}

// widen is x ^ flip as words, four at a time:
//
//	0000dcba → 00dc00ba → 0d0c0b0a
func widen(dst, x []uint8, flip uint8) {
	n := len(x) &^ 3
	flips := uint64(flip) * 0x0001000100010001
	for i := 0; i < n; i += 4 {
		v := uint64(binary.LittleEndian.Uint32(x[i : i+4]))
		v = (v | v<<16) & 0x0000FFFF0000FFFF
		v = (v | v<<8) & 0x00FF00FF00FF00FF
		binary.LittleEndian.PutUint64(dst[2*i:2*i+8], v^flips)
	}
	for i := n; i < len(x); i++ {
		dst[2*i], dst[2*i+1] = x[i]^flip, 0
	}
}

// flipBytes is dst = x ^ 128, eight at a time.
func flipBytes(dst, x []uint8) {
	n := len(x) &^ 7
	for i := 0; i < n; i += 8 {
		v := binary.LittleEndian.Uint64(x[i : i+8])
		binary.LittleEndian.PutUint64(dst[i:i+8], v^0x8080808080808080)
	}
	for i := n; i < len(x); i++ {
		dst[i] = x[i] ^ 128
	}
}

// bytes is n bytes of the scratch's memory for padded images.
func (s *Scratch) bytes(n int) []uint8 {
	buf := grown(&s.buffers().padded, (n+3)/4)
	return unsafe.Slice((*uint8)(unsafe.Pointer(unsafe.SliceData(buf))), 4*len(buf))[:n]
}

// ints is n integers of the scratch's memory for partial sums.
func (s *Scratch) ints(n int) []int32 {
	buf := grown(&s.buffers().partial, n)
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(buf))), len(buf))
}
