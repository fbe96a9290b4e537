package fromonnx

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"petrify/graph"
	"petrify/internal/onnxeval"
)

// weights returns the constant that holds a layer's weights. Two layers may not share
// them: training would change one and not the other. PyTorch's exporter stores equal weights of
// different modules once, as those of an encoder's layers that were not trained.
func (v *visit) weights(i int, rank int) (*onnxeval.Tensor, error) {
	w := v.constant(i)
	if w == nil {
		return nil, refuse("export the network with its parameters", "its weights are computed")
	}
	if w.F == nil || rank > 0 && len(w.Shape) != rank {
		return nil, refuse("", "weights of type %v and shape %v", w.Type, w.Shape)
	}
	if root := v.root[v.Inputs[i]]; root != "" {
		if other, ok := v.owners[root]; ok && module(other) == module(v.Name) {
			return nil, refuse("give each its own", "it shares the weights %q with node %q", root, other)
		} else if ok {
			v.assumed = append(v.assumed, fmt.Sprintf("nodes %q and %q have equal weights, which the file holds once, "+
				"and train apart", other, v.String()))
		}
		v.owners[root] = v.String()
	}
	return w, nil
}

// module is the module of PyTorch's that a node belongs to, whichever of its calls; "" of other nodes.
func module(node string) string {
	parts := strings.Split(node, "/")
	if parts[0] != "" {
		return ""
	}
	for i, part := range parts {
		at := strings.LastIndexByte(part, '_')
		if _, err := strconv.Atoi(part[at+1:]); at > 0 && err == nil {
			parts[i] = part[:at]
		}
	}
	return strings.Join(parts[:len(parts)-1], "/")
}

// conv makes a convolution. What its input is scaled and shifted by goes into
// its weights, zeros around it into its padding.
func conv(v *visit) (*signal, error) {
	if _, err := v.input(); err != nil {
		return nil, err
	}
	x := copied(v.signals[0])
	w, err := v.weights(1, len(x.shape))
	if err != nil {
		return nil, err
	}
	if _, vector := v.source(x.layer); vector && !x.padded() && x.size() == x.shape[1] {
		return v.onePixel(x, w)
	}
	in, err := v.image(x)
	if err != nil {
		return nil, err
	}
	l := &layer{Layer: graph.Layer{Kind: graph.KindConv2D, Units: w.Shape[0]}, title: title(v.Inputs[1], v.Name)}
	window, err := v.slide(&l.Layer, x, w.Shape[2:])
	if err != nil {
		return nil, err
	}
	groups := v.Int("group", 1)
	if l.Groups = groups; groups == 1 {
		l.Groups = 0
	} else if groups == in.C {
		if l.Groups = graph.Depthwise; w.Shape[0] == in.C {
			l.Units = 0
		}
	}
	l.weight = slices.Clone(w.F)
	l.size = []int{w.Shape[0], w.Shape[1], l.Kernel[0], l.Kernel[1]}
	if b := v.constant(2); b != nil {
		l.bias = slices.Clone(b.Numbers())
	}
	if x.affine() && x.shifted() && window.padded() {
		if x.padded() {
			return nil, refuse("", "its input is shifted before zeros are added around it")
		}
		if _, err := v.settled(x); err != nil {
			return nil, err
		}
	}
	if x.affine() {
		l.absorb(x, groups)
	}
	l.out = imageOf(v.to)
	return v.add(l, nil, x.layer), nil
}

// onePixel makes a linear layer of a convolution of a picture of one pixel: only
// one of the kernel's taps touches it.
func (v *visit) onePixel(x *signal, w *onnxeval.Tensor) (*signal, error) {
	if v.to[1] != sizeOf(v.to[1:]) {
		return nil, refuse("", "it makes more than a pixel of one")
	}
	window, err := onnxeval.WindowOf(v.Node, x.shape[2:], w.Shape[2:])
	if err != nil {
		return nil, err
	}
	tap := 0
	for i, k := range window.Kernel {
		if window.Begin[i]%window.Dilation[i] != 0 {
			return nil, refuse("", "its kernel misses the only pixel")
		}
		tap = tap*k + window.Begin[i]/window.Dilation[i]
	}
	outputs, each := w.Shape[0], w.Shape[1]
	perGroup := outputs / v.Int("group", 1)
	s, err := v.linear(x, x.shape[1], outputs, func(o, i int) float64 {
		if i -= o / perGroup * each; i < 0 || i >= each {
			return 0
		}
		return w.F[(o*each+i)*sizeOf(window.Kernel)+tap]
	})
	if b := v.constant(2); err == nil && b != nil {
		for o, bias := range b.Numbers() {
			v.layers[s.layer].bias[o] += bias
		}
	}
	return s, err
}

