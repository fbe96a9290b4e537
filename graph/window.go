package graph

import (
	"fmt"
	"slices"

	"petrify/internal/kernel"
)

// window is the resolved geometry of a convolution or a pool.
type window struct {
	kernel, stride, dilation [2]int
	top, left, bottom, right int
}

// resolve turns the layer's stride and padding into numbers, for inputs of
// the given shape.
func (l Layer) resolve(in Shape) window {
	v := window{kernel: l.Kernel, stride: l.Stride, dilation: l.Dilation}
	for i := range 2 {
		if v.stride[i] == 0 && l.Kind != KindConv2D {
			v.stride[i] = l.Kernel[i]
		}
		v.stride[i], v.dilation[i] = max(v.stride[i], 1), max(v.dilation[i], 1)
	}
	p := l.Padding
	v.top, v.left, v.bottom, v.right = p.Top, p.Left, p.Bottom, p.Right
	if p.Same {
		v.top, v.bottom = same(in.H, v.extent(0), v.stride[0])
		v.left, v.right = same(in.W, v.extent(1), v.stride[1])
	}
	return v
}

// same splits the padding that makes the output ⌈n/stride⌉.
func same(n, extent, stride int) (begin, end int) {
	total := max(((n+stride-1)/stride-1)*stride+extent-n, 0)
	return total / 2, total - total/2
}

// extent is the pixels from the kernel's first tap to its last.
func (v window) extent(axis int) int { return (v.kernel[axis]-1)*v.dilation[axis] + 1 }

// widest bounds each of a window's sizes, so that no sum and no product of two
// overflows an int, of 32 bits or 64.
const widest = 1 << 15

// widest is the largest of the window's sizes.
func (l Layer) widest() int {
	return max(slices.Max(l.Kernel[:]), slices.Max(l.Stride[:]), slices.Max(l.Dilation[:]),
		l.Padding.Top, l.Padding.Left, l.Padding.Bottom, l.Padding.Right)
}

// most is how many elements an activation of one image may have, and how many
// weights a layer: memory for more, times a batch, is none that a user meant to
// ask for, and Go cannot refuse it but by ending the process.
const most = 1 << 28

// output is the shape of the layer's output and whether that is a vector,
// given the inputs' shapes and whether the first is a vector; or an error
// that says what the layer expected.
func (l Layer) output(ins []Shape, vector bool) (Shape, bool, error) {
	out, vector, err := l.shape(ins, vector)
	if err != nil {
		return out, vector, err
	}
	if n := float64(out.C) * float64(out.H) * float64(out.W); n > most {
		return out, vector, fmt.Errorf("output of shape %v: want at most %d elements", out, most)
	}
	if n := float64(out.C) * float64(l.fan(ins[0])); n > most {
		return out, vector, fmt.Errorf("%.0f weights: want at most %d", n, most)
	}
	return out, vector, nil
}

// fan is the number of inputs of one output of a layer with weights.
func (l Layer) fan(in Shape) int64 {
	switch l.Kind {
	case KindConv2D:
		return int64(in.C/l.groups(in)) * int64(l.Kernel[0]) * int64(l.Kernel[1])
	case KindLinear:
		return int64(in.C)
	}
	return 0
}

// shape is output, whatever its size.
func (l Layer) shape(ins []Shape, vector bool) (Shape, bool, error) {
	in := ins[0]
	switch l.Kind {
	case KindLinear, KindSoftmax:
		if !vector {
			return Shape{}, false, fmt.Errorf("%v wants a vector, got an image %v: put flatten before it", l.Kind, in)
		}
	case KindConv2D, KindMaxPool, KindAvgPool, KindGlobalAvgPool:
		if vector {
			return Shape{}, false, fmt.Errorf("%v wants an image, got a vector of %d: put reshape before it", l.Kind, in.C)
		}
	}
	switch l.Kind {
	case KindLinear:
		return Shape{l.Units, 1, 1}, true, nil
	case KindFlatten:
		return Shape{in.Size(), 1, 1}, true, nil
	case KindGlobalAvgPool:
		return Shape{in.C, 1, 1}, false, nil
	case KindConv2D, KindMaxPool, KindAvgPool:
		out, err := l.slide(in)
		return out, false, err
	case KindReshape:
		if l.Shape.Size() != in.Size() {
			return Shape{}, false, fmt.Errorf("shape %v has %d elements, the input %v has %d", l.Shape, l.Shape.Size(), in, in.Size())
		}
		return l.Shape, l.Shape.vector(), nil
	case KindAdd, KindConcat:
		out, err := l.join(ins)
		return out, vector, err
	}
	return in, vector, nil
}

