package quantizedtest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"petrify/fakequant/affine"
	"petrify/quantized"
)

// Scheme says how a model's numbers are quantized.
type Scheme struct {
	Weights    affine.Format // zero: float32
	PerTensor  bool          // one scale for all output channels
	ZeroPoints bool          // weights have zero points
	Block      int           // > 0: layers with as many input channels have a scale for every Block of them

	Positive affine.Format // of activations that cannot be negative; zero: float32
	Signed   affine.Format // of the others
	Affine   bool          // Signed activations have a zero point

	PowersOfTwo bool // all scales are: then many results are exact ties
	FloatOutput bool // the last layer's output is not quantized
}

// Schemes that users choose.
var (
	W8A8       = Scheme{Weights: affine.Int8Narrow, Positive: affine.Uint8, Signed: affine.Int8}
	W8A8Affine = Scheme{Weights: affine.Int8Narrow, Positive: affine.Uint8, Signed: affine.Uint8, Affine: true}
	W4A8       = Scheme{Weights: affine.Format{Bits: 4, Narrow: true}, Positive: affine.Uint8, Signed: affine.Int8}
	W4A4       = Scheme{Weights: affine.Format{Bits: 4, Narrow: true},
		Positive: affine.Format{Bits: 4, Unsigned: true}, Signed: affine.Format{Bits: 4}}
	W2A2 = Scheme{Weights: affine.Format{Bits: 2},
		Positive: affine.Format{Bits: 2, Unsigned: true}, Signed: affine.Format{Bits: 2}}
	Ternary = Scheme{Weights: affine.Ternary,
		Positive: affine.Format{Bits: 4, Unsigned: true}, Signed: affine.Format{Bits: 4}}
	Binary     = Scheme{Weights: affine.Binary, Positive: affine.Uint8, Signed: affine.Int8}
	WeightOnly = Scheme{Weights: affine.Int8Narrow}
)

// Builder adds layers to a model.
type Builder struct {
	model  quantized.Model
	scheme Scheme
	rng    *rand.Rand
	spread map[string]float64 // of each activation: the standard deviation of its real numbers
}

// New starts a model whose input has the given shape.
func New(rng *rand.Rand, s Scheme, shape ...int) *Builder {
	b := &Builder{scheme: s, rng: rng, spread: map[string]float64{"input": 1}}
	b.model = quantized.Model{
		Name: "random",
		Input: quantized.Input{
			Activation: quantized.Activation{Name: "input", Shape: shape, Quant: b.quant(s.Signed, 1)},
			PixelScale: 1.0 / 255,
		},
		Origin: quantized.Origin{Version: "test", Dataset: "random", Seed: 1, Method: "ptq"},
	}
	for range shape[0] {
		b.model.Input.Mean = append(b.model.Input.Mean, rng.Float32())
		b.model.Input.Std = append(b.model.Input.Std, 0.5+rng.Float32())
	}
	return b
}

// Input is the name of the model's input.
func (b *Builder) Input() string { return b.model.Input.Name }

// Model ends the model with the given output and checks it. It panics if the
// model is invalid, since then the test is.
func (b *Builder) Model(output string) *quantized.Model {
	m := b.model
	m.Output = output
	if last := &m.Nodes[len(m.Nodes)-1]; b.scheme.FloatOutput {
		last.Output.Quant = quantized.Quant{}
	}
	if out, _ := m.Activation(output); len(out.Shape) == 1 {
		for i := range out.Shape[0] {
			m.Classes = append(m.Classes, fmt.Sprintf("class %d", i))
		}
	}
	if err := m.Validate(); err != nil {
		panic(err)
	}
	return &m
}

// Conv adds a convolution; w comes from [Same] or [Valid] or is any other.
func (b *Builder) Conv(x string, channels int, w quantized.Window, groups int, f quantized.Func) string {
	in := b.activation(x)
	if w.Dilation == [2]int{} {
		w.Dilation = [2]int{1, 1}
	}
	n := quantized.Node{Op: quantized.Conv2D, Inputs: []string{x}, Func: f, Window: w, Groups: groups}
	return b.weighted(n, []int{channels, in.Shape[0] / groups, w.Kernel[0], w.Kernel[1]})
}

// Linear adds a linear layer.
func (b *Builder) Linear(x string, features int, f quantized.Func) string {
	n := quantized.Node{Op: quantized.Linear, Inputs: []string{x}, Func: f}
	return b.weighted(n, []int{features, b.activation(x).Shape[0]})
}

