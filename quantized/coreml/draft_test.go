package coreml_test

import (
	"math"
	"math/rand/v2"

	"petrify/quantized"
)

// draft is a float network under construction: random weights, no scales yet.
type draft struct {
	m     *quantized.Model
	shape map[string][]int
	rng   *rand.Rand
	small bool // reduced widths and images, for tests that run the network
}

// pick is the small or the published number.
func (d *draft) pick(small, full int) int {
	if d.small {
		return small
	}
	return full
}

func (d *draft) input(shape ...int) string {
	d.m.Input = quantized.Input{
		Activation: quantized.Activation{Name: "x", Shape: shape},
		PixelScale: 1.0 / 255,
		Mean:       []float32{0.4, 0.5, 0.3}[:min(3, shape[0])],
		Std:        []float32{0.25, 0.2, 0.3}[:min(3, shape[0])],
	}
	d.shape["x"] = shape
	return "x"
}

func (d *draft) add(n quantized.Node) string {
	n.Output.Name = n.Name
	d.shape[n.Name] = n.Output.Shape
	d.m.Nodes = append(d.m.Nodes, n)
	d.m.Output = n.Name
	return n.Name
}

func (d *draft) parameters(shape ...int) (*quantized.Weights, *quantized.Bias) {
	fan := 1
	for _, k := range shape[1:] {
		fan *= k
	}
	w := &quantized.Weights{Shape: shape, Float: make([]float32, fan*shape[0])}
	for i := range w.Float {
		w.Float[i] = float32(d.rng.NormFloat64() * math.Sqrt(2/float64(fan)))
	}
	b := &quantized.Bias{Float: make([]float32, shape[0])}
	for i := range b.Float {
		b.Float[i] = float32(d.rng.NormFloat64() * 0.1)
	}
	return w, b
}

// conv pads as "same" does: output = ceil(input / stride), the odd pixel at the end.
func (d *draft) conv(name, in string, out int, kernel [2]int, stride, groups int, f quantized.Func) string {
	s := d.shape[in]
	n := quantized.Node{Name: name, Op: quantized.Conv2D, Inputs: []string{in}, Func: f, Groups: groups}
	n.Window = quantized.Window{Kernel: kernel, Stride: [2]int{stride, stride}, Dilation: [2]int{1, 1}}
	n.Output.Shape = []int{out, 0, 0}
	for i := range 2 {
		o := (s[1+i] + stride - 1) / stride
		pad := max(0, (o-1)*stride+kernel[i]-s[1+i])
		n.Window.PadBegin[i], n.Window.PadEnd[i] = pad/2, pad-pad/2
		n.Output.Shape[1+i] = o
	}
	n.Weights, n.Bias = d.parameters(out, s[0]/groups, kernel[0], kernel[1])
	return d.add(n)
}

func (d *draft) linear(name, in string, out int, f quantized.Func) string {
	n := quantized.Node{Name: name, Op: quantized.Linear, Inputs: []string{in}, Func: f}
	n.Output.Shape = []int{out}
	n.Weights, n.Bias = d.parameters(out, d.shape[in][0])
	return d.add(n)
}

func (d *draft) pool(name, in string, op quantized.Op, k int) string {
	s := d.shape[in]
	n := quantized.Node{Name: name, Op: op, Inputs: []string{in}}
	n.Window = quantized.Window{Kernel: [2]int{k, k}, Stride: [2]int{k, k}, Dilation: [2]int{1, 1}}
	n.Output.Shape = []int{s[0], s[1] / k, s[2] / k}
	return d.add(n)
}

func (d *draft) global(name, in string) string {
	n := quantized.Node{Name: name, Op: quantized.GlobalAvgPool, Inputs: []string{in}}
	n.Output.Shape = []int{d.shape[in][0], 1, 1}
	return d.add(n)
}

func (d *draft) flatten(name, in string) string {
	n := quantized.Node{Name: name, Op: quantized.Flatten, Inputs: []string{in}}
	s := d.shape[in]
	n.Output.Shape = []int{s[0] * s[1] * s[2]}
	return d.add(n)
}

func (d *draft) join(name string, op quantized.Op, f quantized.Func, in ...string) string {
	s := append([]int(nil), d.shape[in[0]]...)
	if op == quantized.Concat {
		s[0] = 0
		for _, i := range in {
			s[0] += d.shape[i][0]
		}
	}
	return d.add(quantized.Node{Name: name, Op: op, Inputs: in, Func: f, Output: quantized.Activation{Shape: s}})
}

func (d *draft) activate(name, in string, f quantized.Func) string {
	n := quantized.Node{Name: name, Op: quantized.Activate, Inputs: []string{in}, Func: f,
		Output: quantized.Activation{Shape: d.shape[in]}}
	if f == quantized.LeakyReLU {
		n.Slope = 0.125
	}
	return d.add(n)
}
