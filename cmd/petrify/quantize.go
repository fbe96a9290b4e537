package main

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func (c *command) quantize() *cobra.Command {
	var s settings
	var f followed
	cmd := &cobra.Command{
		Use:   "quantize MODEL",
		Short: "Quantize a float network after training (PTQ), and train nothing",
		Long: `Quantize a float network: find ranges on a few training batches, repair what rounding
costs as the configuration's block ptq says, freeze the scales, export and prove, as
"petrify train" does after training. MODEL is

  a run folder                      its float network, with its configuration, which
                                    --set may change
  a folder of petrify import, or    with the data that --config or --set dataset=NAME
  a .onnx file                      names
  a state_dict: .safetensors,       with --config, which describes the network, too
  .pt, .pth or .npz`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.pretrained(args[0]); err != nil {
				return err
			}
			if s.out == "" {
				s.out = withoutEnding(args[0]) + "-ptq"
			}
			loaded, err := s.load(c.stdin, s.flags(cmd))
			if err != nil {
				return err
			}
			loaded.Out = s.out
			p := c.follow(f)
			return errors.Join(c.trainRun(cmd.Context(), loaded, p, false), p.json.failed())
		},
	}
	s.define(cmd)
	f.define(cmd)
	cmd.Flag("out").Usage = "`DIR` for everything the run writes (default MODEL without its ending, and -ptq)"
	return cmd
}

// withoutEnding is a path without what tells files of a kind.
func withoutEnding(path string) string {
	path = filepath.Clean(path)
	for _, ext := range []string{".onnx", ".safetensors", ".pt", ".pth", ".npz"} {
		path = strings.TrimSuffix(path, ext)
	}
	return path
}
