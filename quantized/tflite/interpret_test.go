package tflite_test

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"petrify/quantized/tflite/schema"
)

// interpreter runs a file for one input: the definitions of the operators, a
// loop a letter, in XNNPACK's arithmetic.
type interpreter struct {
	t      *testing.T
	file   *schema.Model
	values map[int32][]int64 // integers of the tensors so far
}

// run computes the file's output.
func run(t *testing.T, f *schema.Model, x []int64) []int64 {
	in := &interpreter{t, f, map[int32][]int64{f.Graph.Inputs[0]: x}}
	for i := range f.Graph.Operators {
		o := &f.Graph.Operators[i]
		y := in.operator(o)
		if shape := f.Graph.Tensors[o.Outputs[0]].Shape; len(y) != count(shape) {
			t.Fatalf("operator %d, %v, gives %d elements: want %v", i, o.Code, len(y), shape)
		}
		in.values[o.Outputs[0]] = y
	}
	return in.values[f.Graph.Outputs[0]]
}

func count(shape []int32) int {
	n := 1
	for _, d := range shape {
		n *= int(d)
	}
	return n
}

// value is a tensor's integers: computed, or constant.
func (in *interpreter) value(i int32) []int64 {
	if v, ok := in.values[i]; ok {
		return v
	}
	t := in.file.Graph.Tensors[i]
	var v []int64
	data := in.file.Buffers[t.Buffer]
	for len(data) > 0 {
		if t.Type == schema.Int32 {
			v, data = append(v, int64(int32(binary.LittleEndian.Uint32(data)))), data[4:]
		} else {
			v, data = append(v, int64(int8(data[0]))), data[1:]
		}
	}
	return v
}

func (in *interpreter) operator(o *schema.Operator) []int64 {
	x := in.value(o.Inputs[0])
	switch o.Code {
	case schema.Reshape:
		return x
	case schema.Conv2D, schema.DepthwiseConv2D:
		return in.convolve(o)
	case schema.MaxPool2D:
		return in.pool(o)
	case schema.Transpose:
		return in.transpose(o)
	case schema.Pad, schema.PadV2:
		return in.pad(o)
	case schema.Maximum:
		least := in.value(o.Inputs[1])[0]
		y := slices.Clone(x)
		for i := range y {
			y[i] = max(y[i], least)
		}
		return y
	case schema.Concatenation:
		return in.concat(o)
	case schema.AveragePool2D:
		return in.average(o)
	case schema.Slice:
		return in.slice(o)
	case schema.Cast:
		return x
	case schema.Add: // of a constant
		more := in.value(o.Inputs[1])[0]
		y := slices.Clone(x)
		for i := range y {
			y[i] += more
		}
		return y
	case schema.Gather:
		var y []int64
		for _, i := range in.value(o.Inputs[1]) {
			y = append(y, x[i])
		}
		return y
	}
	in.t.Fatalf("%v is not interpreted", o.Code)
	return nil
}

func (in *interpreter) tensor(i int32) *schema.Tensor { return &in.file.Graph.Tensors[i] }

func number(o *schema.Operator, name string) int {
	a, _ := o.Attribute(name)
	return int(a.Int)
}

// window calls f for each output row and column, and the input's row and column
// that each place of the kernel meets inside of the image.
func (in *interpreter) window(o *schema.Operator, kh, kw int, f func(h, w, y, x, i, j int)) {
	shape, out := in.tensor(o.Inputs[0]).Shape, in.tensor(o.Outputs[0]).Shape
	dh, dw := max(1, number(o, "dilation_h_factor")), max(1, number(o, "dilation_w_factor"))
	sh, sw := number(o, "stride_h"), number(o, "stride_w")
	var top, left int
	if number(o, "padding") == schema.Same {
		top = max(0, (int(out[1])-1)*sh+(kh-1)*dh+1-int(shape[1])) / 2
		left = max(0, (int(out[2])-1)*sw+(kw-1)*dw+1-int(shape[2])) / 2
	}
	for h := range int(out[1]) {
		for w := range int(out[2]) {
			for i := range kh {
				for j := range kw {
					y, x := h*sh+i*dh-top, w*sw+j*dw-left
					if y >= 0 && y < int(shape[1]) && x >= 0 && x < int(shape[2]) {
						f(h, w, y, x, i, j)
					}
				}
			}
		}
	}
}

func (in *interpreter) convolve(o *schema.Operator) []int64 {
	x, w, b := in.value(o.Inputs[0]), in.value(o.Inputs[1]), in.value(o.Inputs[2])
	xt, wt, yt := in.tensor(o.Inputs[0]), in.tensor(o.Inputs[1]), in.tensor(o.Outputs[0])
	channels, outputs, inner := int(xt.Shape[3]), int(yt.Shape[3]), int(wt.Shape[3])
	kh, kw := int(wt.Shape[1]), int(wt.Shape[2])
	depthwise := o.Code == schema.DepthwiseConv2D
	acc := make([]int64, count(yt.Shape))
	in.window(o, kh, kw, func(h, v, row, col, i, j int) {
		at, from := (h*int(yt.Shape[2])+v)*outputs, (row*int(xt.Shape[2])+col)*channels
		for c := range outputs {
			if depthwise {
				acc[at+c] += (x[from+c/number(o, "depth_multiplier")] - xt.Quant.Zero[0]) * w[(i*kw+j)*outputs+c]
				continue
			}
			group := c / (outputs / (channels / inner))
			for k := range inner {
				acc[at+c] += (x[from+group*inner+k] - xt.Quant.Zero[0]) * w[((c*kh+i)*kw+j)*inner+k]
			}
		}
	})
	for i := range acc {
		c := i % outputs
		acc[i] = requantize(acc[i]+b[c], xt.Quant.Scale[0]*wt.Quant.Scale[min(c, len(wt.Quant.Scale)-1)], yt,
			number(o, "fused_activation_function"))
	}
	return acc
}

