package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"petrify/internal/analysis"
)

// infeasible says what the least is, and which layers it goes to.
func (s *seeker) infeasible() error {
	return s.exceeded("no choice of bits keeps the budgets", s.smallest)
}

// exceeded says what each budgeted cost is at least.
func (s *seeker) exceeded(what string, least func(respect int) int64) error {
	var said []string
	together := ": each budget can be kept, but not all together"
	for r, one := range s.respects {
		if s.limits[r] == unlimited {
			continue
		}
		text := fmt.Sprintf("%s takes %s at least", one.name, one.text(least(r)))
		if least(r) > s.limits[r] {
			together = ""
			text += fmt.Sprintf(", not %s, most of it in %s", one.text(s.limits[r]), strings.Join(s.largest(one.name), ", "))
		}
		said = append(said, text)
	}
	said[len(said)-1] += together
	return fmt.Errorf("%s: %s", what, strings.Join(said, "; "))
}

// smallest is the least cost, with the other limits aside.
func (s *seeker) smallest(r int) int64 {
	sum, few := s.problem.Base[r], make([]int64, len(s.groups))
	for i, item := range s.problem.Items {
		cost := int64(unlimited)
		for _, o := range item.Options {
			cost, few[i] = min(cost, o.Costs[r]), int64(o.Bits) // the last has the fewest
		}
		sum += cost
	}
	if r == len(s.respects)-1 {
		for _, p := range s.problem.Products {
			sum += p.Factor * few[p.A] * few[p.B]
		}
	}
	return sum
}

// largest names the three layers to which most of a cost goes.
func (s *seeker) largest(respect string) (names []string) {
	kind := analysis.Weights
	if respect == "ram" {
		kind = analysis.Activations
	}
	size := map[string]int64{}
	for _, t := range s.analysis.Tensors {
		if t.Kind == kind {
			size[t.Layer] += int64(t.Elements)
		}
	}
	switch respect {
	case bops:
		for _, p := range s.problem.Products {
			size[s.groups[p.A].layer] = p.Factor
		}
	case latency:
		clear(size)
		for i, d := range s.times.nodes {
			size[s.whole.Nodes[i].Name] = d.Nanoseconds()
		}
	}
	names = slices.SortedFunc(maps.Keys(size), func(a, b string) int {
		return cmp.Or(cmp.Compare(size[b], size[a]), cmp.Compare(a, b))
	})
	return names[:min(3, len(names))]
}

// lossy says how little can be lost within the other budgets, and what loses most.
func (s *seeker) lossy(all []candidate) error {
	small := func(c candidate) bool { return c.Measured != nil && s.keeps(c.Costs) }
	if s.drop < 0 || !slices.ContainsFunc(all, small) {
		return s.exceeded("no choice of bits that was measured keeps the budgets once it is quantized",
			func(r int) int64 {
				least := int64(unlimited)
				for _, c := range all {
					if c.Measured != nil {
						least = min(least, c.Costs[r])
					}
				}
				return least
			})
	}
	lost, after, trained := math.Inf(1), math.Inf(1), ""
	for i := range all {
		if small(all[i]) {
			lost = min(lost, s.lost(all[i].Measured))
		}
		if t := all[i].Trained; t != nil {
			after = min(after, s.lost(&t.Measure))
			trained = fmt.Sprintf(", %.2f after training", after)
		}
	}
	var worst []string
	last := all[len(all)-1]
	order := make([]int, len(s.problem.Items))
	for i := range order {
		order[i] = i
	}
	lossOf := func(i int) float64 { return s.problem.Items[i].Options[last.point.Choice[i]].Loss }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lossOf(b), lossOf(a)) })
	for _, i := range order[:min(3, len(order))] {
		worst = append(worst, fmt.Sprintf("%s at %d bits", s.problem.Items[i].Name, last.Bits[s.problem.Items[i].Name]))
	}
	return fmt.Errorf("no choice of bits keeps drop=%v: the least that was measured is %.2f %s%s, and most is lost by %s",
		s.drop, lost, s.unit(), trained, strings.Join(worst, ", "))
}
