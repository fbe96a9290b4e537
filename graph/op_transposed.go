package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"petrify/internal/kernel"
	"petrify/quantized"
)

// stretch is what makes an ordinary convolution of a transposed one: zeros between
// the pixels. Pixel h of the input becomes row h·factor + first of rows; what lies
// outside is cut off.
type stretch struct {
	in      Shape
	factor  [2]int
	first   [2]int // ≤ 0
	to      Shape
	ordinal quantized.Window // of the ordinary convolution
}

// stretched is the stretch of a transposed convolution's input. Along an axis of n
// pixels, with the extent e of the kernel, the ordinary convolution has stride 1 and
//
//	e − 1 − pad_begin zeros before, e − stride − pad_end + output_padding zeros after n·stride pixels
//
// which are cut off where there are fewer than none.
func (l Layer) stretched(in Shape) stretch {
	t := l.window(in)
	s := stretch{in: in, factor: t.Stride, ordinal: quantized.Window{Kernel: t.Kernel, Stride: [2]int{1, 1},
		Dilation: t.Dilation}}
	size := [2]int{in.H * t.Stride[0], in.W * t.Stride[1]}
	for i := range size {
		begin := extent(t, i) - 1 - t.PadBegin[i]
		end := extent(t, i) - t.Stride[i] - t.PadEnd[i] + l.extra(in)[i]
		s.first[i] = min(begin, 0)
		s.ordinal.PadBegin[i], s.ordinal.PadEnd[i] = max(begin, 0), max(end, 0)
		size[i] += min(begin, 0) + min(end, 0)
	}
	s.to = Shape{in.C, size[0], size[1]}
	return s
}

// extra is the rows and columns that a transposed convolution's output has more
// than its kernels reach; with padding "same", what makes it n·stride.
func (l Layer) extra(in Shape) (n [2]int) {
	if !l.Padding.Same {
		return l.OutputPadding
	}
	w := l.window(in)
	return [2]int{max(w.Stride[0]-extent(w, 0), 0), max(w.Stride[1]-extent(w, 1), 0)}
}

func transposedShape(l Layer, ins []Shape, _ bool) (Shape, bool, error) {
	in, w := ins[0], l.window(ins[0])
	out := [2]int{in.H, in.W}
	for i, extra := range l.extra(in) {
		if extra >= w.Stride[i] {
			return Shape{}, false, fmt.Errorf("output_padding %v: want less than the stride, %v", l.OutputPadding,
				w.Stride)
		}
		out[i] = (out[i]-1)*w.Stride[i] + extent(w, i) - w.PadBegin[i] - w.PadEnd[i] + extra
		if out[i] < 1 {
			return Shape{}, false, fmt.Errorf("padding %v and %v leaves nothing of the output", w.PadBegin, w.PadEnd)
		}
	}
	y := Shape{l.filters(in), out[0], out[1]}
	if g := l.groups(in); in.C%g != 0 || y.C%g != 0 {
		return y, false, fmt.Errorf("%d groups do not divide %d channels and %d filters", g, in.C, y.C)
	}
	return y, false, nil
}

// each calls f with the place of each row of the input's images in the output, of
// which columns from and on remain.
func (s stretch) each(images int, f func(image, row, to int)) {
	kernel.Parallel(images, func(n int) {
		for row := range s.in.H {
			if to := row*s.factor[0] + s.first[0]; to >= 0 && to < s.to.H {
				f(n, n*s.in.H+row, n*s.to.H+to)
			}
		}
	})
}

// columns calls f with the place of each pixel of a row in the input and the output.
func (s stretch) columns(f func(from, to int)) {
	for column := range s.in.W {
		if to := column*s.factor[1] + s.first[1]; to >= 0 && to < s.to.W {
			f(column*s.in.C, to*s.in.C)
		}
	}
}

// spread writes the stretched images x to y.
func (s stretch) spread(y, x []float32) {
	clear(y)
	s.each(len(x)/s.in.Size(), func(_, row, to int) {
		in, out := x[row*s.in.W*s.in.C:], y[to*s.to.W*s.to.C:]
		s.columns(func(from, to int) { copy(out[to:to+s.in.C], in[from:]) })
	})
}

// gather is the gradient of spread.
func (s stretch) gather(dx, dy []float32) {
	clear(dx)
	s.each(len(dx)/s.in.Size(), func(_, row, to int) {
		in, out := dx[row*s.in.W*s.in.C:], dy[to*s.to.W*s.to.C:]
		s.columns(func(from, to int) { copy(in[from:from+s.in.C], out[to:]) })
	})
}

// stretched adds the stretch of a transposed convolution's input; of other units' it
// is the input itself.
func (b *builder) stretched(u *unit, x *gorgonia.Node) (*gorgonia.Node, error) {
	if u.layer.Kind != KindConvTranspose {
		return x, nil
	}
	s := u.layer.stretched(u.ins[0])
	y, err := unary{
		name:  u.name() + "/stretched",
		shape: b.shape(s.to, false),
		run:   s.spread,
		grad:  func(dx, dy, _, _ []float32) { s.gather(dx, dy) },
	}.apply(x)
	b.active[y] = b.active[x]
	return y, err
}

// stretched puts before the ordinary convolution n, whose input has the given
// quantizer, what stretches that.
func (u *unit) stretched(n quantized.Node, in quantized.Quant) []quantized.Node {
	s := u.layer.stretched(u.ins[0])
	var nodes []quantized.Node
	add := func(name string, m quantized.Node, shape Shape) {
		m.Name, m.Inputs = u.name()+name, n.Inputs
		m.Output = quantized.Activation{Name: m.Name, Shape: shape.dims(false), Quant: in}
		nodes, n.Inputs = append(nodes, m), []string{m.Name}
	}
	whole := Shape{s.in.C, s.in.H * s.factor[0], s.in.W * s.factor[1]}
	if whole != s.in {
		add(".stretched", quantized.Node{Op: quantized.Stretch}, whole)
	}
	if s.to != whole {
		add(".cut", quantized.Node{Op: quantized.Slice, Begin: []int{0, -s.first[0], -s.first[1]}}, s.to)
	}
	return append(nodes, n)
}

// Torch is the parameter as PyTorch's state_dict has it. That is the parameter
// itself, except for the weights of a transposed convolution: PyTorch's are I O KH KW,
// of which the ordinary convolution's have the taps in reverse order.
func (p *Param) Torch() State {
	s := State{Name: p.Name, Shape: p.Shape, F32: p.Value}
	if p.transposed > 0 {
		inputs, outputs := p.Shape[1]*p.transposed, p.Shape[0]/p.transposed
		s.Shape = []int{inputs, outputs, p.Shape[2], p.Shape[3]}
		s.F32 = make([]float32, len(p.Value))
		p.eachTap(func(own, torch int) { s.F32[torch] = p.Value[own] })
	}
	return s
}

// SetTorch is the inverse of [Param.Torch].
func (p *Param) SetTorch(values []float32) {
	if p.transposed == 0 {
		copy(p.Value, values)
		return
	}
	p.eachTap(func(own, torch int) { p.Value[own] = values[torch] })
}

// eachTap calls f with the place of each weight of a transposed convolution, here and
// in PyTorch.
func (p *Param) eachTap(f func(own, torch int)) {
	inputs, taps := p.Shape[1], p.Shape[2]*p.Shape[3]
	perGroup := p.Shape[0] / p.transposed
	for own := range p.Value {
		o, i, tap := own/taps/inputs, own/taps%inputs, own%taps
		in := o/perGroup*inputs + i
		f(own, (in*perGroup+o%perGroup)*taps+taps-1-tap)
	}
}
