package graph_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/quantized"
)

// images draws a batch of n random images.
func images(rng *rand.Rand, n int, s graph.Shape) []float32 {
	x := make([]float32, n*s.Size())
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// labels draws n labels.
func labels(rng *rand.Rand, n, classes int) []int32 {
	l := make([]int32, n)
	for i := range l {
		l[i] = int32(rng.IntN(classes))
	}
	return l
}

// trained is a small network with every kind of layer after a few steps of
// quantization-aware training with plain gradient descent.
func trained(t *testing.T, q graph.Quantization) *graph.Model {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	network := graph.Chain(
		graph.Conv2D(5, 3).Same().Strided(2).Named("conv1"), graph.BatchNorm(), graph.ReLU(),
		graph.Conv2D(7, 3).Padded(1).Named("conv2"), graph.MaxPool(2), graph.ReLU(),
		graph.Flatten(), graph.Linear(6).Named("fc1"), graph.BatchNorm(), graph.ReLU(), graph.Linear(4).Named("fc2"))
	m, err := graph.New(network, graph.Shape{C: 3, H: 9, W: 10}, q, rng)
	if err != nil {
		t.Fatal(err)
	}
	m.SetObservers(true)
	m.SetFakeQuant(true)
	trainer, err := m.Trainer(8, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	for range 5 {
		if _, err := trainer.Step(images(rng, 8, m.Input()), labels(rng, 8, 4)); err != nil {
			t.Fatal(err)
		}
		for _, p := range m.Params() {
			for i, g := range p.Grad {
				p.Value[i] -= 0.1 * p.LRFactor * g
			}
		}
	}
	if err := m.Settle(); err != nil {
		t.Fatal(err)
	}
	return m
}

func affineActivations() fakequant.Scheme {
	s := fakequant.Int8()
	s.Activations.Scheme = affine.Affine
	return s
}

func TestEvaluationIsTheFrozenModel(t *testing.T) {
	for name, q := range map[string]graph.Quantization{
		"W8A8":        graph.Uniform(fakequant.Int8()),
		"W8A8 affine": graph.Uniform(affineActivations()),
		"W4A4":        graph.Uniform(fakequant.Bits(4)),
		"W2A3, edges at 8": {Default: &fakequant.Scheme{Weights: fakequant.Bits(2).Weights,
			Activations: fakequant.Bits(3).Activations}, EdgeBits: 8},
		"W8A8, float output": {Default: ptr(fakequant.Int8()), FloatOutput: true},
		"weights only":       graph.Uniform(fakequant.Scheme{Weights: fakequant.Int8().Weights}),
		"W4 in blocks of 4":  graph.Uniform(fakequant.Scheme{Weights: blocks(4)}),
		"W4A8 in blocks of 32": graph.Uniform(fakequant.Scheme{Weights: blocks(32),
			Activations: fakequant.Int8().Activations}),
		"conv2 stays float": {Default: ptr(fakequant.Int8()), Names: []graph.NameRule{{Pattern: "conv2"}}},
		"linear layers float": {Default: ptr(fakequant.Int8()),
			Kinds: map[graph.Kind]*fakequant.Scheme{graph.KindLinear: nil}},
		"nothing is quantized": {},
	} {
		t.Run(name, func(t *testing.T) {
			m := trained(t, q)
			frozen, err := m.Freeze()
			if err != nil {
				t.Fatal(err)
			}
			const n = 40
			x := images(rand.New(rand.NewPCG(5, 6)), n, m.Input())
			e, err := m.Evaluator(n, true)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			if _, err := e.Run(x, make([]int32, n)); err != nil {
				t.Fatal(err)
			}
			for i := range n {
				compare(t, frozen, e, x[i*m.Input().Size():(i+1)*m.Input().Size()], i, n)
			}
		})
	}
}

// TestAffineActivationsAreUnsigned: a zero point makes room for negative numbers.
func TestAffineActivationsAreUnsigned(t *testing.T) {
	frozen, err := trained(t, graph.Uniform(affineActivations())).Freeze()
	if err != nil {
		t.Fatal(err)
	}
	negative := false
	for _, n := range frozen.Nodes {
		if f := n.Output.Quant.Format; f != affine.Uint8 {
			t.Errorf("%s is of %v, want uint8", n.Name, f)
		}
		negative = negative || n.Output.Quant.Zero > 0
	}
	if !negative {
		t.Error("no zero point is above 0, so that this tests nothing")
	}
}

func blocks(size int) fakequant.Config {
	c := fakequant.Bits(4).Weights
	c.Granularity = affine.Granularity{Kind: affine.PerGroup, Axis: 1, Size: size}
	return c
}

func ptr[T any](v T) *T { return &v }

// compare runs image i through the frozen model and fails where a layer's
// output is not the evaluator's: exactly for quantized outputs of quantized
// layers, to 1e−4 for float ones.
func compare(t *testing.T, m *quantized.Model, e *graph.Evaluator, x []float32, i, n int) {
	t.Helper()
	values := map[string][]float64{"input": chw(x, m.Input.Shape)}
	onGrid(values["input"], m.Input.Quant)
	for _, node := range m.Nodes {
		in, _ := m.Activation(node.Inputs[0])
		y := naive(node, values[in.Name], in)
		values[node.Name] = y
		got, err := e.Output(node.Name)
		if err != nil {
			t.Fatal(err)
		}
		image := chw(got[i*len(y):(i+1)*len(y)], node.Output.Shape)
		for j := range y {
			tolerance := 0.0
			if node.Output.Quant.Format.IsFloat() || node.Bias != nil && node.Bias.Float != nil {
				tolerance = 1e-4
			}
			if math.Abs(image[j]-y[j]) > tolerance {
				t.Fatalf("image %d, layer %s: output %d is %v, the frozen model says %v", i, node.Name, j, image[j],
					y[j])
			}
		}
	}
}

// chw permutes one image from H W C, as float64.
func chw(x []float32, shape []int) []float64 {
	y := make([]float64, len(x))
	c := shape[0]
	pixels := len(x) / c
	for p := range pixels {
		for k := range c {
			y[k*pixels+p] = float64(x[p*c+k])
		}
	}
	return y
}

// onGrid rounds to the quantizer's grid.
func onGrid(x []float64, q quantized.Quant) {
	if q.Format.IsFloat() {
		return
	}
	for i, v := range x {
		x[i] = float64(affine.Fake(float32(v), q.Scale, q.Zero, q.Format))
	}
}

// naive computes one node by its definition.
func naive(n quantized.Node, x []float64, in quantized.Activation) (y []float64) {
	switch n.Op {
	case quantized.Flatten:
		return x
	case quantized.Activate:
		for _, v := range x {
			y = append(y, max(v, 0))
		}
	case quantized.MaxPool:
		y = naivePool(n, x, in.Shape)
	default:
		y = naiveWeighted(n, x, in)
		if n.Func == quantized.ReLU {
			for i, v := range y {
				y[i] = max(v, 0)
			}
		}
		if n.Bias.Q != nil {
			return y
		}
	}
	onGrid(y, n.Output.Quant)
	return y
}

// each calls f for the taps of every output of a window.
func each(w quantized.Window, in, out []int, f func(oh, ow, kh, kw, h, v int)) {
	for oh := range out[1] {
		for ow := range out[2] {
			for kh := range w.Kernel[0] {
				for kw := range w.Kernel[1] {
					h, v := oh*w.Stride[0]+kh-w.PadBegin[0], ow*w.Stride[1]+kw-w.PadBegin[1]
					if h >= 0 && h < in[1] && v >= 0 && v < in[2] {
						f(oh, ow, kh, kw, h, v)
					}
				}
			}
		}
	}
}

func naivePool(n quantized.Node, x []float64, in []int) []float64 {
	out := n.Output.Shape
	y := make([]float64, out[0]*out[1]*out[2])
	for i := range y {
		y[i] = math.Inf(-1)
	}
	for c := range in[0] {
		each(n.Window, in, out, func(oh, ow, _, _, h, w int) {
			o := (c*out[1]+oh)*out[2] + ow
			y[o] = max(y[o], x[(c*in[1]+h)*in[2]+w])
		})
	}
	return y
}

// naiveWeighted computes a convolution or linear layer: on integers and
// requantized where the node's bias is integer, else in float64.
func naiveWeighted(n quantized.Node, x []float64, in quantized.Activation) []float64 {
	shape, out := in.Shape, n.Output.Shape
	window := n.Window
	if n.Op == quantized.Linear {
		shape, out = []int{len(x), 1, 1}, []int{out[0], 1, 1}
		window.Kernel, window.Stride = [2]int{1, 1}, [2]int{1, 1}
	}
	cols := shape[0] * window.Kernel[0] * window.Kernel[1]
	q := n.Output.Quant
	y := make([]float64, out[0]*out[1]*out[2])
	for o := range out[0] {
		integer := n.Bias.Q != nil
		for i := range out[1] * out[2] {
			if integer {
				y[o*out[1]*out[2]+i] = float64(n.Bias.Q[o])
			} else {
				y[o*out[1]*out[2]+i] = float64(n.Bias.Float[o])
			}
		}
		for c := range shape[0] {
			each(window, shape, out, func(oh, ow, kh, kw, h, w int) {
				v := x[(c*shape[1]+h)*shape[2]+w]
				k := o*cols + (c*window.Kernel[0]+kh)*window.Kernel[1] + kw
				switch {
				case integer:
					v = math.RoundToEven(v/float64(in.Quant.Scale)) * float64(n.Weights.Q[k])
				case n.Weights.Q != nil:
					v *= float64(n.Weights.Scale[n.Weights.ScaleIndex(k)]) * float64(n.Weights.Q[k])
				default:
					v *= float64(n.Weights.Float[k])
				}
				y[(o*out[1]+oh)*out[2]+ow] += v
			})
		}
		if !integer {
			continue
		}
		s := in.Quant.Scale * n.Weights.Scale[o]
		if q.Format.IsFloat() {
			for i := range out[1] * out[2] {
				y[o*out[1]*out[2]+i] *= float64(s)
			}
			continue
		}
		m := s / q.Scale
		for i := range out[1] * out[2] {
			v := &y[o*out[1]*out[2]+i]
			level := math.RoundToEven(float64(float32(*v) * m))
			level = min(max(level, float64(q.Format.Min()-q.Zero)), float64(q.Format.Max()-q.Zero))
			*v = float64(q.Scale * float32(level))
		}
	}
	return y
}
