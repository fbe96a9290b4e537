package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"petrify/internal/sweep"
	"petrify/train"
)

// array is a Slurm array of trials, or of float stages.
type array struct {
	Stage    bool
	Phase    int    // which arrays come first: float stages, then the trials from rung to rung
	Numbers  string // such as "0-3,7"
	Offset   int    // from a task's number to the trial's
	Throttle int    // how many at a time; 0: as many as Slurm likes
	Job      string
	Folder   string // the sweep's, absolute
	Program  string // petrify's path
}

// batchScript is the script of an array. USR1 comes a minute before the time limit;
// scancel, preemption and requeueing send TERM. Either way the trial writes a checkpoint,
// exits with 75, and its task is queued again; so is, up to ten times, one that is killed.
var batchScript = template.Must(template.New("sbatch").Funcs(template.FuncMap{"quote": shellQuoted}).Parse(`#!/bin/sh
#SBATCH --job-name={{.Job}}
#SBATCH --array={{.Numbers}}{{if .Throttle}}%{{.Throttle}}{{end}}
#SBATCH --requeue
#SBATCH --signal=B:USR1@60
#SBATCH --open-mode=append
#SBATCH --output=slurm-%A_%a.log
export PETRIFY_SWEEP_OFFSET={{.Offset}}
{{quote .Program}} sweep trial {{quote .Folder}}{{if .Stage}} --stage{{end}} &
trial=$!
trap 'kill -TERM $trial' USR1 TERM
wait $trial
code=$?
while kill -0 $trial 2>/dev/null; do
	wait $trial
	code=$?
done
if [ $code = 75 ] || [ $code -gt 128 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 10 ]; then
	scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
fi
exit $code
`))

// shellQuoted is a word for a shell.
func shellQuoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

func (c *command) sweepSlurm() *cobra.Command {
	var show bool
	var throttle, longest int
	cmd := &cobra.Command{
		Use:   "slurm DIR [-- OPTIONS FOR SBATCH]",
		Short: "Submit what is left of a sweep to Slurm, as an array",
		Long: `Submit the trials that have not finished to Slurm: one array of the float stages
that trials share, and one of the trials, which waits for it. All that is written
after -- goes to sbatch, such as --time=1:00:00 --partition=cpu --cpus-per-task=4.
A task that is preempted, requeued, or near its time limit writes a checkpoint and is
queued again. Nothing has to stay alive here.`,
		Args: func(cmd *cobra.Command, args []string) error {
			dash := cmd.ArgsLenAtDash()
			if dash == 1 || dash < 0 && len(args) == 1 {
				return nil
			}
			return errors.New("want one DIR, and options for sbatch after --")
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := sweep.Open(args[0])
			if err != nil {
				return err
			}
			if throttle < 0 || longest < 0 {
				return usage(errors.New("--throttle and --max-array: want 0 or more"))
			}
			if longest == 0 && !show {
				longest = maxArraySize(cmd.Context())
			}
			arrays, err := arraysOf(s, longest)
			if err != nil {
				return err
			}
			for i := range arrays {
				arrays[i].Throttle = throttle
			}
			return c.submit(cmd.Context(), arrays, args[1:], show)
		},
	}
	cmd.Flags().BoolVar(&show, "print", false, "print the scripts, and submit nothing")
	cmd.Flags().IntVar(&throttle, "throttle", 0, "run at most `N` trials at a time; 0 is no limit")
	cmd.Flags().IntVar(&longest, "max-array", 0, "Slurm's MaxArraySize, `N`; 0 asks scontrol")
	return cmd
}

// usualArray is Slurm's MaxArraySize where nobody has set it.
const usualArray = 1001

// maxArraySize asks Slurm for the least number that a task of an array cannot have.
func maxArraySize(ctx context.Context) int {
	said, err := exec.CommandContext(ctx, "scontrol", "show", "config").Output()
	if err != nil {
		return usualArray
	}
	for line := range strings.Lines(string(said)) {
		name, value, _ := strings.Cut(line, "=")
		if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && strings.TrimSpace(name) == "MaxArraySize" {
			return n
		}
	}
	return usualArray
}

