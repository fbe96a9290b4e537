package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
)

func TestValidateListsEveryFault(t *testing.T) {
	n := graph.Chain(
		graph.Conv2D(0, 3).Named("a"),
		graph.BatchNorm().Named("b"), graph.ReLU().Named("b"), graph.BatchNorm().Named("c"),
		graph.MaxPool(0).Named("d"),
		graph.Layer{Name: "e", Kind: graph.KindReLU, Stride: [2]int{2, 2}},
		graph.Conv2D(4, 3).Padded(-1).Named("f"),
		graph.Layer{Name: "g"},
		graph.LeakyReLU(float32(math.NaN())).Named("j"),
		graph.Clip(1, 1).Named("k"), graph.Clip(-graph.Unbounded, graph.Unbounded).Named("l"),
		graph.Clip(0, float32(math.Inf(1))).Named("m"), graph.Layer{Name: "n", Kind: graph.KindReLU, Min: 1},
		graph.Layer{Name: "h", Kind: graph.KindBatchNorm, Epsilon: math.Inf(1)},
		graph.Layer{Name: "i", Kind: graph.KindBatchNorm, Epsilon: -1e-5},
		graph.Layer{Name: "j", Kind: 99})
	err := n.Validate(graph.Shape{C: 1, H: 8, W: 0})
	for _, want := range []string{
		"input shape 1×8×0", "a: 0 units", "b: two layers of that name",
		"d: kernel 0×0", "e: stride has no effect on relu", "f: padding -1 -1 -1 -1", "g: kind 0",
		"h: epsilon +Inf", "k: bounds 1 and 1", "l: bounds -3.4028235e+38 and 3.4028235e+38", "m: bounds 0 and +Inf",
		"n: min has no effect on relu", "j: slope NaN", "i: epsilon -1e-05", "j: kind 99",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no fault %q in:\n%v", want, err)
		}
	}
}

func TestValidateInfersShapes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		layer graph.Layer
		fault string
	}{
		{"kernel larger than the image", graph.Conv2D(4, 9), "kernel 9×9 is larger than its padded input 8×6"},
		{"kernel as large as the padded image", graph.Conv2D(4, 8).Padded(1), ""},
		{"pool larger than the image", graph.MaxPool(7), "kernel 7×7 is larger than its padded input 8×6"},
		{"pool of too many elements", graph.MaxPool(17).Padded(8), "window of 289 elements: want at most 256"},
		{"more outputs than memory", graph.Conv2D(1<<24, 3),
			"output of shape 16777216×6×4: want at most 268435456 elements"},
		{"more outputs than integers", graph.Conv2D(1, 3).Padded(math.MaxInt), "padding of"},
		{"a kernel of more taps than integers", graph.Conv2D(1, math.MaxInt), "kernel, stride, dilation or padding of"},
		{"the largest kernel, dilation and padding", graph.Conv2D(1, 1<<15).Dilated(1 << 15).Padded(1 << 15),
			"kernel 1073709057×1073709057 is larger"},
		{"more weights than integers", graph.Conv2D(1, 1<<15).Padded(1 << 14),
			"2147483648 weights: want at most 268435456"},
		{"linear on an image", graph.Linear(3), "linear wants a vector, got an image 2×8×6: put flatten before it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := graph.Chain(tt.layer).Validate(graph.Shape{C: 2, H: 8, W: 6})
			if (err == nil) != (tt.fault == "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("error = %v, want %q", err, tt.fault)
			}
		})
	}
}

// A layer with more weights than any machine can hold is refused, not tried. An
// image of one pixel has a vector's shape but is not a vector: memory and
// frozen model keep them apart.
// The sizes are those of PyTorch 1.13's max_pool2d, of 1 to 8 pixels; - where it
// refuses.
func TestCeilModeIsPyTorchs(t *testing.T) {
	for _, c := range []struct {
		kernel, stride, padding int
		sizes                   string
	}{
		{1, 1, 0, "12345678"}, {1, 2, 0, "11223344"}, {1, 3, 0, "11122233"}, {1, 4, 0, "11112222"},
		{2, 1, 0, "-1234567"}, {2, 1, 1, "23456789"}, {2, 2, 0, "11223344"}, {2, 2, 1, "12233445"},
		{2, 3, 0, "11122233"}, {2, 3, 1, "11222333"}, {2, 4, 0, "11112222"}, {2, 4, 1, "11122223"},
		{3, 1, 0, "--123456"}, {3, 1, 1, "12345678"}, {3, 2, 0, "-1122334"}, {3, 2, 1, "12233445"},
		{3, 3, 0, "11122233"}, {3, 3, 1, "11222333"}, {3, 4, 0, "11112222"}, {3, 4, 1, "11122223"},
		{4, 1, 0, "---12345"}, {4, 1, 1, "-1234567"}, {4, 1, 2, "23456789"}, {4, 2, 0, "--112233"},
		{4, 2, 1, "11223344"}, {4, 2, 2, "22334455"}, {4, 3, 0, "-1112223"}, {4, 3, 1, "11222333"},
		{4, 3, 2, "12223334"}, {4, 4, 0, "11112222"}, {4, 4, 1, "11122223"}, {4, 4, 2, "11222233"},
	} {
		l := graph.Layer{Kind: graph.KindMaxPool, Kernel: [2]int{c.kernel, 1}, Stride: [2]int{c.stride, 1},
			Padding: graph.Padding{Top: c.padding, Bottom: c.padding}, CeilMode: true}
		for i, want := range c.sizes {
			got := "-"
			if out, err := graph.Chain(l).Output(graph.Shape{C: 1, H: i + 1, W: 2}); err == nil {
				got = fmt.Sprint(out.H)
			}
			if got != string(want) {
				t.Errorf("kernel %d, stride %d, padding %d: %d pixels become %s, want %c", c.kernel, c.stride,
					c.padding,
					i+1, got, want)
			}
		}
	}
}

