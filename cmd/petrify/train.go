package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"petrify/datasets"
	"petrify/internal/atomicfile"
	"petrify/internal/config"
	"petrify/train"
)

// The files of a run folder that commands write or read.
const (
	configFile  = "config.yaml"
	figureFile  = "accuracy.svg"
	floatFile   = "float.safetensors"
	summaryFile = "summary.json"
)

func (c *command) train() *cobra.Command {
	var s settings
	var resume bool
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train, quantize, train on with quantization, freeze, export, compare",
		Long: `Train a network in float, quantize it (PTQ), train it on with quantization in
the loop (QAT), freeze the scales and export the model. Without a file the
built-in cnn is trained on the embedded digits; "petrify config print" shows
every key that a file or --set may hold.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if resume && s.file == "" {
				s.file = savedConfig(s.out)
			}
			loaded, err := s.load(c.stdin, s.flags(cmd))
			if err != nil {
				return err
			}
			return c.trainRun(cmd.Context(), loaded, resume)
		},
	}
	s.define(cmd)
	cmd.Flags().BoolVar(&resume, "resume", false, "continue from the last checkpoint; without --config, as the run folder's "+configFile+" says")
	return cmd
}

// savedConfig is the run folder's configuration, or "" if it has none.
func savedConfig(out string) string {
	file := filepath.Join(out, configFile)
	if _, err := os.Stat(file); out == "" || err != nil {
		return ""
	}
	return file
}

// trainRun is the whole job.
func (c *command) trainRun(ctx context.Context, settings *config.Config, resume bool) error {
	p := newProgress(c.stderr)
	defer p.clear()
	options := settings.Data
	options.Progress = p.download
	data, err := datasets.OpenContext(ctx, settings.Dataset, options)
	if err != nil {
		return err
	}
	if settings.Out == "" {
		settings.Out = filepath.Join("runs", runName(settings))
	}
	job, err := settings.Train(data)
	if err != nil {
		return err
	}
	job.Resume, job.Version, job.Log = resume, programVersion(), p.logger()
	job.Events = p.events(job.Network.Loss)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	written := configWriter(settings, &job, cancel)
	fmt.Fprintf(c.stderr, "%s on %s: %d training and %d test images, in %s\n", job.Network.Name, data.Name, data.Train.Len(), data.Test.Len(), job.Out)
	result, err := train.Run(ctx, job)
	p.clear()
	if err := cmp.Or(*written, err); err != nil {
		return err
	}
	if err := save(settings.Out, result); err != nil {
		return err
	}
	if err := report(c.stdout, settings.Out, result); err != nil {
		return err
	}
	return c.proveRun(ctx, job)
}

// configWriter makes the job write config.yaml as its first stage begins: not
// before, as the folder may hold another run that must not be touched. The
// error it returns is set by then; it stops the run.
func configWriter(settings *config.Config, job *train.Config, stop func()) *error {
	var written error
	next, once := job.Events.Stage, sync.Once{}
	job.Events.Stage = func(s train.StageStart) {
		once.Do(func() {
			if written = atomicfile.Write(filepath.Join(job.Out, configFile), settings.Print); written != nil {
				stop()
			}
		})
		next(s)
	}
	return &written
}

// runName is such as "digits-cnn".
func runName(c *config.Config) string {
	network := cmp.Or(c.Network.Builtin, c.Network.Name)
	name := filepath.Base(c.Dataset)
	return strings.TrimSuffix(name, filepath.Ext(name)) + "-" + network
}
