package main

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"petrify/internal/atomicfile"
	"petrify/internal/config"
	"petrify/internal/report"
	"petrify/internal/sweep"
	"petrify/train"
)

// pageFlips is how many flipped samples a page shows, each with its picture.
const pageFlips = 60

func (c *command) report() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "report RUN…",
		Short: "Make a page of a run or of a sweep: result, training, layers, cost and mistakes",
		Long: `Make an HTML page of a finished run, in one file that needs no network: the result
and the proof, the curves of training, a drawing of the network with the numbers of
each layer, what it costs, and what it gets wrong. The page of several runs compares
them: differences of their configurations first, then results and curves. The page of
a sweep's folder has its table, with intervals and paired tests, and accuracy against
bytes.

What goes wrong is found out on the test split of the run's data; if these are gone
or have changed, the page says so.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("got no arguments, want run folders: %s", cmd.UseLine())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := c.writePage(cmd.Context(), args, out)
			if err == nil {
				_, err = fmt.Fprintln(c.stdout, path)
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "write `FILE` (default report.html in the run's folder; "+
		"comparison.html for several runs)")
	return cmd
}

// writePage writes the page of one run or of several, and returns where it is.
func (c *command) writePage(ctx context.Context, folders []string, out string) (string, error) {
	switch {
	case out == "" && len(folders) == 1:
		out = filepath.Join(folders[0], pageFile)
	case out == "":
		out = "comparison.html"
	}
	if len(folders) == 1 && exists(filepath.Join(folders[0], sweep.PlanFile)) {
		return out, c.writeSweepPage(folders[0], out)
	}
	runs, err := c.runsOf(ctx, folders)
	if err != nil {
		return "", err
	}
	page := func(w io.Writer) error { return report.WriteComparison(w, runs) }
	if len(runs) == 1 {
		if runs[0].Exports, err = exportSizes(runs[0]); err != nil {
			return "", err
		}
		if err := c.timeLayers(ctx, folders[0], runs[0]); err != nil {
			return "", err
		}
		page = func(w io.Writer) error { return report.Write(w, runs[0]) }
	}
	write := func() error { return atomicfile.Write(out, page) }
	return out, writeListed(ctx, folders[0], export{path: out}, write)
}

// runsOf collects everything about runs, whose names then differ.
func (c *command) runsOf(ctx context.Context, folders []string) (all []*report.Run, err error) {
	taken := map[string]bool{}
	for _, folder := range folders {
		r, err := c.runOf(ctx, folder)
		if err != nil {
			return nil, err
		}
		if taken[r.Name] {
			r.Name = filepath.Clean(folder)
		}
		taken[r.Name] = true
		all = append(all, r)
	}
	return all, nil
}

// runOf collects everything about a run but its exports.
func (c *command) runOf(ctx context.Context, folder string) (*report.Run, error) {
	if savedConfig(folder) == "" {
		return nil, usage(fmt.Errorf("%s holds no %s: want the folder of a finished run", folder, configFile))
	}
	if err := ownModel(folder); err != nil {
		return nil, err
	}
	r, err := report.Read(folder)
	if err != nil {
		return nil, err
	}
	settings, err := config.Settings([]byte(r.Config))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", savedConfig(folder), err)
	}
	for _, s := range settings {
		r.Settings = append(r.Settings, [2]string{s.Path, s.Value})
	}
	result := &train.Result{Model: r.Model, PTQ: r.Summary.PTQ, QAT: r.Summary.QAT}
	r.Warnings = adviceOn(result, r.Model.Origin.Method == "qat", folder)
	if len(r.Model.Targets) > 0 || r.Task() == train.Anomaly {
		r.Unjudged = "its network does not classify"
		r.Predictions, err = c.predictions(ctx, folder)
		if err == nil && pixelClasses(r.Model) > 0 {
			r.Masks, err = c.masks(ctx, folder)
		}
		if err != nil {
			r.Unjudged += ": " + err.Error()
		}
		return r, context.Cause(ctx)
	}
	if len(r.Model.Classes) == 0 {
		if r.Restoration, err = c.restore(ctx, folder); err != nil {
			r.Unjudged = "its network does not classify, and what it restores is not shown: " + err.Error()
		}
		return r, context.Cause(ctx)
	}
	e, err := c.judge(ctx, folder, "", "")
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		r.Unjudged = err.Error()
	default:
		r.Warnings = append(r.Warnings, adviceOnClasses(e.Quantized)...)
		r.Judgement, err = e.judgement()
		return r, err
	}
	return r, nil
}

// exportSizes writes the model in every format, to know how large it is.
func exportSizes(r *report.Run) (all []report.Export, err error) {
	folder, err := os.MkdirTemp("", "petrify")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	var options exportOptions
	if r.Proof != nil && r.Proof.CheckModel(r.Model) == nil {
		options.facts = r.Proof.Facts()
	}
	for _, f := range formats() {
		e := report.Export{Format: f.name, Runs: f.runs}
		path := filepath.Join(folder, f.name, filepath.Base(f.usualPlace(r.Model, options)))
		if err := os.Mkdir(filepath.Dir(path), 0o777); err != nil {
			return nil, err
		}
		if err := f.write(path, r.Model, options); err != nil {
			e.Refused = err.Error()
		}
		files, err := filesBelow(filepath.Dir(path))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			info, err := os.Stat(file)
			if err != nil {
				return nil, err
			}
			e.Bytes += info.Size()
		}
		if f.footprint != nil && e.Refused == "" {
			takes, err := f.footprint(r.Model, options)
			if err != nil {
				return nil, err
			}
			e.Bytes, e.Note, e.Cores = int64(takes.flash), "constants in flash", takes.cores()
		}
		all = append(all, e)
	}
	return all, nil
}

// judgement is an evaluation as a page shows it.
func (e *evaluation) judgement() (*report.Judgement, error) {
	j := &report.Judgement{Samples: e.Samples, Flipped: len(e.Flipped)}
	for _, c := range e.columns() {
		n := report.Judged{Name: c.head, Accuracy: c.Accuracy, Balanced: c.Balanced, Calibration: c.CalibrationError,
			Confusion: c.Confusion}
		for _, class := range c.ByClass {
			n.ByClass = append(n.ByClass, report.Class{Name: class.Class, Samples: class.Samples,
				Accuracy: class.Accuracy})
		}
		for _, b := range c.bins {
			n.Bins = append(n.Bins, report.Bin(b))
		}
		j.Judged = append(j.Judged, n)
	}
	j.Mended, j.Broken = e.mended()
	for i, label := range e.labels {
		j.Right = append(j.Right, e.Quantized.predicted[i] == int(label))
	}
	for i, f := range e.Flipped[:min(len(e.Flipped), pageFlips)] {
		s := e.flipped[i]
		picture, err := e.picture(s)
		if err != nil {
			return nil, err
		}
		j.Flips = append(j.Flips, report.Flip{Sample: f.Sample, Class: f.Class, Picture: picture,
			Float: report.Guess{Class: f.Float, Confidence: e.Float.confidence[s.at]},
			QAT:   report.Guess{Class: f.Quantized, Confidence: e.Quantized.confidence[s.at]}})
	}
	return j, nil
}

// picture is a sample as a URL that holds a PNG; "" for what is no picture.
func (e *evaluation) picture(s sample) (template.URL, error) {
	m, ok := e.set.Picture(s.split, s.index)
	if !ok {
		return "", nil
	}
	return pictureURL(m)
}
