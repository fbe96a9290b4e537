package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"petrify/datasets"
	"petrify/internal/atomicfile"
	"petrify/internal/config"
	"petrify/internal/sweep"
	"petrify/train"
)

// The environment variables from which `sweep trial` takes its index, and what is added to
// it, where an array has fewer numbers than a sweep has trials.
var indexVariables = []string{"SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"}

const offsetVariable = "PETRIFY_SWEEP_OFFSET"

func (c *command) sweepTrial() *cobra.Command {
	var stage, leash bool
	phase := -1
	cmd := &cobra.Command{
		Use:   "trial DIR [INDEX]",
		Short: "Run one trial of a sweep, or continue it",
		Long: `Run the trial of an index, counted from 0, or continue it. Without INDEX, it is that
of the environment: SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX, plus
PETRIFY_SWEEP_OFFSET. The exit code is for schedulers:

  0    the trial has finished, now or before; or halving has stopped it, or it waits at a
       rung for others
  75   it was interrupted, or another process is at it: run it again
  1    it failed, perhaps not for good: a full disk, a file that is missing
  2    its configuration is wrong: do not run it again`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 || len(args) == 2 {
				return nil
			}
			return fmt.Errorf("got %d arguments, want DIR, or DIR and INDEX", len(args))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := sweep.Open(args[0])
			if err != nil {
				return usage(err)
			}
			count := s.Len()
			if stage {
				count = s.Stages()
			}
			index, err := indexOf(args[1:], count)
			if err != nil {
				return usage(err)
			}
			ctx := cmd.Context()
			if leash {
				var stop context.CancelCauseFunc
				ctx, stop = context.WithCancelCause(ctx)
				go func() {
					io.Copy(io.Discard, c.stdin) // ends when the process that holds the other end does
					stop(stopped{syscall.SIGTERM})
				}()
			}
			if stage {
				return resumable75(ctx, c.runStage(ctx, s, index))
			}
			if phase >= 0 {
				if s.Halving == nil || phase > len(s.Halving.Epochs) {
					return usage(fmt.Errorf("--phase %d: want a plan with halving, and its phases", phase))
				}
				return c.runPhase(ctx, s, index, phase)
			}
			return c.runTrial(ctx, s, index)
		},
	}
	cmd.Flags().BoolVar(&stage, "stage", false, "INDEX is that of a float stage that trials share")
	cmd.Flags().IntVar(&phase, "phase", -1, "exit with 75 until the trial has come to rung `N` of halving, counted "+
		"from 0, or has ended")
	cmd.Flags().BoolVar(&leash, "leash", false, "stop when standard input ends")
	cmd.Flags().MarkHidden("leash")
	return cmd
}

// indexOf is the index of a trial, from the command line or the environment.
func indexOf(args []string, count int) (int, error) {
	text, from := "", "INDEX"
	if len(args) > 0 {
		text = args[0]
	} else {
		for _, name := range indexVariables {
			if v, ok := os.LookupEnv(name); ok && text == "" {
				text, from = v, name
			}
		}
		if text == "" {
			return 0, fmt.Errorf("no index: want INDEX, %s or %s", indexVariables[0], indexVariables[1])
		}
	}
	index, err := strconv.Atoi(text)
	if offset := os.Getenv(offsetVariable); err == nil && len(args) == 0 && offset != "" {
		var more int
		if more, err = strconv.Atoi(offset); err != nil {
			return 0, fmt.Errorf("%s is %q: want a whole number", offsetVariable, offset)
		}
		index += more
	}
	if err != nil || index < 0 || index >= count {
		return 0, fmt.Errorf("%s is %q: want a number from 0 to %d", from, text, count-1)
	}
	return index, nil
}

// A trial that waits at a rung looks at the others so often, and for so long.
const (
	rungLook = 10 * time.Second
	rungWait = 5 * time.Minute
)

// runPhase works on a trial until it comes to a rung, or to its end. It waits a while where
// the trial has to wait for others at a rung before.
func (c *command) runPhase(ctx context.Context, s *sweep.Sweep, index, phase int) error {
	for end := time.Now().Add(rungWait); ; {
		p, err := s.Progress(index)
		switch {
		case err != nil:
			return err
		case p.State == sweep.Finished, p.State == sweep.Halved, p.Passed > phase,
			p.State == sweep.Waiting && p.Rung == phase:
			return nil
		case p.State != sweep.Waiting:
			if err := c.runTrial(ctx, s, index); err != nil {
				return err
			}
			continue
		case time.Now().After(end):
			return codedError{fmt.Errorf("trial %d waits for others after %s", index, s.Halving.Rung(p.Rung)),
				exitResumable}
		}
		select {
		case <-ctx.Done():
			return codedError{context.Cause(ctx), exitResumable}
		case <-time.After(rungLook):
		}
	}
}