// requantize takes a sum of the given scale to a tensor's integers.
func requantize(acc int64, scale float32, y *schema.Tensor, function int) int64 {
	lo, hi, z := int64(-128), int64(127), y.Quant.Zero[0]
	if function != schema.NoActivation {
		lo = z
	}
	if function == schema.ReLU6Activation {
		hi = min(hi, z+int64(math.RoundToEven(float64(6/y.Quant.Scale[0]))))
	}
	q := int64(math.RoundToEven(float64(float32(acc)*(scale/y.Quant.Scale[0])))) + z
	return min(max(q, lo), hi)
}

func (in *interpreter) pool(o *schema.Operator) []int64 {
	x, xt, yt := in.value(o.Inputs[0]), in.tensor(o.Inputs[0]), in.tensor(o.Outputs[0])
	channels := int(yt.Shape[3])
	y := make([]int64, count(yt.Shape))
	for i := range y {
		y[i] = math.MinInt64
	}
	in.window(o, number(o, "filter_height"), number(o, "filter_width"), func(h, w, row, col, _, _ int) {
		for c := range channels {
			at := (h*int(yt.Shape[2])+w)*channels + c
			y[at] = max(y[at], x[(row*int(xt.Shape[2])+col)*channels+c])
		}
	})
	return y
}

// places are the indices of each element of a shape, in order.
func places(shape []int32) (all [][]int) {
	at := make([]int, len(shape))
	for range count(shape) {
		all = append(all, slices.Clone(at))
		for d := len(at) - 1; d >= 0; d-- {
			if at[d]++; at[d] < int(shape[d]) {
				break
			}
			at[d] = 0
		}
	}
	return all
}

func index(at []int, shape []int32) (i int) {
	for d, v := range at {
		i = i*int(shape[d]) + v
	}
	return i
}

func (in *interpreter) transpose(o *schema.Operator) (y []int64) {
	x, shape, p := in.value(o.Inputs[0]), in.tensor(o.Inputs[0]).Shape, in.value(o.Inputs[1])
	for _, to := range places(in.tensor(o.Outputs[0]).Shape) {
		from := make([]int, len(to))
		for d, axis := range p {
			from[axis] = to[d]
		}
		y = append(y, x[index(from, shape)])
	}
	return y
}

func (in *interpreter) pad(o *schema.Operator) []int64 {
	x, xt, yt, pads := in.value(o.Inputs[0]), in.tensor(o.Inputs[0]), in.tensor(o.Outputs[0]), in.value(o.Inputs[1])
	fill := xt.Quant.Zero[0]
	if o.Code == schema.PadV2 {
		fill = in.value(o.Inputs[2])[0]
	}
	y := slices.Repeat([]int64{fill}, count(yt.Shape))
	for i, at := range places(xt.Shape) {
		for d := range at {
			at[d] += int(pads[2*d])
		}
		y[index(at, yt.Shape)] = x[i]
	}
	return y
}

func (in *interpreter) slice(o *schema.Operator) (y []int64) {
	x, shape, begin := in.value(o.Inputs[0]), in.tensor(o.Inputs[0]).Shape, in.value(o.Inputs[1])
	for _, at := range places(in.tensor(o.Outputs[0]).Shape) {
		for d := range at {
			at[d] += int(begin[d])
		}
		y = append(y, x[index(at, shape)])
	}
	return y
}

// average is the mean of each window's integers, halves away from zero.
func (in *interpreter) average(o *schema.Operator) []int64 {
	x, xt, yt := in.value(o.Inputs[0]), in.tensor(o.Inputs[0]), in.tensor(o.Outputs[0])
	channels := int(yt.Shape[3])
	sums, n := make([]float64, count(yt.Shape)), make([]float64, count(yt.Shape))
	in.window(o, number(o, "filter_height"), number(o, "filter_width"), func(h, w, row, col, _, _ int) {
		for c := range channels {
			at := (h*int(yt.Shape[2])+w)*channels + c
			sums[at] += float64(x[(row*int(xt.Shape[2])+col)*channels+c])
			n[at]++
		}
	})
	y := make([]int64, len(sums))
	for i := range y {
		y[i] = int64(math.Round(sums[i] / n[i]))
	}
	return y
}

func (in *interpreter) concat(o *schema.Operator) (y []int64) {
	axis := number(o, "axis")
	inner := func(i int32) int { return count(in.tensor(i).Shape[axis:]) }
	for outer := range count(in.tensor(o.Outputs[0]).Shape[:axis]) {
		for _, i := range o.Inputs {
			y = append(y, in.value(i)[outer*inner(i):(outer+1)*inner(i)]...)
		}
	}
	return y
}
