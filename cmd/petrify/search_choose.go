package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"petrify/internal/analysis"
	"petrify/internal/config"
	"petrify/internal/kernel"
	"petrify/internal/search"
)

// found is what search.json holds; docs/analyze.md describes it.
type found struct {
	Version  int              `json:"version"`
	Task     string           `json:"task"`
	Metric   string           `json:"metric,omitempty"` // as in an analysis
	Network  string           `json:"network"`
	Dataset  string           `json:"dataset"`
	Images   analysis.Images  `json:"images"`
	Respects []string         `json:"respects"`          // that costs are in
	Limits   []int64          `json:"limits"`            // of the respects; 0: none
	Drop     *float64         `json:"drop,omitempty"`    // in percentage points, or in percent of a metric
	Float    analysis.Measure `json:"float"`             // of the float network
	Machine  string           `json:"machine,omitempty"` // on which a latency was measured
	Options  []option         `json:"options"`
	Epochs   int              `json:"qat_epochs,omitempty"` // of those that were trained
	Front    []candidate      `json:"front"`                // by the first cost
	Uniform  []candidate      `json:"uniform"`              // the same bits everywhere
	Chosen   candidate        `json:"chosen"`               // with each cost and loss rounded to nearest
	Repaired outcome          `json:"repaired"`             // as PTQ quantizes it
	items    []string         // in the order of the network
}

// option is what a tensor with some bits adds to the loss and the costs of 8 bits everywhere.
type option struct {
	Item  string  `json:"item"`
	Bits  int     `json:"bits"`
	Loss  float64 `json:"loss"`
	Costs []int64 `json:"costs"`
}

// searchVersion is that of the schema.
const searchVersion = 1

// candidate is a choice of bits.
type candidate struct {
	Bits      map[string]int    `json:"bits"`            // by item: a layer and weights or activations
	Foreseen  []int64           `json:"predicted_costs"` // by respect
	Costs     []int64           `json:"costs"`           // as measured
	Predicted float64           `json:"predicted_loss"`  // the loss at 8 bits, and the increases
	Measured  *analysis.Measure `json:"measured,omitempty"`
	Trained   *outcome          `json:"trained,omitempty"` // after QAT
	point     search.Point
}

// outcome is what PTQ with its repair, or QAT, makes of a choice.
type outcome struct {
	analysis.Measure
	Costs []int64 `json:"costs"`
}

// Of a front are measured: points at equal distances, those of least loss, and as many
// more as the gap in which a drop begins can be halved.
const along, finalists, halvings = 14, 4, 6

// unlimited is no limit.
const unlimited = math.MaxInt64

// seek finds the front, measures some of its points, and chooses.
func (s *seeker) seek(ctx context.Context) (*found, error) {
	front := s.problem.Front()
	if len(front) == 0 {
		return nil, s.infeasible()
	}
	all, err := s.sample(ctx, front)
	if err != nil {
		return nil, err
	}
	r := s.found()
	if err := s.settle(ctx, r, all); err != nil {
		return nil, err
	}
	r.Front = slices.DeleteFunc(all, func(c candidate) bool { return c.Measured == nil })
	if r.Uniform, err = s.uniform(ctx); err == nil {
		err = s.confirmUniform(ctx, r)
	}
	return r, err
}

// found is the result as far as it is known before the search.
func (s *seeker) found() *found {
	r := &found{Version: searchVersion, Task: s.analysis.Task, Metric: s.analysis.Metric, Network: s.analysis.Network, Dataset: s.analysis.Dataset,
		Images: s.analysis.Images, Float: s.analysis.Float}
	for _, item := range s.problem.Items {
		r.items = append(r.items, item.Name)
		for _, o := range item.Options {
			r.Options = append(r.Options, option{item.Name, o.Bits, o.Loss, o.Costs})
		}
	}
	if s.respectOf(latency) >= 0 {
		r.Machine = fmt.Sprintf("%s, kernels %s", platform(), kernel.Path())
	}
	for i, one := range s.respects {
		r.Respects, r.Limits = append(r.Respects, one.name), append(r.Limits, s.limits[i])
		if s.limits[i] == unlimited {
			r.Limits[i] = 0
		}
	}
	if s.drop >= 0 {
		r.Drop = &s.drop
	}
	if s.qat.count > 0 {
		r.Epochs = s.qat.epochs
	}
	return r
}

