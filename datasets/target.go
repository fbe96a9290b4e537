package datasets

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Target says what the samples of a set are matched with.
type Target uint8

// What that can be. Options ask for it; AnyTarget leaves it to the look of the data,
// and in a [Set] means nothing: its samples have neither classes nor targets.
const (
	AnyTarget      Target = iota
	ClassTarget           // one of [Set.Classes]
	NumberTargets         // real numbers, one for each of [Set.Targets]
	LabelTargets          // 0 or 1 for each of [Set.Targets]: a sample may have several labels
	PixelTargets          // one of [Set.Targets] for each pixel, or none
	AnomalyTargets        // 0 for a normal sample and 1 for another
)

var targetNames = [...]string{"any", "classes", "numbers", "labels", "masks", "anomalies"}

// String is its name in messages.
func (t Target) String() string { return targetNames[t] }

// TargetAccount describes a target in the training split.
type TargetAccount struct {
	Name     string  `json:"name"`
	Least    float64 `json:"least"`
	Greatest float64 `json:"greatest"`
	Mean     float64 `json:"mean"`
	Std      float64 `json:"std"`
}

// Outputs is how many numbers a network for the set computes of a sample: one for each
// class or target, of masks for each class at each pixel; 0 where there are none.
func (s *Set) Outputs() int {
	if s.Target == PixelTargets {
		return len(s.Targets) * s.area()
	}
	return max(len(s.Classes), len(s.Targets))
}

// TargetsOf are the numbers or labels of sample i.
func (s *Set) TargetsOf(p *Split, i int) []float32 {
	return p.targetsAt(i, len(s.Targets))
}

// targetsAt are the targets of sample i, given how many it has.
func (s *Split) targetsAt(i, n int) []float32 {
	if n == 0 {
		return nil
	}
	return s.Targets[s.row(i)*n:][:n]
}

// completeTarget fills in what is matched where only names say it.
func (s *Set) completeTarget() {
	switch {
	case s.Target != AnyTarget:
	case len(s.Targets) > 0:
		s.Target = NumberTargets
	case len(s.Classes) > 0:
		s.Target = ClassTarget
	}
}

// checkTargets checks the names of classes and targets against what is matched.
func (s *Set) checkTargets() error {
	numbers := s.Target == NumberTargets || s.Target == LabelTargets || s.Target == PixelTargets ||
		s.Target == AnomalyTargets
	if len(s.Targets) > 0 && len(s.Classes) > 0 {
		return errors.New("both classes and targets, want one of them")
	}
	if numbers != (len(s.Targets) > 0) {
		return fmt.Errorf("%d names of targets, and the samples have %v", len(s.Targets), s.Target)
	}
	return nil
}

// checkTargetsOf checks the targets of a split.
func (s *Set) checkTargetsOf(p *Split) error {
	if s.Target == PixelTargets {
		return s.checkMasksOf(p)
	}
	t := len(s.Targets)
	if want := p.places(s.size()) * t; len(p.Targets) != want {
		return fmt.Errorf("%d targets, want %d for each sample, %d in all", len(p.Targets), t, want)
	}
	for i, v := range p.Targets {
		if v-v != 0 {
			return fmt.Errorf("sample %d of the data, from 0: target %s is %v, want a finite number", i/t, s.Targets[i%t],
				v)
		}
		if (s.Target == LabelTargets || s.Target == AnomalyTargets) && v != 0 && v != 1 {
			return fmt.Errorf("sample %d of the data, from 0: label %s is %v, want 0 or 1", i/t, s.Targets[i%t], v)
		}
	}
	return nil
}

// places is how many samples the arrays of a split hold.
func (s *Split) places(size int) int { return (len(s.Images) + len(s.Values)) / size }

// targetAccounts describes the targets of the training split.
func (s *Set) targetAccounts() (all []TargetAccount) {
	if s.Target == PixelTargets || s.Target == AnomalyTargets {
		return nil
	}
	for k, name := range s.Targets {
		a := TargetAccount{Name: name, Least: math.Inf(1), Greatest: math.Inf(-1)}
		n := float64(s.Train.Len())
		for i := range s.Train.Len() {
			v := float64(s.TargetsOf(s.Train, i)[k])
			a.Least, a.Greatest, a.Mean = min(a.Least, v), max(a.Greatest, v), a.Mean+v/n
		}
		for i := range s.Train.Len() {
			d := float64(s.TargetsOf(s.Train, i)[k]) - a.Mean
			a.Std += d * d / n
		}
		a.Std = math.Sqrt(a.Std)
		all = append(all, a)
	}
	return all
}

// warnOfTargets warns of targets that cannot be learned.
func (a *Account) warnOfTargets() {
	for _, t := range a.Targets {
		if t.Least == t.Greatest {
			a.warn("the target %s is always %.6g in training", t.Name, t.Least)
		}
		a.warnOfStep("the target "+t.Name, t.Least, t.Greatest)
	}
}

// String returns text such as "price, 1200 to 98000, mean 31402, deviation 1.2e+04".
func (t TargetAccount) String() string {
	return fmt.Sprintf("%s, %.6g to %.6g, mean %.6g, deviation %.4g", t.Name, t.Least, t.Greatest, t.Mean, t.Std)
}

// targets lists the account's targets.
func (a Account) targets() string {
	var all []string
	for _, t := range a.Targets {
		if a.Target == LabelTargets.String() {
			all = append(all, fmt.Sprintf("%s (%.4g %%)", t.Name, 100*t.Mean))
		} else {
			all = append(all, t.String())
		}
	}
	if a.Target == LabelTargets.String() {
		return fmt.Sprintf("%d labels, of which a sample may have several: %s", len(all), listed(all))
	}
	if len(all) == 1 {
		return "a number to predict: " + all[0]
	}
	return fmt.Sprintf("%d numbers to predict: %s", len(all), listed(all))
}

// marked reports whether all numbers are 0 or 1.
func marked(x []float32) bool {
	return !slices.ContainsFunc(x, func(v float32) bool { return v != 0 && v != 1 })
}
