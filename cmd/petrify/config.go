package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"petrify/internal/config"
)

func (c *command) config() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the configuration or its schema",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var s settings
	show := &cobra.Command{
		Use:   "print",
		Short: "Print the configuration that `train` would use, with a sentence on each key",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := s.load(c.stdin, s.flags(cmd))
			if err != nil {
				return err
			}
			return loaded.Print(c.stdout)
		},
	}
	s.define(show)
	cmd.AddCommand(show, &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of the configuration file, for editors",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return config.Schema(c.stdout) },
	})
	return cmd
}

// settings are the flags that choose a configuration.
type settings struct {
	file string
	sets []string
	data string
	out  string
	seed string
	tb   string            // folder of event files
	base []config.Override // of the command; sets and flags override them
}

func (s *settings) define(cmd *cobra.Command) {
	s.defineReading(cmd)
	f := cmd.Flags()
	f.StringVar(&s.out, "out", "", "`DIR` for everything the run writes (the key out)")
	f.StringVar(&s.tb, "tensorboard", "", "`DIR` for TensorBoard's event files (the key tensorboard)")
	f.StringVar(&s.seed, "seed", "", "`N`, the seed of all randomness (the key seed)")
}

// defineReading defines the flags that have an effect on reading data.
func (s *settings) defineReading(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&s.file, "config", "c", "", "configuration `FILE`; - is standard input")
	f.StringArrayVar(&s.sets, "set", nil,
		"override a key of the configuration by `KEY=VALUE`, such as float.epochs=3; may be repeated")
	f.StringVar(&s.data, "data", "", "`DIR` with the data set's files (the key data.dir)")
}

// flags lists the flags that were given as overrides.
func (s *settings) flags(cmd *cobra.Command) (overrides []config.Override) {
	for _, f := range []struct{ flag, key, value, yaml string }{
		{"data", "data.dir", s.data, strconv.Quote(s.data)},
		{"out", "out", s.out, strconv.Quote(s.out)},
		{"seed", "seed", s.seed, s.seed},
		{"tensorboard", "tensorboard", s.tb, strconv.Quote(s.tb)},
	} {
		if cmd.Flags().Changed(f.flag) {
			overrides = append(overrides, config.Override{Flag: "--" + f.flag + " " + f.value, Key: f.key,
				Value: f.yaml})
		}
	}
	return overrides
}

// load reads the configuration; flags override --set, which overrides the file.
func (s *settings) load(stdin io.Reader, flags []config.Override) (*config.Config, error) {
	overrides := slices.Clone(s.base)
	for _, text := range s.sets {
		o, err := config.ParseOverride(text)
		if err != nil {
			return nil, usage(err)
		}
		overrides = append(overrides, o)
	}
	overrides = append(overrides, flags...)
	if s.file != "-" {
		return config.Load(s.file, overrides...)
	}
	document, err := io.ReadAll(stdin)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return config.Parse("standard input", document, overrides...)
}
