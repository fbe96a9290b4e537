package train

import (
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

// TestFewBitsRelearn: QAT takes the pace of the float stage where weights of 2 or 3
// bits learn their scales in a network with batch norm, and nowhere else.
func TestFewBitsRelearn(t *testing.T) {
	norm := graph.Network{Layers: []graph.Layer{{Kind: graph.KindConv2D}, {Kind: graph.KindBatchNorm}}}
	none := graph.Network{Layers: norm.Layers[:1]}
	of := func(bits int) graph.Quantization { return graph.Uniform(fakequant.FewBits(bits)) }
	three, unlearned := fakequant.FewBits(3), fakequant.FewBits(2)
	unlearned.Weights.Method = fakequant.STE
	for _, tt := range []struct {
		name    string
		network graph.Network
		q       graph.Quantization
		want    bool
	}{
		{"2 bits", norm, of(2), true},
		{"3 bits", norm, of(3), true},
		{"4 bits", norm, of(4), false},
		{"without batch norm", none, of(2), false},
		{"learned scales of activations alone", norm, graph.Uniform(unlearned), false},
		{"8 bits", norm, graph.Uniform(fakequant.Int8()), false},
		{"not quantized", norm, graph.Quantization{}, false},
		{"of a kind of layer", norm, graph.Quantization{Kinds: map[graph.Kind]*fakequant.Scheme{
			graph.KindLinear: &three}}, true},
		{"of a name", norm, graph.Quantization{Names: []graph.NameRule{{Pattern: "a"}, {Pattern: "b",
			Scheme: &three}}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, stage := range []Stage{{}, {LearningRate: 0.002}, {Optimizer: Optimizer{Method: SGD}}} {
				c := Config{Network: tt.network, Quantization: tt.q, Float: stage,
					QAT: Stage{Optimizer: stage.Optimizer}}.resolve()
				want := c.Float.LearningRate / 5
				if tt.want {
					want = c.Float.LearningRate
				}
				if c.QAT.LearningRate != want {
					t.Errorf("float at %v, QAT at %v, want %v", c.Float.LearningRate, c.QAT.LearningRate, want)
				}
			}
			said := Config{Network: tt.network, Quantization: tt.q, QAT: Stage{LearningRate: 0.5}}.resolve()
			if said.QAT.LearningRate != 0.5 {
				t.Errorf("a learning rate of 0.5 became %v", said.QAT.LearningRate)
			}
		})
	}
}
