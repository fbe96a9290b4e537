package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/internal/atomicfile"
)

// What petrify runs says of the state of runs that have not finished: also of one whose
// process is gone, however it ended, and of one with damage, which hides no other.
func TestStatesOfUnfinishedRuns(t *testing.T) {
	folder := t.TempDir()
	file := func(run, name string) string { return filepath.Join(folder, run, name) }
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, run := range []string{"damaged", "ended", "gone", "running"} {
		if err := os.Mkdir(filepath.Join(folder, run), 0o700); err != nil {
			t.Fatal(err)
		}
		write(file(run, configFile), "dataset: digits\nnetwork: mlp\n")
	}
	owner, err := atomicfile.Own(filepath.Join(folder, "running"))
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Release()
	claim, err := os.ReadFile(file("running", atomicfile.OwnerFile))
	if err != nil {
		t.Fatal(err)
	}
	write(file("gone", atomicfile.OwnerFile), string(bytes.Replace(claim, []byte(`"process":`), []byte(`"process":9999`), 1)))
	write(file("damaged", "SHA256SUMS"), "")

	all, err := listRuns(folder)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"damaged: open " + file("damaged", summaryFile), "interrupted", "interrupted", "running"} {
		if !strings.HasPrefix(all[i].State, want) {
			t.Errorf("%s: %q, want %q", all[i].Folder, all[i].State, want)
		}
	}
}

// What other commands wrote about a run goes when another one begins in its folder, not when
// the run is continued.
func TestNewRunsHaveNoFilesOfEarlierOnes(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	begin := []string{"train", "--out", run, "--quiet", "--set", "network=mlp", "--set", "float.epochs=1",
		"--set", "qat.epochs=0"}
	resume := []string{"train", "--resume", "--out", run, "--quiet"}
	finished(t, begin...)
	for _, tt := range []struct {
		args []string
		kept bool
	}{{resume, true}, {begin, false}} {
		for _, name := range laterFiles() {
			if err := os.WriteFile(filepath.Join(run, name), []byte("of an earlier run"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		finished(t, tt.args...)
		for _, name := range laterFiles() {
			if exists(filepath.Join(run, name)) != tt.kept {
				t.Errorf("%v: %s is kept: %v, want %v", tt.args, name, !tt.kept, tt.kept)
			}
		}
	}
}

// While a run in a folder has not finished, the model that an earlier one left there is not
// taken for its own; by its file's name it is still read.
func TestModelOfAnEarlierRun(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run")
	begin := []string{"train", "--out", folder, "--quiet", "--set", "network=mlp", "--set", "float.epochs=1"}
	finished(t, append(begin, "--set", "qat.epochs=0")...)
	finished(t, "inspect", folder)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	again := append(begin, "--json", "--set", "qat.epochs=1000")
	if run(ctx, again, nil, atStage{"qat", cancel}, io.Discard) == exitOK {
		t.Fatal("the second run finished")
	}
	for _, args := range [][]string{{"inspect"}, {"inspect", "--graph"}, {"export"}, {"evaluate"}, {"report"},
		{"compare", folder}, {"bench"}, {"verify"}} {
		if _, errs := ends(t, exitFailed, append(args, folder)...); !strings.Contains(errs, "is of an earlier run") {
			t.Errorf("%v: %s", args, errs)
		}
	}
	finished(t, "inspect", filepath.Join(folder, "model.json"))
}

// atStage calls do when a stage begins that --json tells of.
type atStage struct {
	name string
	do   func()
}

func (a atStage) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(`"event":"stage"`)) && bytes.Contains(line, []byte(`"stage":"`+a.name+`"`)) {
		a.do()
	}
	return len(line), nil
}
