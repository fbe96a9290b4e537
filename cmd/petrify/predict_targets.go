package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"petrify/train"
)

// targetNumber is a predicted number, in its own units.
type targetNumber struct {
	Target string  `json:"target"`
	Value  float32 `json:"value"`
}

// labelProbability says how probable it is that an input has a label.
type labelProbability struct {
	Label       string  `json:"label"`
	Probability float64 `json:"probability"`
}

// mostTargets is how many targets have a column each where predictions are printed.
const mostTargets = 8

// targetHeading names the columns of a model of numbers or labels; "" of another, or if there are
// too many.
func (p *predictor) targetHeading() string {
	task := taskOf(p.model)
	if task != train.Regression && task != train.Labels || len(p.model.Targets) > mostTargets {
		return ""
	}
	return strings.Join(p.model.Targets, "\t")
}

// target adds what the outputs y say of each number or label.
func (s *prediction) target(task train.Task, names []string, y []float32) {
	for k, name := range names {
		switch task {
		case train.Regression:
			s.Targets = append(s.Targets, targetNumber{name, y[k]})
		case train.Labels:
			s.Labels = append(s.Labels, labelProbability{name, 1 / (1 + math.Exp(-float64(y[k])))})
		}
	}
}

// columns are the numbers, or the labels' probabilities, with tabs between them; "" where there
// are none, or too many.
func (s prediction) columns() string {
	var all []string
	for _, n := range s.Targets {
		all = append(all, strconv.FormatFloat(float64(n.Value), 'g', 6, 32))
	}
	for _, l := range s.Labels {
		all = append(all, fmt.Sprintf("%.4f", l.Probability))
	}
	if len(all) > mostTargets {
		return ""
	}
	return strings.Join(all, "\t")
}
