package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"petrify/quantized"
)

// format is a file format of other people's runtimes.
type format struct {
	name  string
	file  string // the usual name
	what  string // for the list of a run's files
	write func(path string, m *quantized.Model) error
}

// formats lists what `export` writes; `train` writes the first.
func formats() []format {
	return []format{}
}

// formatNames lists the formats' names.
func formatNames() string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

func (c *command) export() *cobra.Command {
	var name, out string
	cmd := &cobra.Command{
		Use:   "export MODEL",
		Short: "Write a frozen model for another runtime",
		Long:  "Write a frozen model for another runtime. MODEL is a run folder, or its model.json or model.safetensors.",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			for _, f := range formats() {
				if f.name == name {
					return c.exportTo(f, args[0], out)
				}
			}
			return usage(fmt.Errorf("format %q: want one of %s", name, formatNames()))
		},
	}
	cmd.Flags().StringVarP(&name, "format", "f", "onnx", "`FORMAT`, one of "+formatNames())
	cmd.Flags().StringVarP(&out, "out", "o", "", "`FILE` to write; left out, beside the model")
	return cmd
}

func (c *command) exportTo(f format, path, out string) error {
	m, err := quantized.Load(path)
	if err != nil {
		return err
	}
	if out == "" {
		folder := path
		if filepath.Ext(path) != "" {
			folder = filepath.Dir(path)
		}
		out = filepath.Join(folder, f.file)
	}
	if err := f.write(out, m); err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.stdout, out)
	return err
}
