package graph

import (
	"fmt"
	"slices"

	"petrify/internal/kernel"
	"petrify/quantized"
)

// window is the geometry of a convolution or pool, with explicit padding, for
// inputs of the given shape; that of a linear layer is one pixel.
func (l Layer) window(in Shape) quantized.Window {
	w := quantized.Window{Kernel: l.Kernel, Stride: l.Stride, Dilation: l.Dilation,
		PadBegin: [2]int{l.Padding.Top, l.Padding.Left}, PadEnd: [2]int{l.Padding.Bottom, l.Padding.Right}}
	for i, size := range [2]int{in.H, in.W} {
		if w.Stride[i] == 0 && !l.Kind.is(roleProduct) {
			w.Stride[i] = l.Kernel[i]
		}
		w.Kernel[i], w.Stride[i], w.Dilation[i] = max(w.Kernel[i], 1), max(w.Stride[i], 1), max(w.Dilation[i], 1)
		if l.Padding.Same && l.Kind == KindConvTranspose {
			total := max(extent(w, i)-w.Stride[i], 0)
			w.PadBegin[i], w.PadEnd[i] = total/2, total-total/2
		} else if l.Padding.Same {
			w.PadBegin[i], w.PadEnd[i] = same(size, extent(w, i), w.Stride[i])
		}
	}
	w.CountIncludePad = l.CountIncludePad && (w.PadBegin != [2]int{} || w.PadEnd != [2]int{})
	if l.CeilMode {
		l.overhang(&w, in)
	}
	return w
}

// overhang adds to the padding what makes one window more fit, if that starts
// in the image or in the padding before it, as in PyTorch.
func (l Layer) overhang(w *quantized.Window, in Shape) {
	for i, size := range [2]int{in.H, in.W} {
		stride, room := w.Stride[i], w.PadBegin[i]+size+w.PadEnd[i]-extent(*w, i)
		over := (stride - room%stride) % stride
		if room+over < 0 || room+over >= w.PadBegin[i]+size {
			continue
		}
		w.PadEnd[i] += over
		if w.CountIncludePad {
			w.Overhang[i] = over
		}
	}
}

// same splits the padding that makes the output ⌈n/stride⌉.
func same(n, extent, stride int) (begin, end int) {
	total := max(((n+stride-1)/stride-1)*stride+extent-n, 0)
	return total / 2, total - total/2
}

// extent is the pixels from the kernel's first tap to its last.
func extent(w quantized.Window, axis int) int { return (w.Kernel[axis]-1)*w.Dilation[axis] + 1 }

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
	v := l.window(in)
	h, w := in.H+v.PadBegin[0]+v.PadEnd[0], in.W+v.PadBegin[1]+v.PadEnd[1]
	eh, ew := extent(v, 0), extent(v, 1)
	if h < eh || w < ew {
		return Shape{}, fmt.Errorf("kernel %d×%d is larger than its padded input %d×%d", eh, ew, h, w)
	}
	return Shape{in.C, (h-eh)/v.Stride[0] + 1, (w-ew)/v.Stride[1] + 1}, nil
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

// conv is the geometry of the unit's convolution; a linear layer is one of a
// single pixel.
func (u *unit) conv(batch int) kernel.Conv {
	in := u.ins[0]
	w := u.layer.window(in)
	if u.layer.Kind == KindConvTranspose {
		s := u.layer.stretched(in)
		in, w = s.to, s.ordinal
	}
	return kernel.Conv{
		N: batch, H: in.H, W: in.W, C: in.C, O: u.out.C,
		KH: w.Kernel[0], KW: w.Kernel[1], StrideH: w.Stride[0], StrideW: w.Stride[1],
		DilationH: w.Dilation[0], DilationW: w.Dilation[1],
		PadTop: w.PadBegin[0], PadLeft: w.PadBegin[1], PadBottom: w.PadEnd[0], PadRight: w.PadEnd[1],
		Groups: u.layer.groups(in),
	}
}

// pool is the geometry of the unit's pool; a global one has the whole image
// as its window.
func (u *unit) pool(batch int) kernel.Pool {
	in := u.ins[0]
	w := u.layer.window(in)
	if u.layer.Kind == KindGlobalAvgPool {
		w.Kernel = [2]int{in.H, in.W}
	}
	return kernel.Pool{
		N: batch, H: in.H, W: in.W, C: in.C,
		KH: w.Kernel[0], KW: w.Kernel[1], StrideH: w.Stride[0], StrideW: w.Stride[1],
		PadTop: w.PadBegin[0], PadLeft: w.PadBegin[1], PadBottom: w.PadEnd[0], PadRight: w.PadEnd[1],
		CountIncludePad: w.CountIncludePad, OverBottom: w.Overhang[0], OverRight: w.Overhang[1],
	}
}
