package train

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/internal/atomicfile"
	"petrify/internal/kernel"
)

// A folder has one run at a time, whatever the second one wants.
func TestFolderHasOneRun(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	j, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, resume := range []bool{false, true} {
		c.Resume = resume
		if _, err := Run(t.Context(), c); err == nil ||
			!strings.Contains(err.Error(), "train: atomicfile: own "+c.Out+": process ") {
			t.Errorf("a second run: %v", err)
		}
	}
	if _, err := j.Run(t.Context()); err != nil {
		t.Error(err)
	}
	j.Close()
	mustRun(t, c)
}

// A run that has lost its folder stops before it writes.
func TestRunThatLosesItsFolder(t *testing.T) {
	c := small(t)
	c.Out, c.Checkpoint = t.TempDir(), Interval{Span: Steps(1)}
	claim := filepath.Join(c.Out, atomicfile.OwnerFile)
	c.Events.Step = func(s StepEnd) {
		if s.Step == 5 {
			if err := errors.Join(os.Remove(claim), os.WriteFile(claim, nil, 0o666)); err != nil {
				t.Error(err)
			}
		}
	}
	_, err := Run(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), "owner.json is another process's; the last checkpoint is "+c.Out) {
		t.Errorf("got %v", err)
	}
	if last := lastCheckpoint(t, c.Out); last.Step != 4 {
		t.Errorf("the last checkpoint is of step %d, want 4", last.Step)
	}
}

// A checkpoint of other kernels is refused, unless these were asked for.
func TestResumeWithOtherKernels(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	interrupted(t, c)
	last := lastCheckpoint(t, c.Out)
	if got := last.config[keyKernel]; got != kernel.Path() {
		t.Errorf("the checkpoint says %q, want %q", got, kernel.Path())
	}
	last.config[keyKernel] = "abacus"
	if err := atomicfile.Write(last.path, last.encode); err != nil {
		t.Fatal(err)
	}
	c.Resume = true
	for _, named := range []string{"", "abacus", "none"} {
		t.Setenv(kernel.Variable, named)
		_, err := Run(t.Context(), c)
		want := "was made with the kernels abacus, and this process has " + kernel.Path() +
			", whose sums round otherwise: resume with PETRIFY_KERNEL=abacus to end with the bytes of an " +
			"uninterrupted run, or with PETRIFY_KERNEL=" + kernel.Path() + " to end with others"
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s=%s: %v: want %q", kernel.Variable, named, err, want)
		}
	}
	t.Setenv(kernel.Variable, kernel.Path())
	var log strings.Builder
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	mustRun(t, c)
	if want := "the run ends with other bytes than an uninterrupted one\" checkpoint=abacus now=" +
		kernel.Path(); !strings.Contains(log.String(), want) {
		t.Errorf("the log is %s: want %s", &log, want)
	}
	if _, err := Finished(c); err != nil {
		t.Errorf("the finished run is not that of the configuration: %v", err)
	}
}
