package graph_test

import (
	"cmp"
	"math"
	"slices"

	"petrify/graph"
)

// unit is the output of a unit, quantized.
func (o *oracle) unit(u graph.View, ins [][]float64) []float64 {
	x := ins[0]
	switch k := u.Layer.Kind; k {
	case graph.KindConv2D, graph.KindConvTranspose, graph.KindLinear:
		return o.round(u.Output, false, o.weighted(u, x), u.Out, o.rests(u))
	case graph.KindMaxPool:
		return o.maxPool(u, x)
	case graph.KindAvgPool, graph.KindGlobalAvgPool:
		return o.round(u.Output, true, o.avgPool(u, x), u.Out, o.rests(u))
	case graph.KindPad:
		return o.round(u.Output, true, o.framed(u, x), u.Out, o.rests(u))
	case graph.KindFlatten, graph.KindReshape, graph.KindIdentity:
		return x
	case graph.KindResize:
		return o.resize(u, x)
	case graph.KindDropout:
		return elements(x, func(i int) float64 { return x[i] * o.masks[u.Layer.Name][memory(i, u.Out)] })
	case graph.KindConcat:
		return o.concat(u, ins)
	case graph.KindSlice, graph.KindShuffle:
		return o.taken(u, x)
	case graph.KindMax, graph.KindMin:
		return o.pair(u, x, ins[1])
	case graph.KindAdd, graph.KindSub, graph.KindMul:
		return o.round(u.Output, false, o.clip(u.Clip, o.pair(u, x, ins[1])), u.Out, o.rests(u))
	case graph.KindAttentionScores, graph.KindAttentionValues:
		return o.round(u.Output, false, o.clip(u.Clip, o.attention(u, x, ins[1])), u.Out, o.rests(u))
	case graph.KindLayerNorm:
		return o.round(u.Output, false, o.layerNorm(u, x), u.Out, o.rests(u))
	case graph.KindSoftmax:
		return o.round(u.Output, false, o.softmax(u, x), u.Out, o.rests(u))
	default:
		return o.round(u.Output, false, o.function(u, x), u.Out, o.rests(u))
	}
}

func elements(x []float64, f func(i int) float64) []float64 {
	y := make([]float64, len(x))
	for i := range x {
		y[i] = f(i)
	}
	return y
}

// clip is a ReLU or ReLU6; 0 means none.
func (o *oracle) clip(k graph.Kind, x []float64) []float64 {
	if k == 0 {
		return x
	}
	ceiling, most := math.Inf(1), size(x)
	if k == graph.KindReLU6 {
		ceiling = 6
	}
	branch := o.decide(len(x), func(i int) int {
		o.near(x[i], 0, most)
		o.near(x[i], ceiling, most)
		switch {
		case x[i] <= 0:
			return -1
		case x[i] >= ceiling:
			return 1
		}
		return 0
	})
	return elements(x, func(i int) float64 { return [...]float64{0, x[i], ceiling}[branch[i]+1] })
}

// function is an activation function, element by element.
func (o *oracle) function(u graph.View, x []float64) []float64 {
	most := size(x)
	side := func(edges ...float64) []int {
		return o.decide(len(x), func(i int) (n int) {
			for _, e := range edges {
				o.near(x[i], e, most)
				if x[i] > e {
					n++
				}
			}
			return n
		})
	}
	switch u.Layer.Kind {
	case graph.KindReLU, graph.KindReLU6:
		return o.clip(u.Layer.Kind, x)
	case graph.KindPReLU:
		s, slopes := side(0), o.values[u.Slopes]
		plane := u.Out.H * u.Out.W
		return elements(x, func(i int) float64 { return [...]float64{x[i] * slopes[i/plane%u.Out.C], x[i]}[s[i]] })
	case graph.KindLeakyReLU:
		s := side(0)
		return elements(x, func(i int) float64 { return [...]float64{x[i] * float64(u.Layer.Slope), x[i]}[s[i]] })
	case graph.KindHardSwish:
		s := side(-3, 3)
		return elements(x, func(i int) float64 { return [...]float64{0, x[i] * (x[i] + 3) / 6, x[i]}[s[i]] })
	case graph.KindHardSigmoid:
		s := side(-3, 3)
		return elements(x, func(i int) float64 { return [...]float64{0, (x[i] + 3) / 6, 1}[s[i]] })
	case graph.KindSigmoid:
		return elements(x, func(i int) float64 { return 1 / (1 + math.Exp(-x[i])) })
	case graph.KindTanh:
		return elements(x, func(i int) float64 { return math.Tanh(x[i]) })
	case graph.KindSiLU:
		return elements(x, func(i int) float64 { return x[i] / (1 + math.Exp(-x[i])) })
	case graph.KindGELU:
		return elements(x, func(i int) float64 { return x[i] * (1 + math.Erf(x[i]*math.Sqrt2/2)) / 2 })
	case graph.KindClip:
		lo, hi := float64(u.Layer.Min), float64(u.Layer.Max)
		s := side(lo, hi)
		return elements(x, func(i int) float64 { return [...]float64{lo, x[i], hi}[s[i]] })
	case graph.KindELU:
		s := side(0)
		return elements(x, func(i int) float64 { return [...]float64{math.Exp(x[i]) - 1, x[i]}[s[i]] })
	case graph.KindSoftplus:
		return elements(x, func(i int) float64 { return math.Log(1 + math.Exp(x[i])) })
	}
	panic("oracle: " + u.Layer.Kind.String())
}

