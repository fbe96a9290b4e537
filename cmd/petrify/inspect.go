package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

func (c *command) inspect() *cobra.Command {
	var graphs bool
	var drawing string
	cmd := &cobra.Command{
		Use:   "inspect MODEL",
		Short: "Show a frozen model's layers, scales and bytes, or where a network is quantized",
		Long: `Show a frozen model's layers, scales and bytes. MODEL is a run folder, or its
model.json or model.safetensors. It may also be an export: a Core ML
.mlpackage shows its program, an .onnx or .tflite file its metadata and operators
(.tflite with types and scales), a C header its metadata.

With --graph, show where the fake-quant nodes of a network sit and how large it
is, before or after training. MODEL is then a run folder or a configuration file.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case graphs:
				return c.inspectGraph(cmd.Context(), args[0], drawing)
			case drawing != "":
				return usage(errors.New("--draw has no effect without --graph"))
			}
			if f, ok := formatOf(args[0]); ok {
				return f.inspect(c.stdout, args[0])
			}
			m, err := loadModel(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(c.stdout, "%s on %s, %s, seed %d, petrify %s\n\n", m.Name, m.Origin.Dataset,
				m.Origin.Method, m.Origin.Seed, m.Origin.Version)
			return m.WriteTable(c.stdout)
		},
	}
	cmd.Flags().BoolVar(&graphs, "graph", false, "show where every fake-quant node sits")
	cmd.Flags().StringVar(&drawing, "draw", "",
		"with --graph: write Gorgonia's graph of a training step to `FILE`, .dot, or .svg by Graphviz")
	return cmd
}

// inspecting reads a file and shows its bytes.
func inspecting(show func(w io.Writer, data []byte) error) func(w io.Writer, path string) error {
	return func(w io.Writer, path string) error {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return show(w, data)
	}
}
