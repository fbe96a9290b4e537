package graph

import (
	"petrify/internal/kernel"
)

// patches are what a product's weights are multiplied with, in both networks: a row
// for each pixel of each output image, with the inputs of one group after the other,
// each in the weights' order.
type patches struct {
	kernel.Conv
	groups, cols int // cols are those of a group
	got, wanted  []float32
}

func newPatches(u *unit, images int, got, wanted []float32) *patches {
	c := u.conv(images)
	if u.layer.Kind == KindConvTranspose {
		s := u.layer.stretched(u.ins[0])
		for _, x := range []*[]float32{&got, &wanted} {
			y := make([]float32, images*s.to.Size())
			s.spread(y, *x)
			*x = y
		}
	}
	return &patches{Conv: c, groups: c.Groups, cols: c.C / c.Groups * c.KH * c.KW, got: got, wanted: wanted}
}

// rows is the number of patches.
func (p *patches) rows() int { return p.N * p.OH() * p.OW() }

// row writes the part of a patch of the images x that the channels from first on have.
func (p *patches) row(to, x []float32, i, first int) {
	oh, ow, taps := p.OH(), p.OW(), p.KH*p.KW
	image, top, left := x[i/(oh*ow)*p.H*p.W*p.C:], i/ow%oh*p.StrideH-p.PadTop, i%ow*p.StrideW-p.PadLeft
	for t := range taps {
		h, w := top+t/p.KW*p.DilationH, left+t%p.KW*p.DilationW
		if h < 0 || h >= p.H || w < 0 || w >= p.W {
			for c := range len(to) / taps {
				to[c*taps+t] = 0
			}
			continue
		}
		for c, v := range image[(h*p.W+w)*p.C+first:][:len(to)/taps] {
			to[c*taps+t] = v
		}
	}
}

// means are those of the quantized network's patches, and of what the float
// network's are greater by.
func (p *patches) means() (mean, shift []float64) {
	n := p.groups * p.cols
	mean, shift = make([]float64, n), make([]float64, n)
	a, b := make([]float32, n), make([]float32, n)
	for i := range p.rows() {
		p.row(a, p.got, i, 0)
		p.row(b, p.wanted, i, 0)
		for j, v := range a {
			mean[j] += float64(v)
			shift[j] += float64(b[j] - v)
		}
	}
	for j := range mean {
		mean[j] /= float64(p.rows())
		shift[j] /= float64(p.rows())
	}
	return mean, shift
}

const (
	patchRows  = 1 << 15 // of which moments are taken, at most: some pixels of every image
	patchBlock = 1 << 10 // rows whose products are summed in float32
)

// moments are those of a group's patches about the given means: of the quantized
// network's with themselves, and of the differences with them.
func (p *patches) moments(group int, mean, shift []float64) (moments, cross []float64) {
	n := p.cols
	mean, shift = mean[group*n:], shift[group*n:]
	moments, cross = make([]float64, n*n), make([]float64, n*n)
	a, b, sum := make([]float32, n), make([]float32, n), make([]float32, n*n)
	x, d := make([]float32, 0, patchBlock*n), make([]float32, 0, patchBlock*n)
	every := (p.rows() + patchRows - 1) / patchRows
	count := (p.rows() + every - 1) / every
	for k := range count {
		i := min(k*every+k*7919%every, p.rows()-1) // of all pixels in turn
		p.row(a, p.got, i, group*p.C/p.groups)
		p.row(b, p.wanted, i, group*p.C/p.groups)
		for j, v := range a {
			x = append(x, float32(float64(v)-mean[j]))
			d = append(d, float32(float64(b[j]-v)-shift[j]))
		}
		if len(x) == cap(x) || k == count-1 {
			addProducts(moments, x, x, n, sum)
			addProducts(cross, d, x, n, sum)
			x, d = x[:0], d[:0]
		}
	}
	for i := range moments {
		moments[i] /= float64(count)
		cross[i] /= float64(count)
	}
	return moments, cross
}

// addProducts adds the products of each row of x and y, of n elements, to the matrix
// of their sums.
func addProducts(sums []float64, x, y []float32, n int, scratch []float32) {
	rows := len(x) / n
	kernel.Gemm(kernel.Matrix{Data: scratch, Rows: n, Cols: n, LD: n},
		kernel.Matrix{Data: x, Rows: n, Cols: rows, LD: n, Trans: true},
		kernel.Matrix{Data: y, Rows: rows, Cols: n, LD: n}, false)
	for i, v := range scratch {
		sums[i] += float64(v)
	}
}
