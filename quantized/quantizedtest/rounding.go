package quantizedtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"petrify/fakequant/affine"
	"petrify/quantized"
)

// Case is a model, and inputs for it: real numbers, each C H W.
type Case struct {
	Name  string
	Model *quantized.Model
	X     []float32
}

// Rounding lists models of one layer each on random grids, with inputs that
// show how it rounds: functions of all integers, to coarse grids too, sums and products of all
// pairs, means and softmaxes of random integers. The scales are hundredths, so that many results
// are near ties.
func Rounding(rng *rand.Rand) []Case {
	var all []Case
	add := func(name string, m *quantized.Model, x []float32) { all = append(all, Case{name, m, x}) }
	a, b, y := hundredths(rng), hundredths(rng), hundredths(rng)
	for _, f := range quantized.Funcs() {
		if f != quantized.Identity && f != quantized.Softmax {
			integers := 1 + int(a.Format.Max()-a.Format.Min())
			add(f.String(), Function(f, a, y, integers), every(a))
			coarse := y
			if coarse.Scale = 300 * a.Scale; f == quantized.LeakyReLU {
				coarse.Scale = 60 * a.Scale // 600 where the slope counts
			}
			add(f.String()+" on a coarse grid", Function(f, a, coarse, integers), every(a))
		}
	}
	for _, slope := range []float32{-0.7, 1.9, -0.001} {
		m := Function(quantized.LeakyReLU, a, y, 1+int(a.Format.Max()-a.Format.Min()))
		m.Nodes[0].Slope = slope
		add(fmt.Sprintf("leaky_relu of slope %v", slope), m, every(a))
	}
	prelu := Function(quantized.ReLU, a, y, 6, 1+int(a.Format.Max()-a.Format.Min()), 1)
	prelu.Nodes[0].Op, prelu.Nodes[0].Func = quantized.PReLU, quantized.Identity
	prelu.Nodes[0].Slopes = []float32{0.1, -0.7, 1.9, 0, 0.25, -1}
	add("prelu", prelu, slices.Repeat(every(a), 6))
	for _, bounds := range [][2]float32{{-math.MaxFloat32, 1.05}, {0.95, math.MaxFloat32}, {-0.5, -0.1}} {
		m := Function(quantized.Clip, a, y, 1+int(a.Format.Max()-a.Format.Min()))
		m.Nodes[0].Min, m.Nodes[0].Max = bounds[0], bounds[1]
		add(fmt.Sprintf("clip to %v", bounds), m, every(a))
	}
	share := quantized.Quant{Format: affine.Uint8, Scale: 1 / float32(rng.IntN(300)+1), Zero: rng.Int32N(50)}
	for _, width := range []int{1, 2, 10} {
		add(fmt.Sprint("softmax of ", width), Function(quantized.Softmax, a, share, width, 50, 40),
			some(rng, a, 2000*width))
	}
	for _, to := range []struct {
		name string
		quantized.Quant
	}{{"", y}, {" on one grid", a}} {
		add("mean of images"+to.name, Mean(quantized.GlobalAvgPool, 3, 4, a, to.Quant), some(rng, a, 300*12))
		add("mean of whole windows"+to.name, Mean(quantized.AvgPool, 3, 4, a, to.Quant), some(rng, a, 300*12))
		add("mean of windows"+to.name, Windows(20, false, a, to.Quant), some(rng, a, 10*400))
		add("mean of windows with padding"+to.name, Windows(20, true, a, to.Quant), some(rng, a, 10*400))
	}
	x := every(a)
	pairs := make([]float32, 2*len(x)*len(x))
	for i := range len(x) * len(x) {
		pairs[i], pairs[len(x)*len(x)+i] = x[i/len(x)], x[i%len(x)]
	}
	add("sum", Pairs(quantized.Add, len(x), a, b, y), pairs)
	add("difference", Pairs(quantized.Sub, len(x), a, b, y), pairs)
	add("maximum", Pairs(quantized.Max, len(x), a, b, y), pairs)
	add("minimum", Pairs(quantized.Min, len(x), a, b, y), pairs)
	y.Scale = a.Scale * b.Scale * float32(len(x)*(1+rng.IntN(4))) /
		4 // some results are beyond the range, or half of it is idle
	add("product", Pairs(quantized.Mul, len(x), a, b, y), pairs)
	add("scores", Scores(len(x), a, b, y), append(append([]float32(nil), x...), x...))
	for _, width := range []int{1, 2, 3, 10, 64} {
		add(fmt.Sprint("layer_norm of ", width), Norm(rng, a, b, width, 2, 15),
			some(rng, a, 30*width*max(1, 100/width)))
	}
	return all
}

// hundredths is a random quantizer of 3 to 8 bits.
func hundredths(rng *rand.Rand) quantized.Quant {
	f := affine.Format{Bits: 3 + rng.IntN(6), Unsigned: rng.IntN(2) == 0}
	return quantized.Quant{Format: f, Scale: float32(1+rng.IntN(40)) / 100,
		Zero: f.Min() + rng.Int32N(f.Max()-f.Min()+1)}
}