func (l Layer) slide(in Shape) (Shape, error) {
	v := l.resolve(in)
	h, w := in.H+v.top+v.bottom, in.W+v.left+v.right
	if h < v.extent(0) || w < v.extent(1) {
		return Shape{}, fmt.Errorf("kernel %d×%d is larger than its padded input %d×%d", v.extent(0), v.extent(1), h, w)
	}
	out := Shape{in.C, (h-v.extent(0))/v.stride[0] + 1, (w-v.extent(1))/v.stride[1] + 1}
	if n := v.kernel[0] * v.kernel[1]; l.Kind == KindMaxPool && n > 256 {
		return Shape{}, fmt.Errorf("window of %d elements: want at most 256", n)
	}
	if l.Kind != KindConv2D {
		return out, (&unit{layer: l, ins: []Shape{in}}).pool(1).Validate()
	}
	out.C = l.filters(in)
	if g := l.groups(in); in.C%g != 0 || out.C%g != 0 {
		return Shape{}, fmt.Errorf("%d groups do not divide %d channels and %d filters", g, in.C, out.C)
	}
	return out, nil
}

// groups is the convolution's number of groups on the given input.
func (l Layer) groups(in Shape) int {
	if l.Groups == Depthwise {
		return in.C
	}
	return max(l.Groups, 1)
}

// filters is the convolution's number of filters; a depthwise one has as many
// as channels unless it says otherwise.
func (l Layer) filters(in Shape) int {
	if l.Groups == Depthwise && l.Units == 0 {
		return in.C
	}
	return l.Units
}

func (l Layer) join(ins []Shape) (Shape, error) {
	out := ins[0]
	if l.Kind == KindAdd && len(ins) != 2 {
		return Shape{}, fmt.Errorf("add takes 2 layers, got %d", len(ins))
	}
	for _, in := range ins[1:] {
		same := in == out
		if l.Kind == KindConcat {
			same = in.H == out.H && in.W == out.W
		}
		if !same {
			return Shape{}, fmt.Errorf("%v of shapes that do not match: %v", l.Kind, ins)
		}
		if l.Kind == KindConcat {
			out.C += in.C
		}
	}
	return out, nil
}

// conv is the geometry of the unit's convolution.
func (u *unit) conv(batch int) kernel.Conv {
	in := u.ins[0]
	v := u.layer.resolve(in)
	return kernel.Conv{
		N: batch, H: in.H, W: in.W, C: in.C, O: u.out.C,
		KH: v.kernel[0], KW: v.kernel[1], StrideH: v.stride[0], StrideW: v.stride[1],
		DilationH: v.dilation[0], DilationW: v.dilation[1],
		PadTop: v.top, PadLeft: v.left, PadBottom: v.bottom, PadRight: v.right,
		Groups: u.layer.groups(in),
	}
}

// pool is the geometry of the unit's pool; a global one has the whole image
// as its window.
func (u *unit) pool(batch int) kernel.Pool {
	in := u.ins[0]
	v := u.layer.resolve(in)
	if u.layer.Kind == KindGlobalAvgPool {
		v = window{kernel: [2]int{in.H, in.W}, stride: [2]int{1, 1}}
	}
	return kernel.Pool{
		N: batch, H: in.H, W: in.W, C: in.C,
		KH: v.kernel[0], KW: v.kernel[1], StrideH: v.stride[0], StrideW: v.stride[1],
		PadTop: v.top, PadLeft: v.left, PadBottom: v.bottom, PadRight: v.right,
	}
}
