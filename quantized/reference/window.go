package reference

// place is what a window sees at one of its positions: the index of a weight
// within the kernel's KH × KW and of a pixel within the image's H × W.
type place struct{ tap, pixel int }

// windows lists what the window of each output pixel sees of the image, row by
// row, without the padding:
//
//	h = oh·stride + kh·dilation − pad_begin, if 0 ≤ h < H, and w likewise
func (l *layer) windows() [][]place {
	w, x, y := l.Window, l.x[0].Shape, l.Output.Shape
	if len(x) == 1 { // a linear layer's: one pixel
		return [][]place{{{}}}
	}
	if w.Kernel == [2]int{} { // a global average's: the image
		w.Kernel = [2]int{x[1], x[2]}
	}
	all := make([][]place, y[1]*y[2])
	for i := range all {
		for kh := range w.Kernel[0] {
			for kw := range w.Kernel[1] {
				h := i/y[2]*w.Stride[0] + kh*max(1, w.Dilation[0]) - w.PadBegin[0]
				v := i%y[2]*w.Stride[1] + kw*max(1, w.Dilation[1]) - w.PadBegin[1]
				if h >= 0 && h < x[1] && v >= 0 && v < x[2] {
					all[i] = append(all[i], place{kh*w.Kernel[1] + kw, h*x[2] + v})
				}
			}
		}
	}
	return all
}
