package coreml_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"petrify/fakequant/affine"
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
	n := quantized.Node{Name: name, Op: quantized.Activate, Inputs: []string{in}, Func: f, Output: quantized.Activation{Shape: d.shape[in]}}
	if f == quantized.LeakyReLU {
		n.Slope = 0.125
	}
	return d.add(n)
}

// zooNames are the networks that people deploy on small devices.
var zooNames = []string{"mlp", "lenet5", "cnn", "ds-cnn", "resnet8", "mobilenet-v1-0.25", "autoencoder", "branches"}

// zoo builds a network with random weights. The small ones have the published
// topology with narrower layers on smaller images.
func zoo(name string, small bool, seed uint64) *quantized.Model {
	d := &draft{
		m:     &quantized.Model{Name: name, Origin: quantized.Origin{Version: "0.0.0", Dataset: "random", Seed: seed, Method: "ptq"}},
		shape: map[string][]int{},
		rng:   rand.New(rand.NewPCG(seed, 1)),
		small: small,
	}
	square := func(k int) [2]int { return [2]int{k, k} }
	classes := 10
	switch name {
	case "mlp":
		x := d.flatten("flatten", d.input(1, d.pick(8, 28), d.pick(8, 28)))
		x = d.linear("fc1", x, d.pick(32, 128), quantized.ReLU)
		d.linear("fc2", x, classes, quantized.Identity)
	case "lenet5":
		x := d.conv("conv1", d.input(1, d.pick(12, 28), d.pick(12, 28)), 6, square(5), 1, 1, quantized.ReLU)
		x = d.pool("pool1", x, quantized.MaxPool, 2)
		x = d.conv("conv2", x, d.pick(8, 16), square(5), 1, 1, quantized.ReLU)
		x = d.pool("pool2", x, quantized.AvgPool, 2)
		x = d.linear("fc1", d.flatten("flatten", x), d.pick(32, 120), quantized.ReLU)
		x = d.linear("fc2", x, d.pick(32, 84), quantized.ReLU)
		d.linear("fc3", x, classes, quantized.Identity)
	case "cnn":
		x := d.conv("conv1", d.input(1, d.pick(8, 28), d.pick(8, 28)), d.pick(8, 16), square(3), 1, 1, quantized.ReLU)
		x = d.pool("pool1", x, quantized.MaxPool, 2)
		x = d.conv("conv2", x, d.pick(8, 32), square(3), 1, 1, quantized.ReLU)
		x = d.pool("pool2", x, quantized.MaxPool, 2)
		d.linear("fc", d.flatten("flatten", x), classes, quantized.Identity)
	case "ds-cnn":
		x := d.input(1, d.pick(13, 49), d.pick(5, 10))
		width := d.pick(8, 64)
		x = d.conv("conv", x, width, [2]int{10, 4}, 2, 1, quantized.ReLU)
		for i := range 4 {
			x = d.conv(fmt.Sprintf("block%d.depthwise", i), x, width, square(3), 1, width, quantized.ReLU)
			x = d.conv(fmt.Sprintf("block%d.pointwise", i), x, width, square(1), 1, 1, quantized.ReLU)
		}
		d.linear("fc", d.flatten("flatten", d.global("mean", x)), 12, quantized.Identity)
		classes = 12
	case "resnet8":
		x := d.conv("stem", d.input(3, d.pick(8, 32), d.pick(8, 32)), d.pick(4, 16), square(3), 1, 1, quantized.ReLU)
		for i := range 3 {
			out, stride := d.pick(4, 16)<<i, min(1+i, 2)
			y := d.conv(fmt.Sprintf("stack%d/a", i), x, out, square(3), stride, 1, quantized.ReLU)
			y = d.conv(fmt.Sprintf("stack%d/b", i), y, out, square(3), 1, 1, quantized.Identity)
			if i > 0 {
				x = d.conv(fmt.Sprintf("stack%d/skip", i), x, out, square(1), stride, 1, quantized.Identity)
			}
			x = d.join(fmt.Sprintf("stack%d/add", i), quantized.Add, quantized.ReLU, x, y)
		}
		d.linear("fc", d.flatten("flatten", d.global("mean", x)), classes, quantized.Identity)
	case "mobilenet-v1-0.25":
		x := d.conv("conv0", d.input(3, d.pick(16, 96), d.pick(16, 96)), d.pick(4, 8), square(3), 2, 1, quantized.ReLU6)
		blocks := [][2]int{{16, 1}, {32, 2}, {32, 1}, {64, 2}, {64, 1}, {128, 2}, {128, 1}, {128, 1}, {128, 1}, {128, 1}, {128, 1}, {256, 2}, {256, 1}}
		if small {
			blocks = [][2]int{{8, 1}, {16, 2}, {16, 1}, {32, 2}, {32, 1}}
		}
		for i, block := range blocks {
			in := d.shape[x][0]
			x = d.conv(fmt.Sprintf("dw%d", i+1), x, in, square(3), block[1], in, quantized.ReLU6)
			x = d.conv(fmt.Sprintf("pw%d", i+1), x, block[0], square(1), 1, 1, quantized.ReLU6)
		}
		d.linear("fc", d.flatten("flatten", d.global("mean", x)), 2, quantized.Identity)
		classes = 2
	case "autoencoder":
		wide, in := d.pick(32, 128), d.pick(64, 640)
		x := d.input(in)
		d.m.Input.Mean, d.m.Input.Std, d.m.Input.PixelScale = []float32{0}, []float32{1}, 1
		for i, width := range []int{wide, wide, wide, wide, 8, wide, wide, wide, wide} {
			x = d.linear(fmt.Sprintf("fc%d", i+1), x, width, quantized.ReLU)
		}
		d.linear("fc10", x, in, quantized.Identity)
		classes = 0
	case "branches":
		x := d.conv("1st", d.input(3, 6, 6), 8, square(3), 1, 1, quantized.Identity)
		a := d.activate("hard_swish", x, quantized.HardSwish)
		b := d.activate("leaky.relu", x, quantized.LeakyReLU)
		c := d.activate("sigmoid", d.conv("dilated", x, 8, square(3), 1, 2, quantized.Identity), quantized.Sigmoid)
		x = d.join("concat", quantized.Concat, quantized.Identity, a, b, c)
		x = d.activate("tanh", d.conv("int8", x, 16, square(1), 1, 1, quantized.Identity), quantized.Tanh)
		x = d.linear("fc", d.flatten("flatten", d.pool("pool", x, quantized.AvgPool, 3)), 7, quantized.Identity)
		d.activate("softmax", x, quantized.Softmax)
		classes = 7
	default:
		panic("no network " + name)
	}
	for i := range classes {
		d.m.Classes = append(d.m.Classes, fmt.Sprintf("class %d", i))
	}
	return d.m
}

