package coreml_test

import (
	"math"

	"petrify/quantized"
)

// The reference: a naive interpreter of the frozen model. Quantized layers
// compute on int64; everything else in float64.

// known is an activation's content: real values, and integers if quantized.
type known struct {
	a *quantized.Activation
	r []float64
	q []int64
}

// run returns every activation of the network for one input.
func run(m *quantized.Model, x []float32) map[string]known {
	values := map[string]known{}
	input := make([]float64, len(x))
	for i, r := range x {
		input[i] = float64(r)
	}
	values[m.Input.Name] = settle(&m.Input.Activation, input)
	for i := range m.Nodes {
		n := &m.Nodes[i]
		in := make([]known, len(n.Inputs))
		for k, name := range n.Inputs {
			in[k] = values[name]
		}
		values[n.Name] = layer(n, in)
	}
	return values
}

// settle quantizes real values with the activation's quantizer, if it has one.
func settle(a *quantized.Activation, r []float64) known {
	t := known{a: a, r: r}
	if a.Quant.Format.IsFloat() {
		return t
	}
	t.q = make([]int64, len(r))
	for i := range r {
		t.q[i] = code(a.Quant, float64(float32(r[i])/a.Quant.Scale))
	}
	return t.real()
}

// code is clip(rne(v) + z) for v = r/s.
func code(q quantized.Quant, v float64) int64 {
	low, high := int64(q.Format.Min()), int64(q.Format.Max())
	return min(max(int64(math.RoundToEven(v))+int64(q.Zero), low), high)
}

// real recomputes the real values from the integers.
func (t known) real() known {
	t.r = make([]float64, len(t.q))
	for i, q := range t.q {
		t.r[i] = float64(t.a.Quant.Scale) * float64(q-int64(t.a.Quant.Zero))
	}
	return t
}

func layer(n *quantized.Node, in []known) known {
	x := in[0]
	switch n.Op {
	case quantized.Conv2D, quantized.Linear:
		return product(n, x)
	case quantized.MaxPool, quantized.AvgPool, quantized.GlobalAvgPool:
		return settle(&n.Output, pool(n, x))
	case quantized.Add:
		r := make([]float64, len(x.r))
		for i := range r {
			r[i] = activate(n, x.r[i]+in[1].r[i])
		}
		return settle(&n.Output, r)
	case quantized.Concat:
		var r []float64
		for _, t := range in {
			r = append(r, t.r...)
		}
		return settle(&n.Output, r)
	case quantized.Activate:
		r := make([]float64, len(x.r))
		sum := 0.0
		for i := range r {
			r[i] = activate(n, x.r[i])
			sum += r[i]
		}
		for i := range r {
			if n.Func == quantized.Softmax {
				r[i] /= sum
			}
		}
		return settle(&n.Output, r)
	}
	return settle(&n.Output, x.r) // Flatten, Reshape
}

// activate is the layer's function; softmax's numerator.
func activate(n *quantized.Node, r float64) float64 {
	switch n.Func {
	case quantized.ReLU:
		return max(r, 0)
	case quantized.ReLU6:
		return min(max(r, 0), 6)
	case quantized.LeakyReLU:
		if r < 0 {
			return r * float64(n.Slope)
		}
	case quantized.HardSwish:
		return r * min(max(r+3, 0), 6) / 6
	case quantized.Sigmoid:
		return 1 / (1 + math.Exp(-r))
	case quantized.Tanh:
		return math.Tanh(r)
	case quantized.Softmax:
		return math.Exp(r)
	}
	return r
}

