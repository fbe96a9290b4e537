package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/quantized"
)

// dorefaNet is a network with a batch norm after each of its kinds of products, and a layer
// without one, after some steps of training; every third γ is negative.
func dorefaNet(t *testing.T, bits int, folding graph.Folding) *graph.Model {
	s := fakequant.Bits(bits)
	s.Weights.Method = fakequant.DoReFa
	q := graph.Uniform(s)
	q.Folding = folding
	m, err := graph.New(graph.Chain(
		graph.Conv2D(5, 3).Same().Named("conv"), graph.BatchNorm().Named("conv_bn"), graph.ReLU(),
		graph.DepthwiseConv2D(3).Same().Named("dw"), graph.BatchNorm().Named("dw_bn"),
		graph.Flatten(), graph.Linear(6).Named("fc"), graph.BatchNorm().Named("fc_bn"),
		graph.ReLU(), graph.Linear(3).Named("out")), graph.Shape{C: 2, H: 4, W: 4}, q, rand.New(rand.NewPCG(3, 4)))
	if err != nil {
		t.Fatal(err)
	}
	for _, bn := range []string{"conv_bn", "dw_bn", "fc_bn"} {
		for i := range param(m, bn+".weight") {
			param(m, bn+".weight")[i] = 0.4 + float32(0.2*float32(i)) - float32(i%3/2)*1.7
		}
	}
	m.SetObservers(true)
	m.SetFakeQuant(true)
	rng := rand.New(rand.NewPCG(5, 6))
	trainer, err := m.Trainer(16, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	for range 6 {
		if _, err := trainer.Step(images(rng, 16, m.Input()), labels(rng, 16, 3)); err != nil {
			t.Fatal(err)
		}
		for _, p := range m.Params() {
			for i, g := range p.Grad {
				p.Value[i] -= float32(0.1 * g)
			}
		}
	}
	if err := m.Settle(); err != nil {
		t.Fatal(err)
	}
	return m
}

// What ships are the paper's integers of the weights as they are before a batch norm is
// folded in, whose factor is in the scale alone:
//
//	q = ±(2·rne(L·t) − L)        t = tanh(w)/(2·T) + ½,  T = tanh(max|w|)
func TestDoReFaShipsThePapersIntegers(t *testing.T) {
	for _, bits := range []int{2, 3, 4, 8} {
		for _, folding := range []graph.Folding{graph.FoldRunning, graph.FoldBatch} {
			t.Run(fmt.Sprintf("%d bits, %v", bits, folding), func(t *testing.T) {
				m := dorefaNet(t, bits, folding)
				frozen, err := m.Freeze()
				if err != nil {
					t.Fatal(err)
				}
				negative := 0
				for _, n := range frozen.Nodes {
					if n.Weights != nil {
						negative += paperIntegers(t, m, &n, float64(int(1)<<(bits-1)-1))
					}
				}
				if negative == 0 {
					t.Error("no factor is negative")
				}
			})
		}
	}
}

// paperIntegers compares a layer's with the paper's, and returns how many channels have a negative
// factor.
func paperIntegers(t *testing.T, m *graph.Model, n *quantized.Node, levels float64) (negative int) {
	w := param(m, n.Name+".weight")
	channels := len(n.Weights.Scale)
	cols := len(w) / channels
	step := float64(max(n.Weights.Step, 1))
	for o := range channels {
		row, sign := w[o*cols:(o+1)*cols], 1.0
		if bn := param(m, n.Name+"_bn.weight"); bn != nil && bn[o] < 0 {
			sign, negative = -1, negative+1
		}
		most := 0.0
		for _, r := range row {
			most = max(most, math.Abs(float64(r)))
		}
		for i, r := range row {
			v := levels * (math.Tanh(float64(r))/(2*math.Tanh(most)) + 0.5)
			want := sign * step * (2*math.RoundToEven(v) - levels)
			if math.Abs(v-math.Floor(v)-0.5) > 1e-5 && float64(n.Weights.Q[o*cols+i]) != want {
				t.Errorf("%s: weight %d of channel %d is %d, want %v", n.Name, i, o, n.Weights.Q[o*cols+i], want)
			}
		}
	}
	return negative
}