// Pool adds a pool with a window; w comes from [Same] or [Valid].
func (b *Builder) Pool(op quantized.Op, x string, w quantized.Window) string {
	return b.add(quantized.Node{Op: op, Inputs: []string{x}, Window: w}, b.spread[x])
}

// GlobalAvgPool adds an average over height and width.
func (b *Builder) GlobalAvgPool(x string) string {
	in := b.activation(x)
	return b.add(quantized.Node{Op: quantized.GlobalAvgPool, Inputs: []string{x}},
		b.spread[x]/math.Sqrt(float64(in.Shape[1]*in.Shape[2])))
}

// Flatten turns x into a vector.
func (b *Builder) Flatten(x string) string {
	return b.add(quantized.Node{Op: quantized.Flatten, Inputs: []string{x}}, b.spread[x])
}

// Reshape gives x a shape with as many elements.
func (b *Builder) Reshape(x string, shape ...int) string {
	n := quantized.Node{Op: quantized.Reshape, Inputs: []string{x}}
	n.Output.Shape = shape
	return b.add(n, b.spread[x])
}

// Resize repeats each row and each column of x.
func (b *Builder) Resize(x string, rows, columns int) string {
	return b.enlarge(quantized.ResizeNearest, x, rows, columns)
}

// Stretch puts zeros after each row and each column of x.
func (b *Builder) Stretch(x string, rows, columns int) string {
	return b.enlarge(quantized.Stretch, x, rows, columns)
}

func (b *Builder) enlarge(op quantized.Op, x string, rows, columns int) string {
	in := b.activation(x).Shape
	n := quantized.Node{Op: op, Inputs: []string{x}}
	n.Output.Shape = []int{in[0], rows * in[1], columns * in[2]}
	return b.add(n, b.spread[x])
}

// Add adds x and y.
func (b *Builder) Add(x, y string, f quantized.Func) string {
	return b.add(quantized.Node{Op: quantized.Add, Inputs: []string{x, y}, Func: f},
		math.Hypot(b.spread[x], b.spread[y]))
}

// Mul multiplies x by y, which may have one number for each channel.
func (b *Builder) Mul(x, y string, f quantized.Func) string {
	return b.add(quantized.Node{Op: quantized.Mul, Inputs: []string{x, y}, Func: f}, b.spread[x]*b.spread[y])
}

// Pair adds an operation on x and y, which may have one number for each channel.
func (b *Builder) Pair(op quantized.Op, x, y string, f quantized.Func) string {
	return b.add(quantized.Node{Op: op, Inputs: []string{x, y}, Func: f}, math.Hypot(b.spread[x], b.spread[y]))
}

// Slice takes a part of x.
func (b *Builder) Slice(x string, begin, shape []int) string {
	n := quantized.Node{Op: quantized.Slice, Inputs: []string{x}, Begin: begin}
	n.Output.Shape = shape
	return b.add(n, b.spread[x])
}

// PReLU is a leaky ReLU with a random slope for each channel.
func (b *Builder) PReLU(x string) string {
	n := quantized.Node{Op: quantized.PReLU, Inputs: []string{x}}
	for range b.activation(x).Shape[0] {
		n.Slopes = append(n.Slopes, float32(b.rng.NormFloat64())/2)
	}
	return b.add(n, b.spread[x])
}

// Pad puts x at begin of an image, and a value around it.
func (b *Builder) Pad(x string, begin, shape []int, value float32) string {
	n := quantized.Node{Op: quantized.Pad, Inputs: []string{x}, Begin: begin, Value: value}
	n.Output.Shape = shape
	return b.add(n, b.spread[x])
}

// Shuffle shuffles the channels of x.
func (b *Builder) Shuffle(x string, groups int) string {
	return b.add(quantized.Node{Op: quantized.Shuffle, Inputs: []string{x}, Groups: groups}, b.spread[x])
}

// LayerNorm normalises the channels of each pixel.
func (b *Builder) LayerNorm(x string) string {
	norm := &quantized.Norm{Epsilon: 1e-5}
	for range b.activation(x).Shape[0] {
		norm.Gamma = append(norm.Gamma, float32(b.rng.NormFloat64()))
		norm.Beta = append(norm.Beta, float32(b.rng.NormFloat64()))
	}
	return b.add(quantized.Node{Op: quantized.LayerNorm, Inputs: []string{x}, Norm: norm}, math.Sqrt2)
}

