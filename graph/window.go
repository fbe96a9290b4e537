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
// sizes overflows an int of 32 bits.
const widest = 1 << 15

// widest is the largest of the window's sizes.
func (l Layer) widest() int {
	return max(slices.Max(l.Kernel[:]), slices.Max(l.Stride[:]), slices.Max(l.Dilation[:]),
		l.Padding.Top, l.Padding.Left, l.Padding.Bottom, l.Padding.Right)
}

// fan is the number of inputs of one output of a layer with weights.
func (l Layer) fan(in Shape) int64 {
	of := rows[l.Kind].weights
	if of == nil {
		return 0
	}
	n := int64(1)
	for _, size := range of(l, in)[1:] {
		n *= int64(size)
	}
	return n
}

func convWeights(l Layer, in Shape) []int {
	return []int{l.filters(in), in.C / l.groups(in), l.Kernel[0], l.Kernel[1]}
}

func linearWeights(l Layer, in Shape) []int { return []int{l.Units, in.C} }

func convShape(l Layer, ins []Shape, _ bool) (Shape, bool, error) {
	in := ins[0]
	out, err := l.slide(in)
	if err != nil {
		return out, false, err
	}
	out.C = l.filters(in)
	if g := l.groups(in); in.C%g != 0 || out.C%g != 0 {
		return out, false, fmt.Errorf("%d groups do not divide %d channels and %d filters", g, in.C, out.C)
	}
	return out, false, nil
}

func maxPoolShape(l Layer, ins []Shape, vector bool) (Shape, bool, error) {
	if n := l.Kernel[0] * l.Kernel[1]; n > 256 {
		return Shape{}, false, fmt.Errorf("window of %d elements: want at most 256", n)
	}
	return poolShape(l, ins, vector)
}

func poolShape(l Layer, ins []Shape, _ bool) (Shape, bool, error) {
	out, err := l.slide(ins[0])
	if err != nil {
		return out, false, err
	}
	return out, false, (&unit{layer: l, ins: ins}).pool(1).Validate()
}

func globalShape(_ Layer, ins []Shape, _ bool) (Shape, bool, error) {
	return Shape{ins[0].C, 1, 1}, false, nil
}

func linearShape(l Layer, _ []Shape, _ bool) (Shape, bool, error) {
	return Shape{l.Units, 1, 1}, true, nil
}

// slide is the shape of the output of a window that slides over each channel.
func (l Layer) slide(in Shape) (Shape, error) {
	v := l.resolve(in)
	h, w := in.H+v.top+v.bottom, in.W+v.left+v.right
	if h < v.extent(0) || w < v.extent(1) {
		return Shape{}, fmt.Errorf("kernel %d×%d is larger than its padded input %d×%d", v.extent(0), v.extent(1), h, w)
	}
	return Shape{in.C, (h-v.extent(0))/v.stride[0] + 1, (w-v.extent(1))/v.stride[1] + 1}, nil
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
