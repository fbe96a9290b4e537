package train

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"

	"petrify/graph"
)

// Finished returns the final model of a finished run, from the newest
// checkpoint in c.Out, so that it can be evaluated again. c is the
// configuration of that run, which any version of the program may have made on
// any processor.
func Finished(c Config) (*graph.Model, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.resolve()
	if c.Out == "" {
		return nil, errors.New("train: the configuration names no run folder")
	}
	s := &store{folder: c.Out, config: fingerprint(c)}
	last, err := s.load(c.Log)
	switch {
	case err != nil:
		return nil, fmt.Errorf("train: %w", err)
	case last == nil:
		return nil, fmt.Errorf("train: %s holds no checkpoint", c.Out)
	case last.Phase != Done:
		return nil, unfinished(c.Out, last)
	}
	s.config[keyProgram] = last.config[keyProgram]
	if diff := difference(last.config, s.config); len(diff) > 0 {
		return nil, fmt.Errorf("train: %s is of another run:\n  %s", last.path, strings.Join(diff, "\n  "))
	}
	m, err := graph.New(c.Network, c.input(), c.Quantization, rand.New(rand.NewPCG(c.Seed, streamModel)))
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if err := m.Restore(unprefixed(last.states, "model/")); err != nil {
		return nil, fmt.Errorf("train: %s: %w", last.path, err)
	}
	return m, nil
}

// Unfinished is an error that says how far the run in a folder is, if it is in a stage.
func Unfinished(folder string) error {
	last, err := (&store{folder: folder}).load(slog.New(slog.DiscardHandler))
	if err != nil || last == nil || last.Phase == Done {
		return nil
	}
	return unfinished(folder, last)
}

func unfinished(folder string, last *checkpoint) error {
	return fmt.Errorf("train: %s holds an unfinished run (%v stage, %d steps)", folder, last.Phase, last.Step)
}
