package search

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// draw makes a random problem that is small enough to try everything.
func draw(rng *rand.Rand) *Problem {
	respects := 1 + rng.IntN(3)
	p := &Problem{}
	for range respects {
		p.Base = append(p.Base, rng.Int64N(5))
		p.Limits = append(p.Limits, 20+rng.Int64N(60))
	}
	for i := range 1 + rng.IntN(6) {
		item := Item{Name: fmt.Sprint(i)}
		for range 1 + rng.IntN(4) {
			o := Option{Bits: 1 + rng.IntN(4), Loss: float64(rng.IntN(8))}
			for range respects {
				o.Costs = append(o.Costs, rng.Int64N(10))
			}
			item.Options = append(item.Options, o)
		}
		p.Items = append(p.Items, item)
	}
	for range rng.IntN(5) {
		p.Products = append(p.Products, Product{rng.IntN(len(p.Items)), rng.IntN(len(p.Items)), rng.Int64N(3)})
	}
	return p
}

// everything is all points within the limits, summed up by definition.
func (p *Problem) everything() (all []Point) {
	choice := make([]uint8, len(p.Items))
	var try func(i int)
	try = func(i int) {
		if i < len(choice) {
			for o := range p.Items[i].Options {
				choice[i] = uint8(o)
				try(i + 1)
			}
			return
		}
		one := Point{Costs: slices.Clone(p.Base), Choice: slices.Clone(choice)}
		for i, o := range choice {
			one.Loss += p.Items[i].Options[o].Loss
			for r, c := range p.Items[i].Options[o].Costs {
				one.Costs[r] += c
			}
		}
		for _, f := range p.Products {
			one.Costs[len(one.Costs)-1] += f.Factor * int64(p.Items[f.A].Options[choice[f.A]].Bits) *
				int64(p.Items[f.B].Options[choice[f.B]].Bits)
		}
		for r, c := range one.Costs {
			if c > p.Limits[r] {
				return
			}
		}
		all = append(all, one)
	}
	try(0)
	return all
}

func numbers(points []Point) (all []string) {
	for _, p := range points {
		all = append(all, fmt.Sprint(p.Loss, p.Costs))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// The front is what remains of everything, and its choices cost what they say.
func TestFrontIsExact(t *testing.T) {
	empty := 0
	for seed := range uint64(400) {
		p := draw(rand.New(rand.NewPCG(seed, 1)))
		all := p.everything()
		var want []Point
		for _, a := range all {
			if !slices.ContainsFunc(all, func(b Point) bool {
				return b.covers(a) && (b.Loss < a.Loss || slices.Compare(b.Costs, a.Costs) != 0)
			}) {
				want = append(want, a)
			}
		}
		got := p.Front()
		if !slices.Equal(numbers(got), numbers(want)) || len(numbers(got)) != len(got) {
			t.Fatalf("%d: %v, want %v", seed, numbers(got), numbers(want))
		}
		for _, g := range got {
			same := func(a Point) bool { return slices.Equal(a.Choice, g.Choice) }
			if i := slices.IndexFunc(all, same); i < 0 || !slices.Equal(numbers(all[i:i+1]), numbers([]Point{g})) {
				t.Fatalf("%d: %v is of another choice", seed, g)
			}
		}
		if len(got) == 0 {
			empty++
		}
	}
	if empty == 0 || empty == 400 {
		t.Errorf("%d of 400 problems have no solution: want some", empty)
	}
}

// A front of too many points keeps its ends and the order, and no point that another covers.
func TestLongFront(t *testing.T) {
	p := &Problem{Base: []int64{0}, Limits: []int64{math.MaxInt64}}
	for i := range 15 {
		size := int64(1) << i
		p.Items = append(p.Items, Item{Options: []Option{{Bits: 8, Costs: []int64{size}},
			{Bits: 4, Loss: float64(size), Costs: []int64{0}}}})
	}
	got := p.Front()
	if len(got) > most || len(got) < most/2 {
		t.Errorf("%d points, want somewhat less than %d", len(got), most)
	}
	if a, b := got[0], got[len(got)-1]; a.Costs[0] != 0 || b.Loss != 0 {
		t.Errorf("from %v to %v: want the smallest, and the one without loss", a, b)
	}
	if !slices.IsSortedFunc(got, func(a, b Point) int { return cmp.Compare(a.Costs[0], b.Costs[0]) }) {
		t.Error("costs do not ascend")
	}
}
