package repair

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Of all 2ⁿ ways to round n ≤ 16 weights up or down, AdaRound finds the one with the
// least error, or integers beyond them that have an even smaller one.
func TestAdaRoundIsTheBestRounding(t *testing.T) {
	for seed := range uint64(26) {
		rng := rand.New(rand.NewPCG(seed, 4))
		cols := 4 + int(seed%13)
		p := drawn(rng, 1, cols, cols, 2+int(seed%3))
		got, best := p.Error(p.AdaRound(1000, p.Nearest())), p.bruteForce()
		if !(got <= best*(1+1e-9)) {
			t.Errorf("seed %d, %d weights: error %v, the least is %v", seed, cols, got, best)
		}
	}
}

// bruteForce is the least error of a row.
func (p *Problem) bruteForce() float64 {
	a := p.Relax(nil)
	best := math.Inf(1)
	for i := range 1 << p.Cols {
		for c := range p.Cols {
			a.h[c] = float64(i >> c & 1)
		}
		best = min(best, p.rowError(0, a.Integers()))
	}
	return best
}

// AdaRound never ends above what it starts from, row by row.
func TestAdaRoundIsNeverWorse(t *testing.T) {
	for seed := range uint64(12) {
		p := drawn(rand.New(rand.NewPCG(seed, 8)), 4, 30, 30, 2+int(seed%4))
		for name, start := range map[string][]int32{"nearest": p.Nearest(), "GPTQ": p.GPTQ()} {
			for _, iterations := range []int{0, 1, 300} {
				q := p.AdaRound(iterations, start)
				for r := range p.Rows {
					got, was := p.rowError(r, q[r*30:(r+1)*30]), p.rowError(r, start[r*30:(r+1)*30])
					if got > was {
						t.Errorf("seed %d, row %d, %d iterations: error %v, %s has %v", seed, r, iterations, got, name, was)
					}
				}
			}
		}
	}
}
