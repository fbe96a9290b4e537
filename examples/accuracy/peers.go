package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"

	"petrify/internal/sweep"
)

// counterparts are PyTorch's methods, and petrify's that do the same.
var counterparts = [][2]string{{"PTQ", "nearest"}, {"min-max", "min-max"}, {"LSQ", "LSQ"}}

// notPyTorch are the choices of bits that PyTorch does not have.
var notPyTorch = []string{"ternary", "binary"}

// peers is the table of PyTorch's trials, next to petrify's of the same seeds.
type peers struct {
	Methods []string // the columns: PyTorch's, and petrify's less it, in turn
	Rows    []peerRow
	Cost    []string // processor seconds of a trial, for each method: PyTorch's and petrify's
}

type peerRow struct {
	Bits, Seeds string
	Cells       []string
}

// newPeers reads what torch_column.py wrote, and compares it with petrify's trials. Without
// a file there is no table.
func newPeers(file string, bits []string, own []sweep.Ending) (*peers, error) {
	lines, err := sweep.ReadEndings(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	pairs, err := pair(lines, own)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	p := &peers{}
	for _, c := range counterparts {
		p.Methods = append(p.Methods, c[0], "petrify's "+c[1]+", less it")
	}
	for _, b := range bits {
		if slices.Contains(notPyTorch, b) {
			continue
		}
		row := peerRow{Bits: b}
		var seeds []int
		for _, c := range counterparts {
			accuracies, differences := compared(pairs[[2]string{b, c[0]}])
			seeds = append(seeds, accuracies.N)
			row.Cells = append(row.Cells, percent(accuracies), points(differences))
		}
		row.Seeds = span(seeds)
		p.Rows = append(p.Rows, row)
	}
	p.cost(pairs)
	return p, nil
}

// trialPair is a trial of PyTorch's and petrify's of the same seed, bits and method, or nil.
type trialPair struct {
	theirs sweep.Ending
	own    *sweep.Ending
}

// pair finds the trials of each choice of bits and PyTorch's method.
func pair(lines, own []sweep.Ending) (map[[2]string][]trialPair, error) {
	pairs := map[[2]string][]trialPair{}
	for _, l := range lines {
		var seed int
		var bits string
		before, method, _ := strings.Cut(l.Trial, " method=PyTorch ")
		at := slices.IndexFunc(counterparts, func(c [2]string) bool { return c[0] == method })
		if n, _ := fmt.Sscanf(before, "seed=%d bits=%s", &seed, &bits); n < 2 || at < 0 {
			return nil, fmt.Errorf("no trial of PyTorch's is %q", l.Trial)
		}
		t := trialPair{theirs: l}
		name := before + " method=" + counterparts[at][1]
		if i := slices.IndexFunc(own, func(o sweep.Ending) bool { return o.Trial == name }); i >= 0 {
			t.own = &own[i]
			// float32 sums in another order may tip a few of the 10,000 images
			if a, b := l.Float.Accuracy, t.own.Float.Accuracy; math.Abs(a-b) > 0.0005 {
				return nil, fmt.Errorf("%s begins with %.2f %% in float, and petrify's with %.2f %%, which is another "+
					"network: delete the line, and run torch_column.py again", l.Trial, 100*a, 100*b)
			}
		}
		key := [2]string{bits, method}
		pairs[key] = append(pairs[key], t)
	}
	return pairs, nil
}

// compared is the accuracy of PyTorch's trials, and by how much petrify's is greater, seed by
// seed.
func compared(trials []trialPair) (accuracies, differences sweep.Estimate) {
	var theirs, more []float64
	for _, t := range trials {
		theirs = append(theirs, t.theirs.QAT.Accuracy)
		if t.own != nil {
			more = append(more, t.own.QAT.Accuracy-t.theirs.QAT.Accuracy)
		}
	}
	return sweep.NewEstimate(theirs), sweep.NewEstimate(more)
}

// cost is the mean of all choices of bits.
func (p *peers) cost(pairs map[[2]string][]trialPair) {
	for _, c := range counterparts {
		var theirs, own []float64
		for _, b := range p.Rows {
			for _, t := range pairs[[2]string{b.Bits, c[0]}] {
				if t.own != nil {
					theirs, own = append(theirs, t.theirs.Processor), append(own, t.own.Processor)
				}
			}
		}
		if len(own) > 0 {
			p.Cost = append(p.Cost, fmt.Sprintf("%s %.0f and %.0f", c[0], sweep.NewEstimate(theirs).Mean,
				sweep.NewEstimate(own).Mean))
		}
	}
}

// points is such as "+0.36 ± 0.20", of a mean of differences.
func points(e sweep.Estimate) string {
	text := percent(e)
	if e.N > 0 && e.Mean >= 0 {
		return "+" + text
	}
	return strings.Replace(text, "-", "−", 1)
}

// span is such as "1–3": the least and the greatest of numbers.
func span(n []int) string {
	if least, most := slices.Min(n), slices.Max(n); least < most {
		return fmt.Sprintf("%d–%d", least, most)
	}
	return fmt.Sprint(n[0])
}
