package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"petrify/internal/figure"
	"petrify/internal/sweep"
)

// networks are the plans of docs/accuracy.md, in its order.
var networks = []string{"cnn", "resnet8"}

//go:embed bits.md
var bitsPage string

// section is a network on the page.
type section struct {
	Network          string
	Plan             string // the file
	Finished, Trials int
	Float            string   // accuracy
	Methods          []string // the columns
	Rows             []*bitsRow
	Peer             *peers // PyTorch's trials; nil: none
	chart            figure.Chart
}

// bitsRow is a line of a section's tables.
type bitsRow struct {
	Bits, Size, Seeds string
	Accuracy, Cost    []string // by method
	cells             []sweep.Row
}

// writeBits writes docs/accuracy.md and its figures.
func writeBits(root string) error {
	files, err := bitsFiles(root)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, "docs", name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// bitsFiles are the page and the figures of the networks of which something has run.
func bitsFiles(root string) (map[string][]byte, error) {
	files := map[string][]byte{}
	var sections []*section
	for _, network := range networks {
		s, err := newSection(filepath.Join(root, "sweeps"), network)
		if err != nil {
			return nil, err
		}
		sections = append(sections, s)
		if len(s.chart.Lines) == 0 {
			continue
		}
		var svg bytes.Buffer
		if err := s.chart.SVG(&svg); err != nil {
			return nil, err
		}
		files[s.Figure()] = svg.Bytes()
	}
	mended, err := newRepairs(filepath.Join(root, "sweeps"))
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	t := template.Must(template.New("bits.md").Funcs(template.FuncMap{
		"cells": func(cells []string) string { return strings.Join(cells, " | ") },
		"list":  func(items []string) string { return strings.Join(items, ", ") },
	}).Parse(bitsPage))
	if err := t.Execute(&page, struct {
		Sections []*section
		Repairs  repairs
	}{sections, mended}); err != nil {
		return nil, err
	}
	files["accuracy.md"] = page.Bytes()
	return files, nil
}

// Figure is the name of the section's figure, "" if it has none.
func (s *section) Figure() string {
	if len(s.chart.Lines) == 0 {
		return ""
	}
	return "accuracy-" + s.Network + ".svg"
}

// newSection reads a plan and what is known of its trials.
func newSection(folder, network string) (*section, error) {
	file := filepath.Join(folder, network+".yaml")
	plan, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "accuracy-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	s, err := sweep.Create(file, scratch, filepath.Join(folder, network+".jsonl"))
	if err != nil {
		return nil, err
	}
	r, err := s.Results("accuracy", []string{"bits", "method"}, nil)
	if err != nil && !errors.Is(err, sweep.ErrNoneFinished) {
		return nil, err
	}
	sec := &section{Network: network, Plan: string(plan), Finished: r.Finished, Trials: r.Trials}
	sec.fill(r.Rows)
	own, err := s.Endings()
	if err != nil {
		return nil, err
	}
	var bits []string
	for _, row := range sec.Rows {
		bits = append(bits, row.Bits)
	}
	sec.Peer, err = newPeers(filepath.Join(folder, "torch-"+network+".jsonl"), bits, own)
	return sec, err
}

// fill makes the tables of rows for each choice of bits and method.
func (s *section) fill(rows []sweep.Row) {
	var float sweep.Estimate
	for _, row := range rows {
		if !slices.Contains(s.Methods, row.Labels[1]) {
			s.Methods = append(s.Methods, row.Labels[1])
		}
		if row.Float.N > float.N {
			float = row.Float
		}
	}
	s.Float = percent(float)
	for _, row := range rows {
		at := slices.IndexFunc(s.Rows, func(b *bitsRow) bool { return b.Bits == row.Labels[0] })
		if at < 0 {
			at = len(s.Rows)
			n := len(s.Methods)
			s.Rows = append(s.Rows, &bitsRow{Bits: row.Labels[0], Accuracy: make([]string, n), Cost: make([]string, n),
				cells: make([]sweep.Row, n)})
		}
		s.Rows[at].set(slices.Index(s.Methods, row.Labels[1]), row)
	}
	for _, row := range s.Rows {
		row.sum()
	}
	s.chart = s.draw()
}

// notRun is in the cell of a trial that has not run. That of one that is not planned is
// empty.
const notRun = "–"

func (b *bitsRow) set(method int, row sweep.Row) {
	b.cells[method], b.Accuracy[method], b.Cost[method] = row, percent(row.QAT), notRun
	if row.QAT.N > 0 {
		b.Cost[method] = fmt.Sprintf("%.0f", row.Processor)
	}
}

// sum says how large the models are, and how many seeds have run.
func (b *bitsRow) sum() {
	var bytes float64
	var seeds []int
	for _, c := range b.cells {
		if c.Trials > 0 {
			bytes, seeds = max(bytes, c.Bytes), append(seeds, c.QAT.N)
		}
	}
	if b.Size = notRun; bytes > 0 {
		b.Size = fmt.Sprintf("%.1f", bytes/1024)
	}
	b.Seeds = span(seeds)
}

// percent is such as "91.90 ± 0.36": a mean of accuracies and half of its interval, which
// one seed does not have.
func percent(e sweep.Estimate) string {
	switch e.N {
	case 0:
		return notRun
	case 1:
		return fmt.Sprintf("%.2f", 100*e.Mean)
	}
	return fmt.Sprintf("%.2f ± %.2f", 100*e.Mean, 100*e.Half)
}

// draw is accuracy against bytes where weights and activations have as many bits: of PTQ to
// nearest, of PTQ that is repaired, and of the best training.
func (s *section) draw() (c figure.Chart) {
	c = figure.Chart{Title: s.Network + ": accuracy against size", XLabel: "KiB", YLabel: "test accuracy, %"}
	lines := []figure.Line{{Name: "nearest", Color: figure.Vermilion}, {Name: "repair", Color: figure.Blue},
		{Name: "best training", Color: figure.Green}}
	for _, row := range slices.Backward(s.Rows) {
		var bits, same int
		if n, _ := fmt.Sscanf(row.Bits, "W%dA%d", &bits, &same); n < 2 || bits != same {
			continue
		}
		var best sweep.Row
		for i, cell := range row.cells {
			switch name := s.Methods[i]; {
			case cell.QAT.N == 0:
			case name == lines[0].Name:
				add(&lines[0], cell)
			case name == lines[1].Name:
				add(&lines[1], cell)
			case cell.QAT.Mean > best.QAT.Mean:
				best = cell
			}
		}
		if best.QAT.N > 0 {
			add(&lines[2], best)
		}
	}
	lines = slices.DeleteFunc(lines, func(l figure.Line) bool { return len(l.X) < 2 })
	if c.Lines = lines; len(lines) > 0 {
		last := lines[len(lines)-1].Y // what is far below would press the rest together
		c.Bottom = slices.Min(last) - 4*(slices.Max(last)-slices.Min(last))
	}
	return c
}

// add adds a point, with its interval from three seeds on: that of two is 13 times their
// deviation.
func add(l *figure.Line, row sweep.Row) {
	bar := 0.0
	if row.QAT.N > 2 {
		bar = 100 * row.QAT.Half
	}
	l.X, l.Y, l.Bars = append(l.X, row.Bytes/1024), append(l.Y, 100*row.QAT.Mean), append(l.Bars, bar)
}
