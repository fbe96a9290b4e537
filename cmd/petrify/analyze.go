package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"petrify/internal/analysis"
	"petrify/internal/atomicfile"
	"petrify/internal/config"
)

// The files that analyze writes.
const (
	analysisFile    = "analysis.json"
	sensitivityFile = "sensitivity.svg"
	noiseFile       = "noise.svg"
)

func (c *command) analyze() *cobra.Command {
	var s settings
	var images, sort int
	cmd := &cobra.Command{
		Use:   "analyze RUN",
		Short: "Measure what each tensor loses at 8, 6, 5, 4, 3 and 2 bits",
		Long: `Measure how much the loss increases, and how many more errors there are or how the
task's first metric changes, with one tensor at 8, 6, 5, 4, 3 or 2 bits, and every other
one at 8: for the weights and the outputs of each layer, after training, without repair.
RUN is a run folder or, with --config, one that petrify import wrote. It writes into the
folder

  ` + analysisFile + `    all numbers
  ` + sensitivityFile + `  the increase of the loss, by tensor and bits
  ` + noiseFile + `        signal to noise along the network

The samples are the validation split of the data, or what the configuration's key
validation holds out; or else 2,000 training samples, and no more than a fifth, which
calibration does not see. They are never samples of the test split.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			if images < 1 {
				return usage(fmt.Errorf("--images %d: want 1 or more", images))
			}
			if !slices.Contains(analysis.Bits(), sort) {
				return usage(fmt.Errorf("--sort %d: want one of %v", sort, analysis.Bits()))
			}
			if folderOf(args[0]) != args[0] {
				return usage(fmt.Errorf("%s: want a run folder, or one that petrify import wrote", args[0]))
			}
			if err := s.pretrained(args[0]); err != nil {
				return err
			}
			loaded, err := s.load(c.stdin, s.flags(cmd))
			if err != nil {
				return err
			}
			r, err := c.analysisOf(cmd.Context(), loaded, images)
			if err != nil {
				return err
			}
			if err := writeAnalysis(cmd.Context(), args[0], r); err != nil {
				return err
			}
			return printAnalysis(c.stdout, r, sort)
		},
	}
	s.defineReading(cmd)
	cmd.Flags().IntVar(&images, "images", 2000, "measure on `N` samples, or as many as there are")
	cmd.Flags().IntVar(&sort, "sort", 4, "sort the table by the increase at `BITS`")
	return cmd
}

// analysisOf analyses a float network on the data that its configuration names.
func (c *command) analysisOf(ctx context.Context, settings *config.Config, images int) (*analysis.Result, error) {
	p := newProgress(c.stderr)
	defer p.clear()
	t, err := c.prepare(ctx, settings, p)
	if err != nil {
		return nil, err
	}
	return analysis.Run(ctx, analysis.Job{Config: t, At: settings.AtBits, Images: images, Progress: p.part})
}

// writeAnalysis writes the files of an analysis into a folder.
func writeAnalysis(ctx context.Context, folder string, r *analysis.Result) error {
	files := map[string]func(io.Writer) error{analysisFile: r.Write, sensitivityFile: sensitivity(r).SVG}
	if along := noiseAlong(r); len(along.Lines) > 0 { // activations are quantized
		files[noiseFile] = along.SVG
	}
	var faults []error
	for name, write := range files {
		path := filepath.Join(folder, name)
		faults = append(faults, writeListed(ctx, folder, export{path: path}, func() error {
			return atomicfile.Write(path, write)
		}))
	}
	return errors.Join(faults...)
}
