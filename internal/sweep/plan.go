package sweep

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"go.yaml.in/yaml/v4"

	"petrify/internal/config"
)

// Plan is every trial of a sweep.
type Plan struct {
	Axes    []string // in the order of the file
	Halving *Halving // nil: all trials run to their end
	spec    *Spec
	folder  string // that relative paths of the configurations are relative to
	kept    []int  // the trials' numbers in the product
	shared  *sharing
}

// Trial is one run of a sweep.
type Trial struct {
	Index  int
	Values []string // its labels, one for each axis
}

// newPlan lists the trials.
func newPlan(spec *Spec, folder string) (*Plan, error) {
	p := &Plan{spec: spec, folder: folder, Halving: spec.halving}
	total := 1
	for _, d := range spec.dims {
		p.Axes = append(p.Axes, d.axes...)
		total *= len(d.points)
	}
	for n := range total {
		if !p.excluded(p.labels(n)) {
			p.kept = append(p.kept, n)
		}
	}
	if len(p.kept) == 0 {
		return nil, errors.New("sweep: every trial is excluded")
	}
	p.shared = p.share()
	return p, nil
}

// Len is the number of trials.
func (p *Plan) Len() int { return len(p.kept) }

// Trial is the trial of an index, from 0.
func (p *Plan) Trial(index int) Trial { return Trial{index, p.labels(p.kept[index])} }

// points are the choices of number n of the product, whose last dimension varies fastest.
func (p *Plan) points(n int) []point {
	chosen := make([]point, len(p.spec.dims))
	for i := len(chosen) - 1; i >= 0; i-- {
		of := p.spec.dims[i].points
		chosen[i] = of[n%len(of)]
		n /= len(of)
	}
	return chosen
}

func (p *Plan) labels(n int) (values []string) {
	for _, c := range p.points(n) {
		values = append(values, c.labels...)
	}
	return values
}

// excluded reports whether all labels of an exclusion are among a trial's.
func (p *Plan) excluded(values []string) bool {
	for _, e := range p.spec.exclude {
		met := 0
		for i, axis := range p.Axes {
			if want, ok := e[axis]; ok && want == values[i] {
				met++
			}
		}
		if met == len(e) {
			return true
		}
	}
	return false
}

// document is a trial's configuration, its paths absolute.
func (p *Plan) document(index int) *yaml.Node {
	document := p.spec.base
	for _, c := range p.points(p.kept[index]) {
		document = merge(document, c.changes)
	}
	return config.Anchored(document, p.folder)
}

// Config is a trial's configuration as YAML.
func (p *Plan) Config(index int) []byte { return encode(p.document(index)) }

// encode writes a block of keys, one on a line. It writes a copy, because writing changes
// the tags of nodes.
func encode(n *yaml.Node) []byte {
	left := math.MaxInt
	block, err := expand(n, &left)
	if err == nil {
		block.Style = 0
		var text []byte
		if text, err = yaml.Dump(block, yaml.WithIndent(2), yaml.WithLineWidth(-1)); err == nil {
			return text
		}
	}
	panic(err) // of nodes that were read
}

// Name is such as "bits=W4A4 seed=2".
func (p *Plan) Name(t Trial) string {
	parts := make([]string, len(t.Values))
	for i, v := range t.Values {
		parts[i] = p.Axes[i] + "=" + v
	}
	return strings.Join(parts, " ")
}

// Checked is how many trials' configurations [Plan.Check] reads. Where there are more, it
// reads one with each choice of each dimension.
const checked = 500

// Check reads the trials' configurations and returns everything that is wrong with them.
func (p *Plan) Check() error {
	var faults []error
	said := map[string]bool{}
	for _, index := range p.sample() {
		t := p.Trial(index)
		c, err := config.Parse(fmt.Sprintf("trial %d", index), p.Config(index))
		var wrong config.Faults
		if err == nil && p.Halving != nil {
			if wrong = p.Halving.check(c); len(wrong) > 0 {
				err = wrong
			}
		}
		switch {
		case errors.As(err, &wrong):
			for _, f := range wrong {
				if line := f.Key + ": " + f.Text; !said[line] {
					said[line] = true
					faults = append(faults, fmt.Errorf("trial %d (%s): %s", index, p.Name(t), line))
				}
			}
		case err != nil:
			return err
		}
	}
	return errors.Join(faults...)
}

// sample are the indices of the trials that Check reads.
func (p *Plan) sample() (indices []int) {
	seen := map[[2]any]bool{}
	for index := range p.kept {
		fresh := len(p.kept) <= checked
		for i, label := range p.Trial(index).Values {
			choice := [2]any{i, label}
			fresh, seen[choice] = fresh || !seen[choice], true
		}
		if fresh {
			indices = append(indices, index)
		}
	}
	return indices
}
