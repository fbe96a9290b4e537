//go:build linux || darwin

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// limited runs the command in a process whose files may not grow beyond a size,
// as on a full disk. The process limits itself, because a limit on this one
// would also apply to what the testing package writes.
func limited(t *testing.T, bytes uint64, args ...string) (code int, stderr string) {
	t.Helper()
	var text strings.Builder
	cmd := exec.Command("petrify", args...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", limitVariable, bytes))
	cmd.Stderr = &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	return cmd.ProcessState.ExitCode(), text.String()
}

// limitVariable is the size in bytes beyond which no file of a process may grow.
const limitVariable = "PETRIFY_TEST_FILE_LIMIT"

func init() {
	size, err := strconv.ParseUint(os.Getenv(limitVariable), 10, 64)
	if err != nil {
		return // not set
	}
	var l syscall.Rlimit
	err = syscall.Getrlimit(syscall.RLIMIT_FSIZE, &l)
	if l.Cur = size; err == nil {
		err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l)
	}
	if err != nil {
		panic(err)
	}
}

// briefly is a training run of a fraction of a second.
func briefly(out string, more ...string) []string {
	return append([]string{"train", "--set", "network=mlp", "--set", "float.epochs=2", "--set", "qat.epochs=1",
		"--out", out}, more...)
}

// files lists the names in a folder.
func files(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A disk that becomes full ends the run with the name of the file. With room
// again, the run continues to the model of an undisturbed one, or starts again
// if it had not reached a checkpoint. The limits stop it at the claim to its
// folder (0.2 kB), the configuration (20 kB), the first checkpoint (54 kB) and
// the second, which also has the optimizer's state (127 kB).
func TestFullDisk(t *testing.T) {
	whole, often := filepath.Join(t.TempDir(), "whole"), []string{"--set", "checkpoint=1 epochs"}
	finished(t, briefly(whole, often...)...)
	for _, tt := range []struct {
		name  string
		limit uint64
		file  string // that has no room
		said  string
		left  string // what is there afterwards
	}{
		{"claim", 100, "owner.json", "", "[]"},
		{"configuration", 5_000, "config.yaml", "", "[]"},
		{"first checkpoint", 40_000, "checkpoint-b.safetensors", "", "[config.yaml]"},
		{"second checkpoint", 100_000, "checkpoint-a.safetensors", "; the last checkpoint is ",
			"[checkpoint-b.safetensors config.yaml layers.jsonl metrics.jsonl]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "run")
			code, stderr := limited(t, tt.limit, briefly(out, often...)...)
			if code != exitFailed || !strings.Contains(stderr, out) || !strings.Contains(stderr, tt.file) ||
				!strings.Contains(stderr, syscall.EFBIG.Error()+tt.said) {
				t.Errorf("exit code %d: %s: want 1 and %q", code, stderr, tt.file)
			}
			if strings.Contains(stderr, ".tmp") {
				t.Errorf("a temporary name in: %s", stderr)
			}
			if got := fmt.Sprint(files(t, out)); got != tt.left {
				t.Errorf("left %s, want %s", got, tt.left)
			}
			var refusal strings.Builder
			again := run(t.Context(), []string{"train", "--resume", "--out", out}, strings.NewReader(""),
				io.Discard, &refusal)
			switch {
			case tt.said != "" && again != exitOK:
				t.Errorf("exit code %d: %s", again, &refusal)
			case tt.said == "" && (again != exitFailed || !strings.Contains(refusal.String(), out+" holds no ")):
				t.Errorf("resumed without a checkpoint: exit code %d: %s", again, &refusal)
			case tt.said == "":
				finished(t, briefly(out, often...)...)
			}
			sameModel(t, out, whole)
		})
	}
}

// An export that has no room says so, and leaves an older file of its name.
func TestFullDiskDuringExport(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	finished(t, briefly(out)...)
	for format, file := range map[string]string{"onnx": "model.onnx", "coreml": "model.mlpackage"} {
		folder := t.TempDir()
		path := filepath.Join(folder, file)
		code, stderr := limited(t, 1000, "export", out, "--format", format, "--out", path)
		if code != exitFailed || !strings.Contains(stderr, syscall.EFBIG.Error()) || strings.Contains(stderr, ".tmp") {
			t.Errorf("%s: exit code %d: %s: want 1 and %v", format, code, stderr, syscall.EFBIG)
		}
		if got := files(t, folder); got != nil {
			t.Errorf("%s: left %v", format, got)
		}
	}
}