func (o *oracle) softmax(u graph.View, x []float64) []float64 {
	plane := u.Out.H * u.Out.W
	return elements(x, func(i int) float64 {
		sum, first := 0.0, i-i/plane%u.Out.C*plane
		for c := range u.Out.C {
			sum += math.Exp(x[first+c*plane] - x[i])
		}
		return 1 / sum
	})
}

// pair is an operation on two numbers, the second perhaps one for each channel.
func (o *oracle) pair(u graph.View, x, y []float64) []float64 {
	image, channels := u.Ins[0].Size(), u.Ins[1].Size()
	at := func(i int) float64 { return y[i/image*channels+i%image*channels/image] }
	switch u.Layer.Kind {
	case graph.KindAdd:
		return elements(x, func(i int) float64 { return x[i] + at(i) })
	case graph.KindSub:
		return elements(x, func(i int) float64 { return x[i] - at(i) })
	case graph.KindMul:
		return elements(x, func(i int) float64 { return x[i] * at(i) })
	}
	most := max(size(x), size(y))
	share := o.decide(len(x), func(i int) int { // of x, in halves
		a, b := x[i], at(i)
		if o.near(a, b, most); u.Layer.Kind == graph.KindMin {
			a, b = b, a
		}
		return 1 + cmp.Compare(a, b)
	})
	return elements(x, func(i int) float64 { return (float64(share[i])*x[i] + float64(2-share[i])*at(i)) / 2 })
}

func (o *oracle) resize(u graph.View, x []float64) (y []float64) {
	for plane := range o.batch * u.Out.C {
		for h := range u.Out.H {
			for w := range u.Out.W {
				row := plane*u.Ins[0].H + h/u.Layer.Factor[0]
				y = append(y, x[row*u.Ins[0].W+w/u.Layer.Factor[1]])
			}
		}
	}
	return y
}

// framed is a pad.
func (o *oracle) framed(u graph.View, x []float64) []float64 {
	l, in := u.Layer, u.Ins[0]
	y := make([]float64, o.batch*u.Out.Size())
	o.positions(u, func(i, n, c, p, q int) {
		y[i] = float64(l.Value)
		c, p, q = c-l.ExtraChannels[0], p-l.Padding.Top, q-l.Padding.Left
		if min(c, p, q) >= 0 && c < in.C && p < in.H && q < in.W {
			y[i] = x[((n*in.C+c)*in.H+p)*in.W+q]
		}
	})
	return y
}

// taken is a slice or a shuffle.
func (o *oracle) taken(u graph.View, x []float64) []float64 {
	l, in := u.Layer, u.Ins[0]
	y := make([]float64, o.batch*u.Out.Size())
	o.positions(u, func(i, n, c, p, q int) {
		if l.Kind == graph.KindShuffle {
			c = c%l.Groups*(in.C/l.Groups) + c/l.Groups
		}
		y[i] = x[((n*in.C+l.Channels[0]+c)*in.H+l.Rows[0]+p)*in.W+l.Columns[0]+q]
	})
	return y
}

