package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"petrify/datasets"
)

// openOwn opens the data that a model was trained on; nil if they are not there,
// or not the same any more.
func (c *command) openOwn(ctx context.Context, p *predictor) (*datasets.Set, error) {
	if p.data == "" {
		return nil, nil
	}
	set, err := c.open(ctx, p.data, p.run.Data)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err == nil && set.Checksum() == p.model.Origin.Data:
		return set, nil
	case err == nil:
		err = errors.New("another SHA-256")
	}
	fmt.Fprintf(c.stderr, "warning: the data of %s have changed since training: %v\n", p.folder, err)
	return nil, nil
}

// openLabelled opens data to evaluate a model with; "" are those of its run, which
// are own if they are the same still.
func (c *command) openLabelled(ctx context.Context, p *predictor, path string, own *datasets.Set) (*datasets.Set,
	error,
) {
	path = cmp.Or(path, p.data)
	switch {
	case path == "" && p.run != nil:
		return nil, usage(fmt.Errorf("the data of %s have moved: say where they are", p.folder))
	case path == "":
		return nil, usage(fmt.Errorf("%s is not in a run folder: name the data to evaluate on", p.folder))
	case own != nil && samePath(path, p.data):
		return p.labelled(own)
	}
	like := p.input
	done := c.watch(&like.Options)
	set, err := datasets.OpenLike(ctx, path, like)
	if err = done(err); err != nil {
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
	var place []int32 // by class of the set; nil where it has none
	if set.Classes != nil {
		place = make([]int32, len(set.Classes))
	}
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
			if place != nil {
				as.Labels[i] = place[label]
			}
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
