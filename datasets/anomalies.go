package datasets

import (
	"fmt"
	"slices"
)

// usualNormal is the class of normal samples, if [Options.Normal] names none.
const usualNormal = "normal"

// wantsAnomalies reports whether samples are to be told apart from normal ones.
func (o Options) wantsAnomalies() bool { return o.Target == AnomalyTargets || len(o.Normal) > 0 }

// forAnomalies reads classes, of which some will be normal.
func (o Options) forAnomalies() Options {
	if o.wantsAnomalies() {
		o.Target = ClassTarget
	}
	return o
}

// anomalies replaces classes by whether they are normal: what is trained on, and stopped by,
// is, and what is tested with has both. The channels are measured on normal samples alone.
func (s *Set) anomalies(opts Options, like bool) (*Set, error) {
	if !opts.wantsAnomalies() || s.Target == AnyTarget && like {
		return s, nil
	}
	normal := opts.Normal
	if normal == nil {
		normal = []string{usualNormal}
	}
	if s.Target != ClassTarget {
		return nil, fmt.Errorf("datasets: %s: no classes, want some that are normal and others that are not", s.Name)
	}
	for _, name := range normal {
		if !slices.Contains(s.Classes, name) && !like {
			return nil, fmt.Errorf("datasets: %s: no class %q, have %s: data.normal says which are normal", s.Name, name,
				listed(s.Classes))
		}
	}
	odd := make([]float32, len(s.Classes)) // 1: the class is not normal
	for i, name := range s.Classes {
		if !slices.Contains(normal, name) {
			odd[i] = 1
		}
	}
	as := *s
	as.Target, as.Targets, as.Classes = AnomalyTargets, []string{"anomalous"}, nil
	as.Train, as.Validation, as.Test = s.judgedNormal(s.Train, odd, !like), s.judgedNormal(s.Validation, odd, !like),
		s.judgedNormal(s.Test, odd, false)
	if !like {
		as.Mean, as.Std = nil, nil
		if n := s.Train.Len() - as.Train.Len(); n > 0 {
			as.Account.Division += fmt.Sprintf("; %d anomalous samples are not trained on", n)
		}
	}
	if n := as.anomalous(); !like && (n == 0 || n == as.Test.Len()) {
		return nil, fmt.Errorf("datasets: %s: %d of %d test samples are anomalous, want some and not all", s.Name, n,
			as.Test.Len())
	}
	return newSet(as, s.Name)
}

// judgedNormal is a split with a target for each sample, 1 for anomalies, or without those.
func (s *Set) judgedNormal(p *Split, odd []float32, without bool) *Split {
	if p == nil {
		return nil
	}
	anomalous, targets := make([]bool, p.Len()), make([]float32, p.places(s.size()))
	for i, label := range p.Labels {
		anomalous[i] = odd[label] > 0
		targets[p.row(i)] = odd[label]
	}
	as := *p
	as.Targets, as.Labels = targets, make([]int32, p.Len())
	if !without {
		return &as
	}
	rest, _ := as.Cut(anomalous)
	if p == s.Validation && rest.Len() == 0 {
		return nil
	}
	return rest
}

// anomalous says how many test samples are.
func (s *Set) anomalous() (n int) {
	for i := range s.Test.Len() {
		if s.TargetsOf(s.Test, i)[0] > 0 {
			n++
		}
	}
	return n
}
