package graph_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/sample"
)

// reaching calls f for each pixel of the image whose kernel reaches the output at p,
// q, with its tap. The weights have their taps in reverse order.
func reaching(u graph.View, p, q int, f func(tap, y, x int)) {
	l, in := u.Layer, u.Ins[0]
	at := func(axis, before, position, tap int) (place int, ok bool) {
		stride, dilation := max(l.Stride[axis], 1), max(l.Dilation[axis], 1)
		if l.Padding.Same {
			before = max((l.Kernel[axis]-1)*dilation+1-stride, 0) / 2
		}
		n := position + before - tap*dilation
		return n / stride, n >= 0 && n%stride == 0 && n/stride < [2]int{in.H, in.W}[axis]
	}
	last := l.Kernel[0]*l.Kernel[1] - 1
	for ky := range l.Kernel[0] {
		for kx := range l.Kernel[1] {
			y, within := at(0, l.Padding.Top, p, ky)
			if x, ok := at(1, l.Padding.Left, q, kx); ok && within {
				f(last-ky*l.Kernel[1]-kx, y, x)
			}
		}
	}
}

// transpositions are transposed convolutions of all geometries.
func transpositions() (all []graph.Layer) {
	for _, kernel := range [][2]int{{1, 1}, {2, 2}, {3, 3}, {1, 4}} {
		for _, stride := range [][2]int{{1, 1}, {2, 2}, {3, 1}, {1, 2}} {
			for _, dilation := range [][2]int{{0, 0}, {2, 1}} {
				for _, p := range []graph.Padding{{}, {Same: true}, {Top: 1}, {Left: 2, Bottom: 1, Right: 1}} {
					for _, extra := range [][2]int{{0, 0}, {1, 0}, {2, 1}} {
						for _, groups := range []int{0, 2, graph.Depthwise} {
							all = append(all, graph.Layer{Kind: graph.KindConvTranspose, Units: 8, Kernel: kernel,
								Stride: stride, Dilation: dilation, Padding: p, OutputPadding: extra, Groups: groups})
						}
					}
				}
			}
		}
	}
	return all
}

func TestGradientsOfTransposedConvolutions(t *testing.T) {
	in, count := graph.Shape{C: 4, H: 3, W: 2}, 0
	for _, l := range transpositions() {
		n := graph.Chain(graph.Conv2D(4, 1), l.Named("up"), graph.Flatten(), graph.Linear(3))
		if n.Validate(in) != nil {
			continue
		}
		if count++; sample.Skips(count, 7) {
			continue
		}
		if compareInFloat(t, n, in); t.Failed() {
			t.Fatalf("%+v", l)
		}
	}
	if t.Logf("%d geometries", count); count < 400 {
		t.Errorf("%d geometries, want more", count)
	}
}

// TestTorchLayout: a state_dict's weights are I O KH KW with the taps in their order.
func TestTorchLayout(t *testing.T) {
	up := graph.ConvTranspose2D(4, 2, 2).Grouped(2).Named("up")
	m, err := graph.New(graph.Chain(up, graph.Flatten(), graph.Linear(2)), graph.Shape{C: 6, H: 2, W: 2},
		graph.Quantization{}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	w := m.Params()[0]
	s := w.Torch()
	if !slices.Equal(s.Shape, []int{6, 2, 2, 2}) || s.Name != "up.weight" {
		t.Fatalf("%s %v", s.Name, s.Shape)
	}
	for i := range s.F32 { // input i of PyTorch's; output o of its group
		in, o, tap := i/8, i/4%2, i%4
		own := ((in/3*2+o)*3+in%3)*4 + 3 - tap
		if s.F32[i] != w.Value[own] {
			t.Errorf("input %d, output %d, tap %d is not weight %d", in, o, tap, own)
		}
	}
	before := slices.Clone(w.Value)
	clear(w.Value)
	if w.SetTorch(s.F32); !slices.Equal(w.Value, before) {
		t.Error("SetTorch is not the inverse of Torch")
	}
}

// While everything rests, a step is the engine's with transposed convolutions as well:
// with batch norm, groups, rows that are cut off, and without quantized activations.
func TestTransposedAtRest(t *testing.T) {
	cut := graph.ConvTranspose2D(4, 1, 2).Padded(1)
	cut.OutputPadding = [2]int{1, 0}
	network := graph.Chain(graph.Conv2D(6, 3).Same().Strided(2), graph.ReLU(),
		graph.ConvTranspose2D(4, 4, 2).Padded(1), graph.BatchNorm(), graph.ReLU(),
		graph.ConvTranspose2D(4, 3, 2).Same().Grouped(2), graph.ReLU(), cut, graph.Resize(2), graph.Flatten(),
		graph.Linear(3))
	for name, s := range map[string]fakequant.Scheme{
		"W8A8": fakequant.Int8(), "affine": affineActivations(), "per tensor": perTensor(),
		"weights only": {Weights: fakequant.Int8().Weights},
	} {
		t.Run(name, func(t *testing.T) {
			atRest(t, stepped(t, network, graph.Shape{C: 2, H: 6, W: 5}, graph.Uniform(s)), *restOutputs)
		})
	}
}
