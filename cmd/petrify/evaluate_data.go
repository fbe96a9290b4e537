package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"petrify/datasets"
	"petrify/internal/config"
)

// openLabelled opens data to evaluate a model with; "" are those of its run.
func (c *command) openLabelled(ctx context.Context, p *predictor, folder, path string) (*datasets.Set, error) {
	options, own := p.input.Options, ""
	if saved := savedConfig(folder); saved != "" {
		settings, err := config.Load(saved)
		if err != nil {
			return nil, faultOfFile(err, false)
		}
		own = settings.Dataset
	}
	switch {
	case path == "" && own == "":
		return nil, usage(fmt.Errorf("%s is not in the folder of a run: say which data to evaluate with", folder))
	case path == "":
		path = own
	case published(path) && path != own:
		options = datasets.Options{}
	case !samePath(path, own):
		options.Test, options.TestFraction, options.Seed = "", 0, 0
	}
	set, err := c.open(ctx, path, options)
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
	if is, was := set.Account.Table, p.input.Table; is != nil && was != nil && !slices.Equal(is.Columns, was.Columns) {
		return nil, fmt.Errorf("%s has the columns %q; the model was trained on %q, in this order", set.Name,
			is.Columns, was.Columns)
	}
	place := make([]int32, len(set.Classes))
	for i, name := range set.Classes {
		at := slices.Index(p.model.Classes, name)
		if at < 0 {
			return nil, fmt.Errorf("%s has a class %q, which the model does not know: it has %q", set.Name, name,
				p.model.Classes)
		}
		place[i] = int32(at)
	}
	as := *set
	as.Mean, as.Std, as.Classes = p.input.Mean, p.input.Std, p.model.Classes
	for _, split := range []**datasets.Split{&as.Train, &as.Validation, &as.Test} {
		if *split == nil {
			continue
		}
		renamed := **split
		renamed.Labels = make([]int32, len(renamed.Labels))
		for i, label := range (*split).Labels {
			renamed.Labels[i] = place[label]
		}
		*split = &renamed
	}
	return &as, nil
}

// splitsOf are the splits that a name on the command line means.
func splitsOf(set *datasets.Set, name string) ([]*datasets.Split, error) {
	all := []*datasets.Split{set.Train, set.Validation, set.Test}
	switch name {
	case "train":
		all = all[:1]
	case "validation":
		all = all[1:2]
	case "test":
		all = all[2:]
	case "all":
	default:
		return nil, usage(fmt.Errorf("--split %s: want train, validation, test or all", name))
	}
	all = slices.DeleteFunc(slices.Clone(all), func(s *datasets.Split) bool { return s == nil })
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no %s split", set.Name, name)
	}
	return all, nil
}
