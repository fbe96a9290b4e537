package graph_test

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/internal/sample"
)

// batches are the inputs of a probe.
func batches(all ...[]float32) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		for _, x := range all {
			if !yield(x, nil) {
				return
			}
		}
	}
}

func fitsOf(t *testing.T, m *graph.Model, detailed bool, x ...[]float32) []graph.Fit {
	t.Helper()
	p, err := m.Probe(8)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var fits []graph.Fit
	for range 2 { // the second time begins from nothing
		if fits, err = p.Fits(batches(x...), detailed); err != nil {
			t.Fatal(err)
		}
	}
	return fits
}

// The fits of the weights of conv1 and of the input against a naive computation in
// float64 with the integers that ship.
func TestFitsAgainstTheEquations(t *testing.T) {
	m := small(t, fakequant.Bits(3))
	m.SetObservers(false)
	rng := rand.New(rand.NewPCG(12, 9))
	x := images(rng, 8, m.Input())
	for i := range x {
		x[i] *= 2
	}
	frozen, err := m.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	w := frozen.Nodes[0].Weights
	step := float64(max(w.Step, 1))
	want := map[string]expected{
		"conv1.weight": expect(param(m, "conv1.weight"), func(i int, _ float64) (s, q float64, clipped bool) {
			return float64(w.Scale[i/27]), float64(w.Value(i)), false
		}),
		"input": expect(x, func(i int, r float64) (s, q float64, clipped bool) {
			s, f := float64(frozen.Input.Quant.Scale), frozen.Input.Quant.Format
			rounded := math.RoundToEven(r / s)
			q = min(max(rounded, float64(f.Min())), float64(f.Max()))
			return s, q, rounded != q
		}),
	}
	seen := 0
	for _, f := range fitsOf(t, m, true, x) {
		e, ok := want[f.Tensor]
		if !ok {
			continue
		}
		seen++
		total := 0
		for _, n := range f.Values.Counts {
			total += n
		}
		if math.Abs(f.Noise-e.noise) > 1e-6*e.noise || math.Abs(f.Clipped-e.clipped) > 1e-9 || f.Levels != e.levels ||
			total != e.count || f.Values.Least != e.least || f.Values.Greatest != e.greatest {
			t.Errorf("%+v with %d values, want %+v", f, total, e)
		}
		if f.Tensor == "conv1.weight" && float64(f.Scales[1]) != step*float64(slices.Max(w.Scale)) {
			t.Errorf("scales %v, want up to %v", f.Scales, slices.Max(w.Scale))
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d tensors", seen, len(want))
	}
}

// expected is a fit, computed naively.
type expected struct {
	noise, clipped  float64
	levels, count   int
	least, greatest float32
}

// expect takes the scale and the integer of each number, and whether it was clipped.
func expect(x []float32, round func(i int, r float64) (s, q float64, clipped bool)) (e expected) {
	signal, levels := 0.0, map[float64]bool{}
	e.least, e.greatest, e.count = x[0], x[0], len(x)
	for i, v := range x {
		s, q, clipped := round(i, float64(v))
		levels[q] = true
		if clipped {
			e.clipped += 1 / float64(len(x))
		}
		e.noise += (s*q - float64(v)) * (s*q - float64(v))
		signal += float64(v) * float64(v)
		e.least, e.greatest = min(e.least, v), max(e.greatest, v)
	}
	e.noise, e.levels = e.noise/signal, len(levels)
	return e
}

// Random networks of all kinds, quantized at random: each quantizer has its fit, in
// the order of the placements, and nothing in the model moves.
func TestFitsOfRandomNetworks(t *testing.T) {
	for seed := range sample.Of(uint64(10), 6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 17))
			n, in := randnet.Network(rng, randnet.Options{Layers: 8})
			m, err := graph.New(n, in, randnet.Quantization(rng, n, in), rng)
			if err != nil {
				t.Fatal(err)
			}
			m.SetObservers(true)
			m.SetFakeQuant(true)
			x := images(rng, 8, in)
			observe(t, m, x)
			m.SetObservers(false)
			m.Freeze() // settles what observers have still to find; a bias may not fit
			before := fmt.Sprint(m.State())
			fits := fitsOf(t, m, true, x)
			if after := fmt.Sprint(m.State()); after != before {
				t.Error("the model has moved")
			}
			places := m.Placements()
			if len(fits) != len(places) {
				t.Fatalf("%d fits of %d quantizers", len(fits), len(places))
			}
			for i, f := range fits {
				if f.Tensor != places[i].Tensor || f.Scales[0] <= 0 || f.Scales[0] > f.Scales[1] || f.Clipped > 1 ||
					!(f.Noise >= 0) || f.Values != nil && f.Levels < 1 {
					t.Errorf("%+v, want one of %s", f, places[i].Tensor)
				}
			}
		})
	}
}

// A probe passes on the error of its inputs.
func TestFitsWantInputs(t *testing.T) {
	m := small(t, fakequant.Int8())
	p, err := m.Probe(2)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for name, inputs := range map[string]iter.Seq2[[]float32, error]{
		"graph: batch of 5 numbers: want 216": batches(make([]float32, 5)),
		"no data":                             func(yield func([]float32, error) bool) { yield(nil, fmt.Errorf("no data")) },
	} {
		if _, err := p.Fits(inputs, false); err == nil || err.Error() != name {
			t.Errorf("error %v, want %s", err, name)
		}
	}
}
