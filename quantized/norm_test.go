package quantized_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

func normalised(s quantizedtest.Scheme) (*quantized.Model, *quantized.Norm) {
	b := quantizedtest.New(rand.New(rand.NewPCG(5, 6)), s, 4, 3, 3)
	m := b.Model(b.Conv(b.LayerNorm(b.Input()), 2, quantizedtest.Valid(1, 1), 1, quantized.Identity))
	return m, m.Nodes[0].Norm
}

func TestNormsAreKept(t *testing.T) {
	for _, s := range []quantizedtest.Scheme{quantizedtest.W8A8, quantizedtest.WeightOnly, {}} {
		m, norm := normalised(s)
		folder := t.TempDir()
		if err := m.Save(folder); err != nil {
			t.Fatal(err)
		}
		again, err := quantized.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		got := again.Nodes[0].Norm
		if got.Epsilon != norm.Epsilon || !slices.Equal(got.Gamma, norm.Gamma) || !slices.Equal(got.Beta, norm.Beta) {
			t.Errorf("%v is read as %v", *norm, *got)
		}
		layer := m.Size().Layers[1]
		if layer.Parameters != 8 || layer.Float != 32 {
			t.Errorf("4 factors and 4 shifts are %d parameters in %d bytes", layer.Parameters, layer.Float)
		}
	}
}

func TestBrokenNorms(t *testing.T) {
	nan := float32(math.NaN())
	for want, change := range map[string]func(m *quantized.Model, n *quantized.Norm){
		"layer_norm without its norm":       func(m *quantized.Model, _ *quantized.Norm) { m.Nodes[0].Norm = nil },
		"conv2d has no norm":                func(m *quantized.Model, n *quantized.Norm) { m.Nodes[1].Norm = n },
		"epsilon 0":                         func(_ *quantized.Model, n *quantized.Norm) { n.Epsilon = 0 },
		"epsilon 1e-40":                     func(_ *quantized.Model, n *quantized.Norm) { n.Epsilon = 1e-40 },
		"epsilon NaN":                       func(_ *quantized.Model, n *quantized.Norm) { n.Epsilon = nan },
		"a factor or a shift is not finite": func(_ *quantized.Model, n *quantized.Norm) { n.Beta[3] = nan },
		"3 factors and 4 shifts":            func(_ *quantized.Model, n *quantized.Norm) { n.Gamma = n.Gamma[:3] },
		"layer_norm has no window":          func(m *quantized.Model, _ *quantized.Norm) { m.Nodes[0].Groups = 1 },
		"layer_norm has no function": func(m *quantized.Model, _ *quantized.Norm) {
			m.Nodes[0].Func = quantized.ReLU
		},
	} {
		m, norm := normalised(quantizedtest.W8A8)
		change(m, norm)
		if err := m.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestWidestNorm: 2¹⁸ channels are exact, more are refused.
func TestWidestNorm(t *testing.T) {
	for channels, refused := range map[int]bool{1 << 18: false, 1<<18 + 1: true} {
		b := quantizedtest.New(rand.New(rand.NewPCG(5, 6)), quantizedtest.W8A8, 1)
		m := b.Model(b.LayerNorm(b.Input()))
		n := &m.Nodes[0]
		m.Input.Shape, n.Output.Shape, m.Input.Mean, m.Input.Std = []int{channels}, []int{channels}, nil, nil
		m.Classes = nil
		n.Norm.Gamma, n.Norm.Beta = make([]float32, channels), make([]float32, channels)
		if err := m.Validate(); (err != nil) != refused {
			t.Errorf("%d channels: %v", channels, err)
		}
	}
}
