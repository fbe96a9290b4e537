package randnet_test

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/observers"
)

// Every network is valid and every quantization fits it; a few hundred networks
// include everything.
func TestDraws(t *testing.T) {
	seen := map[any]int{}
	for seed := range uint64(800) {
		rng := rand.New(rand.NewPCG(seed, 0))
		n, in := randnet.Network(rng, randnet.Options{})
		out, err := n.Output(in)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if n.Loss == graph.MeanSquare && out.Size() != in.Size() {
			t.Errorf("seed %d: mean square of %v from %v", seed, out, in)
		}
		q := randnet.Quantization(rng, n, in)
		m, err := graph.New(n, in, q, rng)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		look(seen, n, q, m)
	}
	var want []any
	for _, all := range []any{graph.Kinds(), fakequant.Methods(), affine.Schemes(), affine.Dialects(),
		affine.Roundings(),
		observers.Kinds(), []graph.Loss{graph.CrossEntropy, graph.MeanSquare},
		[]graph.Folding{graph.FoldRunning, graph.FoldBatch},
		[]affine.Sharing{affine.PerTensor, affine.PerChannel, affine.PerGroup},
		[]string{"branch", "groups", "depthwise", "alone", "folded", "shared", "float weights", "ramp", "epsilon", "count_include_pad", "ceil_mode",
			"name rule",
			"edge bits"}} {
		for i := range reflect.ValueOf(all).Len() {
			want = append(want, reflect.ValueOf(all).Index(i).Interface())
		}
	}
	for _, w := range want {
		if seen[w] < 3 {
			t.Errorf("%v of type %T occurs %d times", w, w, seen[w])
		}
	}
}

// look counts what a network and its quantizers have.
func look(seen map[any]int, n graph.Network, q graph.Quantization, m *graph.Model) {
	note := func(what string, is bool) {
		if is {
			seen[what]++
		}
	}
	seen[n.Loss]++
	seen[q.Folding]++
	note("name rule", len(q.Names) > 0)
	note("edge bits", q.EdgeBits > 0)
	for _, l := range n.Layers {
		seen[l.Kind]++
		note("branch", len(l.From) > 1)
		note("epsilon", l.Epsilon != 0)
		note("count_include_pad", l.CountIncludePad && l.Padding != graph.Padding{})
		note("ceil_mode", l.CeilMode)
		note("groups", l.Groups > 1)
		note("depthwise", l.Groups == graph.Depthwise)
	}
	for _, w := range m.Weighted() {
		note("folded", w.BatchNorm != "")
	}
	weights := 0
	for _, p := range m.Placements() {
		c := p.Config
		for _, v := range []any{c.Method, c.Scheme, c.Dialect, c.Rounding, c.Observer.Kind, c.Granularity.Kind} {
			seen[v]++
		}
		note("shared", len(p.Shared) > 0)
		note("ramp", c.Ramp != (fakequant.Ramp{}))
		if p.Tensor == p.Layer+".weight" {
			weights++
		}
	}
	note("float weights", weights < len(m.Weighted()))
	alone := 0
	for _, d := range m.Domains() {
		if d.BatchNorm {
			alone++
		}
	}
	for _, w := range m.Weighted() {
		if w.BatchNorm != "" {
			alone--
		}
	}
	note("alone", alone > 0)
}

// A seed is all it takes to reproduce a network.
func TestSameSeedSameNetwork(t *testing.T) {
	draw := func() (graph.Network, graph.Quantization) {
		rng := rand.New(rand.NewPCG(7, 0))
		n, in := randnet.Network(rng, randnet.Options{Layers: 30})
		return n, randnet.Quantization(rng, n, in)
	}
	n1, q1 := draw()
	n2, q2 := draw()
	if !reflect.DeepEqual(n1, n2) || !reflect.DeepEqual(q1, q2) {
		t.Error("two draws from one seed differ")
	}
}

func TestWithout(t *testing.T) {
	without := []graph.Kind{graph.KindDropout, graph.KindGlobalAvgPool, graph.KindReshape, graph.KindSoftmax}
	for seed := range uint64(200) {
		n, _ := randnet.Network(rand.New(rand.NewPCG(seed, 0)), randnet.Options{Layers: 5, Without: without})
		for _, l := range n.Layers {
			for _, k := range without {
				if l.Kind == k {
					t.Fatalf("seed %d: a layer of kind %v", seed, k)
				}
			}
		}
	}
}
