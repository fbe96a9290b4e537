package sweep

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// sample is a dimension of points that are drawn from ranges:
//
//	sample:
//	  method: sobol        # or random
//	  trials: 32
//	  seed: 1
//	  ranges:
//	    float.learning_rate: {from: 0.0001, to: 0.01, scale: log}
//	    batch: {from: 16, to: 128, scale: log, whole: true}
type sample struct {
	method string
	trials int
	seed   uint64
	ranges []span
}

// span is the range of one key.
type span struct {
	key        string
	from, to   float64
	log, whole bool
}

func (s *source) sample(n *yaml.Node) []dim {
	drawn := sample{method: "sobol"}
	for key, value := range s.pairs(n, "sample") {
		switch key.Value {
		case "method":
			if drawn.method = value.Value; !slices.Contains([]string{"sobol", "random"}, value.Value) {
				s.fault(value, "sample: method: want sobol or random, got %q", value.Value)
			}
		case "trials":
			n, err := strconv.Atoi(value.Value)
			if drawn.trials = n; err != nil || n < 1 || n > maxTrials {
				s.fault(value, "sample: trials: want a number from 1 to %d, got %q", maxTrials, value.Value)
			}
		case "seed":
			n, err := strconv.ParseUint(value.Value, 10, 64)
			if drawn.seed = n; err != nil {
				s.fault(value, "sample: seed: want a whole number, got %q", value.Value)
			}
		case "ranges":
			for name, r := range s.pairs(value, "sample: ranges") {
				drawn.ranges = append(drawn.ranges, s.span(name.Value, r))
			}
		default:
			s.fault(key, "sample: unknown key %q: want method, trials, seed or ranges", key.Value)
		}
	}
	if drawn.trials == 0 || len(drawn.ranges) == 0 {
		s.fault(n, "sample: want trials, and ranges of one key or more")
	}
	if drawn.method == "sobol" && len(drawn.ranges) > sobolDimensions {
		s.fault(n, "sample: %d ranges: method sobol takes %d at most; use random", len(drawn.ranges), sobolDimensions)
	}
	if len(s.faults) > 0 {
		return nil
	}
	return []dim{drawn.dim()}
}

func (s *source) span(key string, n *yaml.Node) span {
	r := span{key: key, from: math.NaN(), to: math.NaN()}
	for name, value := range s.pairs(n, "sample: ranges: "+key) {
		switch name.Value {
		case "from", "to":
			v, err := strconv.ParseFloat(value.Value, 64)
			if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
				s.fault(value, "sample: ranges: %s: %s: want a number, got %q", key, name.Value, value.Value)
			}
			if name.Value == "from" {
				r.from = v
			} else {
				r.to = v
			}
		case "scale":
			if r.log = value.Value == "log"; !r.log && value.Value != "linear" {
				s.fault(value, "sample: ranges: %s: scale: want linear or log, got %q", key, value.Value)
			}
		case "whole":
			if r.whole = value.Value == "true"; !r.whole && value.Value != "false" {
				s.fault(value, "sample: ranges: %s: whole: want true or false, got %q", key, value.Value)
			}
		default:
			s.fault(name, "sample: ranges: %s: unknown key %q: want from, to, scale or whole", key, name.Value)
		}
	}
	if !(r.from < r.to) || r.log && r.from <= 0 {
		s.fault(n, "sample: ranges: %s: want from less than to, and for scale log from more than 0", key)
	}
	return r
}

// dim draws the points. Point i does not depend on how many there are.
func (d sample) dim() dim {
	drawn := dim{}
	for _, r := range d.ranges {
		drawn.axes = append(drawn.axes, r.key)
	}
	shift := make([]float64, len(d.ranges)) // Cranley and Patterson 1976
	rng := rand.New(rand.NewPCG(d.seed, 0))
	for i := range shift {
		shift[i] = rng.Float64()
	}
	for i := range d.trials {
		p := point{changes: mapping()}
		for j, r := range d.ranges {
			u := rng.Float64()
			if d.method == "sobol" {
				_, u = math.Modf(sobol(j, uint32(i)) + shift[j])
			}
			value := r.at(u)
			p.labels = append(p.labels, value.Value)
			p.changes = merge(p.changes, at(r.key, value))
		}
		drawn.points = append(drawn.points, p)
	}
	return drawn
}

// at is the value at u, 0 to 1, with three significant digits, so that a table has room
// for it.
func (r span) at(u float64) *yaml.Node {
	from, to := r.from, r.to
	if r.whole {
		to = math.Nextafter(to+1, math.Inf(-1)) // each number as likely as the next
	}
	v := from + u*(to-from)
	if r.log {
		v = from * math.Pow(to/from, u)
	}
	if r.whole {
		return scalar("!!int", strconv.FormatFloat(math.Floor(v), 'f', 0, 64))
	}
	text := strconv.FormatFloat(v, 'g', 3, 64)
	rounded, _ := strconv.ParseFloat(text, 64)
	return scalar("!!float", strconv.FormatFloat(min(max(rounded, r.from), r.to), 'g', -1, 64))
}
