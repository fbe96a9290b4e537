package main

import (
	"io"
	"os"
	"path/filepath"

	"petrify/internal/atomicfile"
	"petrify/internal/report"
	"petrify/internal/sweep"
)

// writeSweepPage writes the page of a sweep's folder.
func (c *command) writeSweepPage(folder, out string) error {
	s, err := sweep.Open(folder)
	if err != nil {
		return err
	}
	r, err := s.Results("", nil, nil)
	if err != nil {
		return err
	}
	return atomicfile.Write(out, func(w io.Writer) error { return sweepPage(s, r, w) })
}

// sweepPage is the page of a sweep's results.
func sweepPage(s *sweep.Sweep, r *sweep.Results, w io.Writer) error {
	plan, err := os.ReadFile(filepath.Join(s.Folder, sweep.PlanFile))
	if err != nil {
		return err
	}
	page := &report.Sweep{Name: filepath.Base(filepath.Clean(s.Folder)), Plan: string(plan), Results: r}
	all, err := s.Survey()
	if err != nil {
		return err
	}
	for index, p := range all {
		says := inOneLine(p.Last.Error)
		switch p.State {
		case sweep.Finished:
			continue
		case sweep.Running:
			says = p.Owner
		case sweep.Halved, sweep.Waiting:
			says = "after " + s.Halving.Rung(p.Rung)
		case sweep.Planned, sweep.Interrupted, sweep.Failed:
		}
		page.Left = append(page.Left, report.Left{Index: index, Name: s.Name(s.Trial(index)), State: p.State.String(),
			Says: says})
	}
	return report.WriteSweep(w, page)
}
