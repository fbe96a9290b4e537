package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestVerify: the command finds ONNX Runtime's outputs equal to those that it
// proves, of the file that train leaves and of other exports.
func TestVerify(t *testing.T) {
	dir := t.TempDir()
	petrify, ortrun, out := filepath.Join(dir, "petrify"), filepath.Join(dir, "ortrun"), filepath.Join(dir, "run")
	run := func(folder, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = folder, append(os.Environ(), "PETRIFY_ORTRUN="+ortrun)
		text, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v: %s", cmd.Args, err, text)
		}
		return string(text)
	}
	run("../..", "go", "build", "-o", petrify, "./cmd/petrify")
	run(".", "go", "build", "-o", ortrun, "./cmd/ortrun")
	said := run(dir, petrify, "train", "--out", out, "--set", "float.epochs=1", "--set", "qat.epochs=1")
	run(dir, petrify, "export", out, "--out", filepath.Join(out, "o21"), "--opset", "21")
	run(dir, petrify, "export", out, "--out", filepath.Join(out, "one.onnx"), "--batch", "1")
	run(dir, petrify, "export", out, "--out", filepath.Join(out, "int8.onnx"), "--signed")
	said += run(dir, petrify, "verify", out)
	for text, times := range map[string]int{
		"0 differ (training = integer engine = definition on 8 images = re-read file = ONNX Runtime ": 2,
		" 0 of 3,550 outputs differ.\n": 2,
		" 0 of 3,550 outputs differ; in int8 kernels' arithmetic 0 of its 3,550 outputs differ.\n": 1,
	} {
		if got := strings.Count(said, text); got != times {
			t.Errorf("%q occurs %d times, want %d: %s", text, got, times, said)
		}
	}
}
