package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"petrify/internal/sweep"
)

func (c *command) sweep() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Run many variants of a configuration, here or on a cluster, and compare them",
		Long: `A sweep is a folder with a plan: a configuration, and the axes along which its
trials differ. Any process that sees the folder can run a trial, by its index; one
that is interrupted is continued, and ends with the bytes of one that was not.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.sweepPlan(), c.sweepRun(), c.sweepTrial(), c.sweepStatus(), c.sweepResults(), c.sweepSlurm(),
		c.sweepKubernetes())
	return cmd
}

func (c *command) sweepPlan() *cobra.Command {
	var out string
	var known []string
	cmd := &cobra.Command{
		Use:   "plan FILE --out DIR",
		Short: "Write a sweep's plan, and a folder for each of its trials",
		Long: `Read the file of a sweep and write the folder DIR, with the plan and a folder for
each trial. The file has the keys

  base     a configuration: keys, or the name of a file with them
  axes     for each axis a key of the configuration with a list of values or a range
           such as 1..5, or a name with named variants, each a block of keys
  zip      a list of blocks of axes that go together
  sample   trials at points of ranges: method (sobol or random), trials, seed, ranges
  exclude  a list of labels, such as {bits: W2A2, method: minmax}
  halving  successive halving: epochs (the rungs), keep (a share), stage (qat or float)

The trials are the product of the axes, the last one varying fastest.`,
		Args: oneArgument,
		RunE: func(_ *cobra.Command, args []string) error {
			if out == "" {
				return usage(errors.New("no folder: want --out DIR"))
			}
			s, err := sweep.Create(args[0], out, known...)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.stdout, "%s: %s%s\nrun them here with `petrify sweep run %s`\n", out,
				several(s.Len(), "trial"), sharedStages(s), out)
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`DIR` for the plan and all runs")
	cmd.Flags().StringSliceVar(&known, "known", nil, "`FILES` that results --trials wrote: trials with the "+
		"configurations there have finished")
	return cmd
}

// sharedStages says how many float stages are trained once for several trials.
func sharedStages(s *sweep.Sweep) string {
	trials := 0
	for index := range s.Len() {
		trials += one(s.Stage(index) >= 0)
	}
	if trials == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of which share %s", trials, several(s.Stages(), "float stage"))
}

// several is a number with its noun.
func several(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(int64(n)) + " " + noun + "s"
}

func (c *command) sweepResults() *cobra.Command {
	var by, against []string
	formats := map[string]func(*sweep.Results, io.Writer) error{
		"csv": (*sweep.Results).CSV, "json": (*sweep.Results).JSON, "markdown": (*sweep.Results).Markdown,
		"svg": measureAgainstBytes,
	}
	var trials, page bool
	var metric string
	chosen := map[string]*bool{}
	cmd := &cobra.Command{
		Use:   "results DIR",
		Short: "Compare a sweep's finished trials: means, intervals, paired tests",
		Args:  oneArgument,
		RunE: func(_ *cobra.Command, args []string) error {
			write := (*sweep.Results).Text
			wanted := 0
			for name, on := range chosen {
				if *on {
					write, wanted = formats[name], wanted+1
				}
			}
			if wanted += one(trials) + one(page); wanted > 1 {
				return usage(errors.New("want one of --csv, --json, --markdown, --svg, --html and --trials"))
			}
			s, err := sweep.Open(args[0])
			if err != nil {
				return err
			}
			if trials {
				return s.WriteEndings(c.stdout)
			}
			if page {
				write = func(r *sweep.Results, w io.Writer) error { return sweepPage(s, r, w) }
			}
			r, err := s.Results(metric, by, against)
			if err != nil {
				return err
			}
			return write(r, c.stdout)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&page, "html", false, "write a page: the table, and the metric against bytes")
	f.BoolVar(&trials, "trials", false, "write a line of JSON for each finished trial, for plan --known")
	f.StringVar(&metric, "metric", "", "`KEY` of the metric, as in metrics.jsonl; if left out, what says most of the task")
	f.StringSliceVar(&by, "by", nil, "`AXES` whose choices have rows; all but the seed if left out")
	f.StringSliceVar(&against, "against", nil,
		"`LABELS` of the row that the others are compared with; the best if left out")
	for name, what := range map[string]string{"csv": "CSV, numbers in full", "json": "JSON", "markdown": "Markdown",
		"svg": "a picture: the metric against bytes, with intervals"} {
		chosen[name] = f.Bool(name, false, "write "+what)
	}
	return cmd
}