// variant is how a network is quantized.
type variant struct {
	name    string
	weights affine.Format
	block   int
	acts    string // "", "symmetric" or "affine"
	zeros   bool   // weights with zero points
	tensor  bool   // one scale for all channels
}

var (
	w8         = variant{name: "W8", weights: affine.Int8Narrow}
	w8affine   = variant{name: "W8 affine", weights: affine.Uint8, zeros: true}
	w8tensor   = variant{name: "W8 per tensor", weights: affine.Int8Narrow, tensor: true}
	w8a8       = variant{name: "W8A8 symmetric", weights: affine.Int8Narrow, acts: "symmetric"}
	w8a8affine = variant{name: "W8A8 affine", weights: affine.Int8Narrow, acts: "affine"}
	w4a8       = variant{name: "W4A8", weights: affine.Format{Bits: 4, Narrow: true}, acts: "symmetric"}
	w4block    = variant{name: "W4 per block 32", weights: affine.Format{Bits: 4}, block: 32}
	w8a8tensor = variant{name: "W8A8 per tensor", weights: affine.Int8Narrow, acts: "symmetric", tensor: true}
	w4ragged   = variant{name: "W4 per block 12", weights: affine.Format{Bits: 4}, block: 12}
	w3a4       = variant{name: "W3A4", weights: affine.Format{Bits: 3}, acts: "4 bits"}
)

