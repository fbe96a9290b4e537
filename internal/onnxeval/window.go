package onnxeval

import (
	"fmt"
	"math"
	"slices"
)

// Window is the geometry of a convolution or pool, with one number for each
// spatial axis.
type Window struct {
	Kernel, Stride, Dilation []int
	Begin, End               []int // padding
	Ceil                     bool  // an output whose window reaches beyond the end counts
}

// WindowOf is that of a node that slides over a tensor of the given spatial
// sizes. The kernel is nil where an attribute gives it.
func WindowOf(n *Node, in, kernel []int) (w Window, err error) {
	if k := n.Ints("kernel_shape"); k != nil {
		if kernel != nil && !slices.Equal(k, kernel) {
			return w, fmt.Errorf("kernel_shape %v, but weights of %v", k, kernel)
		}
		kernel = k
	}
	d := len(in)
	ones := func(list []int) []int {
		if list == nil {
			return slices.Repeat([]int{1}, d)
		}
		return list
	}
	pads := n.Ints("pads")
	if pads == nil {
		pads = make([]int, 2*d)
	}
	w = Window{Kernel: kernel, Stride: ones(n.Ints("strides")), Dilation: ones(n.Ints("dilations")),
		Ceil: n.Int("ceil_mode", 0) != 0}
	if len(kernel) != d || len(w.Stride) != d || len(w.Dilation) != d || len(pads) != 2*d {
		return w, fmt.Errorf("kernel %v, strides %v, dilations %v, pads %v: want %d of each, and twice as many pads",
			kernel, w.Stride, w.Dilation, pads, d)
	}
	for i := range d {
		const widest = 1 << 15
		if min(kernel[i], w.Stride[i], w.Dilation[i]) < 1 || min(pads[i], pads[d+i]) < 0 ||
			max(kernel[i], w.Stride[i], w.Dilation[i], pads[i], pads[d+i]) > widest {
			return w, fmt.Errorf("kernel %v, strides %v, dilations %v, pads %v: want 1 to %d, and pads of 0 to %d", kernel,
				w.Stride, w.Dilation, pads, widest, widest)
		}
	}
	w.Begin, w.End = slices.Clone(pads[:d]), slices.Clone(pads[d:])
	return w, w.auto(n.Text("auto_pad", "NOTSET"), in)
}

// auto replaces the padding as auto_pad says.
func (w *Window) auto(mode string, in []int) error {
	for i, n := range in {
		switch mode {
		case "", "NOTSET":
			continue
		case "VALID":
			w.Begin[i], w.End[i] = 0, 0
			continue
		case "SAME_UPPER", "SAME_LOWER":
		default:
			return fmt.Errorf("auto_pad %q: want NOTSET, VALID, SAME_UPPER or SAME_LOWER", Printable(mode))
		}
		total := max(0, ((n+w.Stride[i]-1)/w.Stride[i]-1)*w.Stride[i]+w.extent(i)-n)
		w.Begin[i], w.End[i] = total/2, total-total/2
		if mode == "SAME_LOWER" {
			w.Begin[i], w.End[i] = w.End[i], w.Begin[i]
		}
	}
	return nil
}

func (w *Window) extent(i int) int { return (w.Kernel[i]-1)*w.Dilation[i] + 1 }

// outputs are the spatial sizes of the result.
func (w *Window) outputs(in []int) ([]int, error) {
	all := make([]int, len(in))
	for i, n := range in {
		room := n + w.Begin[i] + w.End[i] - w.extent(i)
		if room < 0 {
			return nil, fmt.Errorf("the kernel reaches over %d elements, the padded input has %d", w.extent(i),
				n+w.Begin[i]+w.End[i])
		}
		all[i] = room/w.Stride[i] + 1
		// A window must begin within the input or the padding before it.
		if w.Ceil && room%w.Stride[i] != 0 && all[i]*w.Stride[i] < n+w.Begin[i] {
			all[i]++
		}
	}
	return all, nil
}

// taps calls visit with the place in the input of each tap of the window of an
// output, and whether it lies in the input, in the padding or beyond.
func (w *Window) taps(in, out []int, visit func(tap, at int, inside, padded bool)) {
	steps := strides(in)
	each(w.Kernel, func(tap int, k []int) {
		at, inside, padded := 0, true, true
		for i, v := range k {
			p := out[i]*w.Stride[i] - w.Begin[i] + v*w.Dilation[i]
			inside = inside && p >= 0 && p < in[i]
			padded = padded && p < in[i]+w.End[i]
			at += p * steps[i]
		}
		visit(tap, at, inside, padded)
	})
}

// spatial splits a shape N C …
func spatial(x *Tensor) (batch, channels int, in []int, err error) {
	if len(x.Shape) < 3 {
		return 0, 0, nil, fmt.Errorf("shape %v: want batch, channels and spatial axes", x.Shape)
	}
	return x.Shape[0], x.Shape[1], x.Shape[2:], nil
}