// product is a convolution or, with one position and a kernel of one, a linear
// layer. With integer bias it computes
//
//	y = rne(clamp(float32(Σ(q_x − z_x)·q_w + q_b) · m[o])) + z_y,  m[o] = s_x·s_w[o] / s_y
func product(n *quantized.Node, x known) known {
	xs, ys, ws := x.a.Shape, n.Output.Shape, n.Weights.Shape
	window, groups := n.Window, n.Groups
	if n.Op == quantized.Linear {
		xs, ys, ws = []int{xs[0], 1, 1}, []int{ys[0], 1, 1}, []int{ws[0], ws[1], 1, 1}
		window = quantized.Window{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
		groups = 1
	}
	integer := x.q != nil && n.Bias.Q != nil && n.Output.Quant.Scale > 0
	y := known{a: &n.Output, r: make([]float64, ys[0]*ys[1]*ys[2])}
	if integer {
		y.q = make([]int64, len(y.r))
	}
	var w []float64
	if !integer {
		w = real(n.Weights)
	}
	for i := range y.r {
		o, oy, ox := i/(ys[1]*ys[2]), i/ys[2]%ys[1], i%ys[2]
		var acc int64
		var sum float64
		for c := range ws[1] {
			plane := (o/(ws[0]/groups)*ws[1] + c) * xs[1] * xs[2]
			for ky := range ws[2] {
				iy := oy*window.Stride[0] + ky*window.Dilation[0] - window.PadBegin[0]
				if iy < 0 || iy >= xs[1] {
					continue
				}
				weights := ((o*ws[1]+c)*ws[2] + ky) * ws[3]
				for kx := range ws[3] {
					ix := ox*window.Stride[1] + kx*window.Dilation[1] - window.PadBegin[1]
					if ix < 0 || ix >= xs[2] {
						continue
					}
					if at := plane + iy*xs[2] + ix; integer {
						acc += (x.q[at] - int64(x.a.Quant.Zero)) * int64(n.Weights.Q[weights+kx])
					} else {
						sum += x.r[at] * w[weights+kx]
					}
				}
			}
		}
		if !integer {
			y.r[i] = activate(n, sum+biasOf(n.Bias, o))
			continue
		}
		out := n.Output.Quant
		m := float32(x.a.Quant.Scale*n.Weights.Scale[min(o, len(n.Weights.Scale)-1)]) / out.Scale
		v := float64(float32(acc+int64(n.Bias.Q[o])) * m)
		switch n.Func {
		case quantized.ReLU:
			v = max(v, 0)
		case quantized.ReLU6:
			v = min(max(v, 0), 6/float64(out.Scale))
		}
		y.q[i] = code(out, v)
	}
	if integer {
		return y.real()
	}
	return settle(&n.Output, y.r)
}

func biasOf(b *quantized.Bias, o int) float64 {
	if b.Q != nil {
		return float64(b.Q[o]) * float64(b.Scale[min(o, len(b.Scale)-1)])
	}
	return float64(b.Float[o])
}

// real is r = s·(q − z) of all weights.
func real(w *quantized.Weights) []float64 {
	out := make([]float64, max(len(w.Q), len(w.Float)))
	for i := range out {
		if w.Q == nil {
			out[i] = float64(w.Float[i])
			continue
		}
		k := group(w, i)
		q, z := int32(w.Q[i]), int32(0)
		if w.Format.Unsigned {
			q = int32(uint8(w.Q[i]))
		}
		if w.Zero != nil {
			z = w.Zero[k]
		}
		out[i] = float64(w.Scale[k]) * float64(q-z)
	}
	return out
}

func pool(n *quantized.Node, x known) []float64 {
	xs, ys, window := x.a.Shape, n.Output.Shape, n.Window
	if n.Op == quantized.GlobalAvgPool {
		window = quantized.Window{Kernel: [2]int{xs[1], xs[2]}, Stride: [2]int{1, 1}}
	}
	r := make([]float64, ys[0]*ys[1]*ys[2])
	for i := range r {
		c, oy, ox := i/(ys[1]*ys[2]), i/ys[2]%ys[1], i%ys[2]
		most, sum, count := math.Inf(-1), 0.0, 0
		for k := range window.Kernel[0] * window.Kernel[1] {
			iy := oy*window.Stride[0] + k/window.Kernel[1] - window.PadBegin[0]
			ix := ox*window.Stride[1] + k%window.Kernel[1] - window.PadBegin[1]
			if iy < 0 || iy >= xs[1] || ix < 0 || ix >= xs[2] {
				continue
			}
			v := x.r[(c*xs[1]+iy)*xs[2]+ix]
			most, sum, count = max(most, v), sum+v, count+1
		}
		r[i] = sum / float64(count)
		if n.Op == quantized.MaxPool {
			r[i] = most
		}
	}
	return r
}