// sample makes candidates of a front, and measures some along it and those of least loss.
func (s *seeker) sample(ctx context.Context, front []search.Point) (all []candidate, err error) {
	order := make([]int, len(front))
	for i, p := range front {
		all, order[i] = append(all, s.candidate(p)), i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(all[i].Predicted, all[j].Predicted) })
	chosen := slices.Clone(order[:min(finalists, len(all))])
	for i := range min(along, len(all)) {
		chosen = append(chosen, i*(len(all)-1)/max(1, min(along, len(all))-1))
	}
	for _, i := range chosen {
		if err := s.measure(ctx, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// settle chooses, and quantizes with the choice. If that costs more than was measured, and
// too much, the next best is chosen.
func (s *seeker) settle(ctx context.Context, r *found, all []candidate) error {
	refused := map[int]bool{}
	for {
		at, err := s.choose(ctx, all, refused)
		if err == nil && s.qat.count > 0 {
			at, err = s.confirm(ctx, all, refused, at)
		}
		if err == nil && at < 0 {
			err = s.lossy(all)
		}
		if err != nil {
			return err
		}
		r.Chosen = all[at]
		if r.Repaired, err = s.repair(ctx, s.settings.Choose(s.study.Model(), s.layers(r.Chosen.point))); err != nil {
			return err
		}
		if s.keeps(r.Repaired.Costs) {
			return nil
		}
		refused[at] = true
	}
}

// candidate is a point in the user's words.
func (s *seeker) candidate(p search.Point) candidate {
	c := candidate{Bits: map[string]int{}, Foreseen: p.Costs, Costs: p.Costs, Predicted: s.analysis.Uniform[0].Loss + p.Loss, point: p}
	for i, item := range s.problem.Items {
		c.Bits[item.Name] = item.Options[p.Choice[i]].Bits
	}
	return c
}

// bitsOf are a candidate's bits by tensor.
func (s *seeker) bitsOf(c *candidate) map[string]int {
	bits := map[string]int{}
	for i, g := range s.groups {
		for tensor := range g.at(0) {
			bits[tensor] = c.Bits[s.problem.Items[i].Name]
		}
	}
	return bits
}

// measure measures a candidate, rounded to nearest.
func (s *seeker) measure(ctx context.Context, c *candidate) error {
	if c.Measured != nil {
		return nil
	}
	s.measured++
	s.progress(s.measured, along+finalists+halvings+len(analysis.Bits()))
	m, err := s.study.Mixed(s.bitsOf(c))
	if err != nil {
		return err
	}
	if c.Costs, err = s.costs(m); err != nil {
		return err
	}
	measured, err := s.study.Measure(ctx, m)
	c.Measured = &measured
	return err
}

// within reports whether a measured candidate keeps all budgets.
func (s *seeker) within(c *candidate) bool {
	return s.keeps(c.Costs) && (s.drop < 0 || s.lost(c.Measured) <= s.drop)
}

func (s *seeker) keeps(costs []int64) bool {
	for i, limit := range s.limits {
		if costs[i] > limit {
			return false
		}
	}
	return true
}

// lost is how much is lost against float, in the unit of a drop.
func (s *seeker) lost(m *analysis.Measure) float64 { return s.terms.lost(*m, s.analysis.Float) }

// choose is the index of the best candidate, or below 0: of the least first cost if a drop
// limits it, or else of the least loss, both as measured.
func (s *seeker) choose(ctx context.Context, all []candidate, refused map[int]bool) (best int, err error) {
	better := func(a, b *candidate) int {
		if s.drop >= 0 {
			return cmp.Compare(a.Costs[0], b.Costs[0])
		}
		return cmp.Compare(a.Measured.Loss, b.Measured.Loss)
	}
	pick := func() int {
		best := -1
		for i := range all {
			c := &all[i]
			if c.Measured != nil && !refused[i] && s.within(c) && (best < 0 || better(c, &all[best]) < 0) {
				best = i
			}
		}
		return best
	}
	for range halvings {
		if best = pick(); best < 0 || s.drop < 0 {
			break
		}
		before := best - 1 // the nearest that is measured, and smaller
		for before >= 0 && all[before].Measured == nil {
			before--
		}
		if best-before < 2 {
			break
		}
		if err := s.measure(ctx, &all[(best+before)/2]); err != nil {
			return 0, err
		}
	}
	return pick(), nil
}

// uniform is the networks with the same bits everywhere.
func (s *seeker) uniform(ctx context.Context) (all []candidate, err error) {
	for _, bits := range analysis.Bits() {
		p := search.Point{}
		for _, item := range s.problem.Items {
			i := slices.IndexFunc(item.Options, func(o search.Option) bool { return o.Bits == bits })
			if i < 0 {
				break // the target has no such numbers
			}
			p.Choice, p.Loss = append(p.Choice, uint8(i)), p.Loss+item.Options[i].Loss
		}
		if len(p.Choice) < len(s.problem.Items) {
			continue
		}
		p.Costs = s.problem.Costs(p.Choice)
		c := s.candidate(p)
		if err := s.measure(ctx, &c); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// layers is a choice by layer.
func (s *seeker) layers(p search.Point) (all []config.LayerBits) {
	for i, g := range s.groups {
		at := slices.IndexFunc(all, func(l config.LayerBits) bool { return l.Layer == g.layer })
		if at < 0 {
			at, all = len(all), append(all, config.LayerBits{Layer: g.layer})
		}
		if bits := s.problem.Items[i].Options[p.Choice[i]].Bits; g.kind == analysis.Weights {
			all[at].Weights = bits
		} else {
			all[at].Activations = bits
		}
	}
	return all
}
