package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"petrify/datasets"
)

// openLabelled opens data to evaluate a model with; "" are those of its run.
func (c *command) openLabelled(ctx context.Context, p *predictor, path string) (set *datasets.Set, err error) {
	switch {
	case path != "" && (p.data == "" || !samePath(path, p.data)):
		like := p.input
		done := c.watch(&like.Options)
		set, err = datasets.OpenLike(ctx, path, like)
		err = done(err)
	case p.data != "":
		set, err = c.open(ctx, p.data, p.run.Data)
	case p.run != nil:
		err = usage(fmt.Errorf("the data of %s have moved: say where they are", p.folder))
	default:
		err = usage(fmt.Errorf("%s is not in a run folder: name the data to evaluate on", p.folder))
	}
	if err != nil {
		return nil, err
	}
	return p.labelled(set)
}

func samePath(a, b string) bool {
	x, err := filepath.Abs(a)
	y, err2 := filepath.Abs(b)
	return a == b || errors.Join(err, err2) == nil && x == y
}

// labelled is a set as the model wants it: normalised as in training, with the
// labels of the model's classes.
func (p *predictor) labelled(set *datasets.Set) (*datasets.Set, error) {
	if set.Shape != p.input.Shape || set.PixelScale != p.input.PixelScale {
		is := datasets.Contract{Shape: set.Shape, PixelScale: set.PixelScale}
		return nil, fmt.Errorf("%s has %v; the model wants %v", set.Name, is, p.input)
	}
	place := make([]int32, len(set.Classes))
	for i, name := range set.Classes {
		at := slices.Index(p.model.Classes, name)
		if at < 0 {
			return nil, fmt.Errorf("%s has a class %q, which the model does not know; its classes are %q", set.Name,
				name, p.model.Classes)
		}
		place[i] = int32(at)
	}
	as := *set
	as.Mean, as.Std, as.Classes = p.input.Mean, p.input.Std, p.model.Classes
	renamed := func(split *datasets.Split) *datasets.Split {
		if split == nil {
			return nil
		}
		as := *split
		as.Labels = make([]int32, split.Len())
		for i, label := range split.Labels {
			as.Labels[i] = place[label]
		}
		return &as
	}
	as.Train, as.Validation, as.Test = renamed(set.Train), renamed(set.Validation), renamed(set.Test)
	if set.Train == set.Test {
		as.Train = as.Test
	}
	return &as, nil
}

// splitsOf are the splits that a name on the command line means, and what to call
// them; "" is the test split, or all data that are not divided.
func splitsOf(set *datasets.Set, name string) ([]*datasets.Split, string, error) {
	all := []*datasets.Split{set.Train, set.Validation, set.Test}
	whole := set.Train == set.Test
	switch {
	case whole && (name == "" || name == "all"):
		return all[:1], "all", nil
	case whole:
		return nil, "", usage(fmt.Errorf("--split %s: %s is not divided", name, set.Name))
	case name == "train":
		all = all[:1]
	case name == "validation":
		all = all[1:2]
	case name == "test" || name == "":
		all, name = all[2:], "test"
	case name != "all":
		return nil, "", usage(fmt.Errorf("--split %s: want train, validation, test or all", name))
	}
	all = slices.DeleteFunc(slices.Clone(all), func(s *datasets.Split) bool { return s == nil })
	if len(all) == 0 {
		return nil, "", fmt.Errorf("%s has no %s split", set.Name, name)
	}
	return all, name, nil
}