// absorb takes what the input is scaled and shifted by into a convolution's
// weights and bias.
func (l *layer) absorb(x *signal, groups int) {
	filters, each, taps := l.size[0], l.size[1], l.size[2]*l.size[3]
	if l.bias == nil {
		l.bias = make([]float64, filters)
	}
	for o := range filters {
		first := o / (filters / groups) * each
		for i := range each {
			for k := range taps {
				w := &l.weight[(o*each+i)*taps+k]
				l.bias[o] += float64(*w * x.shift[first+i])
				*w *= x.scale[first+i]
			}
		}
	}
}

// imageOf is the shape of an image of shape N C H W or N C L.
func imageOf(shape []int) graph.Shape {
	if len(shape) == 3 {
		return graph.Shape{C: shape[1], H: 1, W: shape[2]}
	}
	return graph.Shape{C: shape[1], H: shape[2], W: shape[3]}
}

// gemm makes a linear layer of α·x·B + β·C.
func gemm(v *visit) (*signal, error) {
	if _, err := v.input(); err != nil {
		return nil, err
	}
	x := copied(v.signals[0])
	w, err := v.weights(1, 2)
	if err != nil {
		return nil, err
	}
	if v.Int("transA", 0) != 0 {
		return nil, refuse("", "transA: it adds over the inputs of a batch")
	}
	inputs, outputs := w.Shape[0], w.Shape[1]
	rowStep, columnStep := outputs, 1 // from input to input, from output to output
	if v.Int("transB", 0) != 0 {
		inputs, outputs, rowStep, columnStep = outputs, inputs, 1, outputs
	}
	alpha := v.Real("alpha", 1)
	get := func(o, i int) float64 { return alpha * w.F[i*rowStep+o*columnStep] }
	s, err := v.dense(x, inputs, outputs, get)
	if err != nil {
		return nil, err
	}
	c := v.constant(2)
	if c == nil {
		return s, nil
	}
	bias, err := v.perChannel(s, c)
	if err != nil {
		return nil, err
	}
	l, beta := v.layers[s.layer], v.Real("beta", 1)
	if l.bias == nil {
		l.bias = make([]float64, outputs)
	}
	for o, b := range bias {
		l.bias[o] += float64(beta * b)
	}
	return s, nil
}

// dense makes a linear layer, or a convolution of one pixel where the product is taken
// at each position.
func (v *visit) dense(x *signal, inputs, outputs int, get func(o, i int) float64) (*signal, error) {
	if x.size() == inputs {
		return v.linear(x, inputs, outputs, get)
	}
	return v.pointwise(x, inputs, outputs, get)
}

// linear makes a linear layer with the weights that get returns.
func (v *visit) linear(x *signal, inputs, outputs int, get func(o, i int) float64) (*signal, error) {
	at, err := v.vector(x)
	if err != nil {
		return nil, err
	}
	l := &layer{Layer: graph.Linear(outputs), out: graph.Shape{C: outputs, H: 1, W: 1}, vector: true,
		size: []int{outputs, inputs}, title: title(v.Inputs[1], v.Name)}
	l.weight, l.bias = make([]float64, outputs*inputs), make([]float64, outputs)
	for o := range outputs {
		for i := range inputs {
			w, to := get(o, i), x.at(i)
			if x.affine() {
				l.bias[o] += float64(w * x.shift[to])
				w *= x.scale[to]
			}
			l.weight[o*inputs+to] = w
		}
	}
	return v.add(l, nil, at), nil
}

