package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"petrify/datasets"
	"petrify/internal/atomicfile"
	"petrify/internal/config"
	"petrify/internal/sums"
	"petrify/train"
)

// The files of a run folder that commands write or read.
const (
	configFile  = "config.yaml"
	figureFile  = "accuracy.svg"
	floatFile   = "float.safetensors"
	summaryFile = "summary.json"
	pageFile    = "report.html"
)

func (c *command) train() *cobra.Command {
	var s settings
	var f followed
	var resume bool
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train, quantize, fine-tune with quantization, freeze, export, compare",
		Long: `Train a network in float, quantize it (PTQ), continue with quantization in the
loop (QAT), freeze the scales and export the model. Without a file, the built-in
cnn is trained on the embedded digits; "petrify config print" shows every key
that a file or --set may contain.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := s.load(c.stdin, s.flags(cmd))
			if err != nil {
				return err
			}
			loaded.Out = cmp.Or(loaded.Out, filepath.Join("runs", runName(loaded)))
			if out := loaded.Out; resume && s.file == "" {
				if err := resumable(out); err != nil {
					return err
				}
				s.file = filepath.Join(out, configFile)
				if loaded, err = s.load(c.stdin, s.flags(cmd)); err != nil {
					return err
				}
				loaded.Out = out
			}
			p := c.follow(f)
			return errors.Join(c.trainRun(cmd.Context(), loaded, p, resume), p.json.failed())
		},
	}
	s.define(cmd)
	cmd.Flags().BoolVar(&resume, "resume", false, "continue from the last checkpoint with the run folder's "+configFile+
		", or with --config, which also starts a run that has no checkpoint")
	f.define(cmd)
	return cmd
}

// followed is how a run is followed.
type followed struct{ quiet, json bool }

func (f *followed) define(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "print only warnings and errors")
	cmd.Flags().BoolVar(&f.json, "json", false, "print what happens as lines of JSON on standard output, for programs")
}

// follow shows a run's progress: to people, and with --json to programs.
func (c *command) follow(f followed) *progress {
	c.quiet = f.quiet
	p := newProgress(c.stderr)
	p.quiet, p.results = f.quiet, c.stdout
	if f.json {
		p.json = &eventLines{w: c.stdout}
	}
	if f.quiet || f.json {
		p.results = io.Discard
	}
	return p
}

// trainRun is the whole job.
func (c *command) trainRun(ctx context.Context, settings *config.Config, p *progress, resume bool) error {
	defer p.clear()
	t, err := c.prepare(ctx, settings, p)
	if err != nil {
		return err
	}
	t.Resume = resume
	return c.trainPrepared(ctx, settings, t, p, !resume)
}

// prepare reads the data of a run.
func (c *command) prepare(ctx context.Context, settings *config.Config, p *progress) (t train.Config, err error) {
	if err := settings.Anchor(); err != nil {
		return t, err
	}
	data, err := c.open(ctx, settings.Dataset, settings.Data)
	if err != nil {
		return t, err
	}
	return c.withData(settings, data, p)
}

// withData is a run on data that have been read.
func (c *command) withData(settings *config.Config, data *datasets.Set, p *progress) (t train.Config, err error) {
	if t, err = settings.Train(data); err != nil {
		return t, err
	}
	t.Version, t.Log, t.Events = programVersion(), p.logger(), p.events(t.Task)
	return t, nil
}

// trainPrepared is the job of a run whose data have been read. A fresh one has to note
// what its weights come from.
func (c *command) trainPrepared(ctx context.Context, settings *config.Config, t train.Config, p *progress,
	fresh bool) error {
	var result *train.Result
	p.json.start(t)
	b, err := newBoard(settings, t)
	if err == nil {
		t.Events = b.events(t.Events)
		result, err = c.trainOpen(ctx, settings, t, p, b, fresh)
		err = errors.Join(err, b.close())
	}
	p.json.end(ctx, result, err)
	return err
}

// trainOpen is the job between its first event and its last.
func (c *command) trainOpen(ctx context.Context, settings *config.Config, t train.Config, p *progress, b *board,
	fresh bool) (*train.Result, error) {
	var source []byte
	if fresh {
		var err error
		if source, err = c.source(ctx, settings.Weights); err != nil {
			return nil, err
		}
	}
	data := t.Data
	p.note("%s on %s: %d training and %d test images, in %s\n",
		t.Network.Name, data.Name, data.Train.Len(), data.Test.Len(), t.Out)
	job, err := train.Open(t)
	if err != nil {
		return nil, err
	}
	defer job.Close()
	if err := job.CheckExport(); err != nil {
		return nil, err
	}
	b.count(job.Steps())
	p.account(job.Account())
	p.adviseBefore(t)
	if err := roomFor(job, t.Log); err != nil {
		return nil, err
	}
	if err := beginFolder(settings, !t.Resume); err != nil {
		return nil, err
	}
	if fresh {
		if err := writeSource(t.Out, source); err != nil {
			return nil, err
		}
	}
	result, err := job.Run(ctx)
	p.endStage()
	if err != nil {
		return nil, err
	}
	b.end(result)
	return result, p.finish(ctx, t, result)
}

// finish writes, proves and prints the result of a run. What cannot be printed is proven all
// the same.
func (p *progress) finish(ctx context.Context, t train.Config, r *train.Result) error {
	if err := save(t.Out, r); err != nil {
		return err
	}
	f := defaultFormat()
	path := filepath.Join(t.Out, f.file)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	p.json.put("export", exportLine{f.name, path, info.Size()})
	unprinted := printResult(p.results, t.Out, r)
	proof, err := proveRun(ctx, t)
	if err != nil {
		return errors.Join(unprinted, err)
	}
	p.json.proof(proof)
	if unprinted == nil {
		_, unprinted = fmt.Fprintf(p.results, "\n%s\n", proof)
	}
	if err := proof.Check(); err != nil {
		return errors.Join(unprinted, err)
	}
	return errors.Join(unprinted, p.advise(ctx, t, r))
}

// beginFolder writes config.yaml. It removes the list of an earlier run's
// files, which is written again once they are complete, and before a fresh run what other
// commands wrote about that one.
func beginFolder(settings *config.Config, fresh bool) error {
	old := []string{sums.File}
	if fresh {
		old = append(old, laterFiles()...)
	}
	for _, name := range old {
		if err := os.Remove(filepath.Join(settings.Out, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return atomicfile.Write(filepath.Join(settings.Out, configFile), settings.Print)
}

// writeSource writes what the weights come from, or removes what an earlier run
// wrote; not the record of an import.
func writeSource(out string, source []byte) error {
	path := filepath.Join(out, config.ImportFile)
	switch {
	case exists(filepath.Join(out, config.NetworkFile)):
		return nil
	case source != nil:
		return atomicfile.WriteFile(path, source)
	}
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// runName is the default name of a run, such as "digits-cnn".
func runName(c *config.Config) string {
	network := cmp.Or(c.Network.Builtin, c.Network.Name)
	name := filepath.Base(c.Dataset)
	return strings.TrimSuffix(name, filepath.Ext(name)) + "-" + network
}
