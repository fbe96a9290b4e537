package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"petrify/graph"
)

// A separable convolution is the convolution whose weights are the products of
// its two layers' weights.
func TestSeparableIsAConvolutionByProducts(t *testing.T) {
	const filters, kernel, batch = 5, 3, 2
	in := graph.Shape{C: 4, H: 6, W: 7}
	separable := modelOf(t, in, append(graph.Separable(filters, kernel), graph.Flatten())...)
	whole := modelOf(t, in, graph.Conv2D(filters, kernel).Named("whole"), graph.Flatten())

	d, a := param(separable, "conv2d_1.weight"), param(separable, "conv2d_1.bias")
	v, b := param(separable, "conv2d_2.weight"), param(separable, "conv2d_2.bias")
	w, bias := param(whole, "whole.weight"), param(whole, "whole.bias")
	copy(bias, b)
	for o := range filters {
		for i := range in.C {
			bias[o] += v[o*in.C+i] * a[i]
			for k := range kernel * kernel {
				w[(o*in.C+i)*kernel*kernel+k] = v[o*in.C+i] * d[i*kernel*kernel+k]
			}
		}
	}
	x := images(rand.New(rand.NewPCG(5, 6)), batch, in)
	got, want := outputs(t, separable, x, batch), outputs(t, whole, x, batch)
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 1e-5 {
			t.Fatalf("output %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func modelOf(t *testing.T, in graph.Shape, layers ...graph.Layer) *graph.Model {
	t.Helper()
	m, err := graph.New(graph.Chain(layers...), in, graph.Quantization{}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func outputs(t *testing.T, m *graph.Model, x []float32, batch int) []float32 {
	t.Helper()
	e, err := m.Evaluator(batch, false)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Run(x, make([]int32, batch)); err != nil {
		t.Fatal(err)
	}
	return append([]float32(nil), e.Logits()...)
}

func ExampleSeparable() {
	for _, layers := range [][]graph.Layer{{graph.Conv2D(64, 3)}, graph.Separable(64, 3)} {
		m, err := graph.New(graph.Chain(layers...), graph.Shape{C: 32, H: 18, W: 18}, graph.Quantization{},
			rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(m.Parameters(), "parameters,", m.MACs(), "multiply-accumulates")
	}
	// Output:
	// 18496 parameters, 4718592 multiply-accumulates
	// 2432 parameters, 598016 multiply-accumulates
}