func (o *oracle) concat(u graph.View, ins [][]float64) (y []float64) {
	for n := range o.batch {
		for i, x := range ins {
			y = append(y, x[n*u.Ins[i].Size():(n+1)*u.Ins[i].Size()]...)
		}
	}
	return y
}

// taps calls f for each tap of the window at p, q that lies within the image.
func taps(u graph.View, p, q int, f func(tap, y, x int)) {
	l, in := u.Layer, u.Ins[0]
	if l.Kind == graph.KindConvTranspose {
		reaching(u, p, q, f)
		return
	}
	at := func(axis, size, before, after, position, tap int) int {
		kernel, stride, dilation := l.Kernel[axis], l.Stride[axis], max(l.Dilation[axis], 1)
		if stride == 0 && l.Kind != graph.KindConv2D {
			stride = kernel
		}
		stride = max(stride, 1)
		if l.Padding.Same {
			before = max(0, ((size+stride-1)/stride-1)*stride+(kernel-1)*dilation+1-size) / 2
		}
		return position*stride - before + tap*dilation
	}
	for ky := range l.Kernel[0] {
		for kx := range l.Kernel[1] {
			y := at(0, in.H, l.Padding.Top, l.Padding.Bottom, p, ky)
			x := at(1, in.W, l.Padding.Left, l.Padding.Right, q, kx)
			if y >= 0 && y < in.H && x >= 0 && x < in.W {
				f(ky*l.Kernel[1]+kx, y, x)
			}
		}
	}
}

// counted is how much of a window's axis is within the image or its padding.
func counted(u graph.View, axis, position int) (n int) {
	l, pad := u.Layer, u.Layer.Padding
	size, after := [2]int{u.Ins[0].H, u.Ins[0].W}[axis], [2]int{pad.Bottom, pad.Right}[axis]
	if pad.Same {
		return l.Kernel[axis]
	}
	stride := l.Stride[axis]
	if stride == 0 {
		stride = l.Kernel[axis]
	}
	for tap := range l.Kernel[axis] {
		if position*stride+tap < [2]int{pad.Top, pad.Left}[axis]+size+after {
			n++
		}
	}
	return n
}

// positions calls f for each element of the unit's output.
func (o *oracle) positions(u graph.View, f func(i, n, c, p, q int)) {
	i := 0
	for n := range o.batch {
		for c := range u.Out.C {
			for p := range u.Out.H {
				for q := range u.Out.W {
					f(i, n, c, p, q)
					i++
				}
			}
		}
	}
}

func (o *oracle) maxPool(u graph.View, x []float64) []float64 {
	in, most := u.Ins[0], size(x)
	first := make([]int, o.batch*u.Out.Size())
	if o.recording {
		o.positions(u, func(i, n, c, p, q int) {
			best, at := math.Inf(-1), -1
			taps(u, p, q, func(_, h, w int) {
				j := ((n*in.C+c)*in.H+h)*in.W + w
				o.near(x[j], best, most)
				if x[j] > best {
					best, at = x[j], j
				}
			})
			first[i] = at
		})
	}
	at := o.decide(len(first), func(i int) int { return first[i] })
	return elements(make([]float64, len(at)), func(i int) float64 { return x[at[i]] })
}

// avgPool is the mean over windows.
func (o *oracle) avgPool(u graph.View, x []float64) []float64 {
	in := u.Ins[0]
	if u.Layer.Kind == graph.KindGlobalAvgPool {
		u.Layer.Kernel = [2]int{in.H, in.W}
	}
	y := make([]float64, o.batch*u.Out.Size())
	o.positions(u, func(i, n, c, p, q int) {
		sum, count := 0.0, 0.0
		taps(u, p, q, func(_, h, w int) {
			sum += x[((n*in.C+c)*in.H+h)*in.W+w]
			count++
		})
		if u.Layer.CountIncludePad {
			count = float64(counted(u, 0, p) * counted(u, 1, q))
		}
		y[i] = sum / count
	})
	return y
}

