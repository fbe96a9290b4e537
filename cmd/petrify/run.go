package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"petrify/internal/config"
	"petrify/internal/kernel"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitResumable   = 75  // EX_TEMPFAIL: a trial of a sweep can go on
	exitInterrupted = 130 // as shells report a command that Ctrl-C ended
	exitTerminated  = 143 // and one that SIGTERM ended
)

// usageError is a mistake on the command line found after parsing it.
type usageError struct{ error }

func usage(err error) error { return usageError{err} }

// codedError is an error with an exit code of its own.
type codedError struct {
	error
	code int
}

func (e codedError) Unwrap() error { return e.error }

// command is what the subcommands share.
type command struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	started        bool // the command line was understood
	quiet          bool // only warnings and errors are wanted
}

// run executes a command line and returns the exit code. Ctrl-C or
// SIGTERM cancels the running command, which then has time to save its work; a
// second one ends the process at once.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	outliveFileLimit()
	if err := keepWithin(rooms()); err != nil {
		fmt.Fprintln(stderr, "petrify:", err)
		return exitFailed
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	stdout, stderr = forTerminal(stdout), forTerminal(stderr)
	c := &command{stdin: stdin, stdout: stdout, stderr: stderr}
	root := c.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(stderr, "petrify:", err)
	var faults config.Faults
	var wrong usageError
	var signalled stopped
	var coded codedError
	switch {
	case errors.As(err, &coded):
		return coded.code
	case errors.As(context.Cause(ctx), &signalled):
		return signalled.code()
	case !c.started || errors.As(err, &faults) || errors.As(err, &wrong):
		return exitUsage
	default:
		return exitFailed
	}
}

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "petrify",
		Short: "Train with quantization in the loop, then set the scales in stone",
		Long: `petrify trains a small network in float, quantizes it (PTQ), continues with
quantization in the loop (QAT), freezes the scales, and exports a model that is
exactly as accurate as the one that was trained.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			c.started = true
			if err := kernel.Check(); err != nil {
				return usage(err)
			}
			return nil
		},
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetIn(c.stdin)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	root.SetHelpCommand(help())
	root.AddCommand(c.train(), c.quantize(), c.importer(), c.data(), c.inspect(), c.analyze(), c.search(), c.export(), c.verify(), c.predict(), c.evaluate(),
		c.report(), c.compare(), c.runs(), c.sweep(), c.bench(), c.config(), c.version())
	return root
}

// printJSON prints a value for programs to read.
func (c *command) printJSON(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// help replaces cobra's command, which does not treat an unknown topic as an
// error.
func help() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil {
				return usage(err)
			}
			if len(rest) > 0 {
				return usage(fmt.Errorf("unknown command %q for %q", rest[0], about.CommandPath()))
			}
			return about.Help()
		},
	}
}

// oneArgument requires exactly one argument, the one that the usage names.
func oneArgument(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return fmt.Errorf("got %d arguments, want one: %s", len(args), cmd.UseLine())
}

// noArguments allows only flags.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if cmd.Flags().Lookup("config") != nil {
		hint = "; give a configuration file with --config"
	}
	return fmt.Errorf("unexpected argument %q: want %s%s", args[0], cmd.UseLine(), hint)
}
