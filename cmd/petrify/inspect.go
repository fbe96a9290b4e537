package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"petrify/quantized"
)

func (c *command) inspect() *cobra.Command {
	return &cobra.Command{
		Use:   "inspect MODEL",
		Short: "Show a frozen model's layers, scales and bytes",
		Long:  "Show a frozen model's layers, scales and bytes. MODEL is a run folder, or its model.json or model.safetensors.",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			m, err := quantized.Load(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(c.stdout, "%s on %s, %s, seed %d, petrify %s\n\n", m.Name, m.Origin.Dataset, m.Origin.Method, m.Origin.Seed, m.Origin.Version)
			return m.WriteTable(c.stdout)
		},
	}
}