// arraysOf are the arrays of what is left of a sweep, the float stages first.
func arraysOf(s *sweep.Sweep, longest int) (arrays []array, err error) {
	if longest == 0 {
		longest = usualArray
	}
	folder, err := filepath.Abs(s.Folder)
	if err != nil {
		return nil, err
	}
	program, err := ownProgram()
	if err != nil {
		return nil, err
	}
	var trials, stages []int
	wanted := map[int]bool{}
	phases := 1
	all, err := s.Survey()
	if err != nil {
		return nil, err
	}
	for index, p := range all {
		if p.State == sweep.Finished || p.State == sweep.Halved {
			continue
		}
		trials = append(trials, index)
		if s.Halving != nil {
			phases = max(phases, len(s.Halving.Epochs)-p.Passed+1)
		}
		stage := s.Stage(index)
		if stage >= 0 && !wanted[stage] && !train.HasCheckpoint(s.TrialFolder(index)) {
			wanted[stage] = true
			stages = append(stages, stage)
		}
	}
	name := "petrify-" + filepath.Base(folder)
	add := func(a array, indices []int) {
		for _, block := range blocks(indices, longest) {
			a.Numbers, a.Offset, a.Job, a.Folder, a.Program = block.numbers, block.offset, name, folder, program
			arrays = append(arrays, a)
		}
	}
	add(array{Stage: true}, stages)
	for phase := range phases {
		add(array{Phase: phase + 1}, trials)
	}
	return arrays, nil
}

// block is a part of a list of indices that fits into an array.
type block struct {
	offset  int
	numbers string
}

// blocks divides ascending indices so that each, less its block's offset, is below the
// limit.
func blocks(indices []int, limit int) (all []block) {
	for len(indices) > 0 {
		offset := 0
		if indices[len(indices)-1] >= limit {
			offset = indices[0]
		}
		n := 0
		for n < len(indices) && indices[n]-offset < limit {
			n++
		}
		all = append(all, block{offset, runs(indices[:n], offset)})
		indices = indices[n:]
	}
	return all
}

// runs writes ascending indices, less an offset, as Slurm does: 0-3,7.
func runs(indices []int, offset int) string {
	var parts []string
	for i := 0; i < len(indices); {
		j := i
		for j+1 < len(indices) && indices[j+1] == indices[j]+1 {
			j++
		}
		part := strconv.Itoa(indices[i] - offset)
		if j > i {
			part += "-" + strconv.Itoa(indices[j]-offset)
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ",")
}

// submit gives the arrays to sbatch, or prints them. Those of a phase wait for those of the
// one before to end, however they end: a trial whose float stage is not there trains it, and
// one that waits at a rung ends at once.
func (c *command) submit(ctx context.Context, arrays []array, options []string, show bool) error {
	if len(arrays) == 0 {
		_, err := fmt.Fprintln(c.stdout, "every trial has finished")
		return err
	}
	var before, now []string // jobs
	for i, a := range arrays {
		if i > 0 && a.Phase > arrays[i-1].Phase {
			before, now = now, nil
		}
		var script bytes.Buffer
		if err := batchScript.Execute(&script, a); err != nil {
			return err
		}
		if show {
			if _, err := c.stdout.Write(script.Bytes()); err != nil {
				return err
			}
			continue
		}
		args := []string{"--parsable"}
		if len(before) > 0 {
			args = append(args, "--dependency=afterany:"+strings.Join(before, ":"))
		}
		job, err := sbatch(ctx, append(args, options...), &script)
		if err != nil {
			return err
		}
		now = append(now, job)
		what := "trials"
		if a.Stage {
			what = "float stages"
		}
		fmt.Fprintf(c.stdout, "job %s: %s %s\n", job, what, a.Numbers)
	}
	return nil
}

// sbatch submits a script and returns the job's number.
func sbatch(ctx context.Context, args []string, script io.Reader) (string, error) {
	cmd := exec.CommandContext(ctx, "sbatch", args...)
	var said bytes.Buffer
	cmd.Stdin, cmd.Stderr = script, &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("sbatch: %w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	job, _, _ := strings.Cut(strings.TrimSpace(string(out)), ";") // a cluster may follow
	return job, nil
}
