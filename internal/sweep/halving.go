package sweep

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"petrify/internal/config"
	"petrify/train"
)

// Halving is successive halving (Jamieson and Talwalkar, "Non-stochastic Best Arm
// Identification and Hyperparameter Optimization", AISTATS 2016): at each rung the trials
// wait for each other, and only those of the best variants go on.
//
//	halving:
//	  epochs: [1, 3]   # the rungs: after these epochs of a stage
//	  keep: 0.5        # the share of the variants that goes on
//	  stage: qat       # or float
//
// A variant is the choice of all axes but the seed. What counts is the mean over its seeds
// on the images that are held out. Which trials end early is a function of the plan and of
// what the trials have measured: no process decides it, every process can work it out.
type Halving struct {
	Stage  train.Phase
	Epochs []int
	keep   float64
}

func (s *source) halving(n *yaml.Node) *Halving {
	h := &Halving{Stage: train.QAT}
	for key, value := range s.pairs(n, "halving") {
		switch key.Value {
		case "stage":
			if err := h.Stage.UnmarshalText([]byte(value.Value)); err != nil || h.Stage == train.PTQ {
				s.fault(value, "halving: stage: want float or qat, got %q", value.Value)
			}
		case "keep":
			v, err := strconv.ParseFloat(value.Value, 64)
			if h.keep = v; err != nil || !(v > 0 && v < 1) {
				s.fault(value, "halving: keep: want a share between 0 and 1, got %q", value.Value)
			}
		case "epochs":
			for _, item := range s.list(value, "halving: epochs") {
				v, err := strconv.Atoi(resolve(item).Value)
				if err != nil || v < 1 || len(h.Epochs) > 0 && v <= h.Epochs[len(h.Epochs)-1] {
					s.fault(item, "halving: epochs: want ascending numbers from 1, got %q", resolve(item).Value)
				}
				h.Epochs = append(h.Epochs, v)
			}
		default:
			s.fault(key, "halving: unknown key %q: want epochs, keep or stage", key.Value)
		}
	}
	if len(s.faults) == 0 && (h.keep == 0 || len(h.Epochs) == 0) {
		s.fault(n, "halving: want epochs, and keep")
	}
	return h
}

// check says what keeps a trial's configuration from taking part.
func (h *Halving) check(c *config.Config) (faults config.Faults) {
	stage := c.QAT
	if h.Stage == train.Float {
		stage = c.Float
	}
	if last := h.Epochs[len(h.Epochs)-1]; stage.Epochs <= last {
		faults = append(faults, config.Fault{Key: fmt.Sprintf("%v.epochs", h.Stage),
			Text: fmt.Sprintf("want more than %d, the last rung of halving", last)})
	}
	if stage.Patience > 0 {
		faults = append(faults, config.Fault{Key: fmt.Sprintf("%v.patience", h.Stage),
			Text: "want null: halving ends trials"})
	}
	if c.Validation == 0 {
		faults = append(faults, config.Fault{Key: "validation",
			Text: "want a share of the images that is held out: halving compares trials by it"})
	}
	return faults
}

// Rung is a place where trials wait for each other.
func (h *Halving) Rung(r int) string { return fmt.Sprintf("%v epoch %d", h.Stage, h.Epochs[r]) }

// reached are what a trial has measured at the rungs that it has reached.
func (h *Halving) reached(folder string) (values []train.Metrics, err error) {
	text, err := os.ReadFile(filepath.Join(folder, "metrics.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var r train.Record
		if json.Unmarshal(lines.Bytes(), &r) != nil { // a crash cut it off
			break
		}
		if r.Stage == h.Stage && len(values) < len(h.Epochs) && r.Epoch == h.Epochs[len(values)] {
			values = append(values, r.Validation)
		}
	}
	return values, nil
}

// contest is the trials of a sweep on their way up the rungs.
type contest struct {
	*Halving
	variants []string // by trial
	values   [][]train.Metrics
	refused  []bool // trials that cannot be run: they count as worst

	passed  []int // by trial: the rungs that it may pass
	stopped []int // by trial: the rung at which it was stopped, or −1
}

// decide works out which trials pass which rungs. A rung is decided when all trials that
// are left have reached it.
func (c *contest) decide() {
	c.passed, c.stopped = make([]int, len(c.variants)), slices.Repeat([]int{-1}, len(c.variants))
	trials, order := map[string][]int{}, []string{}
	for i, v := range c.variants {
		if trials[v] == nil {
			order = append(order, v)
		}
		trials[v] = append(trials[v], i)
	}
	for rung := range c.Epochs {
		scores := map[string]float64{}
		for _, v := range order {
			for _, i := range trials[v] {
				if len(c.values[i]) <= rung && !c.refused[i] {
					return
				}
			}
			scores[v] = c.score(trials[v], rung)
		}
		slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(scores[b], scores[a]) })
		keep := max(1, int(math.Ceil(c.keep*float64(len(order))-1e-9)))
		for place, v := range order {
			for _, i := range trials[v] {
				if place < keep {
					c.passed[i]++
				} else {
					c.stopped[i] = rung
				}
			}
		}
		order = order[:keep]
		slices.SortFunc(order, func(a, b string) int { return cmp.Compare(trials[a][0], trials[b][0]) })
	}
}

// judge adds to what is known of a trial what the others decide.
func (c *contest) judge(index int, p *Progress) {
	p.Passed = c.passed[index]
	if p.State == Finished || p.State == Running {
		return
	}
	switch reached := len(c.values[index]); {
	case c.stopped[index] >= 0:
		p.State, p.Rung = Halved, c.stopped[index]
	case reached > p.Passed && p.State == Interrupted:
		p.State, p.Rung = Waiting, p.Passed
	}
}

// score is the mean of a variant's trials at a rung, the more the better: what says most of
// their task, negative if less is better.
func (c *contest) score(trials []int, rung int) float64 {
	sum := 0.0
	for _, i := range trials {
		if len(c.values[i]) <= rung {
			return math.Inf(-1)
		}
		v := c.values[i][rung]
		if m := v.Measured()[0]; m.Lower {
			sum -= m.Of(v)
		} else {
			sum += m.Of(v)
		}
	}
	if mean := sum / float64(len(trials)); !math.IsNaN(mean) {
		return mean
	}
	return math.Inf(-1)
}

// variant names the choices of all axes but the seed.
func (p *Plan) variant(index int) string {
	var parts []string
	for axis, value := range p.Trial(index).Values {
		if p.Axes[axis] != "seed" {
			parts = append(parts, value)
		}
	}
	return strings.Join(parts, "\x00")
}

// contest reads what all trials have measured, and decides.
func (s *Sweep) contest(all []Progress) (*contest, error) {
	c := &contest{Halving: s.Halving, refused: make([]bool, s.Len())}
	for index := range s.Len() {
		values, err := s.Halving.reached(s.TrialFolder(index))
		if err != nil {
			return nil, fmt.Errorf("trial %d: %w", index, err)
		}
		c.variants, c.values = append(c.variants, s.variant(index)), append(c.values, values)
		c.refused[index] = all[index].State == Failed && all[index].Last.Outcome == Refused
	}
	c.decide()
	return c, nil
}
