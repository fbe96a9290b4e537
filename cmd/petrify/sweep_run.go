package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"petrify/internal/sums"
	"petrify/internal/sweep"
	"petrify/train"
)

func (c *command) sweepRun() *cobra.Command {
	var jobs int
	cmd := &cobra.Command{
		Use:   "run DIR",
		Short: "Run what is left of a sweep on this machine",
		Long: `Run the trials of a sweep that have not finished, several at a time, each in a
process of its own. Ctrl-C stops them so that the same command continues them.
What a trial says is in log.txt in its folder.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			if jobs < 0 {
				return usage(fmt.Errorf("--jobs %d: want 1 or more, or 0 for one for each processor", jobs))
			}
			s, err := sweep.Open(args[0])
			if err != nil {
				return err
			}
			if jobs == 0 {
				jobs = runtime.GOMAXPROCS(0)
			}
			return c.runSweep(cmd.Context(), s, jobs)
		},
	}
	cmd.Flags().IntVarP(&jobs, "jobs", "j", 0, "run `N` trials at a time; 0 is one for each processor")
	return cmd
}

// task is a process that works on a trial, or on a float stage that trials share.
type task struct {
	stage bool
	index int
	tries int
}

// ended is the end of a task's process.
type ended struct {
	task
	code int
	took time.Duration
	err  error // of starting it
}

// pool runs the tasks of a sweep.
type pool struct {
	*command
	sweep   *sweep.Sweep
	program string
	jobs    int
	waiting []task
	stages  map[int]bool // those that are not trained yet
	running map[task]io.Closer
	ends    chan ended
	shown   *progress
	done    int // finished trials
	halved  int // trials that halving has stopped
	failed  int
}

func (c *command) runSweep(ctx context.Context, s *sweep.Sweep, jobs int) error {
	p := &pool{command: c, sweep: s, jobs: jobs, stages: map[int]bool{}, running: map[task]io.Closer{},
		ends: make(chan ended), shown: newProgress(c.stderr)}
	defer p.shown.clear()
	var err error
	if p.program, err = ownProgram(); err != nil {
		return err
	}
	for begun := false; ; begun = true {
		if err := p.enqueue(); err != nil {
			return err
		}
		if len(p.waiting) == 0 || ctx.Err() != nil || p.failed > 0 {
			break
		}
		if left := s.Len() - p.done - p.halved; !begun {
			fmt.Fprintf(c.stderr, "%s: %s, %d finished before; %d at a time\n", s.Folder, several(s.Len(), "trial"),
				p.done, min(jobs, left))
		}
		p.show()
		p.loop(ctx)
		if s.Halving == nil {
			break
		}
	}
	p.shown.clear()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%d of %s finished; the same command continues: %w", p.done, several(s.Len(), "trial"),
			context.Cause(ctx))
	case p.failed > 0:
		return fmt.Errorf("%d of %s failed; `petrify sweep status %s` says why, and the same command tries again",
			p.failed, several(s.Len(), "trial"), s.Folder)
	}
	r, err := s.Results("", nil, nil)
	if err != nil {
		return err
	}
	return r.Text(c.stdout)
}

// ownProgram is the path of this program, as it was called.
func ownProgram() (string, error) {
	if path, err := exec.LookPath(os.Args[0]); err == nil {
		return filepath.Abs(path)
	}
	return os.Executable()
}

// enqueue lists what is left to do, in the plan's order: a shared float stage comes before
// the first trial that waits for it, so that a sweep that is stopped has finished its first
// trials, not all of its stages.
func (p *pool) enqueue() error {
	all, err := p.sweep.Survey()
	if err != nil {
		return err
	}
	p.done, p.halved, p.waiting = 0, 0, nil
	for index, now := range all {
		switch now.State {
		case sweep.Finished:
			p.done++
			continue
		case sweep.Halved:
			p.halved++
			continue
		case sweep.Waiting:
			continue
		case sweep.Planned, sweep.Running, sweep.Interrupted, sweep.Failed:
		}
		stage := p.sweep.Stage(index)
		if stage >= 0 && !p.stages[stage] && !train.HasCheckpoint(p.sweep.TrialFolder(index)) {
			p.stages[stage] = true
			p.waiting = append(p.waiting, task{stage: true, index: stage})
		}
		p.waiting = append(p.waiting, task{index: index})
	}
	return nil
}

// loop starts tasks and waits for them, until there are none, or until ctx is done and
// the running ones have stopped.
func (p *pool) loop(ctx context.Context) {
	stop := ctx.Done()
	for {
		for ctx.Err() == nil && len(p.running) < p.jobs {
			i := slices.IndexFunc(p.waiting, p.ready)
			if i < 0 {
				break
			}
			next := p.waiting[i]
			p.waiting = slices.Delete(p.waiting, i, i+1)
			p.start(next)
		}
		if len(p.running) == 0 {
			return
		}
		select {
		case <-stop:
			for _, leash := range p.running {
				leash.Close()
			}
			stop = nil
		case e := <-p.ends:
			p.end(ctx, e)
		}
	}
}

// ready reports whether a task can begin: its float stage, if it shares one, is trained.
func (p *pool) ready(t task) bool { return t.stage || !p.stages[p.sweep.Stage(t.index)] }

// start begins a task's process. It gets its share of the processors; how many they are
// changes no byte of the result.
func (p *pool) start(t task) {
	folder, args := p.sweep.TrialFolder(t.index), []string{"sweep", "trial", p.sweep.Folder, strconv.Itoa(t.index),
		"--leash"}
	if t.stage {
		folder, args = p.sweep.StageFolder(t.index), append(args, "--stage")
	}
	begin := time.Now()
	fail := func(err error) {
		p.running[t] = io.NopCloser(nil)
		go func() { p.ends <- ended{task: t, err: err} }()
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		fail(err)
		return
	}
	log, err := os.OpenFile(filepath.Join(folder, "log.txt"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		fail(err)
		return
	}
	cmd := exec.Command(p.program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", p.processors()))
	cmd.SysProcAttr = ownGroup() // the terminal's Ctrl-C is for this process, which passes it on
	leash, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		log.Close()
		fail(err)
		return
	}
	p.running[t] = leash
	go func() {
		cmd.Wait()
		log.Close()
		p.ends <- ended{t, cmd.ProcessState.ExitCode(), time.Since(begin), nil}
	}()
}

// processors is the share of the next task.
func (p *pool) processors() int {
	tasks := min(p.jobs, len(p.running)+len(p.waiting)+1)
	return max(1, runtime.GOMAXPROCS(0)/tasks)
}

// tries is how often a trial is begun again that another process owned, a second apart.
const tries = 60

// end notes the end of a task.
func (p *pool) end(ctx context.Context, e ended) {
	delete(p.running, e.task)
	again := e.code == exitResumable && ctx.Err() == nil && e.tries < tries
	switch {
	case again:
		e.tries++
		p.running[e.task] = io.NopCloser(nil)
		go func() {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
			p.ends <- ended{task: task{e.stage, e.index, e.tries}, code: exitAgain}
		}()
	case e.code == exitAgain && ctx.Err() == nil:
		p.waiting = append(p.waiting, e.task)
	case e.stage: // if it failed, each of its trials says why
		delete(p.stages, e.index)
	case e.code == exitResumable || e.code == exitAgain: // it can be continued
	default:
		p.report(e)
	}
	p.show()
}

// exitAgain is no exit code: the task's time to be tried again has come.
const exitAgain = -2

// report prints the line of a trial that has ended.
func (p *pool) report(e ended) {
	name := fmt.Sprintf("trial %*d  %s", width(p.sweep.Len()-1), e.index, p.sweep.Name(p.sweep.Trial(e.index)))
	if e.err == nil && e.code == exitOK {
		word := "at its next rung after"
		if exists(filepath.Join(p.sweep.TrialFolder(e.index), sums.File)) {
			p.done++
			word = "finished in"
		}
		p.shown.clear()
		fmt.Fprintf(p.stderr, "%s  %s %.1f s\n", name, word, e.took.Seconds())
		return
	}
	p.failed++
	reason := fmt.Sprintf("exit code %d", e.code)
	if now, err := p.sweep.Progress(e.index); err == nil && now.Last.Error != "" {
		reason = inOneLine(now.Last.Error)
	}
	if e.err != nil {
		reason = e.err.Error()
	}
	p.shown.clear()
	fmt.Fprintf(p.stderr, "%s  failed: %s\n", name, reason)
}

// show draws the bar of all trials.
func (p *pool) show() {
	if !p.shown.terminal {
		return
	}
	if p.shown.bar == nil {
		p.shown.open(int64(p.sweep.Len()), "", "trials")
	}
	p.shown.bar.Describe(p.shown.fit(fmt.Sprintf("%d running", len(p.running))))
	p.shown.bar.Set(p.done)
}
