package reference

import "petrify/quantized"

// seen is what the window of an output sees: elements of x, and padding that a
// mean counts as zeros.
type seen struct {
	elements []int
	zeros    int
}

// count is the numbers of which a mean is.
func (s seen) count() int { return len(s.elements) + s.zeros }

// eachWindow calls f for every output, channel by channel.
func (l *layer) eachWindow(f func(window seen)) {
	x, windows := l.x[0], l.windows()
	var s seen
	for c := range x.Shape[0] {
		for i, window := range windows {
			s.elements = s.elements[:0]
			for _, p := range window {
				s.elements = append(s.elements, c*x.Shape[1]*x.Shape[2]+p.pixel)
			}
			if l.Window.CountIncludePad {
				s.zeros = l.counted(i) - len(window)
			}
			f(s)
		}
	}
}

// counted is the positions of an output's window that are not in the overhang.
func (l *layer) counted(output int) int {
	w, columns, n := l.Window, l.Output.Shape[2], 1
	for axis, at := range [2]int{output / columns, output % columns} {
		end := w.PadBegin[axis] + l.x[0].Shape[1+axis] + w.PadEnd[axis] - w.Overhang[axis]
		n *= min(w.Kernel[axis], end-at*w.Stride[axis])
	}
	return n
}

// maxPool is the greatest number of a window. Its output's grid is its input's.
func maxPool(l *layer) {
	x := l.x[0]
	l.eachWindow(func(window seen) {
		greatest := window.elements[0]
		for _, i := range window.elements {
			if x.Real(i) > x.Real(greatest) {
				greatest = i
			}
		}
		l.y.putReal(x.Real(greatest))
	})
}

// avgPool is the mean of a window, or of the image.
func avgPool(l *layer) {
	mean := l.rules.mean
	if l.Op == quantized.GlobalAvgPool {
		mean = l.rules.meanImage
	}
	l.eachWindow(func(window seen) {
		if l.integers {
			l.y.put(mean(l, window))
		} else {
			l.y.putReal(meanReal(l.x[0], window))
		}
	})
}

// meanReal is Σ r_x / n, rounded to float32 after each addition, in the order
// of the window's rows.
func meanReal(x *Tensor, window seen) float32 {
	var sum float32
	for _, i := range window.elements {
		sum += x.Real(i)
	}
	return sum / float32(window.count())
}

// meanOfReals is ONNX Runtime's QLinearAveragePool, which adds the zero point
// of its file before it rounds: rne(float32(float32((Σ r_x / n)/s_y) + z′_y)) −
// z′_y. It treats a window that covers the image, without padding, as a global
// average.
func meanOfReals(file offset) meanRule {
	return func(l *layer, window seen) float64 {
		x, y, w := l.x[0], l.y.Quant, l.Window
		if [2]int(x.Shape[1:]) == w.Kernel && w.PadBegin == w.PadEnd && w.PadEnd == [2]int{} {
			return meanOfImage(l, window)
		}
		z := float32(int64(y.Zero) + file(y))
		return rne(float32(meanReal(x, window)/y.Scale)+z) - float64(z)
	}
}

// meanOfImage is rne(float32(Σ d_x)·m), m = float32(s_x/float32(s_y·n)): ONNX
// Runtime's QLinearGlobalAveragePool.
func meanOfImage(l *layer, window seen) float64 {
	m := l.x[0].Quant.Scale / float32(l.y.Quant.Scale*float32(window.count()))
	return rne(float32(l.sum(window)) * m)
}

// meanOfIntegers is TensorFlow Lite's: the mean of the integers u in the file,
// rounded half away from zero. If x and y are not on the same grid, it is the
// other mean.
//
//	sign(Σ u)·⌊|Σ u|/n + ½⌋ − z′        Σ u = Σ d_x + n·z′, z′ the file's zero point
func meanOfIntegers(file offset, other meanRule) meanRule {
	return func(l *layer, window seen) float64 {
		y := l.y.Quant
		if !alike(l.x[0].Quant, y) {
			return other(l, window)
		}
		n, z := int64(window.count()), int64(y.Zero)+file(y)
		u := l.sum(window) + n*z
		return float64(sign(u)*((2*abs(u)+n)/(2*n)) - z)
	}
}

// sum is Σ d_x over a window.
func (l *layer) sum(window seen) (sum int64) {
	for _, i := range window.elements {
		sum += l.x[0].centred(i)
	}
	return sum
}

// alike reports whether two grids are the same in a file.
func alike(x, y quantized.Quant) bool {
	return x.Scale == y.Scale && int64(x.Zero)+asUnsigned(x) == int64(y.Zero)+asUnsigned(y)
}
