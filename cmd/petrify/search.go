package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"petrify/internal/analysis"
	"petrify/internal/atomicfile"
	"petrify/internal/config"
	"petrify/train"
)

// The files that search writes.
const (
	searchFile = "search.json"
	chosenFile = "search.yaml"
	paretoFile = "search.svg"
)

func (c *command) search() *cobra.Command {
	var s settings
	var texts []string
	var images int
	var q confirming
	cmd := &cobra.Command{
		Use:   "search RUN --budget WHAT=AMOUNT",
		Short: "Choose the bits of each layer that fit a budget and lose least",
		Long: `Choose the bits of each layer's weights and activations, 8, 6, 5, 4, 3 or 2, so that
budgets are kept. Sensitivities are measured as "petrify analyze" does; of all choices,
those are found than which none is smaller and loses less; some of these are measured,
and the best is quantized as "petrify quantize" does. RUN is as for analyze. Budgets are

` + budgetsText() + `
With a budget for the drop, the smallest choice that keeps it is taken, and otherwise
the one that loses least. With --confirm N, up to N choices are also trained, and what
they lose then decides; to compare with, so are up to N networks with the same bits
everywhere. An interrupted search goes on when it is started again. It writes into the
folder

  ` + chosenFile + `  the configuration, with the bits in module_name_configs
  ` + searchFile + `  all choices of the front, predicted, measured and trained
  ` + paretoFile + `   the task's first metric against the bytes

If no choice keeps the budgets, it says what the least is, and the exit code is 1.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			if images < 1 {
				return usage(fmt.Errorf("--images %d: want 1 or more", images))
			}
			b, err := parseBudgets(texts)
			if err == nil {
				err = q.check(cmd.Flags().Changed("epochs"))
			}
			if err != nil {
				return usage(err)
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
			s.base = trainingAgain(s.base, args[0])
			if q.settings, err = s.load(c.stdin, s.flags(cmd)); err != nil {
				return err
			}
			return c.searchIn(cmd.Context(), args[0], loaded, q, b, images)
		},
	}
	s.defineReading(cmd)
	cmd.Flags().StringArrayVar(&texts, "budget", nil, "keep `WHAT=AMOUNT`, such as flash=64KiB or drop=0.5; may be repeated")
	cmd.Flags().IntVar(&images, "images", 2000, "measure on `N` samples, or as many as there are")
	q.define(cmd)
	return cmd
}

// trainingAgain is what makes a configuration train with quantization from a run's float
// network on, given what makes it train nothing.
func trainingAgain(base []config.Override, folder string) []config.Override {
	base = slices.DeleteFunc(slices.Clone(base), func(o config.Override) bool {
		return !slices.Contains([]string{"network", "weights", "float"}, o.Key)
	})
	return append(base, config.Override{Flag: folder, Key: "out", Value: strconv.Quote(filepath.Clean(folder) + "-search")})
}

// searchIn searches for the bits of a run's layers. The configuration that is found is that
// of a run which trains.
func (c *command) searchIn(ctx context.Context, folder string, settings *config.Config, q confirming, b budgets,
	images int) error {
	p := newProgress(c.stderr)
	defer p.clear()
	t, err := c.prepare(ctx, settings, p)
	if err == nil {
		err = q.settings.Anchor()
	}
	if err != nil {
		return err
	}
	study, measured, err := analysis.Begin(ctx, analysis.Job{Config: t, At: settings.AtBits, Images: images, Progress: p.part})
	if err != nil {
		return err
	}
	q.folder = filepath.Clean(folder) + "-confirm"
	q.prepare = func(chosen *config.Config) (train.Config, error) {
		t, err := c.withData(chosen, t.Data, p)
		t.Events.Epoch = nil // its line would call the images those of the test
		return t, err
	}
	s := &seeker{study: study, analysis: measured, budgets: b, settings: settings, qat: q, clock: clock,
		terms: termsOf(measured.Metric, measured.Float, measured.Images.Count), progress: p.part}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	result, err := s.seek(ctx)
	p.clear()
	if err != nil {
		return err
	}
	s.chosen = q.settings.Choose(study.Model(), s.layers(result.Chosen.point))
	return s.write(ctx, c.stdout, folder, result)
}

// write writes the files and prints the front.
func (s *seeker) write(ctx context.Context, w io.Writer, folder string, r *found) error {
	var faults []error
	for name, write := range map[string]func(io.Writer) error{
		searchFile: r.Write, chosenFile: s.chosen.Print, paretoFile: r.chart().SVG,
	} {
		path := filepath.Join(folder, name)
		faults = append(faults, writeListed(ctx, folder, export{path: path}, func() error {
			return atomicfile.Write(path, write)
		}))
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	return r.print(w, filepath.Join(folder, chosenFile))
}