// product is a convolution or a linear layer; b may be nil.
func (o *oracle) product(u graph.View, x, w, b []float64) []float64 {
	in := u.Ins[0]
	groups := max(u.Layer.Groups, 1)
	if u.Layer.Groups == graph.Depthwise {
		groups = in.C
	}
	if u.Layer.Kind == graph.KindLinear {
		u.Layer.Kind, u.Layer.Kernel = graph.KindConv2D, [2]int{1, 1}
	}
	perIn, perOut, area := in.C/groups, u.Out.C/groups, u.Layer.Kernel[0]*u.Layer.Kernel[1]
	y := make([]float64, o.batch*u.Out.Size())
	o.positions(u, func(i, n, c, p, q int) {
		if b != nil {
			y[i] = b[c]
		}
		for k := range perIn {
			ch := c/perOut*perIn + k
			taps(u, p, q, func(tap, h, v int) {
				y[i] += w[(c*perIn+k)*area+tap] * x[((n*in.C+ch)*in.H+h)*in.W+v]
			})
		}
	})
	return y
}

// weighted is a convolution or linear layer with its batch norm and ReLU:
//
//	y = x ∗ fake(w·f)        z = γ·(y/f − μ)/√(σ² + ε) + β        f = γ/√(σ²_running + ε)
//
// where μ and σ² are those of the batch's y/f, or of x ∗ w as [graph.FoldBatch]
// has it, or the running ones while batch norm is at rest; f is 1 where the
// weights are not quantized.
func (o *oracle) weighted(u graph.View, x []float64) []float64 {
	channel := func(i int) int { return i / (u.Out.H * u.Out.W) % u.Out.C }
	if u.Norm == nil {
		b := o.values[u.Bias]
		offset := o.offset(u, b)
		y := o.product(u, x, o.round(u.Quant, false, o.values[u.Weight], graph.Shape{}, false), b)
		return o.clip(u.Clip, elements(y, func(i int) float64 { return y[i] + offset[channel(i)] }))
	}
	w, γ, β := o.values[u.Weight], o.values[u.Norm.Gamma], o.values[u.Norm.Beta]
	μ, variance := o.running[u.Norm.Gamma.Name][0], o.running[u.Norm.Gamma.Name][1]
	f := elements(γ, func(c int) float64 {
		if o.quantize && u.Quant != nil {
			return γ[c] / math.Sqrt(variance[c]+u.Norm.Epsilon)
		}
		return 1
	})
	folded := elements(w, func(i int) float64 { return w[i] * f[i*len(f)/len(w)] })
	y := o.product(u, x, o.folded(u, folded, f), nil)
	y = elements(y, func(i int) float64 { return y[i] / f[channel(i)] })
	counted := y // whose statistics are the batch's
	if o.quantize && u.Quant != nil && o.folding == graph.FoldBatch {
		counted = o.product(u, x, w, nil)
	}
	if !u.Norm.Frozen {
		μ, variance = o.statistics(u, counted, channel)
	}
	offset := o.offset(u, elements(β, func(c int) float64 { return β[c] - μ[c]*f[c] }))
	z := elements(y, func(i int) float64 {
		c := channel(i)
		return γ[c]*(y[i]-μ[c])/math.Sqrt(variance[c]+u.Norm.Epsilon) + β[c] + offset[c]
	})
	if o.recording && u.Clip != 0 && slices.Contains(z, 0) {
		o.unsure++ // to float32 it is next to 0
	}
	return o.clip(u.Clip, z)
}

// statistics are a batch's, and take the running ones a tenth of the way.
func (o *oracle) statistics(u graph.View, y []float64, channel func(i int) int) (mean, variance []float64) {
	c := u.Out.C
	mean, variance = make([]float64, c), make([]float64, c)
	rows := float64(len(y) / c)
	for i, v := range y {
		mean[channel(i)] += v / rows
	}
	for i, v := range y {
		d := v - mean[channel(i)]
		variance[channel(i)] += d * d / rows
	}
	for _, v := range variance {
		if o.recording && v < 1e-4*size(y)*size(y) {
			o.unsure++ // nearly constant: float32 has hardly a digit left
		}
	}
	old := o.running[u.Norm.Gamma.Name]
	o.moved[u.Norm.Gamma.Name] = [2][]float64{
		elements(mean, func(i int) float64 { return 0.9*old[0][i] + 0.1*mean[i] }),
		elements(mean, func(i int) float64 { return 0.9*old[1][i] + 0.1*variance[i]*rows/max(rows-1, 1) }),
	}
	return mean, variance
}