// runTrial works on a trial and records how that ended.
func (c *command) runTrial(ctx context.Context, s *sweep.Sweep, index int) error {
	p, err := s.Progress(index)
	if err != nil || p.State == sweep.Finished || p.State == sweep.Halved || p.State == sweep.Waiting {
		return err
	}
	begin := time.Now()
	toRung, park := context.WithCancelCause(ctx)
	defer park(nil)
	err = c.trial(toRung, s, index, func(r train.Record) {
		if h := s.Halving; h != nil && p.Passed < len(h.Epochs) && r.Stage == h.Stage && r.Epoch == h.Epochs[p.Passed] {
			park(errAtRung)
		}
	})
	parked := ctx.Err() == nil && context.Cause(toRung) == errAtRung
	err = resumable75(ctx, err)
	a := sweep.Attempt{Ended: time.Now().UTC().Truncate(time.Second), Seconds: time.Since(begin).Seconds(),
		Processor: processorTime().Seconds(), Outcome: sweep.Done}
	a.Host, _ = os.Hostname()
	var coded codedError
	var faults config.Faults
	switch {
	case err == nil:
	case parked && errors.Is(err, errAtRung):
		a.Outcome, err = sweep.AtRung, nil
	case errors.Is(err, atomicfile.ErrOwned):
		return err // its owner records
	case errors.As(err, &coded) && coded.code == exitResumable:
		a.Outcome = sweep.Stopped
	case errors.As(err, &faults):
		a.Outcome, a.Error = sweep.Refused, err.Error()
	default:
		a.Outcome, a.Error = sweep.Broke, err.Error()
	}
	return errors.Join(err, s.Record(index, a))
}

// errAtRung ends a trial's process at a rung of halving.
var errAtRung = errors.New("at a rung")

// resumable75 gives errors after which a trial can go on their exit code.
func resumable75(ctx context.Context, err error) error {
	if err != nil && (ctx.Err() != nil || errors.Is(err, atomicfile.ErrOwned)) {
		return codedError{err, exitResumable}
	}
	return err
}

// trial runs what is left of a trial, and tells of each epoch.
func (c *command) trial(ctx context.Context, s *sweep.Sweep, index int, epoch func(train.Record)) error {
	settings, err := s.TrialConfig(index)
	if err != nil {
		return err
	}
	p := c.follow(followed{})
	defer p.clear()
	var t train.Config
	stage := s.Stage(index)
	if stage < 0 || train.HasCheckpoint(settings.Out) {
		if t, err = c.prepare(ctx, settings, p); err != nil {
			return err
		}
	} else {
		data, err := c.stage(ctx, s, stage, p)
		if err != nil {
			return err
		}
		if t, err = c.withData(settings, data, p); err != nil {
			return err
		}
		if err := train.Adopt(t, s.StageFolder(stage)); err != nil {
			return err
		}
	}
	t.Resume = true
	said := t.Events.Epoch
	t.Events.Epoch = func(r train.Record) { said(r); epoch(r) }
	return c.trainPrepared(ctx, settings, t, p, !exists(filepath.Join(settings.Out, config.ImportFile)))
}

// runStage trains what is left of a float stage that trials share.
func (c *command) runStage(ctx context.Context, s *sweep.Sweep, stage int) error {
	p := newProgress(c.stderr)
	defer p.clear()
	_, err := c.stage(ctx, s, stage, p)
	return err
}

// stage trains a shared float stage, or waits until another process has trained it. It
// returns the data.
func (c *command) stage(ctx context.Context, s *sweep.Sweep, stage int, p *progress) (*datasets.Set, error) {
	settings, err := s.StageConfig(stage)
	if err != nil {
		return nil, err
	}
	t, err := c.prepare(ctx, settings, p)
	if err != nil {
		return nil, err
	}
	t.Resume = true
	for !train.HasFloat(t) {
		err := floatAlone(ctx, t)
		if !errors.Is(err, atomicfile.ErrOwned) {
			return t.Data, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
	return t.Data, nil
}

func floatAlone(ctx context.Context, t train.Config) error {
	job, err := train.Open(t)
	if err != nil {
		return err
	}
	defer job.Close()
	return job.RunFloat(ctx)
}
