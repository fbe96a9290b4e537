package main

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"petrify/quantized/carray"
	"petrify/quantized/integer"
)

// Estimates of the networks of MLPerf Tiny, on none of which rates were fitted, are what was counted but for an
// eighth; of the others but for two fifths, as lenet5 has layers of 6 channels.
func TestEstimates(t *testing.T) {
	all, err := readFigures(filepath.Join(root, figuresFile))
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range networks {
		m, err := n.model(formats[0])
		if err != nil {
			t.Fatal(err)
		}
		most := 0.4
		if i >= 3 {
			most = 0.125
		}
		for _, r := range requantizations[:2] {
			costs, err := carray.Costs(m, carray.Options{Requantization: r})
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range cores() {
				f, counted := all[key{n.name, c.name, r.String(), "-O2"}]
				if !counted {
					continue
				}
				off := costs[i].Instructions/float64(f.instructions) - 1
				t.Logf("%s, %s, %v: %+.1f %%, stack %d of %d", n.name, c.title, r, 100*off, costs[i].Stack, f.stack)
				if costs[i].Core != c.title || costs[i].Unknown != nil || math.Abs(off) > most ||
					max(costs[i].Stack-f.stack, f.stack-costs[i].Stack) > 128 {
					t.Errorf("%s on %s: an estimate of %+v, counted %+v: run with -fit", n.name, c.title, costs[i], f)
				}
			}
		}
	}
}

// Rates that explain everything are found, whatever they are.
func TestLeastSquaresFindsRates(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		want := []float64{rng.Float64(), 0, 100 * rng.Float64()}
		var rows [][]float64
		var y []float64
		for range 30 {
			row := []float64{1000 * rng.Float64(), 10 * rng.Float64(), 1}
			rows, y = append(rows, row), append(y, row[0]*want[0]+row[2]*want[2])
		}
		for i, got := range leastSquares(rows, y) {
			if math.Abs(got-want[i]) > 1e-3*max(1, want[i]) {
				t.Errorf("rate %d is %v, want %v", i, got, want[i])
			}
		}
	}
}

// An estimate adds up the work of every call, and has the largest stack.
func TestEstimate(t *testing.T) {
	rates := []carray.Rate{
		{Kernel: "a", Instructions: carray.Work{2, 0, 0, 0, 0, 10}, Stack: 40, Cycles: 2},
		{Kernel: "b", Instructions: carray.Work{0, 3}, Stack: 60, Cycles: 1.5},
	}
	calls := []carray.Call{{Kernel: "a", Work: carray.Work{5, 1, 1, 1, 1, 1}}, {Kernel: "b", Work: carray.Work{0, 7}},
		{Kernel: "a", Work: carray.Work{1, 1, 1, 1, 1, 1}}, {Kernel: "c"}, {Kernel: "c"}}
	got := carray.Estimate("x", calls, rates)
	if got.Instructions != 20+21+12 || got.Cycles != 2*(20+12)+1.5*21 || got.Stack != 60 || len(got.Unknown) != 1 ||
		got.Unknown[0] != "c" {
		t.Errorf("%+v", got)
	}
}

// Each call of an export has a name and what it computes.
func TestCallsAreCounted(t *testing.T) {
	for _, n := range networks {
		m, err := n.model(formats[0])
		if err != nil {
			t.Fatal(err)
		}
		calls, err := carray.Calls(m, carray.Options{Requantization: integer.Gemmlowp})
		if err != nil {
			t.Fatal(err)
		}
		products := 0.0
		for _, c := range calls {
			if c.Kernel == "convolve" || c.Kernel == "depthwise" || c.Kernel == "linear" {
				products += c.Work[0]
			}
		}
		if int64(products) != m.Size().MACs {
			t.Errorf("%s: %.0f products, want %d", n.name, products, m.Size().MACs)
		}
	}
}

// Estimates of code are what was recorded but for an eighth.
func TestCodeEstimates(t *testing.T) {
	all, err := readFigures(filepath.Join(root, figuresFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range networks {
		m, err := n.model(formats[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range requantizations[:2] {
			costs, err := carray.Costs(m, carray.Options{Requantization: r})
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range cores() {
				f, counted := all[key{n.name, c.name, r.String(), "-O2"}]
				if !counted {
					continue
				}
				off := float64(costs[i].Code)/float64(f.code) - 1
				t.Logf("%s, %s, %v: %+.1f %%", n.name, c.title, r, 100*off)
				if math.Abs(off) > 0.12 {
					t.Errorf("%s on %s, %v: about %d bytes of code, counted %d: run with -sizes", n.name, c.title, r,
						costs[i].Code, f.code)
				}
			}
		}
	}
}

// A part that was not measured makes the whole unknown.
func TestCodePartsAreAllKnown(t *testing.T) {
	for seed := range uint64(300) {
		m, err := sizing(seed)
		if err != nil {
			t.Fatal(err)
		}
		costs, err := carray.Costs(m, carray.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range costs {
			if c.Code == 0 {
				t.Fatalf("network %d: code on %s is not known", seed, c.Core)
			}
		}
	}
}