func conv(c *call) ([]*Tensor, error) {
	x, weights, bias := c.in[0], c.in[1], c.input(2)
	batch, channels, in, err := spatial(x)
	if err != nil {
		return nil, err
	}
	groups := c.Int("group", 1)
	if len(weights.Shape) != len(x.Shape) || groups < 1 || weights.Shape[1] > most/groups ||
		weights.Shape[1]*groups != channels || weights.Shape[0]%groups != 0 {
		return nil, fmt.Errorf("weights of shape %v in %d groups for an input of shape %v", weights.Shape, groups,
			x.Shape)
	}
	filters := weights.Shape[0]
	if bias != nil && bias.Size() != filters {
		return nil, fmt.Errorf("%d biases for %d filters", bias.Size(), filters)
	}
	w, err := WindowOf(c.Node, in, weights.Shape[2:])
	if err != nil {
		return nil, err
	}
	out, err := w.outputs(in)
	if err != nil {
		return nil, err
	}
	y, err := x.like(append([]int{batch, filters}, out...))
	if err != nil || c.shapes {
		return one(y, err)
	}
	each := channels / groups
	taps, plane := w.segments(in, out), product(in)
	parallel(batch*filters, func(i int) {
		o := i % filters
		result := y.F[i*product(out) : (i+1)*product(out)]
		if bias != nil {
			for j := range result {
				result[j] = bias.F[o]
			}
		}
		for k := range each {
			from := (i/filters*channels + o/(filters/groups)*each + k) * plane
			for tap, list := range taps {
				add(result, x.F[from:from+plane], weights.F[(o*each+k)*len(taps)+tap], list)
			}
		}
	})
	return one(y, nil)
}

// segment is outputs in a row, and the inputs that a tap multiplies for them.
type segment struct{ to, from, count, step int }

// segments lists, for each tap of the kernel, what it multiplies: the definition
// of a convolution, for one channel.
func (w *Window) segments(in, out []int) [][]segment {
	all := make([][]segment, product(w.Kernel))
	last := len(in) - 1
	steps := strides(in)
	each(w.Kernel, func(tap int, k []int) {
		shift := k[last]*w.Dilation[last] - w.Begin[last]
		first := max(0, (-shift+w.Stride[last]-1)/w.Stride[last])
		end := min(out[last], (in[last]-shift+w.Stride[last]-1)/w.Stride[last])
		if first >= end {
			return
		}
		each(out[:last], func(row int, o []int) {
			at := 0
			for i := range o {
				p := o[i]*w.Stride[i] - w.Begin[i] + k[i]*w.Dilation[i]
				if p < 0 || p >= in[i] {
					return
				}
				at += p * steps[i]
			}
			s := segment{row*out[last] + first, at + shift + first*w.Stride[last], end - first, w.Stride[last]}
			if n := len(all[tap]); n > 0 && s.step == 1 {
				if l := &all[tap][n-1]; l.to+l.count == s.to && l.from+l.count == s.from { // whole rows are one
					l.count += s.count
					return
				}
			}
			all[tap] = append(all[tap], s)
		})
	})
	return all
}

// add adds the products of a weight.
func add(y, x []float64, weight float64, list []segment) {
	for _, s := range list {
		row := y[s.to : s.to+s.count]
		if s.step == 1 {
			for q, v := range x[s.from : s.from+s.count] {
				row[q] += weight * v
			}
			continue
		}
		at := s.from
		for q := range row {
			row[q] += weight * x[at]
			at += s.step
		}
	}
}

func maxPool(c *call) ([]*Tensor, error) {
	x := c.in[0]
	if x.S != nil {
		return nil, wantReal(x)
	}
	if len(c.Outputs) > 1 && c.Outputs[1] != "" {
		return nil, fmt.Errorf("output Indices is not supported")
	}
	lowest := math.Inf(-1)
	return c.pool(func(w *Window, in, out []int, from func(at int) float64) float64 {
		top := lowest
		w.taps(in, out, func(_, at int, inside, _ bool) {
			if inside {
				top = max(top, from(at))
			}
		})
		return top
	})
}

// averagePool is the mean of a window. Padding counts if an attribute says so;
// what lies beyond it, because of ceil_mode, never does.
func averagePool(c *call) ([]*Tensor, error) {
	counts := c.Int("count_include_pad", 0) != 0
	return c.pool(func(w *Window, in, out []int, from func(at int) float64) float64 {
		sum, n := 0.0, 0
		w.taps(in, out, func(_, at int, inside, padded bool) {
			if inside {
				sum += from(at)
			}
			if inside || counts && padded {
				n++
			}
		})
		return sum / float64(max(n, 1))
	})
}

// pool computes each output from its window.
func (c *call) pool(of func(w *Window, in, out []int, from func(at int) float64) float64) ([]*Tensor, error) {
	x := c.in[0]
	batch, channels, in, err := spatial(x)
	if err != nil {
		return nil, err
	}
	w, err := WindowOf(c.Node, in, nil)
	if err != nil {
		return nil, err
	}
	out, err := w.outputs(in)
	if err != nil {
		return nil, err
	}
	y, err := x.like(append([]int{batch, channels}, out...))
	if err != nil || c.shapes {
		return one(y, err)
	}
	numbers := x.Numbers()
	parallel(batch*channels, func(i int) {
		plane := numbers[i*product(in) : (i+1)*product(in)]
		each(out, func(at int, o []int) {
			v := of(&w, in, o, func(at int) float64 { return plane[at] })
			if y.F != nil {
				y.F[i*product(out)+at] = v
			} else {
				y.I[i*product(out)+at] = int64(v)
			}
		})
	})
	return one(y, nil)
}

// globalPool is GlobalAveragePool and GlobalMaxPool.
func globalPool(c *call) ([]*Tensor, error) {
	x := c.in[0]
	batch, channels, in, err := spatial(x)
	if err != nil {
		return nil, err
	}
	y, err := x.like(append([]int{batch, channels}, slices.Repeat([]int{1}, len(in))...))
	if err != nil {
		return nil, err
	}
	n := product(in)
	for i := range y.F {
		sum, top := 0.0, math.Inf(-1)
		for _, v := range x.F[i*n : (i+1)*n] {
			sum += v
			top = max(top, v)
		}
		if y.F[i] = sum / float64(n); c.Op == "GlobalMaxPool" {
			y.F[i] = top
		}
	}
	return one(y, nil)
}
