package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"petrify/internal/sweep"
)

// The objects that `petrify sweep kubernetes` prints are read strictly, by Kubernetes's
// own types: no key is unknown, none is there twice, none has a value of another type.
func TestKubernetesObjects(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "petrify")
	build := exec.Command("go", "build", "-o", program, "./cmd/petrify")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	plan := "base: {dataset: digits, network: {name: \"a: b\", layers: [flatten, {linear: {features: 10}}]}}\n" +
		"axes: {\"seed\": 1..3, calibration: [null, 3]}\n"
	if err := os.WriteFile(filepath.Join(dir, "s.yaml"), []byte(plan), 0o666); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return string(out)
	}
	run("sweep", "plan", "s.yaml", "--out", "bits")
	var plans core.ConfigMap
	var claim core.PersistentVolumeClaim
	var job batch.Job
	parts := strings.Split(run("sweep", "kubernetes", "bits", "--image", "petrify:1", "--cpu", "500m"), "\n---\n")
	if len(parts) != 3 {
		t.Fatalf("%d objects", len(parts))
	}
	for i, object := range []any{&plans, &claim, &job} {
		if err := yaml.UnmarshalStrict([]byte(parts[i]), object); err != nil {
			t.Fatalf("object %d: %v\n%s", i, err, parts[i])
		}
	}
	s := job.Spec
	if *s.CompletionMode != batch.IndexedCompletion || *s.Completions != 6 || *s.BackoffLimitPerIndex != 6 ||
		s.PodFailurePolicy.Rules[0].Action != batch.PodFailurePolicyActionFailIndex ||
		s.Template.Spec.Containers[0].Resources.Requests.Cpu().MilliValue() != 500 ||
		s.Template.Spec.Volumes[1].PersistentVolumeClaim.ClaimName != claim.Name ||
		s.Template.Spec.Volumes[0].ConfigMap.Name != plans.Name {
		t.Errorf("%+v", s)
	}

	// With halving there is a job for each phase.
	halving := plan + "halving: {epochs: [1, 2], keep: 0.5}\n"
	halving = strings.Replace(halving, "base: {", "base: {validation: 0.1, ", 1)
	if err := os.WriteFile(filepath.Join(dir, "h.yaml"), []byte(halving), 0o666); err != nil {
		t.Fatal(err)
	}
	run("sweep", "plan", "h.yaml", "--out", "rungs")
	jobs := strings.Split(run("sweep", "kubernetes", "rungs", "--image", "petrify:1"), "\n---\n")[2:]
	if len(jobs) != 3 {
		t.Fatalf("%d jobs", len(jobs))
	}
	for phase, text := range jobs {
		var job batch.Job
		if err := yaml.UnmarshalStrict([]byte(text), &job); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		args := job.Spec.Template.Spec.Containers[0].Args
		if job.Name != fmt.Sprintf("rungs-%d", phase) || args[len(args)-1] != fmt.Sprintf("--phase=%d", phase) {
			t.Errorf("phase %d: %s with %q", phase, job.Name, args)
		}
	}

	// The plan in the ConfigMap is the sweep's.
	again := filepath.Join(dir, "again.yaml")
	if err := os.WriteFile(again, []byte(plans.Data["sweep.yaml"]), 0o666); err != nil {
		t.Fatal(err)
	}
	run("sweep", "plan", "again.yaml", "--out", "pod")
	here, err := sweep.Open(filepath.Join(dir, "bits"))
	if err != nil {
		t.Fatal(err)
	}
	there, err := sweep.Open(filepath.Join(dir, "pod"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range here.Len() {
		if string(here.Config(i)) != string(there.Config(i)) {
			t.Errorf("trial %d: %s, in the pod %s", i, here.Config(i), there.Config(i))
		}
	}
}
