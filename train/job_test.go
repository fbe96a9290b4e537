package train

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/internal/atomicfile"
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