// every returns the real numbers of all integers.
func every(q quantized.Quant) (x []float32) {
	for v := q.Format.Min(); v <= q.Format.Max(); v++ {
		x = append(x, affine.Dequantize(v, q.Scale, q.Zero))
	}
	return x
}

// some returns n of them at random.
func some(rng *rand.Rand, q quantized.Quant, n int) []float32 {
	x, from := make([]float32, n), every(q)
	for i := range x {
		x[i] = from[rng.IntN(len(from))]
	}
	return x
}

// Function is a model that is a function of an input of the given shape.
func Function(f quantized.Func, from, to quantized.Quant, shape ...int) *quantized.Model {
	m := alone(quantized.Node{Op: quantized.Activate, Func: f}, shape, shape, from, to)
	switch n := &m.Nodes[0]; f {
	case quantized.LeakyReLU:
		n.Slope = 0.1
	case quantized.Clip:
		n.Min, n.Max = -7.3*from.Scale, 20.1*from.Scale
	}
	return m
}

// Norm is a model that normalises the channels of an image of the given shape.
func Norm(rng *rand.Rand, from, to quantized.Quant, shape ...int) *quantized.Model {
	norm := &quantized.Norm{Epsilon: 1e-5}
	for range shape[0] {
		norm.Gamma = append(norm.Gamma, float32(rng.IntN(200)-100)/50)
		norm.Beta = append(norm.Beta, float32(rng.IntN(200)-100)/100)
	}
	return alone(quantized.Node{Op: quantized.LayerNorm, Norm: norm}, shape, shape, from, to)
}

// Mean is a model that averages images of h × w.
func Mean(op quantized.Op, h, w int, from, to quantized.Quant) *quantized.Model {
	m := alone(quantized.Node{Op: op}, []int{1, h, w}, []int{1, 1, 1}, from, to)
	if op == quantized.AvgPool {
		m.Nodes[0].Window = quantized.Window{Kernel: [2]int{h, w}, Stride: [2]int{1, 1}}
	}
	return m
}

// Windows is a model that averages the windows of 3 × 2, padding around them, of
// an image of size × size; the padding may count.
func Windows(size int, counts bool, from, to quantized.Quant) *quantized.Model {
	shape := []int{1, size, size}
	m := alone(quantized.Node{Op: quantized.AvgPool}, shape, shape, from, to)
	m.Nodes[0].Window = quantized.Window{Kernel: [2]int{3, 2}, Stride: [2]int{1, 1}, PadBegin: [2]int{1, 1},
		PadEnd: [2]int{1, 0}, CountIncludePad: counts}
	return m
}

// Pairs is a model that adds the two channels of an image of size × size, or computes
// another operation on two numbers: convolutions choose them, integer for integer.
func Pairs(op quantized.Op, size int, a, b, y quantized.Quant) *quantized.Model {
	shape := []int{1, size, size}
	m := alone(quantized.Node{Op: op}, []int{2, size, size}, shape, a, y)
	both := m.Nodes[0]
	both.Inputs, m.Nodes = []string{"a", "b"}, nil
	for i, q := range []quantized.Quant{a, b} {
		w := &quantized.Weights{Shape: []int{1, 2, 1, 1}, Format: affine.Int8Narrow,
			Scale: []float32{q.Scale / a.Scale}, Q: []int8{0, 0}}
		w.Q[i] = 1
		window := Valid(1, 1)
		window.Dilation = [2]int{1, 1}
		m.Nodes = append(m.Nodes, quantized.Node{Name: both.Inputs[i], Op: quantized.Conv2D, Inputs: []string{"x"},
			Weights: w,
			Window:  window, Groups: 1, Output: quantized.Activation{Name: both.Inputs[i], Shape: shape, Quant: q}})
	}
	m.Nodes = append(m.Nodes, both)
	return m
}

// Scores is a model of the scores of all pairs of two signals of one channel, which
// convolutions choose, integer for integer.
func Scores(size int, a, b, y quantized.Quant) *quantized.Model {
	m := Pairs(quantized.AttentionScores, size, a, b, y)
	m.Input.Shape = []int{2, 1, size}
	for i := range m.Nodes {
		m.Nodes[i].Output.Shape = []int{1, 1, size}
	}
	scores := &m.Nodes[2]
	scores.Output.Shape, scores.Heads, scores.Factor = []int{size, 1, size}, 1, 0.7
	return m
}

// alone is a model of one node.
func alone(n quantized.Node, from, to []int, x, y quantized.Quant) *quantized.Model {
	n.Name, n.Inputs, n.Output = "y", []string{"x"}, quantized.Activation{Name: "y", Shape: to, Quant: y}
	return &quantized.Model{
		Name: "alone", Output: "y", Origin: quantized.Origin{Version: "test", Dataset: "random", Method: "ptq"},
		Input: quantized.Input{Activation: quantized.Activation{Name: "x", Shape: from, Quant: x}, PixelScale: 1},
		Nodes: []quantized.Node{n},
	}
}
