package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"petrify/internal/config"
	"petrify/quantized"
	"petrify/train"
)

// confirming is how choices are confirmed by training.
type confirming struct {
	count, epochs int
	folder        string         // for a run of each choice
	settings      *config.Config // of a run that trains
	prepare       func(*config.Config) (train.Config, error)
	trained       int
}

func (q *confirming) define(cmd *cobra.Command) {
	cmd.Flags().IntVar(&q.count, "confirm", 0,
		"train up to `N` choices, choose by what they lose then, and train as many uniform bits")
	cmd.Flags().IntVar(&q.epochs, "epochs", 1, "with --confirm: train each for `N` epochs")
}

// check checks the flags, given whether the epochs were.
func (q *confirming) check(epochs bool) error {
	switch {
	case q.count < 0:
		return fmt.Errorf("--confirm %d: want 1 or more, or 0 for no training", q.count)
	case q.epochs < 1:
		return fmt.Errorf("--epochs %d: want 1 or more", q.epochs)
	case epochs && q.count == 0:
		return fmt.Errorf("--epochs %d has no effect without --confirm", q.epochs)
	}
	return nil
}

// confirm trains some choices, and returns the index of the best. Without a drop it is the
// one that loses least, of those that did so as measured. With a drop, training begins with
// the choice at an index, and each choice after it halves the gap between the smallest that
// keeps the drop and the greatest that does not. Where no trained one does, the index stays;
// below 0 it is none.
func (s *seeker) confirm(ctx context.Context, all []candidate, refused map[int]bool, at int) (int, error) {
	if s.drop < 0 {
		return s.confirmLeast(ctx, all, refused, at)
	}
	bad, good := -1, len(all)
	next := at
	if at < 0 {
		next = len(all) - 1
	}
	for ; good-bad > 1; next = (bad + good) / 2 {
		if s.qat.trained == s.qat.count && all[next].Trained == nil {
			break
		}
		if err := s.train(ctx, &all[next]); err != nil {
			return 0, err
		}
		t := all[next].Trained
		if !refused[next] && s.keeps(t.Costs) && s.lost(&t.Measure) <= s.drop {
			good = next
		} else {
			bad = next
		}
	}
	if good < len(all) {
		return good, nil
	}
	return at, nil
}

func (s *seeker) confirmLeast(ctx context.Context, all []candidate, refused map[int]bool, at int) (int, error) {
	var order []int
	for i := range all {
		if all[i].Measured != nil && !refused[i] && s.keeps(all[i].Costs) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(all[a].Measured.Loss, all[b].Measured.Loss) })
	least := math.Inf(1)
	for _, i := range order[:min(s.qat.count, len(order))] {
		if err := s.train(ctx, &all[i]); err != nil {
			return 0, err
		}
		if t := all[i].Trained; s.keeps(t.Costs) && t.Loss < least {
			at, least = i, t.Loss
		}
	}
	return at, nil
}

// confirmUniform trains uniform bits as well, so that what is chosen is compared with what was
// trained as long: as many as choices at most, those that are nearest to it in the first cost.
func (s *seeker) confirmUniform(ctx context.Context, r *found) error {
	order := make([]*candidate, len(r.Uniform))
	for i := range r.Uniform {
		order[i] = &r.Uniform[i]
	}
	away := func(c *candidate) int64 { return max(c.Costs[0]-r.Chosen.Costs[0], r.Chosen.Costs[0]-c.Costs[0]) }
	slices.SortStableFunc(order, func(a, b *candidate) int { return cmp.Compare(away(a), away(b)) })
	for _, c := range order[:min(s.qat.count, len(order))] {
		if err := s.train(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// train measures a candidate, and trains it on the images that are not measured. The run
// has a folder of its own, so that one that was interrupted goes on, and one that has
// finished is only measured.
func (s *seeker) train(ctx context.Context, c *candidate) error {
	if c.Trained != nil {
		return nil
	}
	if err := s.measure(ctx, c); err != nil {
		return err
	}
	chosen := s.qat.settings.Choose(s.study.Model(), s.layers(c.point))
	t, err := s.qat.prepare(chosen)
	if err != nil {
		return err
	}
	t = t.HoldOut(s.study.Images)
	data := *t.Data
	data.Test = s.study.Held() // the run evaluates it, and the test split judges what ships
	t.Data = &data
	t.QAT.Epochs, t.QAT.Patience = s.qat.epochs, 0
	t.Milestones, t.RuleMilestones = train.Milestones{}, nil // the configuration's belong to its own epochs
	t.Out = filepath.Join(s.qat.folder, t.Digest()[:16])
	t.Resume = train.HasCheckpoint(t.Out)
	if t.Log != nil {
		t.Log = t.Log.With("run", t.Out)
	}
	result, err := train.Run(ctx, t)
	if errors.Is(err, context.Cause(ctx)) && ctx.Err() != nil {
		return fmt.Errorf("%w; the same command goes on", err)
	}
	if err != nil {
		return err
	}
	s.qat.trained++
	o, err := s.outcome(ctx, result.Model)
	c.Trained = &o
	return err
}

// repair quantizes with a choice, as petrify quantize does.
func (s *seeker) repair(ctx context.Context, chosen *config.Config) (o outcome, err error) {
	t := s.study.Config
	again, err := chosen.Train(t.Data)
	if err != nil {
		return o, err
	}
	t.Quantization = again.Quantization
	model, err := train.Calibrated(ctx, t, nil)
	if err != nil {
		return o, err
	}
	return s.outcome(ctx, model)
}

// outcome measures a network.
func (s *seeker) outcome(ctx context.Context, m *quantized.Model) (o outcome, err error) {
	if o.Measure, err = s.study.Measure(ctx, m); err != nil {
		return o, err
	}
	o.Costs, err = s.costs(m)
	return o, err
}