// quantize gives a float network the variant's scales, from the ranges that
// the reference sees on a few random inputs.
func quantize(m *quantized.Model, v variant) *quantized.Model {
	rng := rand.New(rand.NewPCG(7, 7))
	low, high := map[string]float64{}, map[string]float64{}
	samples := 8
	if v.acts == "" {
		samples = 0 // no activation is quantized
	}
	for range samples {
		for name, t := range run(m, randomInput(m, rng)) {
			for _, r := range t.r {
				low[name], high[name] = min(low[name], r), max(high[name], r)
			}
		}
	}
	out := *m
	out.Nodes = append([]quantized.Node(nil), m.Nodes...)
	acts := map[string]*quantized.Activation{m.Input.Name: &out.Input.Activation}
	out.Input.Quant = v.activation(low["x"], high["x"], false)
	for i := range out.Nodes {
		n := &out.Nodes[i]
		in := acts[n.Inputs[0]].Quant
		switch n.Op {
		case quantized.MaxPool, quantized.Flatten:
			n.Output.Quant = in
		default:
			n.Output.Quant = v.activation(low[n.Name], high[n.Name], n.Func == quantized.ReLU || n.Func == quantized.ReLU6)
		}
		acts[n.Name] = &n.Output
		if n.Weights != nil {
			n.Weights = v.integers(n.Weights)
			n.Bias = integerBias(n.Bias, in, n.Weights)
		}
	}
	return &out
}

func (v variant) activation(low, high float64, relu bool) quantized.Quant {
	bits := 8
	switch {
	case v.acts == "":
		return quantized.Quant{}
	case v.acts == "4 bits":
		bits = 4
		fallthrough
	case v.acts == "symmetric":
		f := affine.Format{Bits: bits, Unsigned: relu}
		most := max(high, -low)
		return quantized.Quant{Format: f, Scale: float32(most / float64(f.Max()))}
	}
	s := float32((high - low) / 255)
	return quantized.Quant{Format: affine.Uint8, Scale: s, Zero: int32(math.RoundToEven(-low / float64(s)))}
}

func (v variant) integers(float *quantized.Weights) *quantized.Weights {
	w := &quantized.Weights{Shape: float.Shape, Format: v.weights, Axis: 0, Q: make([]int8, len(float.Float))}
	if v.tensor {
		w.Axis = -1
	}
	w.Block = v.block
	groups := 1
	for i := range w.Q {
		groups = max(groups, group(w, i)+1)
	}
	low, high := make([]float64, groups), make([]float64, groups)
	for i, r := range float.Float {
		k := group(w, i)
		low[k], high[k] = min(low[k], float64(r)), max(high[k], float64(r))
	}
	w.Scale = make([]float32, groups)
	if v.zeros {
		w.Zero = make([]int32, groups)
	}
	for k := range w.Scale {
		w.Scale[k] = float32(max(high[k], -low[k]) / float64(w.Format.Max()))
		if v.zeros {
			w.Scale[k] = float32((high[k] - low[k]) / 255)
			w.Zero[k] = int32(math.RoundToEven(-low[k] / float64(w.Scale[k])))
		}
	}
	for i, r := range float.Float {
		k := group(w, i)
		q := int32(math.RoundToEven(float64(r) / float64(w.Scale[k])))
		if v.zeros {
			q += w.Zero[k]
		}
		w.Q[i] = int8(min(max(q, w.Format.Min()), w.Format.Max()))
	}
	return w
}

// group is the index of the scale of weight i: one for all, one an output
// channel, or one for each block of input channels, the last perhaps shorter.
func group(w *quantized.Weights, i int) int {
	inputs := w.Shape[1]
	kernel := 1
	for _, d := range w.Shape[2:] {
		kernel *= d
	}
	switch {
	case w.Axis < 0:
		return 0
	case w.Block == 0:
		return i / (inputs * kernel)
	}
	blocks := (inputs + w.Block - 1) / w.Block
	return i/(inputs*kernel)*blocks + i/kernel%inputs/w.Block
}

func integerBias(float *quantized.Bias, in quantized.Quant, w *quantized.Weights) *quantized.Bias {
	if in.Format.IsFloat() || w.Block > 0 {
		return float
	}
	b := &quantized.Bias{Q: make([]int32, len(float.Float)), Scale: make([]float32, len(w.Scale))}
	for k, s := range w.Scale {
		b.Scale[k] = in.Scale * s
	}
	for o, r := range float.Float {
		b.Q[o] = int32(math.RoundToEven(float64(r) / float64(b.Scale[min(o, len(w.Scale)-1)])))
	}
	return b
}

func randomInput(m *quantized.Model, rng *rand.Rand) []float32 {
	n := 1
	for _, d := range m.Input.Shape {
		n *= d
	}
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}
