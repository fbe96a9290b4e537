package train

import (
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
)

// TestFewBitsRelearn: where weights of 3 bits or fewer learn their scales in a network
// with batch norm, and nowhere else, QAT has the float stage's learning rate; and, unless
// they are binary or ternary, other defaults of its own.
func TestFewBitsRelearn(t *testing.T) {
	c := small(t)
	c.Network = graph.Chain(graph.Conv2D(4, 3), graph.BatchNorm(), graph.ReLU(), graph.Flatten(), graph.Linear(10))
	c.QAT.Epochs = 4
	none := graph.Chain(graph.Conv2D(4, 3), graph.ReLU(), graph.Flatten(), graph.Linear(10))
	of := func(bits int) graph.Quantization { return graph.Uniform(fakequant.FewBits(bits)) }
	three, unlearned := fakequant.FewBits(3), fakequant.FewBits(2)
	unlearned.Weights.Method = fakequant.STE
	ternary := fakequant.FewBits(2)
	ternary.Weights.Method, ternary.Weights.Format = fakequant.LearnedTernary, affine.Ternary
	for _, tt := range []struct {
		name    string
		network graph.Network
		q       graph.Quantization
		want    bool
		rate    bool // alone
	}{
		{"2 bits", c.Network, of(2), true, true},
		{"3 bits", c.Network, of(3), true, true},
		{"4 bits", c.Network, of(4), false, false},
		{"without batch norm", none, of(2), false, false},
		{"learned scales of activations alone", c.Network, graph.Uniform(unlearned), false, false},
		{"8 bits", c.Network, graph.Uniform(fakequant.Int8()), false, false},
		{"not quantized", c.Network, graph.Quantization{}, false, false},
		{"of a kind of layer", c.Network, graph.Quantization{Kinds: map[graph.Kind]*fakequant.Scheme{
			graph.KindLinear: &three}}, true, true},
		{"of a name", c.Network, graph.Quantization{Names: []graph.NameRule{{Pattern: "a"}, {Pattern: "b",
			Scheme: &three}}}, true, true},
		{"ternary", c.Network, graph.Uniform(ternary), false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, stage := range []Stage{{}, {LearningRate: 0.002}, {Optimizer: Optimizer{Method: SGD}}} {
				c := c
				c.Network, c.Quantization, c.Float = tt.network, tt.q, stage
				c.QAT.Optimizer, c.QAT.LearningRate = stage.Optimizer, 0
				before := schemes(tt.q)
				c = c.resolve()
				rate, beta2, ramp, rest := c.Float.LearningRate/5, 0.999, 0, c.QATSteps()/2
				if tt.rate {
					rate = c.Float.LearningRate
				}
				if tt.want {
					beta2, ramp, rest = 0.98, c.QATSteps()/2, 3*c.QATSteps()/4
				}
				if stage.Optimizer.Method == SGD {
					beta2 = 0
				}
				if c.QAT.LearningRate != rate || c.QAT.Optimizer.Beta2 != beta2 {
					t.Errorf("rate %v, β₂ %v; want %v, %v", c.QAT.LearningRate, c.QAT.Optimizer.Beta2, rate, beta2)
				}
				for i, s := range schemes(c.Quantization) {
					if s != nil && (s.Weights.Ramp.Finish != ramp || before[i].Weights.Ramp.Finish != 0) {
						t.Errorf("a ramp to step %d, and of the caller's scheme to step %d; want %d and 0",
							s.Weights.Ramp.Finish, before[i].Weights.Ramp.Finish, ramp)
					}
				}
				a := c.agenda([]graph.Domain{{Layer: "conv"}})
				if at := a.of["conv"].FreezeBatchNorm; at != Steps(rest) {
					t.Errorf("batch norm rests at %v, want step %d", at, rest)
				}
			}
		})
	}
}

// TestSettingsComeBeforeTheDefaultsOfFewBits: what is set stays, and a ramp ends
// before the stage does, however late quantization begins.
func TestSettingsComeBeforeTheDefaultsOfFewBits(t *testing.T) {
	c := small(t)
	c.Network = graph.Chain(graph.Conv2D(4, 3), graph.BatchNorm(), graph.ReLU(), graph.Flatten(), graph.Linear(10))
	c.QAT = Stage{Epochs: 4, LearningRate: 0.5, Optimizer: Optimizer{Beta2: 0.9}}
	ramped := fakequant.FewBits(2)
	ramped.Weights.Ramp = fakequant.Ramp{Finish: 1}
	c.Quantization = graph.Uniform(ramped)
	c.Milestones = Milestones{Quantize: Steps(4), FreezeBatchNorm: Steps(6)}
	r := c.resolve()
	at := r.agenda([]graph.Domain{{Layer: "conv"}}).of["conv"].FreezeBatchNorm
	s := *r.Quantization.Default
	if r.QAT.LearningRate != 0.5 || r.QAT.Optimizer.Beta2 != 0.9 || s != ramped || at != Steps(6) {
		t.Errorf("got %+v, %+v, batch norm at rest at %v", r.QAT, s, at)
	}
	c.Quantization = graph.Uniform(fakequant.FewBits(2))
	c.RuleMilestones = map[graph.Rule]Milestones{{Kind: graph.KindLinear}: {Observe: Steps(6)}}
	want := (c.QATSteps() - 6) / 2
	if got := c.resolve().Quantization.Default.Weights.Ramp.Finish; got != want || want < 1 {
		t.Errorf("quantization that begins at step 6: a ramp of %d steps, want %d", got, want)
	}
}
