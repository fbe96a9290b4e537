package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"petrify/internal/tensorboard/readback"
	"petrify/train"
)

// everyKilling makes TestEventFilesOfKilledRuns resume after each line, not after every
// fourth, which takes 10 s: go test ./cmd/petrify -run Killed -killings.
var everyKilling = flag.Bool("killings", false, "resume wherever a run can be killed")

// killings copies what is on the disk each time that a line of JSON is written, which is
// what a killed process would leave.
type killings struct {
	t      *testing.T
	copies []string
}

func (k *killings) Write(line []byte) (int, error) {
	to := filepath.Join(k.t.TempDir(), fmt.Sprint(len(k.copies)))
	for _, folder := range []string{"run", "tb"} {
		if exists(folder) {
			if err := os.CopyFS(filepath.Join(to, folder), os.DirFS(folder)); err != nil {
				k.t.Fatal(err)
			}
		}
	}
	os.Remove(filepath.Join(to, "run", "owner.json")) // its process has died
	k.copies = append(k.copies, to)
	return len(line), nil
}

// seen is what TensorBoard shows, in a line for each step of each tag.
func seen(t *testing.T, folder string) (lines []string) {
	t.Helper()
	all, err := readback.Shown(folder)
	if err != nil {
		t.Fatal(err)
	}
	for tag, points := range all {
		for _, p := range points {
			line := fmt.Sprintf("%s at %d", tag, p.Step)
			if !strings.HasPrefix(tag, "speed/images") && !strings.HasPrefix(tag, "_hparams_") &&
				!strings.Contains(tag, "wrong inputs") && tag != "configuration" {
				line += fmt.Sprintf(": %v", p.Value)
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// Wherever a run is killed, the resumed one ends with the model of an uninterrupted one,
// and TensorBoard shows each step once, as it does for that.
func TestEventFilesOfKilledRuns(t *testing.T) {
	t.Chdir(t.TempDir())
	finished(t, append(smallRun("plain", "--set", "checkpoint=15 steps"), "--seed", "1")...)
	plain, err := os.ReadFile(filepath.Join("plain", "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	k := &killings{t: t}
	args := smallRun("run", "--set", "checkpoint=15 steps", "--seed", "1", "--tensorboard", "tb")
	if code := run(t.Context(), args, nil, k, io.Discard); code != 0 {
		t.Fatal(code)
	}
	want := seen(t, filepath.Join("tb", "run"))
	if len(want) < 60 || len(slices.Compact(slices.Clone(want))) != len(want) {
		t.Errorf("%d steps of tags: %q", len(want), want)
	}
	resumed := 0
	for i, folder := range k.copies {
		if !*everyKilling && i%4 != 3 {
			continue
		}
		if r := filepath.Join(folder, "run"); !exists(filepath.Join(r, configFile)) || !train.HasCheckpoint(r) {
			continue
		}
		t.Chdir(folder)
		resumed++
		again := append(slices.Clone(args), "--resume")
		var stderr bytes.Buffer
		if code := run(t.Context(), again, nil, io.Discard, &stderr); code != 0 {
			t.Fatalf("killed at line %d: %s", i, &stderr)
		}
		model, err := os.ReadFile(filepath.Join("run", "model.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(model, plain) {
			t.Errorf("killed at line %d: another model", i)
		}
		if got := seen(t, filepath.Join("tb", "run")); !slices.Equal(got, want) {
			t.Errorf("killed at line %d: TensorBoard shows %d steps, want %d; missing %q, unexpected %q", i, len(got),
				len(want), without(want, got), without(got, want))
		}
	}
	if resumed < 3 {
		t.Errorf("%d killings could be resumed", resumed)
	}
}

// without is what b does not have of a.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// A run that is made again in its folder shows nothing of the one before, and one whose
// event files cannot be written trains, but fails in the end.
func TestEventFilesOfAnotherRun(t *testing.T) {
	t.Chdir(t.TempDir())
	finished(t, smallRun("run", "--tensorboard", "tb", "--set", "float.epochs=3")...)
	finished(t, smallRun("run", "--set", "tensorboard=tb")...)
	all, err := readback.Shown(filepath.Join("tb", "run"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(all["loss/train"]); n != 3 { // epochs
		t.Errorf("%d epochs are shown", n)
	}
	text := string(all["configuration"][0].Value.Sub(8).Text(8))
	if !strings.Contains(text, "| `float.epochs` | 2 |") {
		t.Errorf("the configuration is %s", text)
	}
	if err := os.WriteFile("blocked", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	if code := run(t.Context(), smallRun("other", "--tensorboard", "blocked"), nil, io.Discard, &stderr); code == 0 {
		t.Error("no error")
	}
	if !strings.Contains(stderr.String(), "event files") || !exists(filepath.Join("other", "summary.json")) {
		t.Errorf("it says %s", &stderr)
	}
}

// Event files of a run are not removed for those of another one of the same name, unless that
// run is gone.
func TestEventFilesOfRunsOfOneName(t *testing.T) {
	t.Chdir(t.TempDir())
	first := filepath.Join("a", "run")
	finished(t, smallRun(first, "--tensorboard", "tb")...)
	want := seen(t, filepath.Join("tb", "run"))
	second := smallRun(filepath.Join("b", "run"), "--tensorboard", "tb")
	var stderr bytes.Buffer
	if code := run(t.Context(), second, nil, io.Discard, &stderr); code != exitUsage {
		t.Errorf("exit code %d, want %d", code, exitUsage)
	}
	if !strings.Contains(stderr.String(), "has the event files of the run ") || exists("b") {
		t.Errorf("it says %s", &stderr)
	}
	if got := seen(t, filepath.Join("tb", "run")); !slices.Equal(got, want) {
		t.Errorf("TensorBoard shows %d steps, want %d", len(got), len(want))
	}
	if err := os.Rename(first, "moved"); err != nil {
		t.Fatal(err)
	}
	finished(t, second...)
}

func TestSettingsForTheTableOfRuns(t *testing.T) {
	for text, want := range map[string]any{"32": 32.0, "1e-3": 1e-3, "true": true, "null": nil, "cnn": "cnn",
		"inf": "inf", "nan": "nan", "[1, 2]": "[1, 2]", "{}": nil} {
		if got := settingOf(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	if got, want := markdown("a|b<script>&`*_\n"), "a\\|b&lt;script>&amp;\\`\\*\\_ "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
