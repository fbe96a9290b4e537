package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"petrify/internal/analysis"
	"petrify/internal/config"
	"petrify/internal/search"
	"petrify/quantized"
)

// seeker is a search in progress.
type seeker struct {
	study    *analysis.Study
	analysis *analysis.Result
	budgets
	terms
	settings *config.Config
	qat      confirming
	groups   []group       // by item of the problem
	byFloat  map[int]int64 // by group: multiply-accumulates with numbers that stay float, times their bits
	problem  search.Problem
	whole    *quantized.Model // with 8 bits everywhere
	clock    func(...*quantized.Model) ([]times, error)
	times    times // of the whole
	chosen   *config.Config
	progress func(done, total int)
	measured int // candidates
}

// group is the tensors that one setting of a layer gives bits.
type group struct {
	layer, kind string
	tensors     []analysis.Tensor
}

// costs are those of a model, by respect.
func (s *seeker) costs(m *quantized.Model) (all []int64, err error) {
	for _, r := range s.respects {
		n, err := s.amount(r, m)
		if err != nil {
			return nil, fmt.Errorf("--budget %s: %w", r.name, err)
		}
		all = append(all, n)
	}
	return all, nil
}

// amount is what a model costs in a respect.
func (s *seeker) amount(r respect, m *quantized.Model) (int64, error) {
	if r.of != nil {
		return r.of(m)
	}
	t, err := s.clock(m)
	if err != nil {
		return 0, err
	}
	return t[0].whole.Nanoseconds(), nil
}

// prepare states the problem: it measures what each option costs, by exports of networks
// of which one group has other bits than 8.
func (s *seeker) prepare(ctx context.Context) error {
	for _, t := range s.analysis.Tensors {
		i := slices.IndexFunc(s.groups, func(g group) bool { return g.layer == t.Layer && g.kind == t.Kind })
		if i < 0 {
			i, s.groups = len(s.groups), append(s.groups, group{layer: t.Layer, kind: t.Kind})
		}
		s.groups[i].tensors = append(s.groups[i].tensors, t)
	}
	var err error
	if s.whole, err = s.study.Mixed(nil); err != nil {
		return err
	}
	if s.problem.Base, err = s.costs(s.whole); err != nil {
		return err
	}
	for at, r := range s.respects {
		if r.more != nil {
			if s.problem.Base[at], err = r.predicted(s.whole); err != nil {
				return err
			}
		}
	}
	if at := s.respectOf(latency); at >= 0 {
		t, err := s.clock(s.whole)
		if err != nil {
			return err
		}
		s.times = t[0]
		s.problem.Base[at] = s.times.sum().Nanoseconds()
	}
	s.problem.Limits, s.byFloat = s.limits, map[int]int64{}
	if s.respectOf(bops) >= 0 {
		s.multiply(s.whole)
	}
	for i, g := range s.groups {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		item := search.Item{Name: g.layer + " " + g.kind}
		loss := 0.0
		for at, bits := range analysis.Bits() {
			o := search.Option{Bits: bits, Costs: make([]int64, len(s.respects))}
			increase := 0.0
			for _, t := range g.tensors {
				increase += t.Bits[at].LossIncrease - t.Bits[0].LossIncrease
			}
			loss = max(loss, increase) // fewer bits lose no less, whatever noise says
			o.Loss = loss
			if at > 0 {
				if err := s.cost(&o, g, bits); err != nil {
					continue // the target has no such numbers
				}
			}
			o.Costs[len(o.Costs)-1] += s.byFloat[i] * int64(bits)
			item.Options = append(item.Options, o)
		}
		s.problem.Items = append(s.problem.Items, item)
		s.progress(i+1, len(s.groups))
	}
	return nil
}

// cost measures how an option's costs differ from those of 8 bits. Bit operations are
// the problem's products.
func (s *seeker) cost(o *search.Option, g group, bits int) error {
	m, err := s.study.Mixed(g.at(bits))
	if err != nil {
		return err
	}
	for at, r := range s.respects {
		switch r.name {
		case bops:
			continue
		case latency:
			o.Costs[at], err = s.slower(m)
		default:
			o.Costs[at], err = r.predicted(m)
			o.Costs[at] -= s.problem.Base[at]
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// respectOf is the index of a respect, or -1.
func (b budgets) respectOf(name string) int {
	return slices.IndexFunc(b.respects, func(r respect) bool { return r.name == name })
}

func (g group) at(bits int) map[string]int {
	of := map[string]int{}
	for _, t := range g.tensors {
		of[t.Tensor] = bits
	}
	return of
}

// multiply makes the bit operations products of the groups' bits. What is float counts as
// part of the base.
func (s *seeker) multiply(m *quantized.Model) {
	last := len(s.respects) - 1
	s.problem.Base[last] = 0
	for _, p := range productsOf(m) {
		weights := s.groupOf(func(t analysis.Tensor) bool {
			return t.Kind == analysis.Weights && (t.Tensor == p.node+".weight" ||
				t.Tensor == strings.TrimSuffix(p.node, ".norm")+".weight")
		})
		input := s.inputOf(m, p.input)
		switch {
		case weights >= 0 && input >= 0:
			s.problem.Products = append(s.problem.Products, search.Product{A: weights, B: input, Factor: p.macs})
		case weights >= 0 || input >= 0:
			s.byFloat[max(weights, input)] += p.macs * widthOf(0)
		default:
			s.problem.Base[last] += p.macs * widthOf(0) * widthOf(0)
		}
	}
}

// inputOf is the index of the group whose integers an activation has, or -1. What only
// moves elements has those of its input.
func (s *seeker) inputOf(m *quantized.Model, name string) int {
	for {
		i := s.groupOf(func(t analysis.Tensor) bool {
			return t.Kind == analysis.Activations && (t.Tensor == name || slices.Contains(t.Shared, name))
		})
		node := slices.IndexFunc(m.Nodes, func(n quantized.Node) bool { return n.Name == name })
		if i >= 0 || node < 0 || !m.Nodes[node].Op.PassesThrough() {
			return i
		}
		name = m.Nodes[node].Inputs[0]
	}
}

// groupOf is the index of the group with a tensor, or -1.
func (s *seeker) groupOf(is func(analysis.Tensor) bool) int {
	return slices.IndexFunc(s.groups, func(g group) bool { return slices.ContainsFunc(g.tensors, is) })
}