// matMul makes a layer of a product with a constant, or part of an attention.
func matMul(v *visit) (*signal, error) {
	if len(v.signals) > 1 && v.signals[0] != nil && v.signals[1] != nil {
		return v.attended(v.signals[0], v.signals[1])
	}
	if _, err := v.input(); err != nil {
		return nil, err
	}
	x := copied(v.signals[0])
	w, err := v.weights(1, 2)
	if err != nil {
		return nil, err
	}
	inputs, outputs := w.Shape[0], w.Shape[1]
	return v.dense(x, inputs, outputs, func(o, i int) float64 { return w.F[i*outputs+o] })
}

// pointwise makes a convolution of one pixel of a product along the last axis,
// which must be the channels.
func (v *visit) pointwise(x *signal, inputs, outputs int, get func(o, i int) float64) (*signal, error) {
	if _, err := v.settled(x); err != nil {
		return nil, err
	}
	in, vector := v.source(x.layer)
	plane := in.H * in.W
	place := func(i int) int { return x.at(i * inputs) } // of the first channel at a position
	for i := range x.size() {
		if vector || in.C != inputs || x.at(i) != i%inputs*plane+place(i/inputs) {
			return nil, refuse("", "it multiplies along an axis that is not the channels")
		}
	}
	l := &layer{Layer: graph.Conv2D(outputs, 1), size: []int{outputs, inputs, 1, 1},
		out: graph.Shape{C: outputs, H: in.H, W: in.W}, title: title(v.Inputs[1], v.Name)}
	l.weight = make([]float64, outputs*inputs)
	for o := range outputs {
		for i := range inputs {
			l.weight[o*inputs+i] = get(o, i)
		}
	}
	order := make([]int32, x.size()/inputs*outputs)
	for i := range order {
		order[i] = int32(i%outputs*plane + place(i/outputs))
	}
	return v.add(l, simplest(order), x.layer), nil
}

// batchNorm keeps a batch normalisation, or takes what its input is scaled and
// shifted by into it.
func batchNorm(v *visit) (*signal, error) {
	if _, err := v.input(); err != nil {
		return nil, err
	}
	x := copied(v.signals[0])
	if x.padded() {
		if _, err := v.settled(x); err != nil {
			return nil, err
		}
	}
	l := &layer{Layer: graph.BatchNorm(), title: title(v.Inputs[1], v.Name)}
	for i, to := range []*[]float64{&l.gamma, &l.beta, &l.mean, &l.variance} {
		c := v.constant(i + 1)
		if c == nil {
			return nil, refuse("export the network with its parameters", "its input %d is computed", i+2)
		}
		along := slices.Repeat([]int{1}, len(x.shape)-1)
		along[0] = c.Size()
		var err error
		if *to, err = v.perChannel(x, &onnxeval.Tensor{Type: c.Type, Shape: along, F: c.F}); err != nil {
			return nil, err
		}
	}
	plus := decimal(v.Real("epsilon", epsilon))
	if plus != epsilon {
		l.Epsilon = plus
	}
	for i, variance := range l.variance {
		if !(variance+plus > 0) {
			return nil, fmt.Errorf("a variance of %v with epsilon %v", variance, plus)
		}
		if x.affine() {
			l.combine(x, i, math.Sqrt(variance+plus))
		}
	}
	l.out, l.vector = v.source(x.layer)
	return v.add(l, x.order, x.layer), nil
}

// decimal is the number that was written of a float32, such as 0.001.
func decimal(v float64) float64 {
	d, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', -1, 32), 64) // which reads what it wrote
	return d
}

// combine takes the scale and shift of a channel into a batch norm:
// γ·(a·y + b − μ)/σ is γ·a·(y − (μ − b)/a)/σ.
func (l *layer) combine(x *signal, i int, deviation float64) {
	a, b := x.scale[i], x.shift[i]
	if a == 0 {
		l.beta[i] += l.gamma[i] * (b - l.mean[i]) / deviation
		l.gamma[i], l.mean[i] = 0, 0
		return
	}
	l.gamma[i] *= a
	l.mean[i] = (l.mean[i] - b) / a
}