func TestValidateTellsVectorsFromImagesOfOnePixel(t *testing.T) {
	for _, kind := range []graph.Kind{graph.KindAdd, graph.KindConcat} {
		for _, from := range [][]string{{"pixel", "vector"}, {"vector", "pixel"}} {
			n := graph.Chain(
				graph.Conv2D(3, 3).Named("conv"), graph.GlobalAvgPool().Named("pixel"),
				graph.Flatten().Taking("conv"), graph.Linear(3).Named("vector"),
				graph.Layer{Name: "join", Kind: kind, From: from}, graph.Flatten(), graph.Linear(3))
			err := n.Validate(graph.Shape{C: 2, H: 5, W: 5})
			if kind == graph.KindAdd && from[1] == "vector" { // a number for each channel
				if err != nil {
					t.Error(err)
				}
				continue
			}
			want := fmt.Sprintf("graph: layer join: %v of an image and a vector: put flatten after pixel", kind)
			if err == nil || err.Error() != want {
				t.Errorf("%v of %v: error %v, want %q", kind, from, err, want)
			}
		}
	}
	n := graph.Chain(graph.Linear(3).Named("v"), graph.Reshape(graph.Shape{C: 1, H: 3, W: 1}).Named("image"),
		graph.Concat("input", "image"))
	err := n.Validate(graph.Shape{C: 4, H: 1, W: 1})
	if err == nil || !strings.Contains(err.Error(), "put flatten after image") {
		t.Errorf("concat of a vector input and an image: error %v", err)
	}
}

func TestValidateCountsWeights(t *testing.T) {
	network := graph.Chain(graph.Flatten(), graph.Linear(1<<20).Named("wide"), graph.Linear(1<<10).Named("heavy"),
		graph.Linear(10))
	err := network.Validate(graph.Shape{C: 1, H: 2, W: 2})
	if err == nil || !strings.Contains(err.Error(), "layer heavy: 1073741824 weights: want at most 268435456") {
		t.Errorf("error = %v", err)
	}
	network.Layers[2].Units = 1 << 8
	if err := network.Validate(graph.Shape{C: 1, H: 2, W: 2}); err != nil {
		t.Errorf("at the limit: %v", err)
	}
}

func TestNewRefusesQuantization(t *testing.T) {
	wide := fakequant.Bits(16)
	q := graph.Quantization{
		Default:  &wide,
		Names:    []graph.NameRule{{Pattern: "("}},
		EdgeBits: 9,
	}
	_, err := graph.New(graph.Chain(graph.Flatten(), graph.Linear(2)), graph.Shape{C: 1, H: 2, W: 2}, q,
		rand.New(rand.NewPCG(1, 1)))
	for _, want := range []string{"16 bits: want 2 to 8", "missing closing )", "edge bits 9"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no fault %q in:\n%v", want, err)
		}
	}
}

// What is trained would not be what ships: a runtime rounds to the nearest integer.
func TestNewRefusesActivationsOnGridsOfWeights(t *testing.T) {
	for _, m := range fakequant.Methods() {
		if !m.Traits().OwnGrid {
			continue
		}
		s := fakequant.Int8()
		s.Activations.Method, s.Activations.Format = m, affine.Format{Bits: 4, Narrow: true}
		if only := m.Traits().Format; !only.IsFloat() {
			s.Activations.Format = only
		}
		err := graph.Uniform(s).Validate()
		if err == nil || !strings.Contains(err.Error(), m.String()+" of activations") {
			t.Errorf("%v: error %v", m, err)
		}
	}
}

// One scale for all channels cannot follow a batch norm, which has a factor for each.
func TestNewRefusesDoReFaOnBatchNorm(t *testing.T) {
	s := fakequant.Bits(5)
	s.Weights.Method, s.Weights.Granularity = fakequant.DoReFa, affine.Granularity{}
	_, err := graph.New(graph.Chain(graph.Flatten(), graph.Linear(3).Named("fc"), graph.BatchNorm()),
		graph.Shape{C: 1, H: 2, W: 2}, graph.Uniform(s), rand.New(rand.NewPCG(1, 1)))
	if err == nil || !strings.Contains(err.Error(), "layer fc: method dorefa") {
		t.Errorf("error = %v, want one that names layer and method", err)
	}
}
