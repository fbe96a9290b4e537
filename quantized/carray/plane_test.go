package carray

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/integer"
)

// sumCase is a sum or a difference, and how many pairs may need to be listed.
type sumCase struct {
	op         quantized.Op
	a, b, y    quantized.Quant
	exceptions int
}

// sumCases are scales drawn at random, which have no exceptions, those of ties, and extremes.
func sumCases(rng *rand.Rand) (all []sumCase) {
	formats := []affine.Format{affine.Uint8, affine.Int8, {Bits: 4, Unsigned: true}, {Bits: 2}}
	random := func(from, to float64) float32 { return float32(math.Exp2(from + (to-from)*rng.Float64())) }
	for _, c := range []struct {
		a, b, y    float32
		exceptions int
	}{{1, 1, 1, 0}, {1, 1, 2, 0}, {0.5, 1, 1, 0}, {0.25, 0.125, 1, 0}, {1, 0.5, 4, 0}, {0.5, 0.3, 1, 1000},
		{0.3, 0.75, 1, 1000}, {1.0 / 3, 1, 1, 0}, {0.1, 0.2, 0.4, 1000}, {1e-9, 1, 1, 0}, {1e7, 1e7, 1, 1000},
		{0x1p90, 0x1.8p90, 1, 1000}, {1e-20, 1e20, 1e-3, 1000}, {0x1p-126, 1, 1, 0}, {1, 1, 0x1p-90, 1000}} {
		for _, op := range []quantized.Op{quantized.Add, quantized.Sub} {
			all = append(all, sumCase{op, drawn(rng, formats, c.a), drawn(rng, formats, c.b), drawn(rng, formats, c.y), c.exceptions},
				sumCase{op, drawn(rng, formats, c.b), drawn(rng, formats, c.a), drawn(rng, formats, c.y), c.exceptions})
		}
	}
	for i := range 30 {
		op := []quantized.Op{quantized.Add, quantized.Sub}[i%2]
		a, b := random(-3, 3), random(-3, 3)
		all = append(all, sumCase{op, drawn(rng, formats, a), drawn(rng, formats, b), drawn(rng, formats, random(-1, 1)*max(a, b)), 0})
	}
	return all
}

func drawn(rng *rand.Rand, formats []affine.Format, scale float32) quantized.Quant {
	f := formats[rng.IntN(len(formats))]
	return quantized.Quant{Format: f, Scale: scale, Zero: f.Min() + rng.Int32N(f.Max()-f.Min()+1)}
}

// The integers of C give the engine's sum of every pair, in every arithmetic, and never leave 32 bits.
func TestPlanes(t *testing.T) {
	for i, c := range sumCases(rand.New(rand.NewPCG(22, 1))) {
		n := &quantized.Node{Name: "y", Op: c.op, Inputs: []string{"a", "b"},
			Output: quantized.Activation{Name: "y", Shape: []int{1}, Quant: c.y}}
		for _, how := range []integer.Requantization{integer.Float32, integer.Gemmlowp, integer.Single} {
			f, p := planeOf(t, n, c, how)
			name := fmt.Sprintf("%d, %v of %v and %v as %v, %v", i, c.op, c.a, c.b, c.y, how)
			if len(p.exceptions) > c.exceptions {
				t.Errorf("%s: %d exceptions at a shift of %d, want %d at most", name, len(p.exceptions), p.shift, c.exceptions)
			}
			listed := map[int]bool{}
			for _, q := range p.exceptions {
				listed[q] = true
			}
			for _, q := range f.pairs {
				v := [3]int64{int64(q>>8) * p.a, int64(q&255) * p.b, p.constant}
				for _, part := range []int64{v[0], v[1], v[0] + v[1], v[0] + v[1] + v[2] - 1, v[0] + v[1] + v[2] + 1} {
					if int64(int32(part)) != part {
						t.Fatalf("%s: %d·%d + %d·%d + %d is more than 32 bits", name, q>>8, p.a, q&255, p.b, p.constant)
					}
				}
				if got := p.at(q, f.low, f.high); got != f.of[q] && !listed[q] {
					t.Fatalf("%s: %d and %d give %d, want %d", name, q>>8, q&255, got, f.of[q])
				}
			}
		}
	}
}

// planeOf is what an export of the sum alone has.
func planeOf(t *testing.T, n *quantized.Node, c sumCase, how integer.Requantization) (*pairwise, plane) {
	t.Helper()
	l := &lowering{options: Options{Requantization: how}, model: &quantized.Model{
		Input: quantized.Input{Activation: quantized.Activation{Name: "a", Quant: c.a}},
		Nodes: []quantized.Node{{Name: "b", Output: quantized.Activation{Name: "b", Quant: c.b}}, *n}}}
	value := func(q quantized.Quant) *value { return &value{grid: gridOf(q, q.Format.Min(), q.Format.Max())} }
	f, _, err := l.pairwise(n, value(c.a), value(c.b), value(c.y))
	if err != nil {
		t.Fatal(err)
	}
	return f, f.plane()
}
