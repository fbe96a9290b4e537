//go:build linux || darwin

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// swept is a sweep of many short trials, some of which share their float stage.
const swept = `
base: {network: mlp, float: {epochs: 2}, qat: {epochs: 1}, checkpoint: 10}
axes:
  bits: {W8: {}, W4: {quantization: {global_config: {weight_bits: 4}}}, alone: {batch: 16, qat: {epochs: 2}}}
  seed: 1..%d
`

// halved is a sweep with rungs.
const halved = `
base: {network: mlp, validation: 0.2, float: {epochs: 1}, qat: {epochs: 3}, checkpoint: 10}
axes:
  bits: {W8: {}, W3: {quantization: {global_config: {weight_bits: 3, activation_bits: 3}}},
    W2: {quantization: {global_config: {weight_bits: 2, activation_bits: 2}}}}
  seed: 1..%d
halving: {epochs: [1, 2], keep: 0.5}
`

// modelsOf are the models of a sweep's trials, by their paths.
func modelsOf(t *testing.T, folder string) map[string]string {
	models := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(folder, "trials", "*", "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		models[strings.TrimPrefix(path, folder)] = string(text)
	}
	return models
}

// killOwners kills the processes that own a trial's folder or a stage's.
func killOwners(t *testing.T, folder string) {
	for _, pattern := range []string{"trials/*/owner.json", "float/*/owner.json"} {
		paths, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, _ := os.ReadFile(path)
			var claim struct{ Process int }
			if json.Unmarshal(text, &claim) == nil && claim.Process > 1 {
				syscall.Kill(claim.Process, syscall.SIGKILL) // it may have ended
			}
		}
	}
}

// A sweep of which everything is killed again and again, or only the process that watches
// it, ends with the bytes of one that is left alone.
func TestKilledSweep(t *testing.T) {
	seeds := 2
	if *kills > 10 {
		seeds = 8
	}
	if n := killSweep(t, fmt.Sprintf(swept, seeds)); n != 3*seeds {
		t.Errorf("%d models, want %d", n, 3*seeds)
	}
}

// So does one with halving, which stops the same trials.
func TestKilledHalving(t *testing.T) {
	if n := killSweep(t, fmt.Sprintf(halved, 1)); n != 1 {
		t.Errorf("%d models, want 1", n)
	}
}

// killSweep compares a sweep that is killed with one that is not, and counts the models.
func killSweep(t *testing.T, plan string) int {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s.yaml"), []byte(plan), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{"whole", "parted"} {
		ending(t, dir, "sweep", "plan", "s.yaml", "--out", out)
	}
	took := ending(t, dir, "sweep", "run", "whole")
	parted := filepath.Join(dir, "parted")
	for i := range *kills {
		cmd, _ := launched(t, dir, "sweep", "run", "parted")
		time.Sleep(rand.N(took / 2))
		cmd.Process.Kill()
		if i%3 < 2 {
			killOwners(t, parted)
		}
		cmd.Wait()
	}
	ending(t, dir, "sweep", "run", "parted")
	got, want := modelsOf(t, parted), modelsOf(t, filepath.Join(dir, "whole"))
	if len(got) != len(want) {
		t.Fatalf("%d models, want %d", len(got), len(want))
	}
	if d := differing(got, want); d != nil {
		slices.Sort(d)
		t.Errorf("the models differ: %v", d)
	}
	return len(want)
}

// Ctrl-C stops all trials with a checkpoint, and the same command goes on.
func TestInterruptedSweep(t *testing.T) {
	dir := t.TempDir()
	plan := "base: {network: mlp, float: {epochs: 2000}, qat: {epochs: 0}}\naxes: {seed: 1..3}"
	if err := os.WriteFile(filepath.Join(dir, "s.yaml"), []byte(plan), 0o666); err != nil {
		t.Fatal(err)
	}
	ending(t, dir, "sweep", "plan", "s.yaml", "--out", "out")
	cmd, said := launched(t, dir, "sweep", "run", "out", "--jobs", "2")
	for begin := time.Now(); time.Since(begin) < 30*time.Second; time.Sleep(10 * time.Millisecond) {
		if paths, _ := filepath.Glob(filepath.Join(dir, "out/trials/*/metrics.jsonl")); len(paths) == 2 {
			break
		}
	}
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted ||
		!strings.Contains(said.String(), "0 of 3 trials finished; the same command continues: interrupted") {
		t.Errorf("exit code %d: %s", code, said)
	}
	for trial, want := range []string{"interrupted", "interrupted", ""} {
		text, _ := os.ReadFile(filepath.Join(dir, fmt.Sprintf("out/trials/%d/attempts.jsonl", trial)))
		if (want != "") != strings.Contains(string(text), `"outcome":"interrupted"`) {
			t.Errorf("trial %d: %q", trial, text)
		}
	}
}

// A trial that another process is at, and one that is told to stop, end with the exit
// code that says to run it again.
func TestTrialToRunAgain(t *testing.T) {
	dir := t.TempDir()
	plan := "base: {network: mlp, float: {epochs: 2000}, qat: {epochs: 0}}"
	if err := os.WriteFile(filepath.Join(dir, "s.yaml"), []byte(plan), 0o666); err != nil {
		t.Fatal(err)
	}
	ending(t, dir, "sweep", "plan", "s.yaml", "--out", "out")
	first, said := launched(t, dir, "sweep", "trial", "out", "0")
	for begin := time.Now(); time.Since(begin) < 30*time.Second; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(dir, "out/trials/0/metrics.jsonl")); err == nil {
			break
		}
	}
	second, saidToo := launched(t, dir, "sweep", "trial", "out", "0")
	second.Wait()
	if code := second.ProcessState.ExitCode(); code != 75 {
		t.Errorf("owned by another process: exit code %d: %s", code, saidToo)
	}
	first.Process.Signal(syscall.SIGTERM)
	first.Wait()
	if code := first.ProcessState.ExitCode(); code != 75 {
		t.Errorf("told to stop: exit code %d: %s", code, said)
	}
}
