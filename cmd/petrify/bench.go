package main

import (
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// benchReport is what `bench` prints.
type benchReport struct {
	Network    string     `json:"network"`
	Input      []int      `json:"input"`
	Processors int        `json:"processors"`
	Repeats    int        `json:"repeats"`
	Variants   []benchRow `json:"variants"`
	Platform   string     `json:"platform"`
}

// benchRow has the measurements of one way to compute the model.
type benchRow struct {
	Name   string `json:"name"`
	Single timing `json:"batch_1_ms"`        // milliseconds
	Batch  timing `json:"batch_64_images_s"` // images per second
	Memory int64  `json:"memory_bytes"`      // held by model and engine after both
	File   int64  `json:"parameter_bytes"`   // in a file
}

// timing is a number over the repeats.
type timing struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`  // a tenth of the repeats lies below
	High   float64 `json:"high"` // a tenth lies above
}

func (c *command) bench() *cobra.Command {
	repeats, asJSON := 21, false
	cmd := &cobra.Command{
		Use:   "bench MODEL",
		Short: "Measure what quantization saves in time and memory on this machine",
		Long: `Run a frozen model on noise, as it is and, for comparison, with float activations
(its weights dequantized at load, or each time a layer runs) and in float32, using
petrify's own kernels. MODEL is a run folder, or its model.json or
model.safetensors. The variants take turns, so that other work on the machine
affects all of them alike; low and high are the tenth and ninetieth percentiles.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			if repeats < 1 {
				return usage(fmt.Errorf("--repeats %d: want at least 1", repeats))
			}
			m, err := loadModel(args[0])
			if err != nil {
				return err
			}
			r, err := measure(cmd.Context(), m, repeats)
			if err != nil {
				return err
			}
			if asJSON {
				return c.printJSON(r)
			}
			return r.write(c.stdout)
		},
	}
	cmd.Flags().IntVar(&repeats, "repeats", repeats, "measure `N` times")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON instead of a table")
	return cmd
}

// write prints the report as a table.
func (r *benchReport) write(w io.Writer) error {
	fmt.Fprintf(w, "%s, input %v, %d processors, %s, %d repeats\n\n", r.Network, r.Input, r.Processors, r.Platform,
		r.Repeats)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tms, batch 1\tlow–high\timages/s, batch 64\tlow–high\tmemory, bytes\tparameters, bytes\t")
	for _, v := range r.Variants {
		fmt.Fprintf(t, "%-*s\t%.3f\t%.3f–%.3f\t%s\t%s–%s\t%s\t%s\t\n", r.width(), v.Name,
			v.Single.Median, v.Single.Low, v.Single.High,
			thousands(int64(v.Batch.Median)), thousands(int64(v.Batch.Low)), thousands(int64(v.Batch.High)),
			thousands(v.Memory), thousands(v.File))
	}
	return t.Flush()
}

// width is that of the longest name.
func (r *benchReport) width() (n int) {
	for _, v := range r.Variants {
		n = max(n, len(v.Name))
	}
	return n
}

func platform() string { return runtime.GOOS + "/" + runtime.GOARCH }
