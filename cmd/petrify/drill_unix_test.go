//go:build linux || darwin

package main

import (
	"bytes"
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	part "petrify/internal/sample"
)

var kills = flag.Int("kills", 3, "how often each drill kills")

// drilled is a training run of some hundred steps with many checkpoints.
var drilled = []string{"train", "--out", "run", "--set", "network=mlp", "--set", "float.epochs=6", "--set",
	"qat.epochs=2", "--set", "checkpoint=20"}

// launched starts a command in a folder.
func launched(t *testing.T, folder string, args ...string) (cmd *exec.Cmd, said *bytes.Buffer) {
	t.Helper()
	said = &bytes.Buffer{}
	cmd = exec.Command("petrify", args...)
	cmd.Dir, cmd.Stderr = folder, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, said
}

// continued returns the arguments that resume the run in a folder.
func continued(folder string) []string {
	if resumable(filepath.Join(folder, "run")) == nil {
		return []string{"train", "--resume", "--out", "run"}
	}
	return drilled
}

// untimed returns the files in a folder that hold no times, with their
// contents.
func untimed(t *testing.T, folder string) map[string]string {
	all := tree(t, folder)
	for name := range all {
		base := filepath.Base(name)
		timed := base == "metrics.jsonl" || base == "summary.json" || base == "SHA256SUMS"
		if timed || strings.HasPrefix(base, "checkpoint-") {
			all[name] = ""
		}
	}
	return all
}

// ending runs a command in a folder to its end and returns how long it took.
func ending(t *testing.T, folder string, args ...string) time.Duration {
	t.Helper()
	begin := time.Now()
	cmd, said := launched(t, folder, args...)
	if cmd.Wait() != nil {
		t.Fatalf("%v: %v: %s", args, cmd.ProcessState, said)
	}
	return time.Since(begin)
}

// A run that is killed again and again, from its first file to its proof, ends
// with the files of an undisturbed run.
func TestKilledTraining(t *testing.T) {
	whole, parted := t.TempDir(), t.TempDir()
	took := ending(t, whole, drilled...)
	ended := 0
	for range *kills {
		cmd, _ := launched(t, parted, continued(parted)...)
		time.Sleep(rand.N(took))
		cmd.Process.Kill() // it may have ended
		if cmd.Wait() != nil {
			continue
		}
		if ended++; !reflect.DeepEqual(untimed(t, parted), untimed(t, whole)) {
			t.Fatal("a run that was killed before ended with other files")
		}
		if err := os.RemoveAll(filepath.Join(parted, "run")); err != nil {
			t.Fatal(err)
		}
	}
	ending(t, parted, continued(parted)...)
	if got, want := untimed(t, parted), untimed(t, whole); !reflect.DeepEqual(got, want) {
		t.Errorf("the files differ: %v", differing(got, want))
	}
	t.Logf("%d kills, %d of them after the end", *kills, ended)
}

// What repairs, analyses and searches is killed again and again, and ends with the files of
// the same command undisturbed: with every repair, and while choices are trained.
func TestKilledRepairs(t *testing.T) {
	begun := t.TempDir()
	ending(t, begun, "train", "--out", "float", "--set", "network=mlp", "--set", "float.epochs=1", "--set", "qat.epochs=0")
	commands := map[string][]string{
		"analysis": {"analyze", "float"},
		"search":   {"search", "float", "--budget", "drop=5", "--confirm", "2"},
	}
	for name, ptq := range everyRepair() {
		commands["quantize, "+name] = []string{"quantize", "float", "--out", "run", "--set", "ptq=" + ptq, "--set",
			"quantization.global_config.weight_bits=3", "--set", "checkpoint=1"}
	}
	for i, name := range slices.Sorted(maps.Keys(commands)) {
		if part.Skips(i, 7) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			whole, parted := t.TempDir(), t.TempDir()
			for _, folder := range []string{whole, parted} {
				if err := os.CopyFS(folder, os.DirFS(begun)); err != nil {
					t.Fatal(err)
				}
			}
			next := func() []string {
				if resumable(filepath.Join(parted, "run")) == nil {
					return []string{"train", "--resume", "--out", "run"}
				}
				return commands[name]
			}
			took, ended := ending(t, whole, commands[name]...), false
			for range *kills {
				cmd, _ := launched(t, parted, next()...)
				time.Sleep(rand.N(took))
				cmd.Process.Kill() // it may have ended
				if ended = cmd.Wait() == nil; ended {
					break
				}
			}
			if !ended {
				ending(t, parted, next()...)
			}
			got, want := untimed(t, parted), untimed(t, whole)
			for file, content := range got { // a run's configuration names its weights
				got[file] = strings.ReplaceAll(content, parted, whole)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("the files differ: %v", differing(got, want))
			}
		})
	}
}

// differing lists the names at which two trees differ.
func differing(a, b map[string]string) (names []string) {
	for name, content := range a {
		if other, ok := b[name]; !ok || other != content {
			names = append(names, name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

// An export that is killed leaves a whole file or nothing under its name; the
// next one removes what is left next to it.
func TestKilledExport(t *testing.T) {
	whole, parted := t.TempDir(), t.TempDir()
	ending(t, whole, drilled...)
	if err := os.CopyFS(parted, os.DirFS(whole)); err != nil {
		t.Fatal(err)
	}
	var formats [][]string
	for _, f := range []string{"onnx", "coreml", "tflite", "c"} {
		formats = append(formats, []string{"export", "run", "--format", f})
	}
	var took time.Duration
	for _, args := range formats {
		took = max(took, ending(t, whole, args...))
	}
	for i := range *kills {
		cmd, _ := launched(t, parted, formats[i%len(formats)]...)
		time.Sleep(rand.N(took))
		cmd.Process.Kill() // it may have ended
		cmd.Wait()
	}
	for _, args := range formats {
		ending(t, parted, args...)
	}
	if got, want := tree(t, parted), tree(t, whole); !reflect.DeepEqual(got, want) {
		t.Errorf("the files differ: %v", differing(got, want))
	}
}

// If runs are started in one folder at the same time and killed, only one runs
// at a time, and the last one ends with the files of a run that was alone.
func TestKilledRunsInOneFolder(t *testing.T) {
	whole, parted := t.TempDir(), t.TempDir()
	took := ending(t, whole, drilled...)
	for range *kills {
		var runs [3]*exec.Cmd
		var said [3]*bytes.Buffer
		for i := range runs {
			runs[i], said[i] = launched(t, parted, continued(parted)...)
		}
		time.Sleep(rand.N(took))
		for _, cmd := range runs {
			cmd.Process.Kill() // it may have ended
		}
		for i, cmd := range runs {
			cmd.Wait()
			refused := strings.Contains(said[i].String(), "owner.json") ||
				strings.Contains(said[i].String(), "own run: process ")
			late := strings.Contains(said[i].String(), "unfinished run") // it came when the one before was dead
			if cmd.ProcessState.ExitCode() > exitOK && !refused && !late {
				t.Errorf("%v: %s", cmd.ProcessState, said[i])
			}
		}
	}
	ending(t, parted, continued(parted)...)
	if got, want := untimed(t, parted), untimed(t, whole); !reflect.DeepEqual(got, want) {
		t.Errorf("the files differ: %v", differing(got, want))
	}
}
