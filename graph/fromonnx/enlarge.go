package fromonnx

import (
	"slices"

	"petrify/graph"
	"petrify/internal/onnxeval"
)

// resize makes a layer of a Resize or Upsample that repeats elements.
func resize(v *visit) (*signal, error) {
	if _, err := v.input(); err != nil {
		return nil, err
	}
	x := copied(v.signals[0])
	const help = "nearest interpolation by whole factors is imported"
	times, err := onnxeval.Repeats(v.Node, v.constants, x.shape)
	switch {
	case err != nil:
		return nil, refuse(help, "%v", err)
	case len(times) < 3 || times[0] != 1 || times[1] != 1:
		return nil, refuse(help, "it repeats elements by %v, channels among them", times)
	}
	if _, err := v.settled(x); err != nil {
		return nil, err
	}
	if _, err := v.image(x); err != nil {
		return nil, err
	}
	l := &layer{Layer: graph.Layer{Kind: graph.KindResize, Factor: [2]int{1, times[len(times)-1]}}, out: imageOf(v.to)}
	if len(times) == 4 {
		l.Factor[0] = times[2]
	}
	return v.add(l, nil, x.layer), nil
}

// convTranspose makes a transposed convolution. What its input is scaled by goes into
// its weights; zeros that a Pad adds around the input cannot become padding.
func convTranspose(v *visit) (*signal, error) {
	if _, err := v.input(); err != nil {
		return nil, err
	}
	x := copied(v.signals[0])
	w, err := v.weights(1, len(x.shape))
	if err != nil {
		return nil, err
	}
	if x.padded() || x.shifted() {
		if _, err := v.settled(x); err != nil {
			return nil, err
		}
	}
	if _, vector := v.source(x.layer); vector && x.size() == x.shape[1] {
		return v.projected(x, w)
	}
	in, err := v.image(x)
	if err != nil {
		return nil, err
	}
	groups := v.Int("group", 1)
	perGroup, taps := w.Shape[1], sizeOf(w.Shape[2:])
	l := &layer{Layer: graph.Layer{Kind: graph.KindConvTranspose, Units: perGroup * groups}, transposed: groups,
		title: title(v.Inputs[1], v.Name), out: imageOf(v.to)}
	if l.Groups = groups; groups == 1 {
		l.Groups = 0
	} else if groups == in.C {
		l.Groups = graph.Depthwise
	}
	if err := v.widen(l, x, w.Shape[2:]); err != nil {
		return nil, err
	}
	inputs := in.C / groups
	l.weight = make([]float64, len(w.F))
	l.size = []int{l.Units, inputs, l.Kernel[0], l.Kernel[1]}
	l.eachTap(func(own, torch int) { l.weight[own] = w.F[torch] }, taps)
	if b := v.constant(2); b != nil {
		l.bias = slices.Clone(b.Numbers())
	}
	if x.affine() {
		l.absorb(x, groups)
	}
	return v.add(l, nil, x.layer), nil
}

// eachTap calls f with the place of each weight of a transposed convolution, O I KH
// KW here and I O KH KW in PyTorch.
func (l *layer) eachTap(f func(own, torch int), taps int) {
	inputs, perGroup := l.size[1], l.size[0]/l.transposed
	for own := range l.weight {
		o, i := own/taps/inputs, own/taps%inputs
		f(own, ((o/perGroup*inputs+i)*perGroup+o%perGroup)*taps+own%taps)
	}
}

// widen sets kernel, stride, dilation and padding of a transposed convolution.
func (v *visit) widen(l *layer, x *signal, kernel []int) error {
	w, out, err := onnxeval.Widened(v.Node, x.shape[2:], kernel)
	if err != nil {
		return err
	}
	l.Kernel, l.Stride, l.Dilation = [2]int{1, 1}, [2]int{1, 1}, [2]int{1, 1}
	var begin, end [2]int
	for i, n := range x.shape[2:] {
		axis := 2 - len(out) + i
		l.Kernel[axis], l.Stride[axis], l.Dilation[axis] = w.Kernel[i], w.Stride[i], w.Dilation[i]
		begin[axis] = w.Begin[i]
		end[axis] = (n-1)*w.Stride[i] + (w.Kernel[i]-1)*w.Dilation[i] + 1 - w.Begin[i] - out[i]
		if end[axis] < 0 {
			end[axis], l.OutputPadding[axis] = 0, -end[axis]
		}
		if l.OutputPadding[axis] >= w.Stride[i] {
			return refuse("", "the output has %d rows or columns more than the kernel reaches, the stride is %d",
				l.OutputPadding[axis], w.Stride[i])
		}
	}
	l.Padding = graph.Padding{Top: begin[0], Left: begin[1], Bottom: end[0], Right: end[1]}
	for _, size := range []*[2]int{&l.Stride, &l.Dilation} {
		if *size == [2]int{1, 1} {
			*size = [2]int{}
		}
	}
	return nil
}

// projected makes a linear layer of a transposed convolution of a picture of one
// pixel: each output sees one of the kernel's taps, or none.
func (v *visit) projected(x *signal, w *onnxeval.Tensor) (*signal, error) {
	l := &layer{}
	if err := v.widen(l, x, w.Shape[2:]); err != nil {
		return nil, err
	}
	groups, out, taps := v.Int("group", 1), imageOf(v.to), sizeOf(w.Shape[2:])
	perGroup, inputs := w.Shape[1], x.shape[1]/groups
	tap := func(place, axis, before int) (int, bool) {
		step := max(l.Dilation[axis], 1)
		at := place + before
		return at / step, at%step == 0 && at/step < l.Kernel[axis]
	}
	s, err := v.linear(x, x.shape[1], out.Size(), func(o, i int) float64 {
		c := o / (out.H * out.W)
		row, seen := tap(o/out.W%out.H, 0, l.Padding.Top)
		column, too := tap(o%out.W, 1, l.Padding.Left)
		if !seen || !too || i/inputs != c/perGroup {
			return 0
		}
		return w.F[(i*perGroup+c%perGroup)*taps+row*l.Kernel[1]+column]
	})
	if b := v.constant(2); err == nil && b != nil {
		for o := range v.layers[s.layer].bias {
			v.layers[s.layer].bias[o] += b.Numbers()[o/(out.H*out.W)]
		}
	}
	return s, err
}