// Attend adds the scores of queries and keys in some heads, a function of them, such as
// the softmax, and the values in these shares.
func (b *Builder) Attend(heads int, queries, keys, values string, f quantized.Func) string {
	factor := float32(1 / math.Sqrt(float64(b.activation(queries).Shape[0]/heads)))
	scores := b.add(quantized.Node{Op: quantized.AttentionScores, Inputs: []string{queries, keys}, Heads: heads,
		Factor: factor}, b.spread[queries]*b.spread[keys])
	return b.add(quantized.Node{Op: quantized.AttentionValues,
		Inputs: []string{b.Activate(scores, f), values}}, b.spread[values])
}

// Concat joins activations along their channels.
func (b *Builder) Concat(x ...string) string {
	spread := 0.0
	for _, name := range x {
		spread = max(spread, b.spread[name])
	}
	return b.add(quantized.Node{Op: quantized.Concat, Inputs: x}, spread)
}

// Activate adds a function as a layer of its own.
func (b *Builder) Activate(x string, f quantized.Func) string {
	n := quantized.Node{Op: quantized.Activate, Inputs: []string{x}, Func: f}
	switch f {
	case quantized.LeakyReLU:
		n.Slope = 0.125
	case quantized.Clip:
		n.Min, n.Max = -0.6, 0.9
	case quantized.Sigmoid, quantized.Tanh, quantized.Softmax:
		return b.add(n, 0.5)
	}
	return b.add(n, b.spread[x])
}

func (b *Builder) activation(name string) quantized.Activation {
	a, ok := b.model.Activation(name)
	if !ok {
		panic("quantizedtest: no activation " + name)
	}
	return a
}

// add completes a node whose real outputs have the given standard deviation.
func (b *Builder) add(n quantized.Node, spread float64) string {
	n.Name = fmt.Sprintf("%v_%d", n.Op, len(b.model.Nodes)+1)
	var shapes [][]int
	positive := n.Func == quantized.ReLU || n.Func == quantized.ReLU6 || n.Func == quantized.Sigmoid ||
		n.Func == quantized.Softmax
	for _, x := range n.Inputs {
		shapes = append(shapes, b.activation(x).Shape)
	}
	shape, err := n.OutputShape(shapes...)
	if err != nil {
		panic(err)
	}
	n.Output.Name, n.Output.Shape = n.Name, shape
	switch {
	case n.Op.PassesThrough():
		n.Output.Quant = b.activation(n.Inputs[0]).Quant
	case positive:
		n.Output.Quant = b.quant(b.scheme.Positive, spread)
		n.Output.Quant.Zero = 0
		if f := b.scheme.Positive; !f.IsFloat() && (n.Func == quantized.Sigmoid || n.Func == quantized.Softmax) {
			n.Output.Quant.Scale = 1 / float32(f.Max()-f.Min()+1) // 0..1, fixed
		}
	default:
		n.Output.Quant = b.quant(b.scheme.Signed, spread)
	}
	b.model.Nodes = append(b.model.Nodes, n)
	b.spread[n.Name] = spread
	return n.Name
}

// quant covers two standard deviations on both sides.
func (b *Builder) quant(f affine.Format, spread float64) quantized.Quant {
	if f.IsFloat() {
		return quantized.Quant{}
	}
	q := quantized.Quant{Format: f, Origin: "two standard deviations"}
	q.Scale = b.scale(4 * spread / float64(f.Max()-f.Min()))
	if b.scheme.Affine && f == b.scheme.Signed {
		middle := (f.Min() + f.Max()) / 2
		q.Zero = middle + b.rng.Int32N(1+f.Max()/8) - f.Max()/16
	}
	return q
}

func (b *Builder) scale(s float64) float32 {
	if b.scheme.PowersOfTwo {
		return float32(math.Exp2(math.Round(math.Log2(s))))
	}
	return float32(s * (0.75 + b.rng.Float64()/2))
}

// Same is a square window with stride 1 that keeps height and width.
func Same(kernel int) quantized.Window {
	before := (kernel - 1) / 2
	after := kernel - 1 - before
	return quantized.Window{Kernel: [2]int{kernel, kernel}, Stride: [2]int{1, 1},
		PadBegin: [2]int{before, before}, PadEnd: [2]int{after, after}}
}

// Valid is a square window without padding.
func Valid(kernel, stride int) quantized.Window {
	return quantized.Window{Kernel: [2]int{kernel, kernel}, Stride: [2]int{stride, stride}}
}