// Places that not even the superuser can write to.
func TestRunFolderThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{
		"a file in its place":    file,
		"a folder under a file":  filepath.Join(file, "run"),
		"a folder under devices": filepath.Join(os.DevNull, "run"),
	} {
		var stderr bytes.Buffer
		code := run(t.Context(), briefly(out), strings.NewReader(""), io.Discard, &stderr)
		if code != exitFailed || !strings.Contains(stderr.String(), "train: mkdir ") ||
			!strings.Contains(stderr.String(), "not a directory") {
			t.Errorf("%s: exit code %d: %s: want 1 and what cannot be made", name, code, &stderr)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "mine" {
		t.Errorf("the file became %q, %v", got, err)
	}
}

// A file of the run that cannot be written ends it before it has trained.
func TestConfigurationThatCannotBeWritten(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	if err := os.MkdirAll(filepath.Join(out, configFile), 0o777); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	code := run(t.Context(), briefly(out), strings.NewReader(""), io.Discard, &stderr)
	if code != exitFailed || !strings.Contains(stderr.String(), configFile+": is a folder, not a regular file") {
		t.Errorf("exit code %d: %s: want 1 and the name of the file", code, &stderr)
	}
	if n := lines(filepath.Join(out, "metrics.jsonl")); n > 0 {
		t.Errorf("%d epochs were trained all the same", n)
	}
}

// stripes writes an IDX data set of two classes into a new folder, which it
// returns with the path of the training images and their content.
func stripes(t *testing.T) (folder, images string, content []byte) {
	t.Helper()
	folder = t.TempDir()
	write := func(name string, header []uint32, data []byte) {
		file := []byte{0, 0, 8, byte(len(header))}
		for _, n := range header {
			file = binary.BigEndian.AppendUint32(file, n)
		}
		if err := os.WriteFile(filepath.Join(folder, name), append(file, data...), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, n := range map[string]uint32{"train": 64, "t10k": 16} {
		pixels, labels := make([]byte, n*64), make([]byte, n)
		for i := range pixels {
			label := i / 64 % 2
			labels[i/64] = byte(label)
			pixels[i] = byte(100*(i>>(3*label)&1) + i*31%64)
		}
		write(prefix+"-images-idx3-ubyte", []uint32{n, 8, 8}, pixels)
		write(prefix+"-labels-idx1-ubyte", []uint32{n}, labels)
	}
	images = filepath.Join(folder, "train-images-idx3-ubyte")
	content, err := os.ReadFile(images)
	if err != nil {
		t.Fatal(err)
	}
	return folder, images, content
}

// Data are read once, as the run begins: a file that is shortened later does
// not disturb it. A run that is resumed on other data is refused, and continues
// when its data are back.
func TestDataFileThatChanges(t *testing.T) {
	const epochs = 40
	data, images, content := stripes(t)
	begin := func(out string, more ...string) (code chan int, stderr *bytes.Buffer) {
		code, stderr = make(chan int, 1), &bytes.Buffer{}
		args := append([]string{"train", "--set", "dataset=" + data, "--set", "network=mlp", "--set",
			fmt.Sprint("float.epochs=", epochs), "--set", "qat.epochs=1", "--out", out}, more...)
		go func() { code <- run(t.Context(), args, strings.NewReader(""), io.Discard, stderr) }()
		return code, stderr
	}
	put := func(content []byte) {
		if err := os.WriteFile(images, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	whole, shortened, parted := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "run"),
		filepath.Join(t.TempDir(), "run")
	if code, stderr := begin(whole); <-code != exitOK {
		t.Fatal(stderr)
	}

	code, stderr := begin(shortened)
	metrics := filepath.Join(shortened, "metrics.jsonl")
	waitFor(t, metrics, func() bool { return lines(metrics) > 0 })
	put(content[:1000])
	if n := lines(metrics); n >= epochs {
		t.Fatalf("the run had ended before its data changed: %d epochs", n)
	}
	if <-code != exitOK {
		t.Fatal(stderr)
	}
	sameModel(t, shortened, whole)

	put(content)
	code, stderr = begin(parted)
	metrics = filepath.Join(parted, "metrics.jsonl")
	waitFor(t, metrics, func() bool { return lines(metrics) > 0 })
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := <-code; got != exitInterrupted {
		t.Fatalf("exit code %d: %s", got, stderr)
	}
	replaced := bytes.Clone(content)
	replaced[500]++
	for _, tt := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"shortened", content[:1000], images + ": byte 16: 4096 bytes announced, 984 follow"},
		{"replaced", replaced, "\n  " + images + " has changed: it had 4112 bytes, SHA-256 "},
	} {
		put(tt.content)
		code, stderr := begin(parted, "--resume")
		if got := <-code; got != exitFailed || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%s data: exit code %d: %s: want 1 and %q", tt.name, got, stderr, tt.want)
		}
	}
	put(content)
	if code, stderr := begin(parted, "--resume"); <-code != exitOK {
		t.Fatal(stderr)
	}
	sameModel(t, parted, whole)
}
