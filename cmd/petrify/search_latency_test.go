package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"petrify/internal/search"
	"petrify/quantized"
)

// bitClock is a clock by which a node takes the squares of all its bits, in microseconds.
func bitClock(models ...*quantized.Model) (all []times, err error) {
	square := func(bits int) time.Duration { return time.Duration(bits*bits) * time.Microsecond }
	for _, m := range models {
		var t times
		for i := range m.Nodes {
			n := &m.Nodes[i]
			d := square(n.Output.Quant.Format.Bits)
			if n.Weights != nil {
				d += square(n.Weights.Format.Bits)
			}
			for _, in := range n.Inputs {
				a, _ := m.Activation(in)
				d += square(a.Quant.Format.Bits)
			}
			t.nodes = append(t.nodes, d)
		}
		t.whole = t.sum()
		all = append(all, t)
	}
	return all, nil
}

// The clock finds a time for each node that computes something, and nodes take no longer alone
// than all together.
func TestClock(t *testing.T) {
	s := seekerOn(t, budgetsOf(t, "latency=1s"))
	all, err := clock(s.whole, s.whole)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 {
		t.Fatalf("%d networks", len(all))
	}
	for _, one := range all {
		if len(one.nodes) != len(s.whole.Nodes) || one.sum() <= 0 || one.sum() > one.whole {
			t.Errorf("%v for %d nodes, %v in all", one.nodes, len(s.whole.Nodes), one.whole)
		}
		for i, d := range one.nodes {
			if n := s.whole.Nodes[i]; n.Weights != nil && d <= 0 {
				t.Errorf("%s takes %v", n.Name, d)
			}
		}
	}
}

// Differences that may be noise count as none; nodes whose bits are the same are not slower,
// whatever the clock says.
func TestNoiseCostsNothing(t *testing.T) {
	s := seekerOn(t, budgetsOf(t, "latency=1s"))
	other, err := s.study.Mixed(s.groups[0].at(2))
	if err != nil {
		t.Fatal(err)
	}
	for percent, want := range map[int64]bool{9: false, -9: false, 11: true, -11: true} {
		s.clock = func(models ...*quantized.Model) (all []times, err error) {
			for at, m := range models {
				one := times{nodes: make([]time.Duration, len(m.Nodes))}
				for i := range one.nodes {
					one.nodes[i] = time.Duration(1000 + 10*percent*int64(at))
				}
				all = append(all, one)
			}
			return all, nil
		}
		changed := int64(0)
		for i := range other.Nodes {
			if !sameBits(s.whole, other, i) {
				changed++
			}
		}
		got, err := s.slower(other)
		if err != nil || changed == 0 || changed == int64(len(other.Nodes)) {
			t.Fatal(changed, err)
		}
		if sum := changed * 10 * percent; got != 0 != want || want && got != sum {
			t.Errorf("%d %% slower: %d ns, want %d: %v", percent, got, sum, want)
		}
	}
}

// part is the search with some of its budgets.
func (s *seeker) part(names ...string) *seeker {
	p := *s
	p.respects, p.limits = nil, nil
	p.problem = search.Problem{}
	var at []int
	for i, r := range s.respects {
		if slices.Contains(names, r.name) {
			at, p.respects = append(at, i), append(p.respects, r)
			p.problem.Base = append(p.problem.Base, s.problem.Base[i])
		}
	}
	for _, item := range s.problem.Items {
		kept := search.Item{Name: item.Name}
		for _, o := range item.Options {
			costs := []int64{}
			for _, i := range at {
				costs = append(costs, o.Costs[i])
			}
			kept.Options = append(kept.Options, search.Option{Bits: o.Bits, Loss: o.Loss, Costs: costs})
		}
		p.problem.Items = append(p.problem.Items, kept)
	}
	if p.respectOf(bops) >= 0 {
		p.problem.Products = s.problem.Products
	}
	return &p
}

// limit sets the budgets to that share of the way from the least cost to that of 8 bits.
func (s *seeker) limit(share float64) {
	s.limits = nil
	whole := s.problem.Costs(make([]uint8, len(s.problem.Items)))
	for r := range s.respects {
		least := s.smallest(r)
		s.limits = append(s.limits, least+int64(share*float64(whole[r]-least)))
	}
	s.problem.Limits = s.limits
}

// Budgets of every kind, and of every two kinds together, are kept by what is measured. What
// no choice keeps is refused with the reason.
func TestBudgetsOfEveryKindInPairs(t *testing.T) {
	var texts []string
	for _, name := range respectNames() {
		texts = append(texts, name+map[bool]string{true: "=1h", false: "=1G"}[name == latency])
	}
	all := seekerOn(t, budgetsOf(t, texts...))
	const together = ": each budget can be kept, but not all together"
	pairs, apart := 0, 0
	for i, a := range respectNames() {
		for _, b := range respectNames()[i:] {
			if pairs++; a != b && testing.Short() && pairs%5 != 0 {
				continue
			}
			s := all.part(a, b)
			s.limit(0.6)
			front := s.problem.Front()
			if len(front) == 0 { // the one wants fewer bits where the other wants more
				apart++
				if err := s.infeasible(); !strings.HasSuffix(err.Error(), together) {
					t.Errorf("%s and %s: %v, want the reason", a, b, err)
				}
				continue
			}
			best := slices.MinFunc(front, func(p, q search.Point) int { return int(1e9 * (p.Loss - q.Loss)) })
			c := s.candidate(best)
			if err := s.measure(t.Context(), &c); err != nil {
				t.Fatal(err)
			}
			for r, n := range c.Costs { // lengths of lengths make files a little longer or shorter
				if most := s.limits[r] / 100; n > s.limits[r]+most || max(n-c.Foreseen[r], c.Foreseen[r]-n) > most {
					t.Errorf("%s and %s: %v, predicted %v, limits %v", a, b, c.Costs, c.Foreseen, s.limits)
				}
			}
			if s.limit(0); a != b {
				continue
			}
			s.limits[0]--
			if front := s.problem.Front(); len(front) > 0 {
				t.Errorf("%s: %v is within less than the least", a, front[0])
			}
			want := fmt.Sprintf("no choice of bits keeps the budgets: %s takes %s at least, not %s, most of it in ", a,
				s.respects[0].text(s.limits[0]+1), s.respects[0].text(s.limits[0]))
			if err := s.infeasible(); !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		}
	}
	if !testing.Short() && apart == 0 || 4*apart > pairs {
		t.Errorf("%d of %d pairs cannot be kept together: want some, and few", apart, pairs)
	}
}
