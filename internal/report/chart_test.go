package report

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/quantized/quantizedtest"
)

// The area under a density is 1, whatever the intervals.
func TestDensityHasAreaOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		h := &Histogram{Least: -rng.Float64() - 0.1, Greatest: rng.Float64(), Counts: make([]int, 64)}
		for range 1 + rng.IntN(3000) {
			h.Counts[rng.IntN(64)]++
		}
		x, y := h.density()
		width := x[1] - x[0]
		sum := 0.0
		for _, v := range y {
			sum += v * width
		}
		if math.Abs(sum-1) > 1e-9 || y[0] != 0 || y[len(y)-1] != 0 || !slices.IsSorted(x) {
			t.Fatalf("area %v, ends %v and %v", sum, y[0], y[len(y)-1])
		}
	}
	if x, _ := (&Histogram{Least: 1, Greatest: 1, Counts: []int{4, 0}}).density(); x != nil {
		t.Errorf("a constant has the density %v", x)
	}
}

func TestJoinedKeepsEveryNumber(t *testing.T) {
	x, rows := joined([]Numbers{{1, 3}, {2, 3}}, []Numbers{{10, 30}, {20, 40}})
	text, err := json.Marshal(append([]Numbers{x}, rows...))
	if err != nil {
		t.Fatal(err)
	}
	if want := "[[1,2,3],[10,null,30],[null,20,40]]"; string(text) != want {
		t.Errorf("%s, want %s", text, want)
	}
}

func TestNumbersHaveSixDigits(t *testing.T) {
	for v, want := range map[float64]float64{0: 0, 1234567.8: 1234570, -0.00123456789: -0.00123457, 99.9999999: 100,
		5e-324: 5e-324} {
		if got := rounded(v); math.Abs(got-want) > 1e-9*math.Abs(want) {
			t.Errorf("%v becomes %v, want %v", v, got, want)
		}
	}
}

// What is alive while a layer runs, against a search for readers.
func TestAliveActivations(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 5))
		_, m := quantizedtest.Random(rng, schemes[rng.IntN(len(schemes))], 4+rng.IntN(12))
		for i, got := range alive(m) {
			want := int64(0)
			needed := func(name string) bool { // by layer i or a later one
				for _, n := range m.Nodes[max(i-1, 0):] {
					if slices.Contains(n.Inputs, name) {
						return true
					}
				}
				return name == m.Output
			}
			if needed(m.Input.Name) || i == 0 {
				want += bytesOf(m.Input.Activation)
			}
			for j, n := range m.Nodes[:i] {
				if j == i-1 || needed(n.Name) {
					want += bytesOf(n.Output)
				}
			}
			if got != want {
				t.Fatalf("seed %d, layer %d: %d bytes, want %d", seed, i, got, want)
			}
		}
	}
}

// The parts of all layers are those of the model.
func TestCostsAddUp(t *testing.T) {
	for seed := range uint64(50) {
		r := random(rand.New(rand.NewPCG(seed, 6)))
		size := r.Model.Size()
		var total, macs int64
		for _, c := range r.costs() {
			total, macs = total+c.Weights+c.Scales+c.Biases+c.Float, macs+c.MACs
		}
		if total != size.Total() || macs != size.MACs {
			t.Fatalf("seed %d: %d bytes and %d operations, want %d and %d", seed, total, macs, size.Total(), size.MACs)
		}
	}
}
