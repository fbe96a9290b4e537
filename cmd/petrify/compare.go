package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"petrify/internal/report"
)

// listedScales is how many tensors with other scales are printed.
const listedScales = 12

func (c *command) compare() *cobra.Command {
	return &cobra.Command{
		Use:   "compare RUN RUN…",
		Short: "Compare runs: configurations, results, the same samples, scales",
		Long: `Compare finished runs on the terminal: the keys of their configurations that differ,
their results side by side, McNemar's test of each run against the first on the
same test samples, and the tensors whose scales differ most. "petrify report" with
several runs shows the same as a page, with curves.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return fmt.Errorf("got %d arguments, want two runs or more: %s", len(args), cmd.UseLine())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			runs, err := c.runsOf(cmd.Context(), args)
			if err != nil {
				return err
			}
			return writeComparison(c.stdout, report.Compare(runs))
		},
	}
}

// writeComparison prints a comparison as tables.
func writeComparison(w io.Writer, c *report.Comparison) error {
	var names []string
	for _, r := range c.Runs {
		names = append(names, r.Name)
	}
	heads := strings.Join(names, "\t")
	if len(c.Differences) == 0 {
		fmt.Fprintln(w, "the configurations are the same")
	} else {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintf(t, "key\t%s\n", heads)
		for _, d := range c.Differences {
			fmt.Fprintf(t, "%s\t%s\n", d.Path, strings.Join(d.Values, "\t"))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	if err := writeResults(w, c.Runs); err != nil {
		return err
	}
	if err := writeTests(w, c); err != nil || len(c.Scales) == 0 {
		return err
	}
	fmt.Fprintln(w, "\nscales that differ, of weights the greatest")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\t%s\tratio\t\n", heads)
	for _, s := range c.Scales[:min(len(c.Scales), listedScales)] {
		fmt.Fprintf(t, "%s\t", s.Tensor)
		for _, v := range s.Scales {
			if v == 0 {
				fmt.Fprint(t, "–\t")
			} else {
				fmt.Fprintf(t, "%.4g\t", v)
			}
		}
		fmt.Fprintf(t, "%.2f\t\n", s.Ratio)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more := len(c.Scales) - listedScales; more > 0 {
		fmt.Fprintf(w, "and %d more\n", more)
	}
	return nil
}

// writeResults prints a row for each run.
func writeResults(w io.Writer, runs []*report.Run) error {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "run\tweights, outputs\tfloat\tPTQ\tQAT\tloss\tbytes\t")
	for _, r := range runs {
		fmt.Fprintf(t, "%s\t%s\t", r.Name, bits(r.Model))
		for _, m := range []report.Measures{r.Summary.Float, r.Summary.PTQ, r.Summary.QAT} {
			fmt.Fprintf(t, "%s\t", r.Task().Headline().Format(m))
		}
		fmt.Fprintf(t, "%.4f\t%s\t\n", r.Summary.QAT.Loss, thousands(r.Summary.Size.Quantized))
	}
	return t.Flush()
}

// writeTests prints McNemar's tests.
func writeTests(w io.Writer, c *report.Comparison) error {
	fmt.Fprintln(w)
	for _, t := range c.Tests {
		_, err := fmt.Fprintf(w, "%s classifies %s samples correctly that %s does not, and fails on %s: p = %.3f "+
			"(McNemar)\n", t.B, thousands(int64(t.OnlyB)), t.A, thousands(int64(t.OnlyA)), t.P)
		if err != nil {
			return err
		}
	}
	if c.Untested == "" {
		return nil
	}
	_, err := fmt.Fprintf(w, "McNemar's test was left out: %s\n", c.Untested)
	return err
}
